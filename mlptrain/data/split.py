"""Splitting the rows of one file into training, validation and test rows."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.settings import Fold
from mlptrain.data.source import RowIndex
from mlptrain.errors import ConfigError
from mlptrain.streams import stream

Assignment = NDArray[np.uint8]
"""(n,) the set that each row goes to: TRAIN, VAL or TEST."""
TRAIN, VAL, TEST = range(3)
CHUNK = 1 << 20
"""Rows that are shared out at a time."""


class Partition(NamedTuple):
    """Row numbers of the three sets, each in the order of the file; empty where not asked for."""

    train: RowIndex
    val: RowIndex
    test: RowIndex


def split(
    n: int, *, val: float, test: float, seed: int, classes: NDArray[np.integer] | None = None
) -> Assignment:
    """(n,) the set of each row: round(val n) and round(test n) of them at random; the others train.

    With `classes` (n,) every set gets each class in the proportion of the whole: the quotas
    fraction * count are rounded down, and the rows still to be given go to the largest remainders.
    Every class keeps at least one training row. The test rows do not depend on `val`. Long files are
    shared out chunk by chunk, each getting as many as a draw from the whole would have given it.

    >>> np.bincount(split(10, val=0.2, test=0.3, seed=0))
    array([5, 2, 3])
    """
    if not (val >= 0 and test >= 0 and val + test < 1):
        raise ConfigError(f"data: val {val:g} and test {test:g} must be >= 0 and together below 1")
    if classes is None:
        classes = np.broadcast_to(np.uint8(0), n)
    counts = class_counts(classes)
    of_test = quotas(counts, test, counts - 1)
    of_val = quotas(counts, val, counts - 1 - of_test)
    for name, fraction, quota in (("val", val, of_val), ("test", test, of_test)):
        if fraction and not quota.any():
            raise ConfigError(f"data.{name}: {_no_row(fraction, n, counts)}")
    assigned = np.empty(n, np.uint8)
    generator, shares = stream(seed, "split"), {TEST: stream(seed, "test"), VAL: stream(seed, "val")}
    for start in range(0, n, CHUNK):
        here = classes[start : start + CHUNK]
        order, sizes = generator.permutation(len(here)), np.bincount(here, minlength=len(counts))
        tests = shares[TEST].hypergeometric(of_test, counts - of_test, sizes)
        vals = shares[VAL].hypergeometric(of_val, counts - of_test - of_val, sizes - tests)
        assigned[start : start + CHUNK] = _drawn(order, here, sizes, tests, vals)
        counts, of_test, of_val = counts - sizes, of_test - tests, of_val - vals
    return assigned


def _no_row(fraction: float, n: int, counts: NDArray[np.int64]) -> str:
    classes = np.count_nonzero(counts)
    if round(fraction * n) == 0 or classes == 1:
        return f"{fraction:g} of {n} rows is no row: take a larger part"
    return (
        f"no row is left of {n} with {classes} classes, each of which keeps one for "
        "training; is the target a number (`loss: mse`), an id or a free text?"
    )


def class_counts(classes: NDArray[np.integer]) -> NDArray[np.int64]:
    """(C,) the rows of each class number; `classes` (n,) may stay in a file."""
    counts = np.zeros(1, np.int64)
    for start in range(0, len(classes), CHUNK):
        found = np.bincount(classes[start : start + CHUNK], minlength=len(counts))
        found[: len(counts)] += counts
        counts = found
    return counts


def _drawn(
    order: RowIndex,
    classes: NDArray[np.integer],
    sizes: NDArray[np.int64],
    tests: NDArray[np.int64],
    vals: NDArray[np.int64],
) -> Assignment:
    """The set of each row: of every class, the first in this order test and the next validate."""
    members = order[np.argsort(classes[order], kind="stable")]
    assigned = np.full(len(order), TRAIN, np.uint8)
    starts = np.cumsum(sizes) - sizes
    for start, test, val in zip(starts.tolist(), tests.tolist(), vals.tolist(), strict=True):
        assigned[members[start : start + test]] = TEST
        assigned[members[start + test : start + test + val]] = VAL
    return assigned


def hold_out(
    n: int, fold: Fold, *, val: float, seed: int, classes: NDArray[np.integer] | None = None
) -> Assignment:
    """Deal the n rows out to folds at random; one fold tests, `split` shares out the others by `val`.

    Every row is in exactly one fold, and the sizes differ by one at most; with `classes` (n,), so do
    the rows of each class.

    >>> sets = [hold_out(10, Fold(i, 3), val=0.2, seed=0) for i in (1, 2, 3)]
    >>> [np.bincount(each).tolist() for each in sets]
    [[5, 1, 4], [6, 1, 3], [6, 1, 3]]
    """
    if fold.of > n:
        raise ConfigError(f"data.fold: {fold.of} folds of {n} rows: at most one fold per row")
    order = stream(seed, "folds").permutation(n)
    if classes is not None:
        order = order[np.argsort(classes[order], kind="stable")]
    assigned = np.full(n, TRAIN, np.uint8)
    assigned[order[fold.number - 1 :: fold.of]] = TEST
    rest = assigned == TRAIN
    of_rest = None if classes is None else classes[rest]
    assigned[rest] = split(int(rest.sum()), val=val, test=0, seed=seed, classes=of_rest)
    return assigned


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
