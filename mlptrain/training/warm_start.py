"""Warm start: a new run begins with the weights of a checkpoint, matched by the names they belong to.

A row of the first W belongs to a column of X, a column of the last W and an entry of the last b to a
class or a target. What has another name than in the source is refused, never taken by position.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mlptrain.arrays import Array
from mlptrain.config import Config
from mlptrain.config.schema import InitFrom
from mlptrain.data.dataset import Dataset
from mlptrain.data.preprocessing.columns.embedded import Embedded
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.errors import CheckpointError
from mlptrain.messages import hint, printable, some
from mlptrain.storage.reading import open_regular
from mlptrain.training.build import Load, build, load, loss_for
from mlptrain.training.checkpoint import Checkpoint, restore_network
from mlptrain.training.experiment import Experiment
from mlptrain.training.restore import config_of

LAYERS = (
    *("hidden", "activation", "norm", "bias", "input_scale", "parametrization", "ensemble"),
    "dtype",
)
"""Keys of `model` that must be those of the source: the weights mean nothing in another network."""


@dataclass(frozen=True)
class WarmStart:
    """What a run begins with: its config with the source written out, what it trains, what to tell."""

    config: Config
    experiment: Experiment
    notes: tuple[str, ...]


def warm_start(
    config: Config, begin: InitFrom, threads: int | None = None, load: Load = load
) -> WarmStart:
    """Build the experiment of a config around the weights of `begin.checkpoint`.

    CheckpointError with a line for everything that does not fit: columns, classes, targets, layers.
    """
    source = Checkpoint.read(begin.checkpoint)
    digest = _digest(source.path)
    if begin.sha256 not in (None, digest):
        raise CheckpointError(
            f"{source.path}: is not the file that init_from.sha256 names: put that back, or leave out "
            "the key to start from this one"
        )
    data = load(config, None)
    old, new = source.preprocessing(), data.preprocessing
    faults = [*_other_layers(source, config, begin), *_other_names(source.path, old, new, begin)]
    faults += _other_outputs(source, config, new) if begin.head == "keep" else []
    if faults:
        raise CheckpointError(*faults)
    if begin.preprocessing == "keep":
        target = new.target if begin.head == "new" else old.target
        data = load(config, replace(old, target=target, weight=new.weight))
    experiment = build(config, threads, data)
    restore_network(experiment.network, _matched(source, experiment, config, begin))
    written = InitFrom(
        checkpoint=str(source.path), sha256=digest, preprocessing=begin.preprocessing, head=begin.head
    )
    return WarmStart(
        config.model_copy(update={"init_from": written}),
        experiment,
        (_told(source, data, config, begin),),
    )


def _digest(path: Path) -> str:
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def outputs_of(made: Preprocessing, config: Config) -> tuple[str, ...]:
    """What the scores of the network stand for, in their order."""
    if made.classes is not None:
        return made.classes
    return tuple(loss_for(config, None).columns(made.targets))


def _other_layers(source: Checkpoint, config: Config, begin: InitFrom) -> Iterator[str]:
    there, here = (each.model.model_dump(mode="json") for each in (config_of(source), config))
    for key in LAYERS:
        if there[key] != here[key]:
            yield f"model.{key}: {there[key]!r} in {source.path}, {here[key]!r} here: take the same"
    if begin.head == "new" and not config.model.hidden:
        yield f"{source.path}: has one layer only: with a new one nothing of it is left"


def _other_names(path: Path, old: Preprocessing, new: Preprocessing, begin: InitFrom) -> Iterator[str]:
    """A line for each column, target or class that only one of the two has."""
    keeps = begin.preprocessing == "keep"
    before, now = (each.inputs if keeps else (*each.first_layer, *_known(each)) for each in (old, new))
    for name in _missing(before, now):
        near = hint(name, _missing(now, before))
        yield f"{path}: its column {printable(name)!r} is not in the data{near}"
    for name in _missing(now, before):
        yield f"column {printable(name)!r} of the data is none of {path}: leave it out by data.ignore"
    if keeps and old.transform != new.transform:
        yield f"data.transform: {old.transform!r} in {path}, {new.transform!r} here: take the same"


def _other_outputs(source: Checkpoint, config: Config, new: Preprocessing) -> Iterator[str]:
    """A line for what the last layer of only one of the two stands for."""
    path, old, otherwise = (
        source.path,
        source.preprocessing(),
        "or ask for a new last layer by --head new",
    )
    if old.target.kind != new.target.kind:
        what = f"{path}: predicts {old.target.kind}, this config {new.target.kind}"
        yield f"{what}: take the same kind of loss, {otherwise}"
        return
    before, now = (
        made.targets if made.classes is not None else outputs_of(made, each)
        for made, each in ((old, config_of(source)), (new, config))
    )
    if set(before) != set(now):
        found = f"{path}: predicts {some(before)}, not {some(now)}"
        yield f"{found}: take the same, {otherwise}"
    for name in _missing(new.classes or (), old.classes or ()):
        known = some(old.classes or ())
        yield f"class {printable(name)!r} is none of {path} ({known}): correct it, {otherwise}"


def _missing(names: Sequence[str], others: Sequence[str]) -> list[str]:
    """The names that are not among the others."""
    there = set(others)
    return [name for name in names if name not in there]


def _matched(source: Checkpoint, experiment: Experiment, config: Config, begin: InitFrom) -> Checkpoint:
    """The source with its rows and columns in the order of the experiment, its last layer as asked."""
    old, data, network = source.preprocessing(), experiment.data, experiment.network
    arrays = dict(source.arrays)
    last = f"layer{len(network.architecture.activations) + 1}."
    if begin.head == "new":
        mine = (each for each in network.parameters if each.name.startswith(last))
        arrays.update({each.name: each.value for each in mine})
    else:
        chosen = _places(outputs_of(old, config_of(source)), outputs_of(data.preprocessing, config))
        for name in (f"{last}W", f"{last}b"):
            if name in arrays:
                arrays[name] = arrays[name][..., chosen]
    new = data.preprocessing
    columns = _places(old.first_layer, new.first_layer)
    arrays["layer1.W"] = arrays["layer1.W"][..., columns, :]  # of each member, where they have one
    for name in ("input.scale", "ensemble.scale"):
        if name in arrays:
            arrays[name] = arrays[name][..., columns]
    tables = _tables(old)
    for name, (key, levels) in _tables(new).items():
        old_key, old_levels = tables[name]
        rows = 1 + _places(old_levels, levels)
        arrays[key] = source.arrays[old_key][np.concatenate([[0], rows])]
    return replace(source, arrays=arrays)


def _tables(made: Preprocessing) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Each embedded column: the name of its table, and the levels whose rows follow row 0."""
    columns = [column for column in made.columns if isinstance(column, Embedded)]
    return {
        column.name: (f"embedding{number}.table", column.levels)
        for number, column in enumerate(columns, 1)
    }


