"""What a metric is, and the weighted mean that most of them end in.

A metric is a number that people read and compare; it is never differentiated, so it needs no node.
It is computed in float64, whatever the dtype of the network.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Floats = NDArray[np.float64]

MetricFunction = Callable[[Array, Array, Array | None], float | None]
"""(predictions, truth, row weights or None) -> the value, or None where it is not defined."""


class Metric(NamedTuple):
    """A registry entry: the function, the direction of progress, and what it must be given.

    `needs_probabilities`: only meaningful where the rows of the predictions are distributions over
    the classes (softmax). The scores of a hinge loss are none, so a caller leaves the metric out.
    `of_winners`: only the winner of each row counts, so that its scores serve as well.
    `last_of_ties`: of epochs that are equally good by it the last is the best, not the first.
    """

    function: MetricFunction
    larger_is_better: bool
    needs_probabilities: bool = False
    of_winners: bool = False
    last_of_ties: bool = False


def row_weights(weights: Array | None, rows: int) -> Floats:
    """The weights in float64; ones where there are none."""
    if weights is None:
        return np.ones(rows)
    return np.asarray(weights, dtype=np.float64)


def weighted_mean(values: Array, weights: Array | None) -> float | None:
    """sum_i w_i values_i / sum_i w_i.   values (N,), weights (N,) or None.

    None where no row carries any weight: a mean of nothing is not 0.

    >>> weighted_mean(np.array([1.0, 4.0]), np.array([2.0, 1.0]))
    2.0
    """
    w = row_weights(weights, len(values))
    total = w.sum()
    return float(w @ values / total) if total > 0 else None
