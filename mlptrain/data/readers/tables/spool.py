"""A table too large for memory: read once, in pieces, its columns kept in a file without a name.

A `Spool` is a source like any other, so fitting and preprocessing do not know the difference, and
the results have the same bits. In the file stand float64 numbers, piece after piece, and within a
piece column after column; a text column stands as the places of its values among its labels.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.cache.file_array import OpenFile
from mlptrain.data.readers.packed import LineTooLong
from mlptrain.data.readers.tables.pieces import piece_of, table_pieces
from mlptrain.data.readers.tables.spooled import Spooled
from mlptrain.data.readers.tables.table import Table, not_as_declared, not_numbers
from mlptrain.data.readers.tables.tables import is_text, whole_text
from mlptrain.data.source import (
    BLANK,
    MOST_LABELS,
    NOWHERE,
    SHOWN,
    Kind,
    RowIndex,
    RowNumbers,
    blocks,
    digits_lost,
    finder,
    in_order,
)
from mlptrain.data.written import AS_USUAL, Reading
from mlptrain.errors import DataError
from mlptrain.messages import in_yaml
from mlptrain.system.prefetch import prefetch

NUMBER = 8
"""Bytes of a float64."""


class Spool:
    """The rows of a table in pieces, of which only the columns asked for are kept."""

    def __init__(
        self,
        path: str,
        names: tuple[str, ...],
        columns: Sequence[Spooled],
        lengths: Sequence[int],
        file: OpenFile,
        reading: Reading,
    ) -> None:
        self.path, self.names = path, names
        self.candidates = names
        self._columns = {column.name: column for column in columns}
        self._places = {column.name: place for place, column in enumerate(columns)}
        self._starts = np.array(list(accumulate(lengths, initial=0)))
        self._file, self._reading = file, reading

    def __len__(self) -> int:
        return int(self._starts[-1])

    def kind(self, name: str) -> Kind:
        """What the column holds, judged by all its values."""
        self._check_notation(name)
        return self._columns[name].kind()

    def looks_numeric(self, name: str) -> bool:
        """Whether more than half of the values of a text column are numbers."""
        return self._columns[name].looks_numeric()

    def numbers(self, name: str) -> NDArray[np.float64]:
        """The column as (N,) numbers, NaN where missing; DataError names values that are none."""
        self._check_numbers(name)
        return self._whole(name)

    def _check_numbers(self, name: str) -> None:
        if self.kind(name) == "text":
            raise self._not_numbers(name)
        if self._columns[name].inexact:
            raise self._digits_lost(name)

    def inexact(self, name: str) -> RowNumbers:
        """The rows where a number column holds a whole number that float64 does not: 2^53 + 1."""
        if not self._columns[name].inexact:
            return NOWHERE
        pieces = zip(self._starts[:-1], _pieces(self.path, self._reading), strict=True)
        return np.concatenate([start + table.inexact(name) for start, table in pieces])

    def _whole(self, name: str) -> NDArray[np.float64]:
        out = np.empty(len(self))
        for piece, start in enumerate(self._starts[:-1]):
            self._read(self._places[name], piece, 0, out[start : self._starts[piece + 1]])
        return out

    def block(self, names: Sequence[str], rows: RowIndex) -> NDArray[np.float64]:
        """Several number columns of some rows, as a new (n, K) array."""
        for name in names:
            self._check_numbers(name)
        return self._block(names, rows)

    def _block(self, names: Sequence[str], rows: RowIndex) -> NDArray[np.float64]:
        rows, out = np.asarray(rows), np.empty((len(rows), len(names)))
        places = [self._places[name] for name in names]
        for piece, here, within in self._in_pieces(rows):
            low, high = int(within[0]), int(within[-1]) + 1
            values = np.empty((len(names), high - low))
            for place, column in zip(places, values, strict=True):
                self._read(place, piece, low, column)
            out[here] = (values if len(within) == high - low else values[:, within - low]).T
        return out

    def code(self, names: Sequence[str]) -> dict[str, str]:
        """Of number columns those that may be codes, judged by the first piece of the file."""
        first = next(_pieces(self.path, self._reading))
        return first.code([name for name in names if first.kind(name) == "number"])

    def missing(self, name: str) -> NDArray[np.bool_]:
        """(N,) where the column has no value."""
        self._check_notation(name)
        out = np.empty(len(self), bool)
        for piece, start in enumerate(self._starts[:-1]):
            values = np.empty(self._starts[piece + 1] - start)
            self._read(self._places[name], piece, 0, values)
            np.isnan(values, out[start : start + len(values)])
        return out

    def levels(self, name: str, rows: RowIndex) -> list[str]:
        """The different values of the column in these rows, in order."""
        labels = self._labels(name)
        seen = np.zeros(len(labels), bool)
        for piece in blocks(rows, 1):
            values = self._block([name], piece)[:, 0]
            seen[values[~np.isnan(values)].astype(np.intp)] = True
        return in_order(labels[place] for place in np.flatnonzero(seen))

    def codes(self, name: str, levels: Sequence[str], rows: RowIndex) -> NDArray[np.int64]:
        """(n,) the place of each value in `levels`; BLANK where missing, UNSEEN where not there."""
        codes = np.array([*map(finder(levels), self._labels(name)), BLANK])
        found, start = np.empty(len(rows), np.int64), 0
        for piece in blocks(rows, 1):
            values = self._block([name], piece)[:, 0]
            np.copyto(values, len(codes) - 1, where=np.isnan(values))
            found[start : start + len(piece)] = codes[values.astype(np.intp)]
            start += len(piece)
        return found

    def _labels(self, name: str) -> list[str]:
        self._check_notation(name)
        column = self._columns[name]
        if column.overflows:
            found = f"more than {column.most:,} different values"
            raise DataError(
                f"{self.path}: column {name!r} has {found}: "
                f"too many for classes or categories; to leave it out: `ignore: [{in_yaml(name)}]`, "
                "to predict a number: `loss: mse`"
            )
        return list(column.place)

    def where(self, rows: Sequence[int]) -> list[str]:
        """`file:line` of each row, or `file: row n` for a file without lines."""
        if not is_text(self.path):
            return [f"{self.path}: row {row + 1}" for row in rows]
        return [spot for row in rows for spot in self._piece(row).where([self._within(row)])]

    def shown(self, name: str, row: int) -> str:
        """One value as it stands in the file, fit for a terminal."""
        return self._piece(row).shown(name, self._within(row))

    def _piece(self, row: int) -> Table:
        return piece_of(self.path, self._number(row))

    def _number(self, row: int) -> int:
        return int(np.searchsorted(self._starts, row, side="right")) - 1

    def _within(self, row: int) -> int:
        return row - int(self._starts[self._number(row)])

    def _not_numbers(self, name: str) -> DataError:
        """Read the file once more, to find the values that are no numbers."""
        first, total = list[int](), 0
        pieces = _pieces(self.path, self._reading)
        for start, table in zip(self._starts.tolist(), pieces, strict=False):
            (faulty,) = np.nonzero(table.no_numbers(name))
            total += len(faulty)
            first += (start + faulty[: SHOWN - len(first)]).tolist()
        return not_numbers(self, name, first, total)

    def _check_notation(self, name: str) -> None:
        if self._columns[name].misread:
            found = [table.misread(name) for table in _pieces(self.path, self._reading)]
            (faulty,) = np.nonzero(np.concatenate(found))
            first, written = faulty[:SHOWN].tolist(), self._reading.of(name)
            raise not_as_declared(self, name, written, first, len(faulty))

    def _digits_lost(self, name: str) -> DataError:
        return digits_lost(self, name, self.inexact(name))

    def _in_pieces(self, rows: RowNumbers) -> Iterator[tuple[int, slice, RowNumbers]]:
        """The pieces that hold these rows: their number, which of `rows`, and their rows within."""
        if not len(rows):
            return
        for piece in range(self._number(int(rows[0])), self._number(int(rows[-1])) + 1):
            low, high = np.searchsorted(rows, self._starts[piece : piece + 2]).tolist()
            if low < high:
                yield piece, slice(low, high), rows[low:high] - self._starts[piece]

    def _read(self, place: int, piece: int, first: int, out: NDArray[np.float64]) -> None:
        """Values of the column at a place in one piece, from the row `first` of the piece on."""
        start, stop = self._starts[piece : piece + 2].tolist()
        before = start * len(self._columns) + place * (stop - start)
        self._file.fill(out, NUMBER * (before + first))


def read_spool(
    path: str,
    scratch: Callable[[], OpenFile],
    chosen: Callable[[str], bool],
    by_label: Mapping[str, int] = MappingProxyType({}),
    reading: Reading = AS_USUAL,
) -> Spool:
    """Read a table in pieces, keeping the columns that are `chosen`.

    `by_label` names those needed by their labels, whatever they hold, and how many at most;
    `reading` says how texts are read. A column that turns out to be text after numbers have been read
    is needed so too: the table is then read again.
    """
    file, columns, lengths = scratch(), list[Spooled](), list[int]()
    names: tuple[str, ...] = ()
    for table in _checked_pieces(path, reading):
        if not lengths:
            names = table.names
            columns = [
                Spooled(name, name in by_label, by_label.get(name, MOST_LABELS))
                for name in names
                if chosen(name)
            ]
        file.append([column.gather(table) for column in columns])
        lengths.append(len(table))
    mixed = {column.name: MOST_LABELS for column in columns if column.is_mixed()}
    if mixed:
        return read_spool(path, scratch, chosen, {**by_label, **mixed}, reading)
    return Spool(path, names, columns, lengths, file, reading)


def _pieces(path: str, reading: Reading) -> Iterator[Table]:
    return (table.read_as(reading) for table in table_pieces(path))


def _checked_pieces(path: str, reading: Reading) -> Iterator[Table]:
    """The pieces of a table; faults of its text are listed over the whole file."""
    try:
        yield from prefetch(_pieces(path, reading))
    except LineTooLong:
        raise
    except DataError:
        whole = whole_text(path).faults() if is_text(path) else None
        if whole is not None:
            raise whole from None
        raise
