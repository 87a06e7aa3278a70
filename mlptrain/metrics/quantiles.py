"""Metrics of quantiles: are they where they should be, and how far apart?

Everywhere `predictions` (N, K L) are those of target 1 at every level, rising, then of target 2, and
`targets` are (N, K), all unscaled; `weights` (N,) are row weights or None, and `levels` the L levels.
None where no row carries weight.
"""

from collections.abc import Sequence

import numpy as np

from mlptrain.metrics.metric import Array, Floats, weighted_mean

MEDIAN = (0.5,)


def pinball_loss(
    predictions: Array, targets: Array, weights: Array | None = None, levels: Sequence[float] = MEDIAN
) -> float | None:
    """The mean of t (y - p) where y is above p, else (1 - t) (p - y), over rows, targets and levels t.

    >>> pinball_loss(np.array([[2.0, 5.0]]), np.array([[4.0]]), levels=(0.25, 0.75))  # (2/4 + 1/4) / 2
    0.375
    """
    above = targets[:, :, None] - by_level(predictions, targets, levels)
    t = np.array(levels)
    return weighted_mean(np.maximum(t * above, (t - 1) * above).mean(axis=(1, 2)), weights)


def coverage(
    predictions: Array, targets: Array, weights: Array | None = None, levels: Sequence[float] = MEDIAN
) -> float | None:
    """The share of targets from the lowest level to the highest; of one level, of those up to it.

    To be held against what the levels promise: 0.8 for 0.1 to 0.9.

    >>> coverage(np.array([[2.0, 5.0], [2.0, 5.0]]), np.array([[5.0], [6.0]]), levels=(0.1, 0.9))
    0.5
    """
    ends = by_level(predictions, targets, levels)
    inside = targets <= ends[:, :, -1]
    if len(levels) > 1:
        inside &= targets >= ends[:, :, 0]
    return weighted_mean(inside.mean(axis=1), weights)


def interval_width(
    predictions: Array, targets: Array, weights: Array | None = None, levels: Sequence[float] = MEDIAN
) -> float | None:
    """The mean distance from the lowest level to the highest; none of one level.

    >>> interval_width(np.array([[2.0, 5.0], [2.0, 3.0]]), np.zeros((2, 1)), levels=(0.1, 0.9))
    2.0
    """
    ends = by_level(predictions, targets, levels)
    if len(levels) == 1:
        return None
    return weighted_mean((ends[:, :, -1] - ends[:, :, 0]).mean(axis=1), weights)


def by_level(predictions: Array, targets: Array, levels: Sequence[float]) -> Floats:
    """(N, K L) -> (N, K, L) in float64."""
    rows, columns = targets.shape
    if predictions.shape != (rows, columns * len(levels)):
        wanted = (rows, columns * len(levels))
        raise ValueError(f"expected predictions {wanted} for {targets.shape}, got {predictions.shape}")
    return np.asarray(predictions, np.float64).reshape(rows, columns, len(levels))
