"""A source whose features are one array: images, `.npz` files, toy sets."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.source import (
    BLANK,
    NOWHERE,
    Kind,
    RowIndex,
    RowNumbers,
    ValueType,
    contiguous,
    digits_lost,
    finder,
    in_order,
    label,
)
from mlptrain.data.written import Reading
from mlptrain.errors import DataError
from mlptrain.messages import quoted

MOST_FEATURES = 500_000
"""Each feature has a name and a scaling of its own, which takes a kilobyte."""


@dataclass(frozen=True)
class Matrix:
    """X (N, D), whose columns are the `features`, and label columns (N,) with names of their own.

    X keeps the dtype it has in the file (an image is bytes) and is turned into numbers in blocks.
    `picture` is the shape of a row, where the file has pictures (N, H, W) or (N, H, W, C).
    """

    path: str
    X: NDArray[Any]
    labels: Mapping[str, NDArray[Any]]
    features: tuple[str, ...]
    picture: tuple[int, ...] = field(default=(), kw_only=True)

    @property
    def names(self) -> tuple[str, ...]:
        """The features, then the labels."""
        return (*self.features, *self.labels)

    @property
    def candidates(self) -> tuple[str, ...]:
        """The columns of X: a label is never a feature unless the config names it."""
        return self.features

    def __len__(self) -> int:
        return len(self.X)

    def column(self, name: str) -> NDArray[Any]:
        """One column as it is in the file."""
        return self.labels[name] if name in self.labels else self.X[:, self._places[name]]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.features)}

    def beside(self, columns: Mapping[str, NDArray[Any]]) -> "Matrix":
        """The same rows with more label columns, one value for each row."""
        return replace(self, labels={**self.labels, **columns})

    def read_as(self, reading: Reading) -> "Matrix":
        """An array has no texts to be read."""
        return self

    def array(self, name: str) -> NDArray[Any]:
        """The same as `column`."""
        return self.column(name)

    def content(self) -> bytes:
        """All values and names, for a fingerprint."""
        columns = [name.encode() + column.tobytes() for name, column in self.labels.items()]
        return b"".join([str(self.X.shape).encode(), self.X.tobytes(), *columns])

    def type_of(self, name: str) -> ValueType:
        """The type that the values of a column have in Python."""
        found: dict[str, ValueType] = {"b": "bool", "U": "text", "f": "float"}
        return found.get(self.column(name).dtype.kind, "int")

    def kind(self, name: str) -> Kind:
        """What the column holds, by its dtype."""
        return {"b": "boolean", "U": "text"}.get(self.column(name).dtype.kind, "number")  # type: ignore[return-value]

    def looks_numeric(self, name: str) -> bool:
        """Text in an array is meant as text."""
        return False

    def numbers(self, name: str) -> NDArray[np.float64]:
        """The column as (N,) numbers, NaN where missing; a column of text is a DataError."""
        column = self.column(name)
        if column.dtype.kind == "U":
            raise DataError(f"{self.path}: {name}: holds text, numbers are needed")
        return self._exact([name], column)

    def inexact(self, name: str) -> RowNumbers:
        """The rows where a number column holds a whole number that float64 does not: 2^53 + 1."""
        column = self.column(name)
        if column.dtype.kind not in "iu":
            return NOWHERE
        return np.flatnonzero(lost(column, column.astype(np.float64)))

    def code(self, names: Sequence[str]) -> dict[str, str]:
        """An array has numbers, however they were spelled."""
        return {}

    def _exact(self, names: Sequence[str], values: NDArray[Any]) -> NDArray[np.float64]:
        """Values of these columns as float64; DataError where whole numbers lose digits."""
        numbers = values.astype(np.float64, order="C")
        if values.dtype.kind in "iu" and values.dtype.itemsize == 8 and lost(values, numbers).any():
            name = next(name for name in names if len(self.inexact(name)))
            raise digits_lost(self, name, self.inexact(name))
        return numbers

    def block(self, names: Sequence[str], rows: RowIndex) -> NDArray[np.float64]:
        """Several number columns of some rows, as a new (n, K) array."""
        if tuple(names) == self.features:
            return self._exact(names, self.X[contiguous(rows)])
        return np.stack([self._exact([name], self.column(name)[rows]) for name in names], axis=1)

    def missing(self, name: str) -> NDArray[np.bool_]:
        """(N,) NaN, or empty text."""
        column = self.column(name)
        return np.asarray(column == "" if column.dtype.kind == "U" else column != column)

    def levels(self, name: str, rows: RowIndex) -> list[str]:
        """The labels of the different values of the column in these rows, in order."""
        return in_order(
            {label(value) for value in np.unique(self.column(name)[rows]) if _present(value)}
        )

    def codes(self, name: str, levels: Sequence[str], rows: RowIndex) -> NDArray[np.int64]:
        """(n,) the place of each value in `levels`; BLANK where missing, UNSEEN where not there."""
        find = finder(levels)
        values, inverse = np.unique(self.column(name)[rows], return_inverse=True)
        codes = [find(label(v)) if _present(v) else BLANK for v in values]
        return np.array(codes, np.int64)[inverse]

    def where(self, rows: Sequence[int]) -> list[str]:
        """`file: row n`, counted from 1."""
        return [f"{self.path}: row {row + 1}" for row in rows]

    def shown(self, name: str, row: int) -> str:
        """One value, as Python writes it."""
        return quoted(self.column(name)[row].item())

    def texts(self, name: str) -> list[str]:
        """A column as text, to be carried through."""
        return [label(value) for value in self.column(name)]


def lost(whole: NDArray[Any], numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where whole numbers are not what they became in float64.

    >>> whole = np.array([2**53, 2**53 + 1])
    >>> lost(whole, whole.astype(float))
    array([False,  True])
    """
    with np.errstate(invalid="ignore"):  # 2^63 fits no int64
        again = numbers.astype(whole.dtype)
    return np.asarray((again != whole) | (numbers >= 2.0 ** (64 - (whole.dtype.kind == "i"))))


