"""Tables: named columns of numbers, booleans, dates and text, from files people have.

CSV, TSV, `;`- and `|`-separated text (gzipped or not), Parquet, Arrow IPC and JSON Lines all become
a `Table`. A broken file is a DataError with file, line and column; nothing is repaired.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.readers.packed import (
    LONGEST,
    check_memory,
    open_unpacked,
    read_all_lines,
    read_rest,
)
from mlptrain.data.readers.tables import frames, labels, series
from mlptrain.data.readers.tables.column_files import COLUMN_FILES, column_frames
from mlptrain.data.readers.tables.json_lines import parse_lines
from mlptrain.data.readers.tables.quotes import read_quotes
from mlptrain.data.readers.tables.text import Text, layout_of, read_head
from mlptrain.data.source import SHOWN, Kind, RowIndex, Source, contiguous, faulty_values, finder
from mlptrain.errors import DataError
from mlptrain.messages import count, quoted
from mlptrain.storage.shell_streams import spoken

JSON_LINES = (".jsonl", ".ndjson")
THOUSANDS = re.compile(r"[^\d,.]*\d{1,3}(,\d{3})+(\.\d+)?\D*")
SURE_THOUSANDS = re.compile(r"[^\d,.]*\d{1,3}(,\d{3})+(,\d{3}|\.\d+)\D*")
COLUMN_PIECE = 1 << 24
"""Bytes of a piece of a Parquet or Arrow file that is read whole."""


@dataclass(frozen=True)
class Table:
    """A frame with the name of its file, and the way to the lines of its rows."""

    path: str
    frame: frames.Frame
    lines: Callable[[list[int]], list[int]] | None  # rows -> physical lines, where there are some
    written: Callable[[int, int], str] | None = None  # row, column -> the field as it stands there
    spelled: Callable[[str], series.Series] | None = None  # name -> the column as text, read again
    first_row: int = 0  # of a piece of a longer file
    _typed: dict[str, series.Series] = field(default_factory=dict, repr=False)
    _kinds: dict[str, Kind] = field(default_factory=dict, repr=False)
    _numbers: dict[str, NDArray[np.float64]] = field(default_factory=dict, repr=False)
    _values: dict[str, list[Any]] = field(default_factory=dict, repr=False)
    _codes: dict[tuple[str, ...], NDArray[np.int64]] = field(default_factory=dict, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns in the order of the file."""
        return tuple(self.frame.columns)

    def __len__(self) -> int:
        return self.frame.height

    def column(self, name: str) -> series.Series:
        """The column with its text turned into what it holds; made once, when first asked for."""
        if name not in self._typed:
            self._typed[name] = series.typed(self.frame[name])
        return self._typed[name]

    def kind(self, name: str) -> Kind:
        """What the column holds, judged by all its values."""
        if name not in self._kinds:
            self._kinds[name] = series.kind_of(self.column(name))
        return self._kinds[name]

    def looks_numeric(self, name: str) -> bool:
        """Whether more than half of the values of a text column are numbers."""
        numbers, values = series.count_numbers(self.column(name))
        return numbers > 0.5 * values

    def numbers(self, name: str) -> NDArray[np.float64]:
        """The column as (N,) numbers, NaN where missing; DataError names values that are none."""
        if name not in self._numbers:
            if self.kind(name) == "text":
                (faulty,) = np.nonzero(self.no_numbers(name))
                raise not_numbers(self, name, faulty[:SHOWN].tolist(), len(faulty))
            self._numbers[name] = series.as_numbers(self.column(name))
        return self._numbers[name]

    def no_numbers(self, name: str) -> NDArray[np.bool_]:
        """(N,) where the column has a value that is not a number."""
        return series.no_numbers(self.column(name))

    def block(self, names: Sequence[str], rows: RowIndex) -> NDArray[np.float64]:
        """Several number columns of some rows, as a new (n, K) array."""
        chosen, out = contiguous(rows), np.empty((len(rows), len(names)))
        for j, name in enumerate(names):
            out[:, j] = self.numbers(name)[chosen]
        return out

    def missing(self, name: str) -> NDArray[np.bool_]:
        """(N,) where the column has no value."""
        return series.missing_in(self.column(name))

    def values(self, name: str) -> list[Any]:
        """The column as Python's own values, in the file's own spelling; made once."""
        if name not in self._values:
            column = self.frame[name]
            if self.spelled is not None and not series.is_text(column):
                column = self.spelled(name)
            self._values[name] = series.values_of(column)
        return self._values[name]

    def levels(self, name: str, rows: RowIndex) -> list[str]:
        """The different values of the column in these rows, in order."""
        return labels.different(map(self.values(name).__getitem__, np.asarray(rows).tolist()))

    def codes(self, name: str, levels: Sequence[str], rows: RowIndex) -> NDArray[np.int64]:
        """(n,) the place of each value in `levels`; BLANK where missing, UNSEEN where not there."""
        key = (name, *levels)
        if key not in self._codes:
            self._codes[key] = labels.codes(self.values(name), finder(levels))
        return self._codes[key][contiguous(rows)]

    def where(self, rows: Sequence[int]) -> list[str]:
        """`file:line` of each row, or `file: row n` for a file without lines."""
        if self.lines is None:
            return [f"{self.path}: row {self.first_row + row + 1}" for row in rows]
        return [f"{self.path}:{line}" for line in self.lines(list(rows))]

    def shown(self, name: str, row: int) -> str:
        """One value as it stands in the file, fit for a terminal."""
        if self.written is None:
            value = self.frame[name][row]
        else:
            value = self.written(row, self.frame.get_column_index(name)) or None
        return "an empty field" if value is None else quoted(value)

    def texts(self, name: str) -> list[str]:
        """A column as text, to be carried through; empty where missing."""
        return series.texts_of(self.frame[name])


