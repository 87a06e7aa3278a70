"""Range, mean and standard deviation of number columns, in one pass over blocks of rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.source import RowIndex, Source, blocks
from mlptrain.system.prefetch import prefetch

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

    @cached_property  # asked for once for each column
    def constant(self) -> NDArray[np.bool_]:
        """Whether a column has one value but for rounding, as 0.3 and 0.1 + 0.2: a few units apart
        in the last place. Unlike a bound on the variance this does not grow with the rows, so
        times in milliseconds, which differ by little and exactly, are not taken for constant.
        """
        size = np.maximum(np.abs(self.low), np.abs(self.high))
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(self.high - self.low <= ROUNDING * size)


def moments(
    source: Source,
    names: Sequence[str],
    rows: RowIndex,
    transform: Callable[[Floats], Floats] = np.asarray,
) -> Moments:
    """The moments of number columns over some rows, or of what `transform` makes of them.

    Blocks a and b are merged by Chan, Golub and LeVeque 1979: with d = mean_b - mean_a,
    n = n_a + n_b, the mean moves by d n_b / n and the squares grow by squares_b + d^2 n_a n_b / n.
    inf and NaN in the result say that the column holds infinite values or overflows.
    """
    present = np.zeros(len(names), np.int64)
    low, high = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    mean, squares = np.zeros(len(names)), np.zeros(len(names))
    with np.errstate(over="ignore", invalid="ignore"):
        for block in prefetch(
            transform(source.block(names, piece)) for piece in blocks(rows, len(names))
        ):
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
