"""What two runs do not have in common: settings, data, environment, figures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlptrain.config.dotted import flat
from mlptrain.config.dump import inline
from mlptrain.errors import ConfigError
from mlptrain.storage.documents import read_document
from mlptrain.storage.fold_directory import SUMMARY, check_one_run, some_folds
from mlptrain.tools.all_runs import is_run, of_folds, of_run
from mlptrain.training.checkpoint import Checkpoint

PARTS = ("config", "data", "environment", "figures")
FIGURES = ("status", "monitor", "best", "best_epoch", "epochs", "parameters", "folds")
"""Facts that are figures; how long it took is none, since that is never the same twice."""
MEASURED = ("train_", "val_", "data_loss")
"""Beginnings of the keys of a record that were measured."""
CHECKPOINTS = ("best.npz", "last.npz")
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Side:
    """One of the two; data and environment are None where no checkpoint says them."""

    path: Path
    config: Values
    data: Values | None
    environment: Values | None
    figures: Values

    def part(self, name: str) -> Values | None:
        """One of PARTS."""
        found: Values | None = getattr(self, name)
        return found


@dataclass(frozen=True)
class Difference:
    """A key, and its value on each side; None where it does not have it."""

    part: str
    key: str
    left: Any
    right: Any


def differences(left: Side, right: Side) -> Iterator[Difference]:
    """All that is not the same, in the order of PARTS."""
    for part in PARTS:
        ours, theirs = left.part(part), right.part(part)
        if ours is None or theirs is None:
            continue
        if part == "data":
            ours, theirs = without(ours, theirs), without(theirs, ours)
        for key in dict.fromkeys([*ours, *theirs]):
            one, other = ours.get(key), theirs.get(key)
            if inline(one) != inline(other):
                yield Difference(part, key, one, other)


def without(ours: Values, theirs: Values) -> Values:
    """The files whose content the other side does not have under any name."""
    return {name: content for name, content in ours.items() if content not in theirs.values()}


def side(path: Path) -> Side:
    """A run or the folds of one; ConfigError for anything else."""
    if not path.is_dir():
        raise ConfigError(f"{path}: no such directory; name the directory that `fit` wrote")
    folds = some_folds(path)
    if not folds and not is_run(path):
        check_one_run(path)
        raise ConfigError(f"{path}: holds no run; name the directory that `fit` wrote")
    facts, settings = of_folds(path, folds) if folds else of_run(path)
    kept = checkpoint_in(folds[0] if folds else path)
    figures = {key: value for key, value in facts.items() if key in FIGURES or key.startswith("test.")}
    figures |= out_of_fold(path) if folds else measured(kept)
    return Side(
        path,
        settings,
        None if kept is None else kept["fingerprint"],
        None if kept is None else surroundings(kept["environment"]),
        figures,
    )


def checkpoint_in(run: Path) -> Checkpoint | None:
    """The best checkpoint, else the last; None where neither is kept."""
    there = [run / name for name in CHECKPOINTS if (run / name).is_file()]
    return Checkpoint.read(there[0]) if there else None


def measured(checkpoint: Checkpoint | None) -> dict[str, Any]:
    """Losses and metrics of the best epoch."""
    record = checkpoint["record"] if checkpoint is not None else None
    found = record if isinstance(record, Mapping) else {}
    return {key: value for key, value in found.items() if key.startswith(MEASURED)}


def out_of_fold(directory: Path) -> dict[str, Any]:
    """Loss and metrics of all rows, each by the member that did not see it."""
    file = directory / SUMMARY
    found = read_document(file).get("out_of_fold") if file.is_file() else None
    return {f"out_of_fold.{key}": value for key, value in found.items()} if found else {}


def surroundings(environment: Values) -> dict[str, Any]:
    """The environment by dotted key, each BLAS by its number where there are several."""
    libraries = environment.get("blas")
    if not isinstance(libraries, list):
        return dict(flat(environment))
    names = ["blas"] if len(libraries) == 1 else [f"blas.{i}" for i in range(1, len(libraries) + 1)]
    numbered = dict(zip(names, libraries, strict=True))
    return dict(flat({**{key: each for key, each in environment.items() if key != "blas"}, **numbered}))
