"""Everything that `eval` says about a model on some rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlptrain.data.dataset import Rows
from mlptrain.metrics.classification import confusion_matrix, per_class
from mlptrain.model import Model


@dataclass(frozen=True)
class Assessment:
    """Loss, metrics and, for a classifier, the per-class table and the confusion matrix.

    A network that overflows has no classes to count: the tables are then None, and the metrics too.
    """

    checkpoint: str
    split: str
    rows: int
    loss: float
    metrics: dict[str, float | None]
    classes: tuple[str, ...] | None
    per_class: dict[str, dict[str, float]] | None
    confusion: list[list[float]] | None  # rows are the true classes
    notes: tuple[str, ...]

    @classmethod
    def of(cls, model: Model, split: str, rows: Rows, notes: Sequence[str]) -> "Assessment":
        """Assess a model on rows that are preprocessed already."""
        evaluation = model.evaluation(rows)
        table, confusion = None, None
        if model.classes is not None and np.isfinite(evaluation.scores).all():
            predicted = evaluation.predictions()
            scores = per_class(predicted, rows.y, rows.weights)
            table = {
                name: {
                    "precision": float(scores.precision[i]),
                    "recall": float(scores.recall[i]),
                    "f1": float(scores.f1[i]),
                    "support": scores.support[i].item(),
                }
                for i, name in enumerate(model.classes)
            }
            confusion = confusion_matrix(predicted, rows.y, rows.weights).tolist()
        return cls(
            checkpoint=model.checkpoint.path,
            split=split,
            rows=len(rows),
            loss=evaluation.data_loss(),
            metrics=evaluation.metrics(model.metric_names()),
            classes=model.classes,
            per_class=table,
            confusion=confusion,
            notes=tuple(notes),
        )

    def document(self) -> dict[str, Any]:
        """What `--json` prints."""
        document: dict[str, Any] = {
            "checkpoint": self.checkpoint,
            "split": self.split,
            "rows": self.rows,
            "loss": self.loss,
            **self.metrics,
        }
        if self.classes is not None:
            document["confusion_matrix"] = self.confusion
            document["classes"] = list(self.classes)
            document["per_class"] = self.per_class
        return document
