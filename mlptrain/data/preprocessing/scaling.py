"""Fitting number columns: center, factor and fill from the training rows, in float64.

    standard   center = mean      factor = 1 / standard deviation (of the population, 1/N)
    minmax     center = minimum   factor = 1 / (maximum - minimum)
    robust     center = median    factor = 1 / (upper - lower quartile), then z / sqrt(1 + (z/3)^2);
               where the quartiles are equal, 2 / (maximum - minimum)
    none       center = 0         factor = 1

A column that is constant within rounding becomes 0 (except under `none`). Missing values do not
enter. The robust scaling and its smooth clip are those of Holzmueller et al. 2024, "Better by
default" (arXiv:2407.04491).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.preprocessing.columns import (
    Missing,
    Number,
    Scale,
    check_finite,
    check_present,
)
from mlptrain.data.source import RowIndex, Source, blocks
from mlptrain.errors import DataError
from mlptrain.messages import printable
from mlptrain.system.prefetch import ahead

ROUNDING = 16 * np.finfo(np.float64).eps
"""What sums of a few numbers differ by, of their size, when they should be equal."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Per column, over the values that are there: how many, range, mean, standard deviation."""

    present: NDArray[np.int64]
    low: Floats
    high: Floats
    mean: Floats
    std: Floats

    @property
    def constant(self) -> NDArray[np.bool_]:
        """Whether a column has one value but for rounding, as 0.3 and 0.1 + 0.2: a few units apart
        in the last place. Unlike a bound on the variance this does not grow with the rows, so
        times in milliseconds, which differ by little and exactly, are not taken for constant.
        """
        size = np.maximum(np.abs(self.low), np.abs(self.high))
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(self.high - self.low <= ROUNDING * size)


def moments(source: Source, names: list[str], rows: RowIndex) -> Moments:
    """Range, mean and standard deviation of number columns, one pass over blocks of rows.

    Blocks a and b are merged by Chan, Golub and LeVeque 1979: with d = mean_b - mean_a,
    n = n_a + n_b, the mean moves by d n_b / n and the squares grow by squares_b + d^2 n_a n_b / n.
    inf and NaN in the result say that the column holds infinite values or overflows.
    """
    present = np.zeros(len(names), np.int64)
    low, high = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    mean, squares = np.zeros(len(names)), np.zeros(len(names))
    with np.errstate(over="ignore", invalid="ignore"):
        for block in ahead(source.block(names, piece) for piece in blocks(rows, len(names))):
            low = np.fmin(low, np.fmin.reduce(block, axis=0))
            high = np.fmax(high, np.fmax.reduce(block, axis=0))
            n, block_mean, block_squares = _of_block(block)
            both = np.maximum(present + n, 1)
            distance = np.where(n > 0, block_mean - mean, 0)
            mean += distance * (n / both)
            squares += block_squares + np.square(distance) * (present / both) * n
            present += n
        return Moments(present, low, high, mean, np.sqrt(squares / np.maximum(present, 1)))


def _of_block(block: Floats) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Per column: how many values, their mean, the sum of squares around it. Overwrites the block."""
    n = np.full(block.shape[1], len(block), np.int64)
    total = block.sum(axis=0)
    if np.isnan(total).any():
        missing = np.isnan(block)
        n -= missing.sum(axis=0)
        total = block.sum(axis=0, where=~missing)
        mean = total / np.maximum(n, 1)
        np.copyto(block, mean, where=missing)  # adds nothing to the squares
    else:
        mean = total / n
    block -= mean
    return n, mean, np.square(block, out=block).sum(axis=0)


def fit_numbers(
    source: Source,
    names: list[str],
    rows: RowIndex,
    *,
    scale: Scale,
    missing: Missing,
    indicator: bool,
    advice: str,
) -> list[Number]:
    """Each column fitted; DataError for infinite values, for missing ones where they are refused."""
    if not names:
        return []
    found = moments(source, names, rows)
    for name, present in zip(names, found.present, strict=True):
        if not present:
            raise DataError(
                f"{source.path}: column {printable(name)!r} has no value in any training row: "
                f"write `ignore: [{printable(name)}]`"
            )
    if np.isinf([found.low, found.high]).any():
        check_finite(source, names, rows)
    if missing == "error" and (found.present < len(rows)).any():
        check_present(source, names, rows, advice)
    return [
        _fit_one(source, name, j, rows, found, scale, missing, indicator)
        for j, name in enumerate(names)
    ]


def _fit_one(
    source: Source,
    name: str,
    j: int,
    rows: RowIndex,
    found: Moments,
    scale: Scale,
    missing: Missing,
    indicator: bool,
) -> Number:
    kind = source.kind(name)
    values = source.numbers(name)[rows] if scale == "robust" or missing == "median" else None
    median = float(np.nanmedian(values)) if values is not None else 0.0
    low, high, constant = float(found.low[j]), float(found.high[j]), bool(found.constant[j])
    if scale == "none" or (kind == "boolean" and low < high):
        center, factor = 0.0, 1.0
    elif constant:
        center, factor = (low if low == high else float(found.mean[j])), 0.0
    elif scale == "robust" and values is not None:
        lower, upper = np.nanquantile(values, [0.25, 0.75])
        center, factor = median, _inverse(upper - lower if upper > lower else (high - low) / 2)
    elif scale == "minmax":
        center, factor = low, _inverse(high - low)
    else:
        center, factor = float(found.mean[j]), _inverse(found.std[j])
    if not (np.isfinite(center) and np.isfinite(factor) and (factor > 0 or constant)):
        raise DataError(
            f"{source.path}: column {printable(name)!r} goes from {low:g} to {high:g}, "
            f"which `scale: {scale}` cannot bring into range: correct it or ignore it"
        )
    return Number(
        name=name,
        kind=kind,
        center=center,
        factor=factor,
        squash=scale == "robust" and kind != "boolean",
        fill=median if missing == "median" else min(max(float(found.mean[j]), low), high),
        indicator=indicator and bool(found.present[j] < len(rows)),
    )


def _inverse(spread: float | np.floating) -> float:
    """1 / spread, infinite where that overflows."""
    with np.errstate(divide="ignore", over="ignore"):
        return float(np.float64(1) / np.float64(spread))
