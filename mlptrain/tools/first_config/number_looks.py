"""What columns of numbers hold, many at a time: a table may have 10,000 of them."""

import re
from collections.abc import Iterator, Sequence
from itertools import starmap
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.row_set import every_row
from mlptrain.data.source import BLOCK, Source

FAR = 10
"""A value more than so many standard deviations from the mean is far out."""
LEAST_COUNTING = 5
"""Fewer values are as they are by chance."""
LEAST_SPREAD = 50
"""Of fewer values none is called far out."""
POINTED = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")
PLAIN = re.compile(r"[+-]?\d{1,3}")
Floats = NDArray[np.float64]


class NumberLook(NamedTuple):
    """What `Profile` says of a column of numbers."""

    present: int
    different: int
    counts: NDArray[np.int64]
    low: float
    high: float
    whole: bool
    step: float
    rising: bool
    infinite: int
    heavy_tails: bool
    thousands: bool


def number_looks(source: Source, names: Sequence[str]) -> Iterator[NumberLook]:
    """Look at columns of numbers or dates, a few million values at a time."""
    everywhere = every_row(len(source))
    step = max(1, BLOCK // max(1, len(source)))
    for start in range(0, len(names), step):
        chosen = names[start : start + step]
        yield from _looks(source, chosen, source.block(chosen, everywhere))


def _looks(source: Source, names: Sequence[str], values: Floats) -> Iterator[NumberLook]:
    """Look at columns (N, K), NaN where missing."""
    ordered = np.sort(values, axis=0)  # NaN comes last
    finite = np.isfinite(ordered)
    first = finite.copy()  # of each different value
    first[1:] &= ordered[1:] != ordered[:-1]
    whole = (ordered == np.floor(ordered)) | ~finite
    there = finite.any(axis=0)
    doubtful = _may_be_thousands(ordered, first, whole)
    facts = zip(
        (len(values) - np.isnan(values).sum(axis=0)).tolist(),
        first.sum(axis=0).tolist(),
        _counts(first, finite),
        np.where(there, np.min(ordered, axis=0, where=finite, initial=np.inf), 0.0).tolist(),
        np.where(there, np.max(ordered, axis=0, where=finite, initial=-np.inf), 0.0).tolist(),
        whole.all(axis=0).tolist(),
        _steps(values).tolist(),
        _rising(values).tolist(),
        np.isinf(values).sum(axis=0).tolist(),
        _heavy_tails(ordered, finite).tolist(),
        [
            bool(doubt) and _spelled_so(source, name)
            for doubt, name in zip(doubtful, names, strict=True)
        ],
        strict=True,
    )
    return starmap(NumberLook, facts)


def _counts(first: NDArray[np.bool_], finite: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """How often each different value of each column comes, both (N, K) in order of the values."""
    columns, places = np.nonzero(first.T)
    ends = finite.argmax(axis=0) + finite.sum(axis=0)
    following = np.append(places[1:], 0)
    last = np.flatnonzero(np.diff(columns, append=-1))
    following[last] = ends[columns[last]]
    return np.split(following - places, np.cumsum(first.sum(axis=0))[:-1])


def _steps(values: Floats) -> Floats:
    """(K,) by how much each column changes from row to row, 0 where that is not always the same."""
    if len(values) < LEAST_COUNTING:
        return np.zeros(values.shape[1])
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows does not count
        steps = values[1] - values[0]
        equal = values == values[0] + steps * np.arange(len(values))[:, None]
        return np.where(equal.all(axis=0), steps, 0.0)


def _rising(values: Floats) -> NDArray[np.bool_]:
    """(K,) where each of several values is greater than all before it, missing ones aside."""
    before = np.fmax.accumulate(values, axis=0)[:-1]
    falls = (values[1:] <= before).any(axis=0)
    several = (~np.isnan(values)).sum(axis=0) >= LEAST_COUNTING
    return np.logical_and(several, ~falls)


def _heavy_tails(ordered: Floats, finite: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(K,) where the middle half varies, and some values are far out all the same."""
    found = finite.sum(axis=0) >= LEAST_SPREAD
    ordered, there = ordered[:, found], finite[:, found]
    with np.errstate(over="ignore", invalid="ignore"):
        mean, spread = (each(ordered, axis=0, where=there) for each in (np.mean, np.std))
        low = np.min(ordered, axis=0, where=there, initial=np.inf)
        high = np.max(ordered, axis=0, where=there, initial=-np.inf)
        doubtful = np.asarray(np.maximum(high - mean, mean - low) > FAR * spread)
    doubtful |= ~np.isfinite(spread)
    for j in np.flatnonzero(doubtful):
        lower, upper = np.quantile(ordered[there[:, j], j], [0.25, 0.75])
        doubtful[j] = upper > lower
    found[found] = doubtful
    return found


def _may_be_thousands(
    ordered: Floats, first: NDArray[np.bool_], whole: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """(K,) where some values are whole, and the others are at least 1 and have three decimals."""
    size = np.abs(ordered)
    small = (~whole & (size < 1)).any(axis=0)
    mixed = np.asarray((first & whole).any(axis=0) & ~whole.all(axis=0) & ~small)
    for j in np.flatnonzero(mixed):
        sizes = size[first[:, j], j]
        with np.errstate(over="ignore"):  # what overflows is no such number
            mixed[j] = np.isclose(sizes * 1000, np.rint(sizes * 1000), rtol=1e-12, atol=0).all()
    return mixed


def _spelled_so(source: Source, name: str) -> bool:
    """Whether the file writes whole numbers below 1,000, and others with three digits after a point."""
    spelled = source.levels(name, np.arange(len(source)))
    pointed = [text for text in spelled if "." in text]
    plain = [text for text in spelled if "." not in text]
    return bool(
        len(pointed) >= LEAST_COUNTING
        and plain
        and all(POINTED.fullmatch(text) for text in pointed)
        and all(PLAIN.fullmatch(text) for text in plain)
    )
