"""Sums of Python's floats that every version of Python rounds alike."""

from collections.abc import Iterable
from functools import reduce
from operator import add


def sum_in_order(values: Iterable[float]) -> float:
    """Added up from left to right; since Python 3.12 `sum` carries the rounding errors along.

    So what a run computes or decides with them does not depend on the version; ints need no care.

    >>> sum_in_order([0.1] * 10), sum_in_order([])
    (0.9999999999999999, 0.0)
    """
    return reduce(add, values, 0.0)
