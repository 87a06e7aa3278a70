"""Metrics of a regression: how far off, in the target's own unit.

Everywhere `predictions` (N, K) and `targets` (N, K), both unscaled; `weights` (N,) are row weights
or None. Each output is judged by itself and the K values are averaged, as scikit-learn's default
`multioutput="uniform_average"` does. None where no row carries weight.
"""

import numpy as np

from mlptrain.metrics.metric import Array, Floats, row_weights


def _errors(predictions: Array, targets: Array) -> Floats:
    """predictions - targets (N, K) in float64."""
    if predictions.shape != targets.shape or predictions.ndim != 2:
        # NumPy would stretch (N,) against (N, 1) to (N, N) and give a wrong number in silence.
        raise ValueError(f"expected two (N, K) arrays, got {predictions.shape} and {targets.shape}")
    return np.subtract(predictions, targets, dtype=np.float64)


def _mean_of_rows(values: Floats, weights: Array | None) -> Floats | None:
    """The weighted mean of each column: (N, K) -> (K,)."""
    w = row_weights(weights, len(values))
    total = w.sum()
    return w @ values / total if total > 0 else None


def rmse(predictions: Array, targets: Array, weights: Array | None = None) -> float | None:
    """The root of the mean squared error.

    >>> rmse(np.array([[1.0], [5.0]]), np.array([[2.0], [-2.0]]))
    5.0
    """
    squared = _mean_of_rows(np.square(_errors(predictions, targets)), weights)
    return None if squared is None else float(np.sqrt(squared).mean())


def mae(predictions: Array, targets: Array, weights: Array | None = None) -> float | None:
    """The mean absolute error.

    >>> mae(np.array([[1.0], [5.0]]), np.array([[2.0], [-2.0]]))
    4.0
    """
    absolute = _mean_of_rows(np.abs(_errors(predictions, targets)), weights)
    return None if absolute is None else float(absolute.mean())


def r2(predictions: Array, targets: Array, weights: Array | None = None) -> float | None:
    """1 - sum_i w_i (y_i - p_i)^2 / sum_i w_i (y_i - mean y)^2: the share of variance explained.

    1 is perfect, 0 as good as the mean, below 0 worse. Of a target that never varies: 1 if hit
    exactly, else 0 (scikit-learn's `force_finite`). None for fewer than two rows.

    >>> p, targets = np.array([[0.0], [2.0], [2.0]]), np.array([[0.0], [2.0], [4.0]])
    >>> r2(p, targets)  # 1 - (0 + 0 + 4) / (4 + 0 + 4)
    0.5
    """
    errors = _errors(predictions, targets)
    w = row_weights(weights, len(errors))
    if len(errors) < 2 or not w.sum() > 0:
        return None
    # From the first row, so that a target that never varies has a spread of 0, not of rounding.
    shifted = np.subtract(targets, targets[0], dtype=np.float64)
    unexplained = w @ np.square(errors)
    spread = w @ np.square(shifted - w @ shifted / w.sum())
    ratio = np.divide(unexplained, spread, out=np.ones(len(spread)), where=spread > 0)
    return float(np.where(unexplained == 0, 1.0, 1 - ratio).mean())


def median_absolute_error(
    predictions: Array, targets: Array, weights: Array | None = None
) -> float | None:
    """The median of the absolute errors: half of the rows are closer. Outliers do not move it.

    The weighted median is the error at which half of the weight is reached; where exactly half lies
    below, the middle between that error and the next, as for an even number of equal rows.

    >>> median_absolute_error(np.array([[1.0], [2.0], [90.0]]), np.zeros((3, 1)))
    2.0
    """
    absolute = np.abs(_errors(predictions, targets))
    w = row_weights(weights, len(absolute))
    absolute, w = absolute[w > 0], w[w > 0]
    if not len(w):
        return None
    return float(np.mean([_median(column, w) for column in absolute.T]))


def median_relative_error(
    predictions: Array, targets: Array, weights: Array | None = None
) -> float | None:
    """The median of |p - y| / |y|: half of the rows are off by less than this share.

    A target of 0 that is not hit is off by infinity; None where the median is.

    >>> median_relative_error(np.array([[11.0], [150.0], [30.0]]), np.array([[10.0], [100.0], [20.0]]))
    0.5
    """
    absolute, size = np.abs(_errors(predictions, targets)), np.abs(np.asarray(targets, np.float64))
    relative = np.divide(absolute, size, out=np.where(absolute > 0, np.inf, 0.0), where=size > 0)
    w = row_weights(weights, len(relative))
    relative, w = relative[w > 0], w[w > 0]
    if not len(w):
        return None
    found = float(np.mean([_median(column, w) for column in relative.T]))
    return found if np.isfinite(found) else None


def rmsle(predictions: Array, targets: Array, weights: Array | None = None) -> float | None:
    """The root of the mean of (log(1 + p) - log(1 + y))^2; none where one of them is -1 or less.

    >>> rmsle(np.array([[0.0], [1.0]]), np.array([[np.expm1(2)], [1.0]]))  # sqrt((2^2 + 0) / 2)
    1.4142135623730951
    """
    p, y = (np.asarray(each, dtype=np.float64) for each in (predictions, targets))
    _errors(p, y)
    if (p <= -1).any() or (y <= -1).any():
        return None
    return rmse(np.log1p(p), np.log1p(y), weights)


def _median(values: Floats, weights: Floats) -> float:
    order = values.argsort()
    reached = np.cumsum(weights[order])
    half = reached[-1] / 2
    here = int(np.searchsorted(reached, half))
    # "Exactly half", up to the rounding of the sum: the tolerance is scikit-learn's.
    exactly = reached[here] - half <= np.finfo(np.float64).eps
    following = min(here + 1, len(values) - 1) if exactly else here
    return float((values[order[here]] + values[order[following]]) / 2)


def poisson_deviance(predictions: Array, targets: Array, weights: Array | None = None) -> float | None:
    """The mean of 2 (y log(y / p) - y + p), with y log y = 0 at 0: 0 is perfect.

    None where it is not finite: a prediction is not positive and its target is not 0, or one of
    both is negative.

    >>> poisson_deviance(np.array([[2.0], [1.5]]), np.array([[4.0], [0.0]]))  # (8 log 2 - 4 + 3) / 2
    2.2725887222397...
    """
    p, y = (np.asarray(each, dtype=np.float64) for each in (predictions, targets))
    errors = _errors(p, y)
    if (p < 0).any() or (y < 0).any() or ((p == 0) & (y > 0)).any():
        return None
    ratio = np.divide(y, p, out=np.ones(p.shape), where=(y > 0))
    mean = _mean_of_rows(2 * (y * np.log(ratio) + errors), weights)
    return None if mean is None else float(mean.mean())
