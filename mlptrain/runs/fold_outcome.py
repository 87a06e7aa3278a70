"""What comes of a fold, and of all of them together: folds.json and out_of_fold.csv."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from mlptrain.config import Config
from mlptrain.data.preprocessing.flag_target import FlagTarget
from mlptrain.inference.member import Member
from mlptrain.inference.model import Model
from mlptrain.inference.out_of_fold import (
    HeldOut,
    held_out_by,
    held_out_rows,
    joined,
    pooled,
    together,
)
from mlptrain.runs.combine import combination
from mlptrain.runs.run import Run
from mlptrain.storage.documents import document_text, finite
from mlptrain.storage.files import write_file
from mlptrain.storage.fold_directory import PREDICTIONS, SUMMARY, some_folds
from mlptrain.training.combination import KEY, Combination
from mlptrain.training.evaluate import Evaluation, predictions
from mlptrain.training.expected import expected
from mlptrain.training.members import members_of

KEPT = ("run", "status", "monitor", "best", "best_epoch", "seconds")
"""What folds.json has of the summary of each run."""


@dataclass(frozen=True)
class FoldOutcome:
    """The best parameters of a fold on the rows that it held out.

    measured   loss and metrics
    run        how its training ended
    """

    number: int
    measured: dict[str, float | None]
    run: dict[str, Any]
    held_out: HeldOut

    @classmethod
    def of(cls, number: int, run: Run) -> Self:
        """Evaluate the best parameters of a run that has come to its end."""
        model, data = Model.load(run.directory.path), run.experiment.data
        rows, _ = held_out_rows(data)
        summary = {key: run.summary[key] for key in KEPT}
        held_out = held_out_by(model.members[0], data)
        return cls(number, model.evaluation(rows).measured(), summary, held_out)

    def document(self) -> dict[str, Any]:
        """The same as JSON values; every bit is kept."""
        arrays = {
            name: None if array is None else [array.dtype.str, array.tolist()]
            for name, array in vars(self.held_out).items()
        }
        return {**vars(self), "held_out": arrays}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The inverse of `document`."""
        arrays: dict[str, Any] = {
            name: None if given is None else np.array(given[1], np.dtype(given[0]))
            for name, given in document["held_out"].items()
        }
        return cls(**{**document, "held_out": HeldOut(**arrays)})


@dataclass(frozen=True)
class Joint:
    """What all members of a model say together.

    parts      for each fold what predicts it, its number and its rows
    measured   loss and metrics of each fold
    """

    model: Model
    parts: list[tuple[Member | Model, int, HeldOut]]
    measured: list[dict[str, float | None]]
    evaluation: Evaluation

    @classmethod
    def of(cls, model: Model, outcomes: Sequence[FoldOutcome]) -> Self:
        """Of members of which each has held out a fold of its own."""
        evaluation = together(model, [each.held_out for each in outcomes]).evaluation
        parts = [
            (member, each.number, each.held_out)
            for member, each in zip(model.members, outcomes, strict=True)
        ]
        return cls(model, list(parts), [each.measured for each in outcomes], evaluation)

    @classmethod
    def of_candidates(cls, each: Sequence["Joint"], combination: Combination) -> Self:
        """Of the candidates that are used: their weighted average."""
        first, checkpoints = each[0], [m.checkpoint for one in each for m in one.model.members]
        model = Model(first.model.path, checkpoints, combination)
        folds = joined(model, [part for one in each for _, _, part in one.parts])
        numbers = [number for _, number, _ in first.parts]
        return cls(
            model,
            [(model, number, part) for number, part in zip(numbers, folds, strict=True)],
            [pooled(model, [part]).evaluation.measured() for part in folds],
            pooled(model, folds).evaluation,
        )


def write_outcomes(
    directory: Path, config: Config, candidates: Mapping[str, Sequence[FoldOutcome]]
) -> dict[str, Any]:
    """Write what comes of all folds of each candidate; returns what folds.json holds."""
    folds = some_folds(directory)
    each = {
        name: Joint.of(Model(directory, members_of(directory, folds, name)), outcomes)
        for name, outcomes in candidates.items()
    }
    joint, document = next(iter(each.values())), dict[str, Any]()
    if config.candidates:
        found = combination(config, {name: one.evaluation for name, one in each.items()})
        used = [each[part.name] for part in found.used]
        joint = used[0] if len(used) == 1 else Joint.of_candidates(used, found)
        document = {KEY: found.document()}
    summary = {
        "folds": len(joint.parts),
        "rows": len(joint.evaluation.rows),
        "metrics": spread(joint.measured),
        "out_of_fold": joint.evaluation.measured(),
        "expected": [each._asdict() for each in expected(joint.evaluation)],
        "runs": [outcome.run for outcomes in candidates.values() for outcome in outcomes],
        **document,
    }
    write_file(directory / PREDICTIONS, [_table(joint).encode()])
    write_file(directory / SUMMARY, [document_text(summary).encode()])
    return summary


def _table(joint: Joint) -> str:
    """A line for each row of the file: its fold, its truth, and what was predicted for it."""
    model, text = joint.model, io.StringIO(newline="")
    made = model.preprocessing
    probabilities = made.classes is not None and model.network.loss.gives_probabilities
    answers = model.network.loss.columns(made.targets)
    header = ["row", "fold", *made.targets, *(f"predicted_{name}" for name in answers)]
    if probabilities:
        header += [f"proba_{name}" for name in made.classes or ()]
    if isinstance(made.target, FlagTarget):
        header += [f"proba_{name}" for name in made.targets]
    rows = dict[int, list[Any]]()
    for predictor, fold, part in joint.parts:
        places = (part.places + 1).tolist()
        cells = _cells(predictor, part, probabilities)
        rows.update((row, [fold, *each]) for row, each in zip(places, cells, strict=True))
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([row, *cells] for row, cells in sorted(rows.items()))
    return text.getvalue()


def _cells(member: Member | Model, part: HeldOut, probabilities: bool) -> list[list[Any]]:
    """Truth and prediction of each row of a fold."""
    predicted, names = (
        predictions(member.network, part.scores, member.preprocessing),
        member.preprocessing.classes,
    )
    target = member.preprocessing.target
    if isinstance(target, FlagTarget):
        truth = target.decided(np.asarray(part.truth))
        answers = [*truth, *target.decided(predicted), *predicted.T.tolist()]
        return [list(row) for row in zip(*answers, strict=True)]
    if names is None:
        return np.hstack([np.asarray(part.truth), predicted]).tolist()
    winners = part.scores.argmax(axis=1).tolist()
    cells: list[list[Any]] = [
        [names[y], names[c]] for y, c in zip(part.y.tolist(), winners, strict=True)
    ]
    if probabilities:
        cells = [[*two, *p] for two, p in zip(cells, predicted.tolist(), strict=True)]
    return cells


def spread(values: Sequence[Mapping[str, float | None]]) -> dict[str, dict[str, Any]]:
    """Mean and standard deviation (n - 1) of each metric over the folds in which it is defined.

    >>> spread([{"accuracy": 0.5}, {"accuracy": 1.0}])["accuracy"]["mean"]
    0.75
    """
    table = {}
    for name in values[0]:
        each = [finite(fold[name]) for fold in values]
        defined = np.array([value for value in each if value is not None])
        table[name] = {
            "mean": float(defined.mean()) if len(defined) else None,
            "std": float(defined.std(ddof=1)) if len(defined) > 1 else None,
            "values": each,
        }
    return table
