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
        found = (
            dict(zip(looked_at, _spreads(source.block(looked_at, rows)), strict=True))
            if looked_at
            else {}
        )
        yield from (found.get(name, UNKNOWN) for name in chosen)


def _spreads(values: Array) -> Iterator[Spread]:
    with np.errstate(over="ignore"):  # the mean of the two values in the middle
        lower, upper = _of_present(values, _quartiles, _nanquartiles)
        (median,) = _of_present(values, _median, _nanmedian)
    columns = np.ascontiguousarray(values.T)
    return map(Spread, columns, lower.tolist(), median.tolist(), upper.tolist())


def _of_present(
    values: Array, whole: Callable[[Array], Array], with_gaps: Callable[[Array], Array]
) -> Array:
    """What one function makes of each column, the other of those with NaN, which takes NumPy longer."""
    gaps = np.isnan(values).any(axis=0)
    if not gaps.any():
        return whole(values)
    of_gaps = with_gaps(values[:, gaps])
    out = np.empty((len(of_gaps), values.shape[1]))
    out[:, gaps], out[:, ~gaps] = of_gaps, whole(values[:, ~gaps])
    return out


def _quartiles(values: Array) -> Array:
    return np.asarray(np.quantile(values, QUARTILES, axis=0))


def _nanquartiles(values: Array) -> Array:
    return np.asarray(np.nanquantile(values, QUARTILES, axis=0))


def _median(values: Array) -> Array:
    return np.asarray(np.median(values, axis=0, keepdims=True))


def _nanmedian(values: Array) -> Array:
    return np.asarray(np.nanmedian(values, axis=0, keepdims=True))
