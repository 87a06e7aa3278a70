"""What a threshold between two classes does on some rows, beside what is said without it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mlptrain.inference.model import Model
from mlptrain.metrics.decision import Counts, Criterion, balanced_accuracy, counts_of, f1
from mlptrain.metrics.metric import Array
from mlptrain.training.evaluate import Evaluation


@dataclass(frozen=True)
class Decided:
    """How good it is to call some rows positive; None where a value is not defined.

    cost_per_row  None where no costs are given
    """

    precision: float | None
    recall: float | None
    f1: float
    balanced_accuracy: float | None
    called: float  # rows that are called positive, or the sum of their weights
    cost_per_row: float | None = None

    @classmethod
    def of(cls, counts: Counts, cost: Criterion | None) -> "Decided":
        """The values of four counts."""
        tp, fp, fn, tn = (float(each) for each in counts)
        positive, negative, total = tp + fn, fp + tn, tp + fp + fn + tn
        both = positive > 0 and negative > 0
        return cls(
            precision=tp / (tp + fp) if tp + fp > 0 else None,
            recall=tp / positive if positive > 0 else None,
            f1=float(f1(counts)),
            balanced_accuracy=float(balanced_accuracy(counts)) if both else None,
            called=tp + fp,
            cost_per_row=-float(cost(counts)) / total if cost is not None and total > 0 else None,
        )


@dataclass(frozen=True)
class Comparison:
    """The threshold of a model on some rows, against the most likely class."""

    metric: str
    positive: str
    threshold: float
    without: Decided
    at_threshold: Decided
    usual: str  # what decides without the threshold

    @classmethod
    def of(cls, model: Model, evaluation: Evaluation) -> "Comparison | None":
        """None where the model has no threshold, or the scores are not finite."""
        asked, threshold = model.config.decision, model.threshold
        if asked is None or threshold is None or not np.isfinite(evaluation.scores).all():
            return None
        cost = None if asked.cost is None else asked.criterion()
        truth, weights = evaluation.rows.y == threshold.positive, evaluation.rows.weights

        def decided(chosen: Array) -> Decided:
            return Decided.of(counts_of(chosen == threshold.positive, truth, weights), cost)

        classes = model.preprocessing.classes or ()
        return cls(
            metric=asked.metric,
            positive=classes[threshold.positive],
            threshold=threshold.value,
            without=decided(model.class_numbers(evaluation.scores)),
            at_threshold=decided(model.class_numbers(evaluation.scores, decide=True)),
            usual="class_weights" if model.config.loss.options().get("class_weights") else "0.5",
        )

    def table(self) -> tuple[Sequence[str], Sequence[Sequence[str | float | None]]]:
        """A row without the threshold, and one with it."""
        both = {self.usual: self.without, f"{self.threshold:.4g}": self.at_threshold}
        names = list(asdict(self.without))
        if self.metric != "cost":
            names.remove("cost_per_row")
        rows = [(name, *(getattr(each, key) for key in names)) for name, each in both.items()]
        return (f"threshold of {self.positive}", *names), rows

    def document(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {key: value for key, value in asdict(self).items() if key != "usual"}
