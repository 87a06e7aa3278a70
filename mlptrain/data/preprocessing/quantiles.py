"""Quartiles and median of number columns, many columns at a time."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mlptrain.arrays import Array
from mlptrain.data.source import BLOCK, RowIndex, Source

QUARTILES = (0.25, 0.75)


class Spread(NamedTuple):
    """The values (n,) of a column, NaN where missing; quartiles and median of those that are there."""

    values: Array
    lower: float
    median: float
    upper: float


UNKNOWN = Spread(np.empty(0), np.nan, np.nan, np.nan)
"""That of a column whose values were not looked at."""


def spreads(
    source: Source, names: Sequence[str], rows: RowIndex, wanted: Callable[[str], bool]
) -> Iterator[Spread]:
    """That of each column, UNKNOWN where it is not wanted; a few columns are in memory at a time."""
    step = max(1, BLOCK // max(1, len(rows)))
    for start in range(0, len(names), step):
        chosen = names[start : start + step]
        looked_at = [name for name in chosen if wanted(name)]
        found = _spreads(source.block(looked_at, rows)) if looked_at else ()
        by_name = dict(zip(looked_at, found, strict=True))
        yield from (by_name.get(name, UNKNOWN) for name in chosen)


def _spreads(values: Array) -> Iterator[Spread]:
    gaps = np.isnan(values).any(axis=0)
    found = np.empty((3, values.shape[1]))
    with np.errstate(over="ignore"):  # the mean of the two values in the middle
        found[:, ~gaps] = _measured(values[:, ~gaps], np.quantile, np.median)
        if gaps.any():  # those that leave NaN out take NumPy ten times as long
            found[:, gaps] = _measured(values[:, gaps], np.nanquantile, np.nanmedian)
    return map(Spread, np.ascontiguousarray(values.T), *found.tolist())


def _measured(values: Array, quantile: Callable[..., Array], median: Callable[..., Array]) -> Array:
    """(3, B) lower quartile, median and upper quartile of each column."""
    lower, upper = quantile(values, QUARTILES, axis=0)
    return np.stack([lower, median(values, axis=0), upper])
