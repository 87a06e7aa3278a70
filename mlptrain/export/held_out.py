"""How good a model is on rows that it did not learn from, with intervals: for its card."""

from typing import NamedTuple

import numpy as np

from mlptrain.errors import MLPTrainError
from mlptrain.inference.model import Model
from mlptrain.inference.out_of_fold import out_of_fold
from mlptrain.metrics.reliability import Reliability, reliability
from mlptrain.storage.documents import read_document
from mlptrain.storage.fold_directory import SUMMARY
from mlptrain.training.data_files import data_again
from mlptrain.training.evaluate import Evaluation, predictions
from mlptrain.training.expected import Expected, expected


class HeldOut(NamedTuple):
    """Rows that did not train, and what the model is worth on them.

    rows      what they are called, and how many there are
    parts     how many rows each part of the split has; none of folds
    sure      of the class that is named: how probable it was said to be, and how often it was right
    """

    rows: str
    parts: dict[str, int]
    figures: list[Expected]
    sure: Reliability | None


def held_out(model: Model) -> HeldOut | None:
    """The test rows of a run, its validation rows where it has none, or all that its folds held out.

    None where the rows are no longer there as they were: carried away, changed, or never in a file.
    """
    try:
        found = _of_folds(model) if len(model.members) > 1 else _of_run(model)
    except MLPTrainError:
        return None
    if found is None:
        return None
    rows, parts, evaluation = found
    figures = _of_summary(model) or expected(evaluation)
    return HeldOut(rows, parts, figures, _sure(model, evaluation))


def _of_summary(model: Model) -> list[Expected]:
    """What folds.json expects: its figures do not know which candidate these rows have chosen."""
    path = model.path / SUMMARY
    if not path.is_file():
        return []
    return [Expected(**each) for each in read_document(path).get("expected", [])]


def _of_run(model: Model) -> tuple[str, dict[str, int], Evaluation] | None:
    data, changed = data_again(model.config, model.checkpoint, model.preprocessing)
    sets = {"train": data.train, "validation": data.val, "test": data.test}
    parts = {name: len(rows) for name, rows in sets.items() if rows is not None}
    name = next((name for name in ("test", "validation") if name in parts), None)
    rows = None if name is None else sets[name]
    if changed or rows is None:
        return None
    return f"{len(rows):,} {name} rows", parts, model.evaluation(rows)


def _of_folds(model: Model) -> tuple[str, dict[str, int], Evaluation] | None:
    found = out_of_fold(model)
    if found.notes:
        return None
    evaluation = found.evaluation
    return f"{len(evaluation.rows):,} rows, each by the members that did not see it", {}, evaluation


def _sure(model: Model, evaluation: Evaluation) -> Reliability | None:
    if model.preprocessing.classes is None or not model.network.loss.gives_probabilities:
        return None
    p = predictions(model.network, evaluation.scores, model.preprocessing)
    right = p.argmax(axis=1) == np.asarray(evaluation.rows.y[:])
    weights = evaluation.rows.weights
    return reliability(p.max(axis=1), right, None if weights is None else np.asarray(weights[:]))
