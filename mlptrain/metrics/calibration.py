"""Temperature: one number by which all scores are divided, so that a model is as sure as it is right.

Guo et al., "On calibration of modern neural networks", ICML 2017. A temperature above 1 takes
certainty back, one below 1 adds some (after label smoothing). The order of the classes of a row stays.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from mlptrain.metrics.metric import Array, Floats, row_weights, weighted_mean
from mlptrain.metrics.probability import softmax

LOWEST, HIGHEST = 0.05, 20.0
"""Between these a temperature is searched: rows without a mistake would send it to 0."""
TRIED = np.geomspace(0.2, 2.2, 10)
"""The temperatures of `calibrated_log_loss`, which is taken at every evaluation."""
HALVINGS = 40


@dataclass(frozen=True)
class Calibration:
    """p = (1 - m) softmax(scores / T) + m / C with m = 1 / (n + 1), fitted on n rows.

    n rows cannot show that a class never occurs, so no probability is 0 or 1: the second term is
    one row more, of which nothing is known.

    >>> Calibration(temperature=0.5, rows=3)(np.log([[3.0, 1.0]]))  # 3/4 (9/10, 1/10) + 1/8
    array([[0.8, 0.2]])
    """

    temperature: Annotated[float, Ge(LOWEST), Le(HIGHEST)]
    rows: Annotated[int, Ge(1), Le(2**53)]

    def __call__(self, scores: Array) -> Floats:
        p = softmax(np.asarray(scores, np.float64) / self.temperature)
        unknown = 1 / (self.rows + 1)
        return (1 - unknown) * p + unknown / p.shape[1]


def fit_calibration(scores: Array, y: Array, weights: Array | None = None) -> Calibration:
    """The temperature with the lowest log-loss on these rows.   scores (N, C), y (N,).

    In u = 1/T the log-loss is convex, with the slope mean_i (sum_j p_ij s_ij - s_iy), p = softmax(u s).
    It is halved in on where that is 0.

    >>> scores = np.log([[4.0, 1.0]] * 3)  # sure of 4/5, right in 2/3: u = log 2 / log 4
    >>> round(fit_calibration(scores, np.array([0, 0, 1])).temperature, 6)
    2.0
    """
    s, w = np.array(scores, np.float64), row_weights(weights, len(y))
    s -= s.max(axis=1, keepdims=True)
    of_truth = s[np.arange(len(y)), y]
    low, high = np.log(1 / HIGHEST), np.log(1 / LOWEST)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        slope = w @ ((softmax(np.exp(middle) * s) * s).sum(axis=1) - of_truth)
        low, high = (low, middle) if slope > 0 else (middle, high)
    temperature = float(np.clip(np.exp(-(low + high) / 2), LOWEST, HIGHEST))
    return Calibration(temperature, int(np.count_nonzero(w)))


def calibrated_log_loss(probabilities: Array, y: Array, weights: Array | None = None) -> float | None:
    """`log_loss` with the best of ten temperatures from 0.2 to 2.2: what calibration cannot repair.

    By it an epoch is chosen whose probabilities are calibrated afterwards: the log-loss itself would
    stop a network that only becomes too sure. Source: Berta et al., "Rethinking early stopping: refine,
    then calibrate" (2025).

    >>> p = np.array([[0.8, 0.2]] * 3)  # sure of 4/5, right in 2/3: T = 2 is not among the ten
    >>> round(calibrated_log_loss(p, np.array([0, 0, 1])), 3)
    0.637
    >>> round(float(2 / 3 * np.log(3 / 2) + np.log(3) / 3), 3)
    0.637
    """
    p = np.asarray(probabilities, np.float64)
    s = np.log(np.maximum(p, np.finfo(np.float64).tiny))
    s -= s.max(axis=1, keepdims=True, initial=-np.inf)
    of_truth = s[np.arange(len(y)), y]
    losses = [weighted_mean(np.log(np.exp(s / T).sum(axis=1)) - of_truth / T, weights) for T in TRIED]
    return None if losses[0] is None else min(each for each in losses if each is not None)
