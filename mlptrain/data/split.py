"""Splitting the rows of one file into training, validation and test rows."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.source import RowIndex
from mlptrain.errors import ConfigError
from mlptrain.random import stream


class Parts(NamedTuple):
    """Row numbers of the three sets, each in the order of the file; empty where not asked for."""

    train: RowIndex
    val: RowIndex
    test: RowIndex


def split(
    n: int, *, val: float, test: float, seed: int, classes: NDArray[np.int64] | None = None
) -> Parts:
    """Draw round(val n) and round(test n) of n rows at random; the others train.

    With `classes` (n,) every set gets each class in the proportion of the whole: the quotas
    fraction * count are rounded down, and the rows still to be given go to the largest remainders.
    Every class keeps at least one training row. The test rows do not depend on `val`.

    >>> parts = split(10, val=0.2, test=0.3, seed=0)
    >>> [len(part) for part in parts]
    [5, 2, 3]
    """
    if not (val >= 0 and test >= 0 and val + test < 1):
        raise ConfigError(f"data: val {val:g} and test {test:g} must be >= 0 and together below 1")
    groups = np.zeros(n, np.int64) if classes is None else classes
    order = stream(seed, "split").permutation(n)
    order = order[np.argsort(groups[order], kind="stable")]  # by class, at random within each
    counts = np.bincount(groups)
    of_test = quotas(counts, test, counts - 1)
    of_val = quotas(counts, val, counts - 1 - of_test)
    starts = np.cumsum(counts) - counts
    place = np.arange(n) - np.repeat(starts, counts)  # place of each row within its class
    in_test = place < np.repeat(of_test, counts)
    in_val = ~in_test & (place < np.repeat(of_test + of_val, counts))
    parts = Parts(*(np.sort(order[chosen]) for chosen in (~in_test & ~in_val, in_val, in_test)))
    for name, fraction, part in (("val", val, parts.val), ("test", test, parts.test)):
        if fraction and not len(part):
            raise ConfigError(f"data.{name}: {fraction:g} of {n} rows is no row: take a larger part")
    return parts


def quotas(counts: NDArray[np.int64], fraction: float, most: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many rows of each class, summing up to round(fraction * rows) where `most` allows it.

    >>> quotas(np.array([50, 30, 20]), 0.25, np.array([49, 29, 19]))
    array([13,  7,  5])
    """
    exact = fraction * counts
    taken = np.minimum(np.floor(exact + 1e-9).astype(np.int64), np.maximum(most, 0))
    left = round(fraction * int(counts.sum())) - int(taken.sum())
    for group in np.argsort(-(exact - taken), kind="stable"):
        if left > 0 and taken[group] < most[group]:
            taken[group] += 1
            left -= 1
    return taken
