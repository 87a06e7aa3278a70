"""Some rows of a source, with other values in some columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.source import (
    BLANK,
    NOWHERE,
    Kind,
    RowIndex,
    RowNumbers,
    Source,
    finder,
    in_order,
    label,
)


class Replaced:
    """Rows (n,) of a source, numbered from 0, in which the columns of `values` hold those instead.

    values   (n,) numbers, NaN where missing; or labels as text, "" where missing
    """

    def __init__(
        self, source: Source, rows: RowNumbers, values: Mapping[str, NDArray[Any]] | None = None
    ) -> None:
        self.source, self.rows, self.values = source, rows, values or {}

    @property
    def path(self) -> str:
        """That of the source."""
        return self.source.path

    @property
    def names(self) -> tuple[str, ...]:
        """Those of the source."""
        return self.source.names

    @property
    def candidates(self) -> tuple[str, ...]:
        """Those of the source."""
        return self.source.candidates

    def __len__(self) -> int:
        return len(self.rows)

    def kind(self, name: str) -> Kind:
        """That of the column in the source: other values are values of the same column."""
        return self.source.kind(name)

    def looks_numeric(self, name: str) -> bool:
        """As in the source."""
        return self.source.looks_numeric(name)

    def numbers(self, name: str) -> NDArray[np.float64]:
        """The column as (n,) numbers, NaN where missing."""
        if name in self.values:
            return np.array(self.values[name], np.float64)
        return self.source.numbers(name)[self.rows]

    def block(self, names: Sequence[str], rows: RowIndex) -> NDArray[np.float64]:
        """Several number columns of some rows, as a new (n, K) array."""
        return np.stack([self.numbers(name)[np.asarray(rows)] for name in names], axis=1)

    def inexact(self, name: str) -> RowNumbers:
        """As in the source: a replaced value is one that a number holds."""
        found = NOWHERE if name in self.values else self.source.inexact(name)
        return np.flatnonzero(np.isin(self.rows, found)) if len(found) else NOWHERE

    def code(self, names: Sequence[str]) -> dict[str, str]:
        """As in the source."""
        return self.source.code(names)

    def missing(self, name: str) -> NDArray[np.bool_]:
        """(n,) where the column has no value."""
        if name not in self.values:
            return self.source.missing(name)[self.rows]
        column = self.values[name]
        return np.asarray(column == "" if column.dtype.kind == "U" else column != column)

    def levels(self, name: str, rows: RowIndex) -> list[str]:
        """The different values of the column in these rows, in order."""
        here = np.asarray(rows)
        if name not in self.values:
            return self.source.levels(name, self.rows[here])
        return in_order({label(value) for value in np.unique(self.values[name][here])} - {""})

    def codes(self, name: str, levels: Sequence[str], rows: RowIndex) -> NDArray[np.int64]:
        """(n,) the place of each value in `levels`, as in the source."""
        here = np.asarray(rows)
        if name not in self.values:
            return self.source.codes(name, levels, self.rows[here])
        find = finder(levels)
        values, inverse = np.unique(self.values[name][here], return_inverse=True)
        found = [find(label(value)) if label(value) else BLANK for value in values]
        return np.array(found, np.int64)[inverse]

    def where(self, rows: Sequence[int]) -> list[str]:
        """The places of the rows in the source."""
        return self.source.where([int(self.rows[row]) for row in rows])

    def shown(self, name: str, row: int) -> str:
        """One value as it stands in the source."""
        return self.source.shown(name, int(self.rows[row]))


def column_of(source: Source, name: str, rows: RowNumbers, *, by_label: bool) -> NDArray[Any]:
    """One column of some rows as `Replaced` takes it: labels as text, or numbers."""
    if not by_label:
        return source.numbers(name)[rows]
    levels = source.levels(name, rows)
    codes = source.codes(name, levels, rows)
    return np.where(codes < 0, "", np.array([*levels, ""], np.str_)[np.maximum(codes, -1)])
