"""A threshold between two classes: from which probability on a row is called positive.

1/2 is the right one where both mistakes cost the same. Where one class is rare, or a missed row costs
more than a false alarm, another is better; probabilities need not change for it.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

import numpy as np
from annotated_types import Ge, Lt
from numpy.typing import NDArray

from mlptrain.metrics.metric import Array, Floats, row_weights
from mlptrain.metrics.ranking import true_and_false_positives

Rule = Literal["f1", "balanced_accuracy", "cost"]


@dataclass(frozen=True)
class Threshold:
    """A row is of class `positive` where its probability is larger than `value`, else of the other."""

    positive: Literal[0, 1]
    value: Annotated[float, Ge(0), Lt(1)]

    def decided(self, probabilities: Array) -> NDArray[np.intp]:
        """The class numbers (N,) of probabilities (N, 2).

        >>> Threshold(positive=1, value=0.25).decided(np.array([[0.7, 0.3], [0.75, 0.25]]))
        array([1, 0])
        """
        called = probabilities[:, self.positive] > self.value
        return np.where(called, self.positive, 1 - self.positive).astype(np.intp)


class Counts(NamedTuple):
    """Rows of each kind, or the sums of their weights; arrays of them for several thresholds."""

    tp: Floats
    fp: Floats
    fn: Floats
    tn: Floats


class Criterion(NamedTuple):
    """What a threshold is to make as large as possible.

    fp, fn   what a false positive and a false negative cost; the other rules do not look at them
    """

    rule: Rule
    fp: float = 1.0
    fn: float = 1.0

    def __call__(self, counts: Counts) -> Floats:
        """One value for each threshold: the metric, or the sum of all costs with a minus."""
        if self.rule == "f1":
            return f1(counts)
        if self.rule == "balanced_accuracy":
            return balanced_accuracy(counts)
        return -(self.fp * counts.fp + self.fn * counts.fn)


def f1(counts: Counts) -> Floats:
    """2 tp / (2 tp + fp + fn) of the positive class; 0 where it is neither there nor called.

    >>> float(f1(Counts(*map(np.array, (2.0, 1.0, 1.0, 6.0)))))  # 4 / 6
    0.6666666666666666
    """
    hits, all_three = 2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn
    return np.divide(hits, all_three, out=np.zeros(np.shape(hits)), where=all_three > 0)


def balanced_accuracy(counts: Counts) -> Floats:
    """(tp / (tp + fn) + tn / (tn + fp)) / 2, of rows of both classes.

    As one fraction, so that two thresholds that are equally good are so to the last bit.

    >>> float(balanced_accuracy(Counts(*map(np.array, (3.0, 2.0, 1.0, 2.0)))))  # (3/4 + 1/2) / 2
    0.625
    """
    positive, negative = counts.tp + counts.fn, counts.tn + counts.fp
    share: Floats = (counts.tp * negative + counts.tn * positive) / (2 * positive * negative)
    return share


def counts_of(called: Array, positive: Array, weights: Array | None = None) -> Counts:
    """The four counts of rows that are called positive, and are positive.   (N,) bool each.

    >>> called, positive = np.array([True, True, False]), np.array([True, False, False])
    >>> [float(each) for each in counts_of(called, positive)]
    [1.0, 1.0, 0.0, 1.0]
    """
    w = row_weights(weights, len(called))
    kinds = (called & positive, called & ~positive, ~called & positive, ~called & ~positive)
    return Counts(*(np.asarray(w[kind].sum()) for kind in kinds))


def best_threshold(
    p: Array, positive: Array, criterion: Criterion, weights: Array | None = None
) -> float:
    """The best t for `p > t` on these rows.   p (N,) within [0, 1], positive (N,) bool, both classes.

    Only the intervals between the values of p differ, [0, smallest) and [largest, 1) among them. Of
    equally good intervals the one counts whose t is nearest to 1/2, and of two as near the higher: t is
    1/2 where the interval holds it, and the middle of the interval elsewhere.

    >>> p, positive = np.array([0.1, 0.2, 0.4, 0.3]), np.array([False, False, True, True])
    >>> best_threshold(p, positive, Criterion("f1"))  # all of [0.2, 0.3) are right
    0.25
    """
    p, w = np.asarray(p, np.float64), row_weights(weights, len(p))
    p, positive, w = p[w > 0], positive[w > 0], w[w > 0]
    tp, fp = (np.insert(each, 0, 0.0) for each in true_and_false_positives(p, positive, w))
    values = criterion(Counts(tp, fp, tp[-1] - tp, fp[-1] - fp))
    edges = np.concatenate([[1.0], np.unique(p)[::-1], [0.0]])
    low, high = edges[1:], edges[:-1]
    middle = low + (high - low) / 2
    middle = np.where(middle < high, middle, low)
    t = np.where((low <= 0.5) & (high > 0.5), 0.5, middle)
    there = high > low
    best = there & (values == values[there].max())
    order = np.lexsort((-t, np.abs(t - 0.5)))
    return float(t[order][best[order]][0])
