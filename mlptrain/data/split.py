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
    n: int, *, val: float, test: float, seed: int, classes: NDArray[np.integer] | None = None
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
    part_of = _drawn(n, val, test, seed, classes)
    parts = Parts(*(np.flatnonzero(part_of == number) for number in range(3)))
    for name, fraction, part in (("val", val, parts.val), ("test", test, parts.test)):
        if fraction and not len(part):
            raise ConfigError(f"data.{name}: {fraction:g} of {n} rows is no row: take a larger part")
    return parts


def _drawn(
    n: int, val: float, test: float, seed: int, classes: NDArray[np.integer] | None
) -> NDArray[np.uint8]:
    """(n,) the part of each row: 0 trains, 1 validates, 2 tests."""
    order = stream(seed, "split").permutation(n).astype(np.min_scalar_type(n))
    counts, by_class = np.array([n]), np.arange(0)
    if classes is not None:  # by class, at random within each
        counts = np.bincount(classes)
        by_class = np.argsort(narrowed(classes)[order], kind="stable")
    of_test = quotas(counts, test, counts - 1)
    of_val = quotas(counts, val, counts - 1 - of_test)
    part_of = np.zeros(n, np.uint8)
    for end, size, tests, vals in zip(np.cumsum(counts), counts, of_test, of_val, strict=True):
        start = end - size
        chosen = slice(start, start + tests + vals)
        members = order[chosen] if classes is None else order[by_class[chosen]]
        part_of[members[:tests]] = 2
        part_of[members[tests:]] = 1
    return part_of


def narrowed(classes: NDArray[np.integer]) -> NDArray[np.integer]:
    """Class numbers in the narrowest type: less memory, and small numbers are sorted by digits."""
    return classes.astype(np.min_scalar_type(int(classes.max(initial=0))), copy=False)


class Fold(NamedTuple):
    """The fold that is held out, from 1 on, and how many there are."""

    number: int
    of: int


def hold_out(
    n: int, fold: Fold, *, val: float, seed: int, classes: NDArray[np.integer] | None = None
) -> Parts:
    """Deal the n rows out to folds at random; one fold tests, `split` shares out the others by `val`.

    Every row is in exactly one fold, and the sizes differ by one at most; with `classes` (n,), so do
    the rows of each class.

    >>> parts = [hold_out(10, Fold(i, 3), val=0.2, seed=0) for i in (1, 2, 3)]
    >>> [[len(rows) for rows in part] for part in parts]
    [[5, 1, 4], [6, 1, 3], [6, 1, 3]]
    """
    if fold.of > n:
        raise ConfigError(f"data.fold: {fold.of} folds of {n} rows: at most one fold per row")
    order = stream(seed, "folds").permutation(n)
    if classes is not None:
        order = order[np.argsort(classes[order], kind="stable")]
    held = np.arange(n) % fold.of == fold.number - 1
    test, rest = np.sort(order[held]), np.sort(order[~held])
    of_rest = None if classes is None else classes[rest]
    inner = split(len(rest), val=val, test=0, seed=seed, classes=of_rest)
    return Parts(rest[inner.train], rest[inner.val], test)


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
