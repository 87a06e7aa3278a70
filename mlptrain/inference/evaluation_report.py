"""Everything that `eval` says about a model on some rows."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mlptrain.data.dataset import Dataset, Rows
from mlptrain.data.preprocessing.flag_target import FlagTarget
from mlptrain.data.preprocessing.targets import Target
from mlptrain.errors import ConfigError
from mlptrain.inference.decided import Comparison
from mlptrain.inference.model import Model
from mlptrain.inference.thresholds import COST, Thresholds
from mlptrain.messages import some
from mlptrain.metrics.classification import PerClass, confusion_matrix, per_class
from mlptrain.metrics.decision import Criterion
from mlptrain.metrics.flags import two_classes
from mlptrain.metrics.ranking import positive_class
from mlptrain.storage.state import remark
from mlptrain.training.baseline import baseline
from mlptrain.training.evaluate import Evaluation
from mlptrain.training.expected import Expected, expected

Split = Literal["train", "val", "test"]
OUT_OF_FOLD = "out of fold"
"""What takes the place of a split where a model is the average of folds."""
ALSO = ("r2",)
"""Metrics that have an interval beside the headline, where they are measured."""
Table = tuple[Sequence[str], Sequence[Sequence[str | float | None]]]
"""The names of its columns and its rows; the first column names the rows."""


@dataclass(frozen=True)
class EvaluationReport:
    """Loss, metrics and, for a classifier, the per-class table and the confusion matrix.

    A network that overflows has no classes to count: the tables are then None, and the metrics too.
    """

    checkpoint: str
    split: str
    rows: int
    measured: dict[str, float | None]  # the loss, then the metrics
    baseline: Mapping[str, float | None]  # of the same answer for every row
    classes: tuple[str, ...] | None
    per_class: dict[str, dict[str, float]] | None
    confusion: list[list[float]] | None  # rows are the true classes
    notes: tuple[str, ...]
    remarks: tuple[str, ...] = ()  # what stands below the metrics
    decision: Comparison | None = None  # what the threshold changes
    details: str = ""  # the file that has the notes in full
    per_target: dict[str, dict[str, float]] | None = None  # of the yes of each target
    thresholds: Thresholds | None = None  # what each would cost, where that was asked
    linear: Mapping[str, float | None] | None = None  # of a linear model, where its rows are there
    expected: tuple[Expected, ...] = ()  # what people read first, with intervals

    @classmethod
    def of(
        cls,
        model: Model,
        split: str,
        evaluation: Evaluation,
        notes: Sequence[str] = (),
        details: str = "",
        cost: Criterion | None = None,
    ) -> "EvaluationReport":
        """What there is to say about the evaluation of a model."""
        rows, table, confusion = evaluation.rows, None, None
        measured = evaluation.measured()
        if model.preprocessing.classes is not None and np.isfinite(evaluation.scores).all():
            scores = per_class(evaluation.scores, rows.y, rows.weights)
            table = {name: of_class(scores, i) for i, name in enumerate(model.preprocessing.classes)}
            confusion = confusion_matrix(evaluation.scores, rows.y, rows.weights).tolist()
        return cls(
            checkpoint=str(model.path),
            split=split,
            rows=len(rows),
            measured=measured,
            baseline=baseline(evaluation),
            classes=model.preprocessing.classes,
            per_class=table,
            confusion=confusion,
            notes=tuple(notes),
            remarks=tuple(cls.remarks_on(model, evaluation, measured)),
            decision=Comparison.of(model, evaluation),
            details=details,
            per_target=per_target(model.preprocessing.target, evaluation),
            expected=tuple(expected(evaluation, [name for name in ALSO if name in measured])),
            thresholds=None if cost is None else thresholds(model, evaluation, cost),
        )

    @staticmethod
    def remarks_on(model: Model, evaluation: Evaluation, names: Collection[str]) -> Iterator[str]:
        """What the names of the measured values do not say."""
        options = model.config.loss.options()
        changed = [key for key in ("class_weights", "label_smoothing") if options.get(key)]
        if changed:
            rest = "; log_loss is without" if "log_loss" in names else ""
            yield f"loss is with {' and '.join(changed)}, as in training{rest}"
        if options.get("class_weights"):
            yield from weighted_classes(model)
        classes = model.preprocessing.classes or ()
        ranking = [name for name in ("roc_auc", "average_precision") if name in names]
        if len(classes) == 2 and ranking:
            positive = positive_class(evaluation.rows.y, evaluation.rows.weights)
            yield f"{' and '.join(ranking)}: of class {classes[positive]}"
        yield from model.network.loss.remarks()

    def unnamed(self) -> Iterator[str]:
        """Classes that have rows, and are never predicted."""
        if self.confusion is None or self.classes is None:
            return
        called, there = np.sum(self.confusion, axis=0), np.sum(self.confusion, axis=1)
        names = [name for name, c, t in zip(self.classes, called, there, strict=True) if t and not c]
        if names:
            yield f"never predicted: {some(names)}"

    def class_table(self) -> Table | None:
        """Precision, recall, F1 and support of each class, or of the yes of each target."""
        what, found = "class", self.per_class
        if found is None:
            what, found = "target", self.per_target
        if found is None:
            return None
        rows: list[Sequence[str | float]] = [(name, *values.values()) for name, values in found.items()]
        return (what, "precision", "recall", "f1", "support"), rows

    def confusion_table(self) -> Table | None:
        """True classes down, predicted classes across."""
        if self.confusion is None or self.classes is None:
            return None
        rows: list[Sequence[str | float]] = [
            (name, *counts) for name, counts in zip(self.classes, self.confusion, strict=True)
        ]
        return ("true \\ predicted", *self.classes), rows

    def document(self) -> dict[str, Any]:
        """What `--json` prints."""
        document: dict[str, Any] = {
            "checkpoint": self.checkpoint,
            "split": self.split,
            "rows": self.rows,
            **self.measured,
            "baseline": dict(self.baseline),
            "linear": None if self.linear is None else dict(self.linear),
            "intervals": {each.metric: [each.low, each.high] for each in self.expected},
        }
        if self.classes is not None:
            document["confusion_matrix"] = self.confusion
            document["classes"] = list(self.classes)
            document["per_class"] = self.per_class
        if self.decision is not None:
            document["decision"] = self.decision.document()
        if self.per_target is not None:
            document["per_target"] = self.per_target
        if self.thresholds is not None:
            document["thresholds"] = self.thresholds.document()
        return document


def thresholds(model: Model, evaluation: Evaluation, cost: Criterion) -> Thresholds:
    """What each threshold costs; ConfigError where there is none."""
    found = Thresholds.of(model, evaluation, cost)
    if found is None:
        raise ConfigError(
            f"{COST}: a threshold is between two classes that have probabilities, with rows of both; "
            "leave it out for this model and these rows"
        )
    return found


def weighted_classes(model: Model) -> Iterator[str]:
    """What class weights do to what is predicted."""
    if not model.network.loss.gives_probabilities:
        yield "class_weights move the margins: a heavy class wins more rows"
        return
    yield "class_weights decide which class is named; probabilities are without them"
    weights = model.checkpoint["class_weights"] or ()
    idle = [name for name, w in zip(model.preprocessing.classes or (), weights, strict=False) if w == 0]
    if idle:
        yield f"{some(idle)}: of weight 0, so not learned: the probability says nothing"


def of_class(scores: PerClass, place: int) -> dict[str, float]:
    """Precision, recall, F1 and support of one class."""
    return {
        "precision": float(scores.precision[place]),
        "recall": float(scores.recall[place]),
        "f1": float(scores.f1[place]),
        "support": scores.support[place].item(),
    }


def per_target(target: Target, evaluation: Evaluation) -> dict[str, dict[str, float]] | None:
    """The same of the yes of each target, where each is a yes or no."""
    if not isinstance(target, FlagTarget) or not np.isfinite(evaluation.scores).all():
        return None
    predicted, truth = evaluation.predictions(), evaluation.truth().astype(np.int64)
    weights = evaluation.rows.weights
    return {
        f"{name}={pair[1]}": of_class(per_class(two_classes(predicted[:, k]), truth[:, k], weights), 1)
        for k, (name, pair) in enumerate(zip(target.names, target.values, strict=True))
    }


def remarks_on_runs(model: Model) -> list[str]:
    """A note on each run behind a model that has not come to its end."""
    runs = dict.fromkeys(member.checkpoint.path.parent for member in model.members)
    return [note for run in runs for note in remark(run)]


def splits(data: Dataset) -> dict[Split, Rows]:
    """The rows of each split that there is."""
    rows: dict[Split, Rows | None] = {"train": data.train, "val": data.val, "test": data.test}
    return {name: each for name, each in rows.items() if each is not None}


def last_split(data: Dataset) -> Split:
    """The rows to look at where nobody says which: test if there are any, else val, else train."""
    return list(splits(data))[-1]
