"""What comes of all folds together: folds.json and out_of_fold.csv."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from mlptrain.config import Config
from mlptrain.data.preprocessing.flag_target import FlagTarget
from mlptrain.inference.member import Member
from mlptrain.inference.model import Model
from mlptrain.inference.out_of_fold import HeldOut
from mlptrain.runs.combine import chosen_without, combination
from mlptrain.runs.fold_outcome import FoldOutcome
from mlptrain.runs.joint import Joint
from mlptrain.storage.documents import document_text, finite
from mlptrain.storage.files import write_file
from mlptrain.storage.fold_directory import PREDICTIONS, SUMMARY, some_folds
from mlptrain.training.baseline import baseline
from mlptrain.training.combination import KEY, THRESHOLD
from mlptrain.training.evaluate import Evaluation, predictions
from mlptrain.training.expected import expected
from mlptrain.training.linear_model import figures_of_answers
from mlptrain.training.members import Members, members_of


def write_outcomes(
    directory: Path, config: Config, candidates: Mapping[str, Sequence[FoldOutcome]]
) -> dict[str, Any]:
    """Write what comes of all folds of each candidate; returns what folds.json holds."""
    folds = some_folds(directory)
    each = {
        name: Joint.of(Model(directory, Members(members_of(directory, folds, name))), outcomes)
        for name, outcomes in candidates.items()
    }
    joint, document = next(iter(each.values())), dict[str, Any]()
    ahead, first = joint.evaluation, next(iter(candidates.values()))
    if config.candidates:
        found = combination(config, {name: one.evaluation for name, one in each.items()})
        used = [each[part.name] for part in found.used]
        joint = used[0] if len(used) == 1 else Joint.of_candidates(used, found)
        ahead = chosen_without(config, [(one.model, one.folds) for one in each.values()])
        document[KEY] = found.document()
    if threshold := joint.threshold(config):
        document[THRESHOLD] = asdict(threshold)
    if (test := joint.test()) is not None:
        document["test"] = {"rows": len(test.rows), **_figures(test), "metrics": test.measured()}
    summary = {
        "folds": len(joint.parts),
        "rows": len(joint.evaluation.rows),
        "metrics": spread(joint.measured),
        "out_of_fold": joint.evaluation.measured(),
        **_figures(ahead),
        "linear": _linear(first, joint.evaluation),
        "runs": [outcome.run for outcomes in candidates.values() for outcome in outcomes],
        **document,
    }
    write_file(directory / PREDICTIONS, [_table(joint).encode()])
    write_file(directory / SUMMARY, [document_text(summary).encode()])
    return summary


def _figures(evaluation: Evaluation) -> dict[str, Any]:
    """What people read first, each with an interval, and the same of the same answer for every row."""
    figures = [each._asdict() for each in expected(evaluation)]
    return {"expected": figures, "baseline": dict(baseline(evaluation))}


def _linear(outcomes: Sequence[FoldOutcome], evaluation: Evaluation) -> Mapping[str, Any] | None:
    """What people read first, of linear models of the same folds."""
    answers = [each.linear for each in outcomes if each.linear is not None]
    if len(answers) < len(outcomes):
        return None
    order = np.argsort(np.concatenate([each.held_out.places for each in outcomes]), kind="stable")
    return figures_of_answers(evaluation, np.concatenate(answers)[order])


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
