"""Metrics of probabilities: not only who wins, but is 0.9 right nine times in ten?

`probabilities` (N, C): each row a distribution over the classes, as `softmax` makes it. The scores
of a hinge loss are none, and these metrics mean nothing on them.
"""

import numpy as np

from mlptrain.metrics.metric import (
    Array,
    Floats,
    row_weights,
    weighted_mean,
)

CALIBRATION_BINS = 15


def softmax(scores: Array) -> Floats:
    """exp(s_j) / sum_k exp(s_k) of each row, in float64.   (N, C) -> (N, C).

    The row's maximum is subtracted first, which changes nothing but the overflow.

    >>> softmax(np.array([[1000.0, 1000.0]]))
    array([[0.5, 0.5]])
    """
    p = np.array(scores, dtype=np.float64)
    p -= p.max(axis=1, keepdims=True)
    np.exp(p, out=p)
    p /= p.sum(axis=1, keepdims=True)
    return p


def log_softmax(scores: Array) -> Floats:
    """log of `softmax`, finite wherever the scores are, in float64.   (N, C) -> (N, C).

    >>> log_softmax(np.array([[1000.0, 0.0]]))
    array([[    0., -1000.]])
    """
    s = np.array(scores, dtype=np.float64)
    s -= s.max(axis=1, keepdims=True)
    s -= np.log(np.exp(s).sum(axis=1, keepdims=True))
    return s


def log_loss(probabilities: Array, y: Array, weights: Array | None = None) -> float | None:
    """-mean_i log p[i, y_i], with p kept within [eps, 1 - eps], eps = 2.2e-16, as scikit-learn does.

    So one row that was certain and wrong costs 36, not infinity.

    >>> p = np.array([[0.25, 0.75], [0.5, 0.5]])
    >>> round(log_loss(p, np.array([1, 0])), 4)  # 1/2 (log 4/3 + log 2)
    0.4904
    """
    eps = np.finfo(np.float64).eps
    of_truth = probabilities[np.arange(len(y)), y].astype(np.float64)
    return weighted_mean(-np.log(of_truth.clip(eps, 1 - eps)), weights)


def brier(probabilities: Array, y: Array, weights: Array | None = None) -> float | None:
    """mean_i sum_c (p[i, c] - [y_i = c])^2, within [0, 2]; halved for two classes, within [0, 1].

    Source: Brier, "Verification of forecasts expressed in terms of probability" (1950). For two
    classes the half is the usual (p_1 - y)^2; scikit-learn scales in the same way.

    >>> p = np.array([[0.8, 0.2], [0.6, 0.4]])
    >>> round(brier(p, np.array([0, 1])), 9)  # 1/2 (0.2^2 + 0.6^2)
    0.2
    """
    difference = probabilities.astype(np.float64)
    difference[np.arange(len(y)), y] -= 1
    scale = 0.5 if probabilities.shape[1] == 2 else 1.0
    return weighted_mean(scale * np.square(difference).sum(axis=1), weights)


def calibration_error(probabilities: Array, y: Array, weights: Array | None = None) -> float | None:
    """sum_b (w_b / w) |accuracy_b - confidence_b|: the expected calibration error (ECE).

    The rows are put into 15 bins of equal width by their highest probability, bin b = (b/15,
    (b+1)/15]. w_b is the weight of a bin's rows, confidence_b their mean highest probability.
    Source: Guo et al., "On calibration of modern neural networks", ICML 2017.

    >>> p = np.array([[0.75, 0.25], [0.25, 0.75]])
    >>> calibration_error(p, np.array([0, 0]))  # sure of 3/4, right in 1/2
    0.25
    """
    w = row_weights(weights, len(y))
    if not w.sum() > 0:
        return None
    confidence = probabilities.max(axis=1)
    surplus = w * ((probabilities.argmax(axis=1) == y) - confidence.astype(np.float64))
    upper_edges = np.arange(1, CALIBRATION_BINS) / CALIBRATION_BINS
    gaps = np.bincount(np.searchsorted(upper_edges, confidence), surplus)
    return float(np.abs(gaps).sum() / w.sum())
