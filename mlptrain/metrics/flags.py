"""Metrics of several targets that are each yes or no.

Everywhere `predictions` (N, K) are probabilities of a yes, `targets` (N, K) are 0 or 1, and `weights`
(N,) are row weights or None. A metric of two classes is taken of each target and averaged over them.
"""

import numpy as np

from mlptrain.metrics.classification import accuracy, f1_macro
from mlptrain.metrics.metric import Array, MetricFunction, row_weights, weighted_mean
from mlptrain.metrics.probability import log_loss
from mlptrain.metrics.ranking import roc_auc, step_area, true_and_false_positives


def two_classes(probabilities: Array) -> Array:
    """Probabilities (N,) of a yes as those (N, 2) of no and yes.

    >>> two_classes(np.array([0.25]))
    array([[0.75, 0.25]])
    """
    return np.stack([1 - probabilities, probabilities], axis=1)


def _mean(metric: MetricFunction, p: Array, targets: Array, weights: Array | None) -> float | None:
    """The mean of a metric of two classes over the targets; None where it is not defined for one."""
    p = np.asarray(p, np.float64)
    y = targets.astype(np.int64)
    values = [metric(two_classes(p[:, k]), y[:, k], weights) for k in range(p.shape[1])]
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if len(defined) == len(values) else None


def mean_accuracy(predictions: Array, targets: Array, weights: Array | None = None) -> float | None:
    """The share of all answers that are right, with a yes above 1/2.

    >>> mean_accuracy(np.array([[0.9, 0.2], [0.6, 0.7]]), np.array([[1, 0], [0, 1]]))
    0.75
    """
    return _mean(accuracy, predictions, targets, weights)


def exact_match(predictions: Array, targets: Array, weights: Array | None = None) -> float | None:
    """The share of the rows of which all answers are right.

    >>> exact_match(np.array([[0.9, 0.2], [0.6, 0.7]]), np.array([[1, 0], [0, 1]]))
    0.5
    """
    right = ((predictions > 0.5) == (targets > 0.5)).all(axis=1)
    return weighted_mean(right.astype(np.float64), weights)


def mean_f1_macro(predictions: Array, targets: Array, weights: Array | None = None) -> float | None:
    """`f1_macro` of no and yes, the mean over the targets.

    >>> mean_f1_macro(np.array([[0.9], [0.6], [0.1]]), np.array([[1], [0], [0]]))
    0.6666666666666666
    """
    return _mean(f1_macro, predictions, targets, weights)


def mean_roc_auc(predictions: Array, targets: Array, weights: Array | None = None) -> float | None:
    """`roc_auc` of yes, the mean over the targets.

    >>> mean_roc_auc(np.array([[0.9, 0.2], [0.6, 0.7]]), np.array([[1, 0], [0, 1]]))
    1.0
    """
    return _mean(roc_auc, predictions, targets, weights)


def mean_average_precision(
    predictions: Array, targets: Array, weights: Array | None = None
) -> float | None:
    """`average_precision` of yes, the mean over the targets.

    >>> mean_average_precision(np.array([[0.9, 0.2], [0.6, 0.7]]), np.array([[1, 1], [0, 0]]))
    0.75
    """
    p, w = np.asarray(predictions, np.float64), row_weights(weights, len(predictions))
    if not w.sum() > 0:
        return None
    curves = [true_and_false_positives(p[:, k], y > 0.5, w) for k, y in enumerate(targets.T)]
    return float(np.mean([step_area(*curve) for curve in curves]))


def mean_log_loss(predictions: Array, targets: Array, weights: Array | None = None) -> float | None:
    """`log_loss` of no and yes, the mean over the targets.

    >>> np.exp(-mean_log_loss(np.array([[0.5, 0.125]]), np.array([[1, 1]]))).round(12)
    np.float64(0.25)
    """
    return _mean(log_loss, predictions, targets, weights)
