"""Tables: named columns of numbers, booleans, dates and text, from files people have.

CSV, TSV, `;`- and `|`-separated text, Parquet, Arrow IPC, Excel, JSON and JSON Lines all become a
`Table`. A broken file is a DataError with file, line and column; nothing is repaired.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from io import BytesIO
from pathlib import PurePath
from typing import BinaryIO

import numpy as np

from mlptrain.data.readers.packed import (
    LONGEST,
    check_memory,
    open_unpacked,
    read_all,
    read_all_lines,
    read_rest,
)
from mlptrain.data.readers.packings import inner_name
from mlptrain.data.readers.tables import frames, series
from mlptrain.data.readers.tables.column_files import (
    COLUMN_FILES,
    WORKBOOK,
    column_frames,
    sheet_text,
)
from mlptrain.data.readers.tables.heads import read_head
from mlptrain.data.readers.tables.json_arrays import as_lines
from mlptrain.data.readers.tables.json_lines import parse_lines
from mlptrain.data.readers.tables.quotes import read_quotes
from mlptrain.data.readers.tables.table import Table
from mlptrain.data.readers.tables.text import Text
from mlptrain.data.source import SHOWN
from mlptrain.errors import DataError
from mlptrain.messages import count
from mlptrain.storage.shell_streams import spoken

JSON_LINES, JSON = (".jsonl", ".ndjson"), ".json"
COLUMN_PIECE = 1 << 24
"""Bytes of a piece of a Parquet or Arrow file that is read whole."""


def read_table(path: str) -> Table:
    """Read a table whole. The suffix (.parquet, .arrow, .jsonl, ...) says what it is, else text."""
    suffix = suffix_of(path)
    if suffix in COLUMN_FILES:
        return Table(path, frames.joined(_few_enough(path, suffix)), None)
    if suffix in JSON_LINES:
        return Table(path, *parse_lines(path, read_all_lines(path), 1))
    if suffix == JSON:
        lines, numbers = as_lines(path, read_all(path))
        return Table(path, *parse_lines(path, lines, 1, numbers))
    name = spoken(path)
    with open_text(path) as stream:
        head, layout = read_head(stream, name)
        data = read_rest(stream, name, head.header + head.next, LONGEST)
    first = 1 + head.before.count(b"\n")
    return delimited(Text(name, partial(BytesIO, data), layout, header=True, first_line=first), data)


def open_text(path: str) -> BinaryIO:
    """What can be read as delimited text: a file, unpacked if need be, or the sheet of a workbook."""
    return BytesIO(sheet_text(path)) if suffix_of(path) == WORKBOOK else open_unpacked(path)


def is_text(path: str) -> bool:
    """Whether a table is delimited text, or read as such."""
    return suffix_of(path) not in (*COLUMN_FILES, *JSON_LINES, JSON)


def _few_enough(path: str, suffix: str) -> Iterator[frames.Frame]:
    """The pieces of a column file; DataError where they are too many to be joined."""
    rows = 0
    for frame in column_frames(path, suffix, COLUMN_PIECE):
        rows += frame.height
        check_memory(path, rows, frame.width)
        yield frame


def suffix_of(path: str) -> str:
    """The last part of a file's name that says what it is: `.csv` of `a.csv.gz`."""
    return PurePath(inner_name(path)).suffix.lower()


def whole_text(path: str) -> Text:
    """A delimited text from its beginning to its end."""
    name = spoken(path)
    with open_text(path) as stream:
        head, layout = read_head(stream, name)
    first, start = 1 + head.before.count(b"\n"), len(head.before)
    return Text(name, lambda: open_text(path), layout, True, first, start)


def delimited(
    text: Text, source: bytes, *, as_written: bool = False, guess: frames.Guess | None = None
) -> Table:
    """Delimited text as a table: every record has one field per column, empty lines do not count.

    `source` is its bytes, which polars reads. `guess` says what to expect.
    """
    header, layout, quotes = text.header, text.layout, text.quotes
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

    def spelled(names: Sequence[str]) -> frames.Frame:
        places = [frame.get_column_index(name) for name in names]
        again = frames.parse_columns(source, layout.separator, places, header)
        again = again if full is None else again.filter(full)
        again.columns = list(names)
        return again

    return _without_repeats(Table(text.path, frame, text.lines, text.written, spelled))


def _without_repeats(table: Table) -> Table:
    """The table; DataError for rows that repeat the header."""
    if repeated := frames.repeats_header(table.frame):
        lines = [f"{where}: repeats the header" for where in table.where(repeated[:SHOWN])]
        total = f"{count(len(repeated), 'such line')} in all: were files joined? delete them"
        raise DataError(*lines, f"{table.path}: {total}")
    return table


def _check_size(text: Text, size: int, records: int) -> None:
    """Refuse what would take far more memory than its bytes, before any is taken.

    A cell takes at least a byte, its separator or the line end. So where there are fewer bytes, rows
    are short, and polars would fill them up.
    """
    width = len(text.layout.names)
    if records * width > size + 1:
        raise text.faults() or DataError(f"{text.path}: is no table: its rows do not fit its header")
    check_memory(text.path, records - text.header, width)


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
