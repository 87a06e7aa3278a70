"""Permutation importance: how much worse a model gets where a column is shuffled.

Breiman, "Random forests" (2001). Columns of the file are shuffled before the preprocessing, so that
what one column became (one-hot columns, bins, an indicator) goes together.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlptrain.arrays import Array
from mlptrain.data.source import RowNumbers
from mlptrain.inference.explain.association import association, groups
from mlptrain.inference.explain.subject import Subject
from mlptrain.streams import stream
from mlptrain.training.evaluate import Evaluation

REPEATS = 10
GROUPS = 20
"""Parts of the rows, each of which is left out once: see `jackknife`."""
NEARLY_ALL = 0.9
Pair = tuple[float | None, float | None]
"""A loss and a metric."""


@dataclass(frozen=True)
class Interval:
    """A mean over the shuffles, and its 95 % confidence interval."""

    mean: float
    low: float
    high: float


def jackknife(mean: float | None, *without: float | None) -> Interval | None:
    """The interval of a mean, from what it is without each of G parts of the rows; None if undefined.

    SE^2 = (G - 1) / G sum_g (without_g - mean of all of them)^2, and Student's t with G - 1 degrees of
    freedom. Other rows would have given something else, and other shuffles, too: a pair of a row and
    the one whose value it took counts where both are kept, so both show in it. Source: Efron and
    Stein, "The jackknife estimate of variance" (1981).

    >>> round(jackknife(2.0, 1.5, 2.0, 2.5).high - 2.0, 2)  # about 4.3 sqrt(2/3 (1/4 + 1/4))
    2.41
    """
    known = np.array([value for value in without if value is not None])
    if mean is None or len(known) < len(without) or not np.isfinite([mean, *known]).all():
        return None
    count = len(known)
    error = np.sqrt((count - 1) / count * np.square(known - known.mean()).sum())
    half = float(student(count - 1) * error)
    return Interval(mean, mean - half, mean + half)


def student(freedom: int, z: float = 1.959964) -> float:
    """The 97.5 % point of Student's t by its expansion in 1 / freedom (Abramowitz and Stegun 26.7.5).

    >>> round(student(19), 3), round(student(9), 2)
    (2.093, 2.26)
    """
    n, z3, z5, z7 = freedom, z**3, z**5, z**7
    first, second = (z3 + z) / 4, (5 * z5 + 16 * z3 + 3 * z) / 96
    third = (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / 384
    return z + first / n + second / n**2 + third / n**3


@dataclass(frozen=True)
class Importance:
    """How much worse the model gets without what some columns tell.

    loss     how much the loss grows
    metric   how much worse the metric becomes, whatever its direction; None where it is not defined
    """

    columns: tuple[str, ...]
    loss: Interval | None
    metric: Interval | None

    @property
    def name(self) -> str:
        """The column, or the columns of a group."""
        return " + ".join(self.columns)

    @property
    def matters(self) -> bool:
        """Whether the loss grows by more than chance."""
        return self.loss is not None and self.loss.low > 0

    def document(self) -> dict[str, Any]:
        """As JSON."""
        measured = {"loss": self.loss, "metric": self.metric}
        return {key: None if each is None else vars(each) for key, each in measured.items()}


@dataclass(frozen=True)
class Measure:
    """The metric by which a model is judged beside its loss."""

    name: str
    larger_is_better: bool

    def of(self, evaluation: Evaluation) -> float | None:
        """Its value."""
        return evaluation.metrics([self.name])[self.name]

    def worse(self, now: float | None, before: float | None) -> float | None:
        """By how much it is worse than before."""
        return less(before, now) if self.larger_is_better else less(now, before)


class Shuffles:
    """The same shuffles for every column: differences between columns are then not those of chance."""

    def __init__(self, subject: Subject, measure: Measure, seed: int) -> None:
        self.subject, self.measure = subject, measure
        n, scores = len(subject), subject.scores()
        streams = [stream(seed, "explain", repeat) for repeat in range(REPEATS + 1)]
        self.donors = [generator.permutation(n) for generator in streams[1:]]
        part = streams[0].permutation(n) % min(GROUPS, n)
        self.rows = [kept(part, donors) for donors in self.donors]
        self.before = [self._measured(scores, rows) for rows in self.rows]

    def importance(self, columns: Sequence[str]) -> Importance:
        """Of columns that are shuffled together."""
        values = {name: self.subject.values(name) for name in columns}
        found = list[list[Pair]]()
        for donors, rows, before in zip(self.donors, self.rows, self.before, strict=True):
            scores = self.subject.scores({name: each[donors] for name, each in values.items()})
            now = self._measured(scores, rows)
            found.append([self._worse(*pair) for pair in zip(now, before, strict=True)])
        loss, metric = (
            [average([pair[k] for pair in of]) for of in zip(*found, strict=True)] for k in (0, 1)
        )
        return Importance(tuple(columns), jackknife(*loss), jackknife(*metric))

    def _measured(self, scores: Array, each: Sequence[RowNumbers]) -> list[Pair]:
        """Loss and metric, on several sets of rows."""
        evaluations = [self.subject.evaluation(scores, rows) for rows in each]
        return [(one.data_loss(), self.measure.of(one)) for one in evaluations]

    def _worse(self, now: Pair, before: Pair) -> Pair:
        """By how much loss and metric are worse than before."""
        return less(now[0], before[0]), self.measure.worse(now[1], before[1])


def kept(part: RowNumbers, donors: RowNumbers) -> list[RowNumbers]:
    """All rows, then those without one part after the other: neither the row's own nor its donor's."""
    without = [(part != g) & (part[donors] != g) for g in range(int(part.max()) + 1)]
    return [np.arange(len(part)), *map(np.flatnonzero, without)]


def average(values: Sequence[float | None]) -> float | None:
    """The mean; None where one is not defined."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None


def less(a: float | None, b: float | None) -> float | None:
    """a - b; None where one is not defined."""
    return None if a is None or b is None else a - b


def importances(
    subject: Subject, measure: Measure, seed: int
) -> tuple[list[Importance], list[Importance]]:
    """Of every column, and of each group of columns that go closely together; the largest first."""
    shuffles, columns = Shuffles(subject, measure, seed), subject.columns
    close = groups(association([subject.values(name) for name in columns]))
    single = [shuffles.importance([name]) for name in columns]
    together = [shuffles.importance([columns[i] for i in group]) for group in close]
    return in_order(single), in_order(together)


def in_order(found: Iterable[Importance]) -> list[Importance]:
    """The largest growth of the loss first."""
    return sorted(
        found, key=lambda each: -np.inf if each.loss is None else each.loss.mean, reverse=True
    )


def dominant(
    single: Sequence[Importance], together: Sequence[Importance]
) -> tuple[Importance, float] | None:
    """The column (or group) that gives nearly all that columns give, and its share; else None."""
    grouped = {name for each in together for name in each.columns}
    apart = [*together, *(each for each in single if each.name not in grouped)]
    gains = [max(each.loss.mean, 0.0) if each.loss is not None else 0.0 for each in apart]
    if len(apart) < 2 or not sum(gains) > 0:
        return None
    best = int(np.argmax(gains))
    share = gains[best] / sum(gains)
    return (apart[best], share) if share >= NEARLY_ALL and apart[best].matters else None
