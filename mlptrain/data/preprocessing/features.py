"""From fitted columns to an array of the inputs: blocks of rows that stay in the processor's cache.

A block is made from its rows alone, so the same row gives the same bits in any block, whether the
array is then kept in memory or in a file.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mlptrain.arrays import Array
from mlptrain.data.preprocessing.checks import REFUSES, check_finite, check_present
from mlptrain.data.preprocessing.columns import KINDS
from mlptrain.data.preprocessing.columns.column import Column
from mlptrain.data.preprocessing.repairs import Repair
from mlptrain.data.row_set import every_row
from mlptrain.data.source import (
    UNSEEN,
    RowIndex,
    RowNumbers,
    Source,
    blocks,
    faulty_values,
    first_places,
)
from mlptrain.errors import DataError
from mlptrain.system.prefetch import prefetch


class Group:
    """The columns of one kind, the place of each in a block, and which values were repaired."""

    def __init__(self, kind: type[Column], placed: Sequence[tuple[Column, int]]) -> None:
        self.kind = kind
        self.columns = [column for column, _ in placed]
        self.places = [place for _, place in placed]
        self.repaired = np.zeros(len(placed), np.int64)
        self.unseen = defaultdict[str, Counter[str]](Counter)  # by column

    def repairs(self) -> Iterator[Repair]:
        """What became of missing values, and of labels that training did not have."""
        for column, missing in zip(self.columns, self.repaired.tolist(), strict=True):
            if missing:
                yield column.repair(missing)
            if column.name in self.unseen:
                yield column.repair_unseen(self.unseen[column.name])


class Features:
    """The array (n, D) of some rows. Iterating gives it block by block and counts the repairs."""

    def __init__(
        self, source: Source, columns: Sequence[Column], rows: RowIndex, dtype: DTypeLike, missing: str
    ) -> None:
        self.source, self.rows, self.dtype, self.missing = source, rows, dtype, missing
        self._labels = dict[str, list[str]]()
        widths = [len(column.outputs) for column in columns]
        self.names = [
            column.name for column, width in zip(columns, widths, strict=True) for _ in range(width)
        ]
        places = accumulate(widths, initial=0)
        placed = zip(columns, places, strict=False)
        of_kind: dict[type[Column], list[tuple[Column, int]]] = {kind: [] for kind in KINDS.values()}
        for column, place in placed:
            of_kind.setdefault(type(column), []).append((column, place))
        self.groups = [Group(kind, members) for kind, members in of_kind.items() if members]
        for column in columns:
            if what := column.mismatch(source):
                raise DataError(f"{source.path}: column {column.name!r} {what}")

    def __iter__(self) -> Iterator[NDArray[np.generic]]:
        read = prefetch(
            [group.kind.read(group.columns, self.source, piece) for group in self.groups]
            for piece in self._pieces()
        )
        for piece, values in zip(self._pieces(), read, strict=True):
            block: NDArray[np.generic] = np.zeros((len(piece), len(self.names)), self.dtype)
            for group, each in zip(self.groups, values, strict=True):
                self._check(group, each, piece)
                columns, places = group.columns, group.places
                group.repaired += group.kind.transform(columns, each, block, places)
            finite = np.isfinite(block)
            if not finite.all():
                raise self._too_large(piece, finite)
            yield block

    def in_memory(self) -> NDArray[np.generic]:
        """All blocks as one array, C-contiguous."""
        out: NDArray[np.generic] = np.empty((len(self.rows), len(self.names)), self.dtype)
        start = 0
        for block in self:
            out[start : start + len(block)] = block
            start += len(block)
        return out

    def repairs(self) -> list[Repair]:
        """What was repaired in the blocks so far."""
        return [repair for group in self.groups for repair in group.repairs()]

    def _pieces(self) -> Iterator[RowIndex]:
        return blocks(self.rows, len(self.names))

    def _check(self, group: Group, values: Any, rows: RowIndex) -> None:
        if not group.kind.by_label:
            if not np.isfinite(values).all():
                self._check_numbers(group, values)
            return
        for column, codes in zip(group.columns, values, strict=True):
            if (codes < 0).any():
                self._check_labels(column, codes)
                self._count(column.name, np.asarray(rows)[codes == UNSEEN], group)

    def _count(self, name: str, rows: RowNumbers, group: Group) -> None:
        """Add the labels of these rows in the order in which they come."""
        if len(rows):
            if name not in self._labels:  # of all rows, since a table keeps the codes of a column
                self._labels[name] = self.source.levels(name, self.rows)
            levels = self._labels[name]
            codes = self.source.codes(name, levels, rows)
            places, first, times = np.unique(codes, return_index=True, return_counts=True)
            for i in np.argsort(first).tolist():
                group.unseen[name][levels[places[i]]] += int(times[i])

    def _check_numbers(self, group: Group, values: Array) -> None:
        """DataError for infinite numbers, and for missing ones where they are refused."""
        names, everywhere = [column.name for column in group.columns], every_row(len(self.source))
        if np.isinf(values).any():
            check_finite(self.source, names, everywhere)
        if self.missing in REFUSES and np.isnan(values).any():
            check_present(self.source, names, everywhere, REFUSES[self.missing])

    def _check_labels(self, column: Column, codes: Array) -> None:
        """DataError where a label is not accepted, listed over all rows."""
        if any(faulty.any() for faulty, *_ in column.faults(codes)):
            everywhere = every_row(len(self.source))
            (codes,) = type(column).read([column], self.source, everywhere)
            for faulty, *words in column.faults(codes):
                if faulty.any():
                    places = first_places(column.name, faulty, everywhere)
                    raise faulty_values(self.source, places, int(faulty.sum()), *words)

    def _too_large(self, rows: RowIndex, finite: NDArray[np.bool_]) -> DataError:
        places = [
            place
            for name, column in zip(self.names, finite.T, strict=True)
            for place in first_places(name, ~column, rows)
        ]
        what, advice = "is too large for the network", "correct them, or scale the column"
        return faulty_values(self.source, places, int((~finite).sum()), what, advice)
