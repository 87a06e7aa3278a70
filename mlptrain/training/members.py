"""The checkpoints that one model consists of: a single one, or that of each fold of a run."""

import shlex
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from mlptrain.errors import CheckpointError, ConfigError
from mlptrain.metrics.decision import Threshold
from mlptrain.storage.archive import read_archive
from mlptrain.storage.documents import read_document
from mlptrain.storage.fold_directory import (
    SUMMARY,
    candidate_of,
    checkpoint_of,
    fold_path,
    some_folds,
)
from mlptrain.training.checkpoint import Checkpoint
from mlptrain.training.checkpoint_schema import checked
from mlptrain.training.combination import KEY, THRESHOLD, Combination, Part
from mlptrain.training.pack import FIGURES, MEMBERS, unpacked
from mlptrain.training.restore import config_of


class Members(NamedTuple):
    """The checkpoint of each fold, candidate by candidate where there are some.

    threshold   that of all rows held out together
    figures     loss and metrics on these rows
    """

    checkpoints: tuple[Checkpoint, ...]
    combination: Combination | None = None
    threshold: Threshold | None = None
    figures: Mapping[str, float | None] | None = None

    def notes(self) -> tuple[str, ...]:
        """Those of the runs, each once."""
        return tuple(dict.fromkeys(note for each in self.checkpoints for note in each.notes))


def read_members(path: str | Path) -> Members:
    """The members of the model at a path: a checkpoint, a run directory, folds, or what `pack` wrote.

    ConfigError where a fold is missing or has no best.npz yet: an average of some is another model.
    """
    path = Path(path)
    folds = some_folds(path)
    if not folds:
        file = checkpoint_of(path)
        arrays, document = read_archive(file)
        if MEMBERS not in document:
            return Members((Checkpoint(file, arrays, document),))
        members = unpacked(file, arrays, document)
        combination = combination_in(file, document)
        rest = threshold_in(file, document), figures_in(file, document)
        return _checked(file, Members(members, combination, *rest))
    file = path / SUMMARY
    summary = read_document(file) if file.is_file() else {}
    rest = threshold_in(file, summary), figures_in(file, summary)
    if not any(map(candidate_of, folds)):
        return Members(members_of(path, folds), None, *rest)
    combination = combination_of(path, folds)
    used = (members_of(path, folds, each.name) for each in combination.used)
    return Members(tuple(chain.from_iterable(used)), combination, *rest)


def members_of(path: Path, folds: Sequence[Path], candidate: str = "") -> tuple[Checkpoint, ...]:
    """The best checkpoint of each fold of a candidate, of the runs that are in the directory `path`."""
    folds = [fold for fold in folds if candidate_of(fold) == candidate]
    for fold in folds:
        if not (fold / "best.npz").is_file():
            raise ConfigError(f"{fold}: has no best.npz yet; {_advice(path, len(folds))}")
    if not folds:
        raise ConfigError(f"{fold_path(path, 1, candidate)}: is missing; {_advice(path)}")
    members = tuple(map(Checkpoint.read, folds))
    check_folds(path, members)
    several = folds_of(members[0])
    for number in range(1, several + 1):
        if (expected := fold_path(path, number, candidate)) not in folds:
            raise ConfigError(f"{expected}: is missing; {_advice(path, several)}")
    if len(folds) > several:
        raise ConfigError(f"{folds[-1]}: is none of {several} folds; move it elsewhere")
    return members


def combination_of(path: Path, folds: Sequence[Path]) -> Combination:
    """How the candidates of a run count, as folds.json says; ConfigError while they are at work."""
    file = path / SUMMARY
    if not file.is_file():
        several = len([fold for fold in folds if candidate_of(fold) == candidate_of(folds[0])])
        raise ConfigError(
            f"{path}: its candidates are not at their end, so none is chosen yet; "
            f"{_advice(path, several)}"
        )
    found = combination_in(file, read_document(file))
    if found is None:
        raise CheckpointError(f"{file}: does not say which candidate is chosen; {_advice(path)}")
    return found


def combination_in(file: Path, document: Mapping[str, Any]) -> Combination | None:
    """What a file says of candidates; CheckpointError where this program cannot have written it."""
    if KEY not in document:
        return None
    try:
        read = checked(KEY, document[KEY])
        found = Combination(read.by, read.config, tuple(Part(**vars(each)) for each in read.candidates))
        sound = found.is_sound
    except (ValueError, ConfigError):
        sound = False
    if not sound:
        raise _foreign(file, KEY)
    return found


def threshold_in(file: Path, document: Mapping[str, Any]) -> Threshold | None:
    """The threshold of the whole model; CheckpointError where this program cannot have written it."""
    if THRESHOLD not in document:
        return None
    try:
        read = checked(THRESHOLD, document[THRESHOLD])
    except ValueError as error:
        raise _foreign(file, THRESHOLD) from error
    return None if read is None else Threshold(**vars(read))


def figures_in(file: Path, document: Mapping[str, Any]) -> Mapping[str, float | None] | None:
    """Loss and metrics on all rows held out; CheckpointError where no run of ours wrote them."""
    found = document.get(FIGURES)
    if found is None:
        return None
    numbers = isinstance(found, dict) and all(
        each is None or type(each) in (int, float) for each in found.values()
    )
    if not numbers:
        raise _foreign(file, FIGURES)
    return dict(found)


def _foreign(file: Path, key: str) -> CheckpointError:
    return CheckpointError(
        f"{file}: its entry {key!r} is not as this program writes it; use another one"
    )


def _checked(file: Path, found: Members) -> Members:
    """What was packed, where each candidate has all of its folds."""
    members, combination = found.checkpoints, found.combination
    candidates = 1 if combination is None else len(combination.used)
    folds, rest = divmod(len(members), candidates)
    if rest:
        raise CheckpointError(
            f"{file}: {len(members)} members are no whole folds of {candidates} candidates; "
            "pack them again"
        )
    for first in range(0, len(members), folds):
        check_folds(file, members[first : first + folds])
    return found


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


def _advice(path: Path, count: int | None = None) -> str:
    folds = "" if count is None else f"--folds {count} "
    return f"resume it with mlptrain fit CONFIG {folds}--resume {shlex.quote(str(path))}"
