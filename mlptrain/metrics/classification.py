"""Metrics of a classifier's decisions: which class won each row, and was it the right one?

Everywhere `predictions` (N, C) are scores or probabilities, of which only the winner of each row
counts (the first one at a tie); `y` (N,) are int64 class numbers in 0 .. C-1; `weights` (N,) are row
weights or None. Every value equals scikit-learn's (Pedregosa et al., JMLR 12, 2011), with its
`zero_division=0`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlptrain.metrics.metric import Array, Floats, weighted_mean


class PerClass(NamedTuple):
    """One entry for each of the C classes, those that do not occur included.

    precision  (C,)  right among the rows that were given this class; 0 where there are none
    recall     (C,)  right among the rows that are of this class; 0 where there are none
    f1         (C,)  the harmonic mean of the two; 0 where both are 0
    support    (C,)  rows of this class: a count, or the sum of their weights
    occurs     (C,)  whether any row is of this class or was given it
    """

    precision: Floats
    recall: Floats
    f1: Floats
    support: Array
    occurs: NDArray[np.bool_]


def accuracy(predictions: Array, y: Array, weights: Array | None = None) -> float | None:
    """The share of the rows that are right.

    >>> scores = np.array([[2.0, 1.0], [0.5, 3.0], [4.0, 0.0]])
    >>> accuracy(scores, np.array([0, 1, 1]))
    0.6666666666666666
    """
    return weighted_mean(predictions.argmax(axis=1) == y, weights)


def confusion_matrix(predictions: Array, y: Array, weights: Array | None = None) -> Array:
    """(C, C): entry (i, j) is the number of rows of class i that were given class j.

    int64 counts, or float64 sums of weights. Classes that do not occur keep their row and column.

    >>> confusion_matrix(np.array([[2, 1], [0, 3], [4, 0]]), np.array([0, 1, 1]))
    array([[1, 0],
           [1, 1]])
    """
    return _count(y, predictions.argmax(axis=1), predictions.shape[1], weights)


def _count(y: Array, predicted: Array, classes: int, weights: Array | None) -> Array:
    cells = np.bincount(y * classes + predicted, weights, minlength=classes * classes)
    return cells.reshape(classes, classes)


def per_class(predictions: Array, y: Array, weights: Array | None = None) -> PerClass:
    """Precision, recall, F1 and support of each class.

    precision = tp / (tp + fp)   recall = tp / (tp + fn)   f1 = 2 tp / (2 tp + fp + fn)

    >>> per_class(np.eye(2)[[0, 0, 1, 1]], np.array([0, 1, 1, 1])).precision
    array([0.5, 1. ])
    """
    classes = predictions.shape[1]
    predicted = predictions.argmax(axis=1)
    matrix = _count(y, predicted, classes, weights)
    hits, support, given = matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)
    return PerClass(
        precision=_ratio(hits, given),
        recall=_ratio(hits, support),
        f1=_ratio(2 * hits, support + given),
        support=support,
        occurs=np.bincount(y, minlength=classes) + np.bincount(predicted, minlength=classes) > 0,
    )


def _ratio(part: Array, whole: Array) -> Floats:
    """part / whole, and 0 where the whole is 0."""
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)


def balanced_accuracy(predictions: Array, y: Array, weights: Array | None = None) -> float | None:
    """The mean recall over the classes that have rows: chance is 1 / C however lopsided they are.

    >>> always_0, y = np.eye(2)[[0, 0, 0, 0]], np.array([0, 0, 0, 1])
    >>> balanced_accuracy(always_0, y)  # recall 1 and 0
    0.5
    """
    result = per_class(predictions, y, weights)
    present = result.support > 0
    return float(result.recall[present].mean()) if present.any() else None


def precision_macro(predictions: Array, y: Array, weights: Array | None = None) -> float | None:
    """The mean precision over the classes that occur, in `y` or among the decisions.

    >>> precision_macro(np.eye(2)[[0, 0, 1, 1]], np.array([0, 1, 1, 1]))  # 1/2 and 2/2
    0.75
    """
    result = per_class(predictions, y, weights)
    return _macro(result.precision, result)


def recall_macro(predictions: Array, y: Array, weights: Array | None = None) -> float | None:
    """The mean recall over the classes that occur, in `y` or among the decisions.

    A class that was only ever given, never true, counts as 0 here. Balanced accuracy leaves it out.

    >>> round(recall_macro(np.eye(2)[[0, 0, 1, 1]], np.array([0, 1, 1, 1])), 4)  # 1/1 and 2/3
    0.8333
    """
    result = per_class(predictions, y, weights)
    return _macro(result.recall, result)


def f1_macro(predictions: Array, y: Array, weights: Array | None = None) -> float | None:
    """The mean F1 over the classes that occur, in `y` or among the decisions.

    >>> round(f1_macro(np.eye(2)[[0, 0, 1, 1]], np.array([0, 1, 1, 1])), 4)  # 2/3 and 4/5
    0.7333
    """
    result = per_class(predictions, y, weights)
    return _macro(result.f1, result)


def _macro(values: Floats, result: PerClass) -> float | None:
    if not result.support.sum() > 0:
        return None
    return float(values[result.occurs].mean())
