"""Sums of floats that every version of Python rounds alike, and that do not overflow."""

from collections.abc import Iterable
from functools import reduce
from operator import add

import numpy as np

from mlptrain.arrays import Array


def sum_in_order(values: Iterable[float]) -> float:
    """Added up from left to right; since Python 3.12 `sum` carries the rounding errors along.

    So what a run computes or decides with them does not depend on the version; ints need no care.

    >>> sum_in_order([0.1] * 10), sum_in_order([])
    (0.9999999999999999, 0.0)
    """
    return reduce(add, values, 0.0)


def below_1(values: Array) -> Array:
    """The values over the largest of them, so that no square or sum of theirs overflows.

    >>> below_1(np.array([1e308, -5e307])).tolist(), below_1(np.zeros(2)).tolist()
    ([1.0, -0.5], [0.0, 0.0])
    """
    largest = np.abs(values).max(initial=0.0)
    return values / largest if largest > 0 else values
