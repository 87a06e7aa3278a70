"""Metrics of a ranking: do the rows of a class stand above the others, wherever the threshold is?

`predictions` (N, C) may be probabilities or, for a loss without them, `margins(scores)`: column c
says how strongly a row speaks for class c, and only its order counts. With two classes the second
is the positive one, unless the first is the rare one by far; with more, each class in turn stands
against the rest and the plain mean is taken (one-vs-rest, macro). N log N for each class.
"""

import numpy as np

from mlptrain.metrics.lopsided import lopsided
from mlptrain.metrics.metric import Array, Floats, row_weights


def margins(scores: Array) -> Floats:
    """s_c - max_{j != c} s_j: by how much class c wins its row, or misses.   (N, C) -> (N, C), C > 1.

    A hinge loss fixes differences of scores within a row, not the scores themselves. To rank rows
    against each other one needs these. The winner of a row stays the same.

    >>> margins(np.array([[5.0, 3.0, 1.0]]))
    array([[ 2., -2., -4.]])
    """
    s: Floats = np.asarray(scores, dtype=np.float64)
    second, best = np.partition(s, -2, axis=1)[:, -2:].T
    rivals: Floats = np.repeat(best[:, np.newaxis], s.shape[1], axis=1)
    rivals[np.arange(len(s)), s.argmax(axis=1)] = second
    return s - rivals


def roc_auc(predictions: Array, y: Array, weights: Array | None = None) -> float | None:
    """The area under the ROC curve: the chance that a positive row ranks above a negative one.

    A tie counts one half. None where a class has no rows, or all of them: nothing to rank against.
    Source: Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27 (2006).

    >>> p = np.array([0.1, 0.4, 0.35, 0.8])
    >>> roc_auc(np.column_stack([1 - p, p]), np.array([0, 0, 1, 1]))
    0.75
    """
    areas = [_area(*curve) for curve in _curves(predictions, y, weights)]
    defined = [area for area in areas if area is not None]
    return float(np.mean(defined)) if defined and len(defined) == len(areas) else None


def average_precision(predictions: Array, y: Array, weights: Array | None = None) -> float | None:
    """sum_n (R_n - R_{n-1}) P_n over the distinct thresholds, the highest first.

    The step function under the precision-recall curve, without interpolation. A class without rows
    counts as 0, as in scikit-learn. None where no row carries weight.

    >>> p = np.array([0.1, 0.4, 0.35, 0.8])
    >>> round(average_precision(np.column_stack([1 - p, p]), np.array([0, 0, 1, 1])), 4)
    0.8333
    """
    if not row_weights(weights, len(y)).sum() > 0:
        return None
    return float(np.mean([step_area(*curve) for curve in _curves(predictions, y, weights)]))


def positive_class(y: Array, weights: Array | None = None) -> int:
    """The positive one of two classes: the second, or the first where it is the rare one by far.

    >>> positive_class(np.array([0, 1, 1])), positive_class(np.array([0, 1, 1, 1, 1, 1]))
    (1, 0)
    """
    masses = np.bincount(y, row_weights(weights, len(y)), minlength=2)
    return 0 if 0 < masses[0] < masses[1] and lopsided(masses) else 1


def _curves(predictions: Array, y: Array, weights: Array | None) -> list[tuple[Floats, Floats]]:
    classes = predictions.shape[1]
    w = row_weights(weights, len(y))
    positives = [positive_class(y, w)] if classes == 2 else range(classes)
    return [true_and_false_positives(predictions[:, c], y == c, w) for c in positives]


def true_and_false_positives(scores: Array, positive: Array, weights: Floats) -> tuple[Floats, Floats]:
    """True and false positives if every row down to a threshold is called positive.

    One entry for each distinct score, the highest first: rows with equal scores enter together.
    """
    order = np.argsort(scores)[::-1]
    ranked, positive, weights = scores[order], positive[order], weights[order]
    last_of_ties = np.append(ranked[1:] != ranked[:-1], True)[: len(ranked)]
    true_positives = np.cumsum(weights * positive)[last_of_ties]
    # A sum of its own, not a difference of two sums: so it can never fall from rounding.
    false_positives = np.cumsum(weights * ~positive)[last_of_ties]
    return true_positives, false_positives


def _area(tp: Floats, fp: Floats) -> float | None:
    """The trapezoids under tp over fp, in units of the whole rectangle."""
    if not (len(tp) and tp[-1] > 0 and fp[-1] > 0):
        return None
    steps = np.diff(fp, prepend=0)
    heights = tp - np.diff(tp, prepend=0) / 2
    return float(steps @ heights / (tp[-1] * fp[-1]))


def step_area(tp: Floats, fp: Floats) -> float:
    """Below precision over recall, as steps; 0 where no row is positive."""
    if not tp[-1] > 0:
        return 0.0
    called = tp + fp
    precision = np.divide(tp, called, out=np.zeros(len(tp)), where=called > 0)
    return float(np.diff(tp, prepend=0) @ precision / tp[-1])
