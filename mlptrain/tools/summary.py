"""What a network is made of: layers, shapes, parameters, multiply-adds, memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlptrain.arrays import Array
from mlptrain.config import dump, load_config, resolved
from mlptrain.config.overrides import Overrides
from mlptrain.errors import ConfigError
from mlptrain.graph.node import Node
from mlptrain.inference.evaluation_report import remarks_on_runs
from mlptrain.inference.model import Model
from mlptrain.nn.linear import Linear
from mlptrain.nn.members import Heads, Shared
from mlptrain.nn.network import Network
from mlptrain.training.build import build, optimizer_for

VERSIONS = ("mlptrain", "numpy", "python", "machine")
"""What is shown of the environment of a training."""


@dataclass(frozen=True)
class LayerSummary:
    """One row of the table that `show` prints."""

    name: str
    kind: str
    output: int  # units
    shapes: tuple[str, ...]  # of its parameters
    parameters: int
    multiply_adds: int  # for one row, forward


@dataclass(frozen=True)
class NetworkSummary:
    """What a network consists of and, for a checkpoint, how far it was trained."""

    hidden: int  # how many of the layers are
    layers: list[LayerSummary]
    memory: dict[str, int]
    history: dict[str, str | float | None]
    notes: tuple[str, ...] = ()


def summarize(what: str | Path, overrides: Overrides = ()) -> NetworkSummary:
    """The network of a config (its data are read), a checkpoint or a run."""
    if is_config(what):
        config = load_config(what, overrides)
        experiment = build(config, threads=1)
        network, optimizer = experiment.network, experiment.optimizer
        history, notes = {}, experiment.data.notes
    else:
        model = model_to_show(what, overrides)
        config, network = model.config, model.network
        notes = tuple(remarks_on_runs(model))
        optimizer, history = optimizer_for(config, network), history_of(model)
    needed = memory(network, config.train.batch_size, len(optimizer.slots))
    hidden = len(network.architecture.activations)
    return NetworkSummary(hidden, layers(network), needed, history, notes)


def network_of(what: str | Path, overrides: Overrides = ()) -> tuple[Network, int]:
    """The network of a config, a checkpoint or a run, and the rows of its minibatches."""
    if is_config(what):
        config = load_config(what, overrides)
        return build(config, threads=1).network, config.train.batch_size
    model = model_to_show(what, overrides)
    return model.network, model.config.train.batch_size


def resolved_config(what: str | Path, overrides: Overrides = ()) -> str:
    """The YAML of a config, a checkpoint or a run, every default written out."""
    if is_config(what):
        return dump(resolved(load_config(what, overrides)))
    return dump(model_to_show(what, overrides).settings)


def is_config(what: str | Path) -> bool:
    """Whether a path means a config: neither a directory nor a checkpoint."""
    return Path(what).suffix != ".npz" and not Path(what).is_dir()


def model_to_show(what: str | Path, overrides: Overrides) -> Model:
    """The model of a checkpoint or run; its config is what it is."""
    if overrides:
        raise ConfigError("--set changes a CONFIG: a checkpoint keeps its own, leave out --set")
    return Model.load(what)


def layers(network: Network) -> list[LayerSummary]:
    """The nodes of the training graph that stand between X and the scores."""
    graph, plan = network.training.graph, network.training.graph.plan(1)
    rows = []
    for value in graph.values[: graph.values.index(network.training.scores) + 1]:
        if value.node is None:
            continue
        read = [plan.value(source) for source in value.sources]
        own = {source.name: source.value for source in value.sources if source.value is not None}
        rows.append(
            LayerSummary(
                name=value.name,
                kind=kind_of(value.node),
                output=plan.value(value).shape[-1],
                shapes=tuple(f"{name} {array.shape}" for name, array in own.items()),
                parameters=sum(array.size for array in own.values()),
                multiply_adds=multiply_adds(value.node, read, network.architecture.members),
            )
        )
    return rows


def kind_of(node: Node) -> str:
    """The class of a node, and that all members of an ensemble share it."""
    return f"{kind_of(node.node)}, shared" if isinstance(node, Shared) else type(node).__name__


def multiply_adds(node: Node, read: Sequence[Array], members: int) -> int:
    """Those of the matrix product of a node for one row: of each member where they share a matrix."""
    if isinstance(node, Shared):
        return members * multiply_adds(node.node, read, 1)
    return read[1].size if isinstance(node, Linear | Heads) else 0


def memory(network: Network, batch_rows: int, slots: int) -> dict[str, int]:
    """Bytes while training: parameters, gradients, optimizer state, and what one minibatch needs."""
    parameters = network.parameters.values.nbytes
    # So much for one row and so much for each more: the batch itself may be larger than the memory.
    one, two = (network.training.graph.plan(rows).nbytes() for rows in (1, 2))
    return {
        "parameters": parameters,
        "gradients": parameters,
        "optimizer state": slots * parameters,
        "minibatch": one + (batch_rows - 1) * (two - one),
    }


def fitted_of(model: Model) -> dict[str, str | float | None]:
    """Temperatures of the members and the threshold, where there are any."""
    calibrations = [member.network.calibration for member in model.members]
    temperatures = [each.temperature for each in calibrations if each is not None]
    found: dict[str, str | float | None] = {}
    if len(temperatures) == 1:
        found["temperature"] = temperatures[0]
    elif temperatures:
        found["temperatures"] = ", ".join(f"{each:.4g}" for each in temperatures)
    if model.threshold is not None:
        classes = model.preprocessing.classes or ()
        found[f"threshold of {classes[model.threshold.positive]}"] = model.threshold.value
    return found


def history_of(model: Model) -> dict[str, str | float | None]:
    """How far a model was trained, and on what; of folds each best epoch, with the monitored value."""
    found = [member.checkpoint.progress() for member in model.members]
    environment, history = model.checkpoint["environment"], dict[str, str | float | None]()
    if len(found) == 1:
        record = {k: v for k, v in (model.checkpoint["record"] or {}).items() if k != "step"}
        (one,) = found
        history = {"steps": one.step, "best so far": one.best, "best epoch": one.best_epoch, **record}
    else:
        history["members, averaged"] = len(found)
        history |= candidates_of(model)
        for place, each in enumerate(found):
            best = "nothing yet" if each.best is None else f"{each.best:.4g}"
            history[fold_name(model, place)] = (
                f"best {best} at epoch {each.best_epoch} ({each.step} steps)"
            )
    versions = {key: str(environment.get(key, "-")) for key in VERSIONS}
    return {"file": str(model.path), **fitted_of(model), **history, **versions}


def candidates_of(model: Model) -> dict[str, str | float | None]:
    """How much each candidate counts, and what it was compared by."""
    found = model.combination
    if found is None:
        return {}
    values = {each.name: each.out_of_fold.get(found.by) for each in found.candidates}
    return {
        f"candidate {each.name}": f"weight {each.weight:.4g}, {found.by} of the rows held out "
        + ("not finite" if values[each.name] is None else f"{values[each.name]:.4g}")
        for each in found.candidates
    }


def fold_name(model: Model, place: int) -> str:
    """What a member is called: `fold 3`, or `wide, fold 3`."""
    name = f"fold {place % model.folds + 1}"
    found = model.combination
    return name if found is None else f"{found.used[place // model.folds].name}, {name}"
