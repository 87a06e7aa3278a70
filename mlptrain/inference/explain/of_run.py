"""What `explain` says about a run: on its own rows that training did not see."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlptrain.errors import ConfigError
from mlptrain.inference.evaluation_report import OUT_OF_FOLD, remarks_on_runs
from mlptrain.inference.explain.contributions import RowExplanation
from mlptrain.inference.explain.explanation import Explanation, explained, explained_row, measure_of
from mlptrain.inference.explain.subject import Part, Subject
from mlptrain.inference.member import Member
from mlptrain.inference.model import Model
from mlptrain.inference.out_of_fold import keeps_test
from mlptrain.metrics.ranking import positive_class
from mlptrain.training.data_files import prepared_again


@dataclass(frozen=True)
class Explained:
    """What was found out about a checkpoint, and what has to be told besides."""

    checkpoint: str
    said: Explanation | RowExplanation
    notes: tuple[str, ...]


@dataclass(frozen=True)
class HeldOutRows:
    """Rows that training did not see, each with the members that predict it.

    split   which they are
    notes   what has to be told of them
    """

    subject: Subject
    split: str
    notes: tuple[str, ...]

    def part_of(self, place: int) -> Part:
        """The part whose members predict the row at this place of the file: it held the row out."""
        first, *others = self.subject.parts
        length = len(first.source)
        if not 0 <= place < length:
            raise ConfigError(f"--row {place + 1}: {first.source.path} has the rows 1 to {length:,}")
        if not others:
            return first
        found = [part for part in self.subject.parts if place in part.rows]
        if not found:
            raise ConfigError(f"--row {place + 1}: no fold held this row out; choose another")
        return found[0]


def explain(checkpoint: str | Path, *, metric: str | None = None, rows: int | None = None) -> Explained:
    """Which columns of its file a run goes by, and how."""
    model = Model.load(checkpoint)
    held_out = held_out_rows(model)
    subject = held_out.subject
    if len(subject) < 2:
        raise ConfigError(f"there is one row of {held_out.split} only: there is nothing to shuffle")
    measure = measure_of(model.config, subject, metric)
    said = explained(subject, held_out.split, measure, model.config.seed, rows)
    return Explained(str(model.path), said, held_out.notes)


def explain_row(checkpoint: str | Path, number: int) -> Explained:
    """What each column adds to the prediction of one row of the file, counted from 1."""
    model = Model.load(checkpoint)
    held_out, positive = held_out_rows(model), 1
    subject = held_out.subject
    part, classes = held_out.part_of(number - 1), model.preprocessing.classes or ()
    if len(classes) == 2:
        positive = positive_class(subject.truth.y, subject.truth.weights)
    seed = model.config.seed
    said = explained_row(subject, part, number - 1, positive=positive, seed=seed)
    seen = number - 1 not in part.rows and held_out.split != "train"
    note = f"row {number} is not among the {held_out.split} rows: the model may have seen it"
    return Explained(str(model.path), said, (*held_out.notes, *(note,) * seen))


def held_out_rows(model: Model) -> HeldOutRows:
    """The test rows of a run, else its validation rows; of folds all rows, each held out once."""
    parts, splits, notes = list[Part](), list[str](), remarks_on_runs(model)
    for fold in range(model.folds):
        part, split, more = _held_out_by(model.members[fold :: model.folds])
        parts.append(part)
        splits.append(split)
        notes += more
    several = len(parts) > 1
    split = OUT_OF_FOLD if several else splits[0]
    return HeldOutRows(model.subject(tuple(parts)), split, tuple(dict.fromkeys(notes)))


def _held_out_by(members: tuple[Member, ...]) -> tuple[Part, str, list[str]]:
    """The rows that members of one fold did not see; each candidate has such a member."""
    member = members[0]
    made, notes = prepared_again(member.config, member.checkpoint, member.preprocessing)
    splits = ("val",) if keeps_test(member) else ("test", "val", "train")
    split = next(name for name in splits if name in made.sets)
    source, rows = made.sets[split]
    return Part(source, np.asarray(rows), members), split, notes
