"""What each threshold between two classes would do on some rows, and what it would cost."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mlptrain.errors import ConfigError
from mlptrain.inference.decided import Decided
from mlptrain.inference.model import Model
from mlptrain.metrics.decision import Criterion, best_threshold, counts_of
from mlptrain.metrics.ranking import positive_class
from mlptrain.training.evaluate import Evaluation

STEPS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
COST = "--cost"


def cost_of(text: str) -> Criterion:
    """`fp=1,fn=20`: what a false alarm and a missed row cost. ConfigError for another form.

    >>> cost_of("fp=1,fn=20")
    Criterion(rule='cost', fp=1.0, fn=20.0)
    """
    pairs = dict(each.partition("=")[::2] for each in text.replace(" ", "").split(","))
    try:
        values = {key: float(value) for key, value in pairs.items()}
    except ValueError:
        values = {}
    if set(values) != {"fp", "fn"} or not all(0 < value < np.inf for value in values.values()):
        raise ConfigError(f"{COST} {text}: expected what false alarms and misses cost: fp=1,fn=20")
    return Criterion("cost", values["fp"], values["fn"])


@dataclass(frozen=True)
class Row:
    """A threshold, what is remarkable about it, and what it does."""

    threshold: float
    remark: str
    decided: Decided
    false_positives: float
    missed: float


@dataclass(frozen=True)
class Thresholds:
    """The thresholds in their order; of equal ones the first, and those with a remark.

    positive   the class that a row is called from the threshold on
    cost       None where it is not known what mistakes cost
    """

    positive: str
    cost: Criterion | None
    rows: tuple[Row, ...]

    @classmethod
    def of(
        cls, model: Model, evaluation: Evaluation, cost: Criterion | None = None
    ) -> "Thresholds | None":
        """None where there are not two classes with probabilities, or no row of one of them."""
        classes, y = model.preprocessing.classes or (), evaluation.rows.y
        known = model.network.loss.gives_probabilities and np.isfinite(evaluation.scores).all()
        if len(classes) != 2 or not known or len(np.unique(y)) < 2:
            return None
        weights, own = evaluation.rows.weights, model.threshold
        place = positive_class(y, weights) if own is None else own.positive
        p, truth = evaluation.predictions()[:, place].astype(np.float64), y == place
        asked = model.config.decision
        if cost is None and asked is not None and asked.cost is not None:
            cost = Criterion("cost", asked.cost.fp, asked.cost.fn)
        remarks = dict.fromkeys(STEPS, "")
        if cost is not None:
            remarks[cost.fp / (cost.fp + cost.fn)] = "fp / (fp + fn)"
            remarks[best_threshold(p, truth, cost, weights)] = "cheapest on these rows"
        if own is not None:
            remarks[own.value] = "of the model"
        rows = list[Row]()
        for threshold in sorted(remarks):
            counts, remark = counts_of(p > threshold, truth, weights), remarks[threshold]
            decided = Decided.of(counts, cost)
            if remark or not rows or decided.called != rows[-1].decided.called:
                rows.append(Row(threshold, remark, decided, float(counts.fp), float(counts.fn)))
        return cls(classes[place], cost, tuple(rows))

    def table(self) -> tuple[Sequence[str], Sequence[Sequence[str | float | None]]]:
        """A row for each threshold; the columns of what `eval` prints and a page shows."""
        names = [
            f"P({self.positive}) >",
            "called",
            "precision",
            "recall",
            "f1",
            "false alarms",
            "missed",
        ]
        rows = [
            [
                f"{each.threshold:.4g}", _whole(each.decided.called), each.decided.precision,
                each.decided.recall, each.decided.f1, _whole(each.false_positives), _whole(each.missed),
            ]
            for each in self.rows
        ]  # fmt: skip
        if self.cost is not None:
            names.append("cost per row")
            rows = [[*row, own.decided.cost_per_row] for row, own in zip(rows, self.rows, strict=True)]
        return [*names, ""], [[*row, own.remark] for row, own in zip(rows, self.rows, strict=True)]

    def remarks(self) -> Sequence[str]:
        """What the table does not say."""
        if self.cost is None:
            return ()
        fp, fn = self.cost.fp, self.cost.fn
        written = f"decision: {{metric: cost, cost: {{fp: {fp:g}, fn: {fn:g}}}}}"
        return (
            f"costs: a false alarm {fp:g}, a missed row {fn:g}; fp / (fp + fn) is best if P is right",
            f"what is cheapest here need not be elsewhere: {written} chooses on the validation rows",
        )

    def document(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "positive": self.positive,
            "cost": None if self.cost is None else {"fp": self.cost.fp, "fn": self.cost.fn},
            "thresholds": [
                {
                    "threshold": each.threshold,
                    "remark": each.remark or None,
                    **asdict(each.decided),
                    "false_positives": each.false_positives,
                    "missed": each.missed,
                }
                for each in self.rows
            ],
        }


def _whole(value: float) -> float | int:
    """A count as a whole number, where no row weight makes it another."""
    return int(value) if value == int(value) else value
