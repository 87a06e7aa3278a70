"""What a network is made of: layers, shapes, parameters, multiply-adds, memory."""

from dataclasses import dataclass
from pathlib import Path

from mlptrain.config import dump, load_config, resolved
from mlptrain.config.overrides import Overrides
from mlptrain.errors import ConfigError
from mlptrain.inference.model import Model
from mlptrain.nn.network import Network
from mlptrain.training.build import build, optimizer_for
from mlptrain.training.checkpoint import Checkpoint


@dataclass(frozen=True)
class Layer:
    """One row of the table that `show` prints."""

    name: str
    kind: str
    output: int  # units
    shapes: tuple[str, ...]  # of its parameters
    parameters: int
    multiply_adds: int  # for one row, forward


def layers(network: Network) -> list[Layer]:
    """The nodes of the training graph that stand between X and the scores."""
    values = network.training.graph.values
    rows = []
    plan = network.training.graph.plan(1)
    for value in values[: values.index(network.training.scores) + 1]:
        if value.node is None:
            continue
        own = [source for source in value.sources if source.value is not None]
        arrays = [source.value for source in own if source.value is not None]
        products = [array.size for array in arrays if array.ndim == 2]
        rows.append(
            Layer(
                name=value.name,
                kind=type(value.node).__name__,
                output=plan.value(value).shape[-1],
                shapes=tuple(
                    f"{source.name} {array.shape}" for source, array in zip(own, arrays, strict=True)
                ),
                parameters=sum(array.size for array in arrays),
                multiply_adds=sum(products),
            )
        )
    return rows


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


@dataclass(frozen=True)
class Anatomy:
    """What a network consists of and, for a checkpoint, how far it was trained."""

    layers: list[Layer]
    memory: dict[str, int]
    history: dict[str, object]
    notes: tuple[str, ...]


def anatomy(what: str | Path, overrides: Overrides = ()) -> Anatomy:
    """The anatomy of a config (its data are read), a checkpoint or a run."""
    if is_config(what):
        config = load_config(what, overrides)
        experiment = build(config)
        network, slots, history = experiment.network, len(experiment.optimizer.slots), {}
        notes = experiment.data.notes
    else:
        model = model_to_show(what, overrides)
        config, network, notes = model.config, model.network, ()
        slots = len(optimizer_for(config, network).slots)
        history = history_of(model.checkpoint)
    return Anatomy(layers(network), memory(network, config.train.batch_size, slots), history, notes)


def resolved_config(what: str | Path, overrides: Overrides = ()) -> str:
    """The YAML of a config, a checkpoint or a run, every default written out."""
    if is_config(what):
        return dump(resolved(load_config(what, overrides)))
    return dump(resolved(model_to_show(what, overrides).config))


def is_config(what: str | Path) -> bool:
    """Whether a path means a config: neither a directory nor a checkpoint."""
    return Path(what).suffix != ".npz" and not Path(what).is_dir()


def model_to_show(what: str | Path, overrides: Overrides) -> Model:
    """The model of a checkpoint or run; its config is what it is."""
    if overrides:
        raise ConfigError("--set changes a CONFIG: a checkpoint keeps its own, leave out --set")
    return Model.load(what)


def history_of(checkpoint: Checkpoint) -> dict[str, object]:
    """How far a checkpoint was trained, and on what."""
    progress = checkpoint.progress()
    values = {"file": checkpoint.path, "steps": progress.step, "best so far": progress.best}
    record = checkpoint["record"] or {}
    own = {key: value for key, value in record.items() if key != "step"}
    environment = checkpoint["environment"]
    versions = {key: environment.get(key) for key in ("mlptrain", "numpy", "python", "machine")}
    return {**values, "best epoch": progress.best_epoch, **own, **versions}
