"""Everything that `eval` says about a model on some rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mlptrain.data.dataset import Rows
from mlptrain.data.load import load_rows
from mlptrain.errors import ConfigError
from mlptrain.inference.model import Model
from mlptrain.metrics.classification import confusion_matrix, per_class
from mlptrain.training.build import load as load_data


@dataclass(frozen=True)
class EvaluationReport:
    """Loss, metrics and, for a classifier, the per-class table and the confusion matrix.

    A network that overflows has no classes to count: the tables are then None, and the metrics too.
    """

    checkpoint: str
    split: str
    rows: int
    loss: float | None
    metrics: dict[str, float | None]
    classes: tuple[str, ...] | None
    per_class: dict[str, dict[str, float]] | None
    confusion: list[list[float]] | None  # rows are the true classes
    notes: tuple[str, ...]

    @classmethod
    def of(cls, model: Model, split: str, rows: Rows, notes: Sequence[str]) -> "EvaluationReport":
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


Split = Literal["train", "val", "test"]


def load(path: str | Path) -> Model:
    """The model of a checkpoint, or of the best checkpoint of a run directory."""
    return Model.load(path)


def evaluate(
    checkpoint: str | Path, *, data: str | None = None, split: Split | None = None
) -> EvaluationReport:
    """Loss and metrics of a checkpoint on a file, or on a split of its own data."""
    model = Model.load(checkpoint)
    if data is not None:
        if split is not None:
            raise ConfigError("--data names the rows: leave out --split")
        rows, notes = load_rows(
            data, model.preprocessing, target_needed=True, dtype=model.network.dtype
        )
        return EvaluationReport.of(model, data, rows, notes)
    dataset = load_data(model.config, model.preprocessing)
    parts = {"train": dataset.train, "val": dataset.val, "test": dataset.test}
    chosen = split or (
        "test" if dataset.test is not None else "val" if dataset.val is not None else "train"
    )
    rows_of = parts[chosen]
    if rows_of is None:
        raise ConfigError(
            f"--split {chosen}: the config has no {chosen} rows; choose another, or name --data"
        )
    changed = model.checkpoint.changed_sources(dataset.fingerprint)
    warnings = [f"{source}: has changed since the model was trained" for source in changed]
    return EvaluationReport.of(model, chosen, rows_of, (*dataset.notes, *warnings))
