"""The checkpoints that one model consists of: a single one, or that of each fold of a run."""

import shlex
from pathlib import Path

from mlptrain.errors import CheckpointError, ConfigError
from mlptrain.storage.archive import read_archive
from mlptrain.storage.fold_directory import checkpoint_of, fold_path, some_folds
from mlptrain.training.checkpoint import Checkpoint
from mlptrain.training.pack import MEMBERS, unpacked
from mlptrain.training.restore import config_of


def read_members(path: str | Path) -> tuple[Checkpoint, ...]:
    """The members of the model at a path: a checkpoint, a run directory, folds, or what `pack` wrote.

    ConfigError where a fold is missing or has no best.npz yet: an average of some is another model.
    """
    path = Path(path)
    folds = some_folds(path)
    if not folds:
        file = checkpoint_of(path)
        arrays, document = read_archive(file)
        if MEMBERS not in document:
            return (Checkpoint(file, arrays, document),)
        packed = unpacked(file, arrays, document)
        check_folds(file, packed)
        return packed
    for fold in folds:
        if not (fold / "best.npz").is_file():
            raise ConfigError(f"{fold}: has no best.npz yet; {_advice(path, len(folds))}")
    members = tuple(map(Checkpoint.read, folds))
    check_folds(path, members)
    if missing := [each for each in _expected(path, members[0]) if each not in folds]:
        raise ConfigError(f"{missing[0]}: is missing; {_advice(path, folds_of(members[0]))}")
    if len(folds) > folds_of(members[0]):
        raise ConfigError(f"{folds[-1]}: is none of {folds_of(members[0])} folds; move it elsewhere")
    return members


def check_folds(path: Path, members: tuple[Checkpoint, ...]) -> None:
    """CheckpointError unless each member held out a fold of its own, of as many folds."""
    several = max(folds_of(members[0]), len(members))
    for number, member in enumerate(members, 1):
        fold = config_of(member).data.fold
        if fold is None or fold.of != several or fold.number != number:
            found = "no fold" if fold is None else f"fold {fold.number} of {fold.of}"
            raise CheckpointError(
                f"{path}: its member {number} of {several} held out {found}; train the folds again"
            )


def folds_of(member: Checkpoint) -> int:
    """How many folds there are, by the config of one of them."""
    fold = config_of(member).data.fold
    return 1 if fold is None else fold.of


def _expected(path: Path, member: Checkpoint) -> list[Path]:
    return [fold_path(path, number) for number in range(1, folds_of(member) + 1)]


def _advice(path: Path, count: int) -> str:
    return f"go on with mlptrain fit CONFIG --folds {count} --resume {shlex.quote(str(path))}"