def not_numbers(source: Source, name: str, first: Sequence[int], total: int) -> DataError:
    """The error for a column that should hold numbers: its first faulty rows, and how many in all."""
    advice = _notation(source.shown(name, row) for row in first) or (
        "correct them or leave them empty; "
        f"if {name} is a category: `categorical: {{columns: [{name}]}}`"
    )
    places = [(row, name) for row in first]
    return faulty_values(source, places, total, "is not a number", advice)


def _notation(shown: Iterable[str]) -> str:
    """How to write numbers that have a comma, or the empty text where none has one."""
    commas = [text.strip("'") for text in shown if "," in text]
    if any(SURE_THOUSANDS.fullmatch(text) for text in commas):
        return "remove the thousands separators"
    if any(THOUSANDS.fullmatch(text) for text in commas):
        return (
            "remove the comma where it separates thousands, write a point where it begins the decimals"
        )
    if any("." in text for text in commas):
        return "remove the points that separate thousands, and write decimals with a point"
    return "write decimals with a point" if commas else ""


def read_table(path: str) -> Table:
    """Read a table whole. The suffix (.parquet, .arrow, .jsonl, ...) says what it is, else text."""
    suffix = suffix_of(path)
    if suffix in COLUMN_FILES:
        return Table(path, frames.joined(_few_enough(path, suffix)), None)
    if suffix in JSON_LINES:
        return Table(path, *parse_lines(path, read_all_lines(path), 1))
    name = spoken(path)
    with open_unpacked(path) as stream:
        head = read_head(stream, name)
        layout = layout_of(head, name)
        data = read_rest(stream, name, head, LONGEST)
    return delimited(Text(name, partial(BytesIO, data), layout), data)


def _few_enough(path: str, suffix: str) -> Iterator[frames.Frame]:
    """The pieces of a column file; DataError where they are too many to be joined."""
    rows = 0
    for frame in column_frames(path, suffix, COLUMN_PIECE):
        rows += frame.height
        check_memory(path, rows, frame.width)
        yield frame


def suffix_of(path: str) -> str:
    """The last part of a file's name that says what it is: `.csv` of `a.csv.gz`."""
    return PurePath(path.removesuffix(".gz")).suffix.lower()


def whole_text(path: str) -> Text:
    """A delimited text from its beginning to its end."""
    name = spoken(path)
    with open_unpacked(path) as stream:
        layout = layout_of(read_head(stream, name), name)
    return Text(name, lambda: open_unpacked(path), layout)


def delimited(
    text: Text, source: bytes, *, as_written: bool = False, guess: frames.Guess | None = None
) -> Table:
    """Delimited text as a table: every record has one field per column, empty lines do not count.

    `source` is what polars reads: the path of the file or its bytes. `guess` says what to expect.
    """
    header, layout, quotes = text.first_line == 1, text.layout, text.quotes
    if not quotes.regular or quotes.inside:
        source = text.rewritten()
        quotes = read_quotes([source], layout.separator)
    _check_size(text, len(source), quotes.records)
    try:
        frame = frames.parse_text(source, layout.separator, layout.names, header, as_written, guess)
    except frames.UNREADABLE as error:
        reason = str(error).splitlines()[0]
        raise text.faults() or DataError(f"{text.path}: is no table: {reason}") from None
    if frame.width != len(text.layout.names):
        raise text.faults() or DataError(f"{text.path}: is no table: its rows do not fit its header")
    full = None
    if frame.height and frame.to_series(-1).null_count():
        full = _full_rows(text, frame)
        frame = frame if full is None else frame.filter(full)
    if text.ends_in_separator() and (fault := text.faults()):
        raise fault  # polars overlooks one more empty field at the very end
    if not frame.height and header:
        raise DataError(f"{text.path}: has a header and no rows")
    if frame.height != quotes.records - header:
        found = f"{count(quotes.records - header, 'row')}, of which {frame.height:,} were read"
        raise DataError(f"{text.path}: has {found}: its quotes or line ends are broken")

    def spelled(name: str) -> series.Series:
        place = layout.names.index(name)
        column = frames.parse_column(source, layout.separator, place, header)
        column = column if full is None else column.filter(full)
        if len(column) != len(frame):
            raise DataError(f"{text.path}: was changed while it was read")
        return column

    return Table(text.path, frame, text.lines, text.written, spelled)


def _check_size(text: Text, size: int, records: int) -> None:
    """Refuse what would take far more memory than its bytes, before any is taken.

    A cell takes at least a byte, its separator or the line end. So where there are fewer bytes, rows
    are short, and polars would fill them up.
    """
    width = len(text.layout.names)
    if records * width > size + 1:
        raise text.faults() or DataError(f"{text.path}: is no table: its rows do not fit its header")
    check_memory(text.path, records - (text.first_line == 1), width)


def _full_rows(text: Text, frame: frames.Frame) -> series.Series | None:
    """Refuse short rows, which polars fills with missing values, and find empty lines.

    Both end in a missing value, so a table whose last column is complete need not come here. None
    where no line is empty.
    """
    fields = np.fromiter((fields for _, fields in text.records()), np.intp)
    ragged = text.faults() if ((fields != 0) & (fields != frame.width)).any() else None
    if ragged:
        raise ragged
    full = fields > 0
    if len(full) != frame.height:
        raise DataError(f"{text.path}: is no table: its line ends are mixed up")
    return None if full.all() else series.Series(full)