def _known(made: Preprocessing) -> list[str]:
    """What the rows of the tables stand for."""
    return [f"{name}={level}" for name, (_, levels) in _tables(made).items() for level in levels]


def _places(names: Sequence[str], wanted: Sequence[str]) -> Array:
    """Where each wanted name stands among the names."""
    place = {name: number for number, name in enumerate(names)}
    return np.array([place[name] for name in wanted])


def _told(source: Checkpoint, data: Dataset, config: Config, begin: InitFrom) -> str:
    """What was done, on one line."""
    fitted = (
        "kept (data.scale and its like are not used)"
        if begin.preprocessing == "keep"
        else "fitted anew"
    )
    head = (
        f"a new last layer for {some(outputs_of(data.preprocessing, config))}"
        if begin.head == "new"
        else "all layers"
    )
    return (
        f"started from {source.path}, step {source.progress().step}: {head}, columns and outputs "
        f"matched by name, preprocessing {fitted}"
    )


def begin(
    config: Config, threads: int | None = None, load: Load = load
) -> tuple[Config, Experiment, tuple[str, ...]]:
    """What a config trains from its first step on, with the weights of `init_from` where it is set.

    The config then names the file by its SHA-256 too.
    """
    if config.init_from is None:
        return config, build(config, threads, load(config, None)), ()
    started = warm_start(config, config.init_from, threads, load)
    return started.config, started.experiment, started.notes
