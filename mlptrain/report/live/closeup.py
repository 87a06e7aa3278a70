"""The network of a run as its newest checkpoint has it: rows that training did not see, and its plane.

Only files are read: the checkpoint that the run wrote, and once the rows of its data.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlptrain.arrays import Array
from mlptrain.config import Config
from mlptrain.data.dataset import Rows
from mlptrain.data.prepared import rows_of
from mlptrain.data.preprocessing.class_target import ClassTarget
from mlptrain.data.preprocessing.flag_target import FlagTarget
from mlptrain.data.source import RowNumbers
from mlptrain.errors import MLPTrainError
from mlptrain.inference.member import Member
from mlptrain.messages import some
from mlptrain.report.console import number
from mlptrain.report.live.digits import rounded
from mlptrain.report.live.plane import plane
from mlptrain.training.checkpoint import Checkpoint
from mlptrain.training.data_files import files_in, located, prepared_again
from mlptrain.training.evaluate import Evaluation

CHECKPOINTS = ("last.npz", "best.npz")
LARGEST = 1 << 24
"""Bytes of a checkpoint, and of the files of data, that are read: to read more would take the disk and
a core from the fit."""
IN_TABLE = 6
ON_PLANE = 200
"""Rows that are shown: in the table, and as points."""


@dataclass(frozen=True)
class ShownRows:
    """Some rows, evenly spaced, as the network reads them; those that training saw if it saw all.

    config   the one they were loaded by
    numbers  of each its place in its file, from 0
    plain    (n, 2) its two columns in their own unit, where there are two
    """

    config: Config
    split: str
    numbers: RowNumbers
    rows: Rows
    plain: Array | None


class Closeup:
    """What the newest checkpoint of a run says; read again when there is another one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[str, int] | None = None
        self._rows: ShownRows | None = None
        self._loaded: Config | None = None
        self._document: dict[str, Any] | None = None

    def document(self) -> dict[str, Any] | None:
        """Its step, its held-out rows, and its plane; None where there is no checkpoint to be read."""
        newest = next(self._checkpoints(), None)
        if newest != self._seen:
            self._seen = newest
            try:
                self._document = self._read(self.path / newest[0]) if newest else None
            except MLPTrainError:  # what was shown stays until the next one
                self._seen = None
        return self._document

    def _checkpoints(self) -> Iterator[tuple[str, int]]:
        for name in CHECKPOINTS:
            try:
                found = (self.path / name).stat()
            except OSError:
                continue
            if found.st_size <= LARGEST:
                yield name, found.st_mtime_ns

    def _read(self, file: Path) -> dict[str, Any]:
        member = Member(Checkpoint.read(file))
        if member.config != self._loaded:  # another fit into the same directory
            self._loaded, self._rows = member.config, rows_to_show(member)
        found = self._rows
        return {
            "step": member.checkpoint.progress().step,
            "rows": None if found is None or found.split == "train" else table(member, found),
            "plane": plane(member, points(found)),
            "split": None if found is None else found.split,
        }


def rows_to_show(member: Member) -> ShownRows | None:
    """Validation rows, else test rows, else those of training; None of files that are large or gone."""
    config, made = member.config, member.preprocessing
    try:
        files = set(files_in(located(config, member.checkpoint)).values())
        if sum(Path(file).stat().st_size for file in files) > LARGEST:
            return None
        prepared, _ = prepared_again(config, member.checkpoint, made)
        split = next(name for name in ("val", "test", "train") if name in prepared.sets)
        source, every = prepared.sets[split]
        numbers = np.asarray(every)[spread(len(every), ON_PLANE)]
        rows, _ = rows_of(made, source, numbers, prepared.dtype)
        names = [name for name in made.inputs if source.kind(name) == "number"]
        plain = source.block(names, numbers) if len(names) == len(made.inputs) == 2 else None
    except (MLPTrainError, OSError):
        return None
    return ShownRows(config, split, numbers, rows, plain)


def spread(n: int, most: int) -> Array:
    """At most so many places of n, evenly spaced.

    >>> spread(10, 4).tolist(), spread(3, 4).tolist()
    ([0, 3, 6, 9], [0, 1, 2])
    """
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(np.int64))


def table(member: Member, found: ShownRows) -> dict[str, Any]:
    """Of some rows what is true, what the network predicts, and how probable it is."""
    scores = member.scores(found.rows.inputs)
    evaluation = Evaluation(member.network, found.rows, scores, member.preprocessing)
    given, predicted = evaluation.truth(), evaluation.predictions()
    lines = []
    for place in spread(len(found.numbers), IN_TABLE):
        truth, answer, sure = in_words(member, given[place], predicted[place], scores[place])
        lines.append([int(found.numbers[place]) + 1, truth, answer, sure])
    return {"split": found.split, "target": some(member.preprocessing.targets), "lines": lines}


def in_words(member: Member, truth: Any, predicted: Array, scores: Array) -> tuple[str, str, Any]:
    """What is true of a row, what is predicted, and the probability of a class that has one."""
    target, loss = member.preprocessing.target, member.network.loss
    if isinstance(target, ClassTarget):
        winner = int(scores.argmax())
        sure = number(float(predicted[winner])) if loss.gives_probabilities else None
        return target.classes[int(truth)], target.classes[winner], sure
    if isinstance(target, FlagTarget):
        true, said = (
            ", ".join(value for (value,) in target.decided(row[None])) for row in (truth, predicted)
        )
        return true, said, None
    true, said = (", ".join(number(float(each)) for each in row) for row in (truth, predicted))
    return true, said, None


def points(found: ShownRows | None) -> list[list[float]]:
    """[x, y, class or target] of the rows, to be drawn on the plane."""
    if found is None or found.plain is None:
        return []
    values = found.rows.y if found.rows.truth is None else found.rows.truth
    first = values.reshape(len(values), -1)[:, :1].astype(np.float64)
    return [[rounded(each) for each in row] for row in np.hstack([found.plain, first]).tolist()]
