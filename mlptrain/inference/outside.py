"""Rows with numbers outside the range of the training rows: what a network says there is a guess."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mlptrain.arrays import Array, RowArray
from mlptrain.data.preprocessing.columns.number import Number
from mlptrain.data.preprocessing.columns.scaling import from_log
from mlptrain.data.preprocessing.policies import RangePolicy
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.source import blocks
from mlptrain.messages import count

MOST = 1e6
"""Farther is not told apart: `scale: smooth_clip` squeezes what is far away."""


@dataclass(frozen=True)
class Outside:
    """How many of so many rows have a number outside its range, and the farthest of them.

    distance   from the nearer end of the range of the column, in units of that range
    end        that end, as it is shown
    clipped    whether the numbers became the ends of their ranges

    >>> str(Outside(2, 20, "income", 41.0, "above 99000"))
    '2 of 20 rows lie outside the range of training, by up to 41 ranges above 99000 (income)'
    """

    rows: int
    of: int
    name: str
    distance: float
    end: str
    clipped: bool = False

    def __str__(self) -> str:
        far = f"more than {MOST:,.0f}" if self.distance > MOST else f"{self.distance:.2g}"
        where = f"by up to {far} ranges {self.end} ({self.name})"
        lie = "lies" if self.rows == 1 else "lie"
        told = f"{self.rows:,} of {count(self.of, 'row')} {lie} outside the range of training, {where}"
        return told + "; clipped to the range" * self.clipped


def together(found: Iterable[Outside]) -> Outside:
    """Several parts of a file as one; there is at least one.

    >>> part = Outside(0, 10, "", 0.0, "")
    >>> together([part, Outside(1, 10, "a", 2.0, "above 3")])
    Outside(rows=1, of=20, name='a', distance=2.0, end='above 3', clipped=False)
    """
    parts = list(found)
    far = max(parts, key=lambda part: part.distance)
    rows, of = sum(part.rows for part in parts), sum(part.of for part in parts)
    return Outside(rows, of, far.name, far.distance, far.end, any(part.clipped for part in parts))


class Ranges:
    """The range of each number column of a model, on the scale of its inputs.

    A column without one, of an old checkpoint, or constant in training, which became 0, has no outside.
    """

    def __init__(self, made: Preprocessing, dtype: DTypeLike) -> None:
        columns = [column for column in made.columns if column.array == "numbers"]
        starts = accumulate((len(column.outputs) for column in columns), initial=0)
        placed = [
            (column, place)
            for column, place in zip(columns, starts, strict=False)
            if isinstance(column, Number) and column.low is not None and column.factor > 0
        ]
        self.columns = [column for column, _ in placed]
        self.places = [place for _, place in placed]
        raw = np.array([[each.low for each in self.columns], [each.high for each in self.columns]])
        block = np.zeros((2, len(made.features)), dtype)
        if placed:
            Number.transform(self.columns, raw.astype(np.float64), block, self.places)
        self.low, self.high = block[:, self.places]

    def outside(self, numbers: RowArray) -> Outside:
        """Those of rows (n, D) of the inputs; they may stay in a file."""
        parts = [Outside(0, 0, "", 0.0, "")]
        for piece in blocks(np.arange(len(numbers)), numbers.shape[1]):
            parts.append(self._of_block(np.asarray(numbers[piece[0] : piece[-1] + 1])[:, self.places]))
        return together(parts)

    def found(self, numbers: Any, policy: RangePolicy) -> Outside:
        """What lies outside among rows (n, D) of the inputs; `clip` brings it inside, in place."""
        found = self.outside(numbers)
        if policy == "warn" or not found.rows:
            return found
        numbers[:, self.places] = np.clip(numbers[:, self.places], self.low, self.high)
        return replace(found, clipped=True)

    def _of_block(self, X: Array) -> Outside:
        faulty = (self.low > X) | (self.high < X)
        rows = int(faulty.any(axis=1).sum())
        if not rows:
            return Outside(0, len(X), "", 0.0, "")
        far = self._distances(X, faulty)
        row, j = divmod(int(far.argmax()), X.shape[1])
        column, above = self.columns[j], bool(X[row, j] > self.high[j])
        low, high = (column.shown(each or 0.0) for each in (column.low, column.high))
        end = f"above {high}" if above else f"below {low}"
        return Outside(rows, len(X), column.name, float(far[row, j]), end)

    def _distances(self, X: Array, faulty: NDArray[np.bool_]) -> NDArray[np.float64]:
        z, low, high = (self._plain(each) for each in (X, self.low, self.high))
        with np.errstate(invalid="ignore", divide="ignore"):
            far = np.maximum(low - z, z - high) / (high - low)
        return np.where(faulty, np.nan_to_num(far, nan=np.inf, posinf=np.inf), 0.0)

    def _plain(self, values: Array) -> NDArray[np.float64]:
        """Inputs without their soft limit or logarithm: in the unit of the column, or linear in it."""
        z = _unsquashed(values, np.array([column.squash for column in self.columns]))
        for j, column in enumerate(self.columns):
            if column.unit:
                z[..., j] = from_log(z[..., j] / column.factor + column.center, column.unit)
        return z


def _unsquashed(z: Array, squash: NDArray[np.bool_]) -> NDArray[np.float64]:
    """z of z / sqrt(1 + (z / 3)^2), the soft limit of `scale: smooth_clip`; infinite at the limit."""
    z = np.asarray(z, np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        plain = z / np.sqrt(np.maximum(1 - np.square(z / 3), 0))
    return np.where(squash, plain, z)