def _present(value: Any) -> bool:
    """Neither NaN nor empty text."""
    return bool(value == value) and label(value) != ""


def checked(
    path: str,
    X: NDArray[Any],
    labels: Mapping[str, NDArray[Any]],
    features: Sequence[str] | None = None,
) -> Matrix:
    """A matrix whose shapes and dtypes fit, or a DataError. Features without names are x0, x1, ..."""
    if X.ndim != 2:
        raise DataError(f"{path}: X has shape {X.shape}: (N, D) is needed, one row per example")
    if X.dtype.kind not in "biuf":
        raise DataError(f"{path}: X has dtype {X.dtype}: numbers are needed")
    if X.shape[1] > MOST_FEATURES:
        raise DataError(
            f"{path}: X has {X.shape[1]:,} features: {MOST_FEATURES:,} at most; is it transposed?"
        )
    if X.size == 0:
        raise DataError(f"{path}: X has shape {X.shape}: there is nothing to learn from")
    columns: dict[str, NDArray[Any]] = {}
    for name, y in labels.items():
        y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
        if y.ndim not in (1, 2) or len(y) != len(X):
            raise DataError(
                f"{path}: {name} has shape {y.shape}: ({len(X)},) is needed, one per row of X"
            )
        if y.dtype.kind not in "biufU":
            raise DataError(f"{path}: {name} has dtype {y.dtype}: numbers or text are needed")
        several = {f"{name}{k}": y[:, k] for k in range(y.shape[1])} if y.ndim == 2 else {name: y}
        columns.update(several)
    named = numbered(X.shape[1]) if features is None else tuple(features)
    if len(named) != X.shape[1]:
        raise DataError(f"{path}: X has shape {X.shape}: (N, {len(named)}) is needed")
    return Matrix(path, X, columns, named)


def pictures(path: str, X: NDArray[Any], labels: Mapping[str, NDArray[Any]]) -> Matrix:
    """The same of an array whose rows may be pictures (N, H, W) or (N, H, W, C): laid flat."""
    if X.ndim not in (3, 4):
        return checked(path, X, labels)
    flat = X.reshape(len(X), math.prod(X.shape[1:]))
    return replace(checked(path, flat, labels), picture=X.shape[1:])


def numbered(count: int, first: int = 0, name: str = "x") -> tuple[str, ...]:
    """
    >>> numbered(3), numbered(2, first=1), numbered(2, name="y")
    (('x0', 'x1', 'x2'), ('x1', 'x2'), ('y0', 'y1'))
    """
    return tuple(f"{name}{j}" for j in range(first, first + count))
