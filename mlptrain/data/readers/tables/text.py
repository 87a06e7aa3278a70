"""The text side of tables: separators, headers, and the physical line of a row.

Reading numbers is polars' work. What it does not tell - which line is ragged, where a quote was
left open, which line row 17 stands on when fields hold newlines - is found out here, with Python's
csv module, and only when somebody has to be told.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import BinaryIO

from mlptrain.data.readers.packed import LONGEST, lines_of
from mlptrain.data.readers.tables.quotes import Quotes, ends_inside, read_quotes
from mlptrain.data.readers.tables.strict import (
    ESCAPED,
    Record,
    in_words,
    looks_escaped,
    strict_records,
)
from mlptrain.data.source import SHOWN
from mlptrain.errors import DataError
from mlptrain.messages import count, quoted, some

SEPARATORS = ",;\t|"
BLOCK = 1 << 18
"""Bytes looked at together."""
MOST_COLUMNS = 1 << 19
"""Each column has a name, a kind and a scaling of its own, which takes some kilobytes."""
MOST_LINES = 1 << 16
"""Of a header with line ends in its names, and the empty lines before it."""
BOM = b"\xef\xbb\xbf"
EMPTY_LINES = re.compile(rb"\A(?:\r?\n)+")
QUOTED = re.compile(rf'(?:^|(?<=[{SEPARATORS}]))"(?:[^"]|"")*"')
"""A quoted field."""
FOREIGN = {
    b"\xff\xfe": "UTF-16 text: save it as UTF-8",
    b"\xfe\xff": "UTF-16 text: save it as UTF-8",
    b"PK\x03\x04": "a zip archive or an Excel workbook: save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save the sheet as CSV",
    b"%PDF": "a PDF document: a table is needed",
}


@dataclass(frozen=True)
class Layout:
    """How a delimited text is laid out: its separator and the names in its header."""

    separator: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Text:
    """A delimited text that can be read again, to look for lines.

    `open` starts it anew, `path` is its name in messages, and `first_line` the number of its first
    line: more than 1 for a later piece of a longer file. `known` are its quotes, where they have
    been read.
    """

    path: str
    open: Callable[[], BinaryIO]
    layout: Layout
    first_line: int = 1
    known: Quotes | None = None

    @cached_property
    def quotes(self) -> Quotes:
        """Whether a parser can follow the quotes, and how many records there are."""
        if self.known is not None:
            return self.known
        with self._open() as stream:
            return read_quotes(iter(lambda: stream.read(BLOCK), b""), self.layout.separator)

    def rewritten(self) -> bytes:
        """The records as a strict reader has them, quoted as RFC 4180 asks; else a DataError.

        A quote in a field that does not begin with one, `5" disk`, is a character like any other.
        """
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=self.layout.separator, lineterminator="\r\n")
        for record in self._strict_records():
            if looks_escaped(record, self.layout.separator):
                raise DataError(f"{self.path}:{record.line}: {ESCAPED}")
            writer.writerow(record.fields)
        return out.getvalue().encode("utf-8", "surrogateescape")

    def _open(self) -> BinaryIO:
        """The text behind the byte-order mark of its file."""
        stream = self.open()
        if self.first_line > 1 or stream.read(len(BOM)) != BOM:
            stream.seek(0)
        return stream

    def records(self) -> Iterator[tuple[int, int]]:
        """Of each record below the header: its first physical line and its number of fields.

        An empty line is a record of no fields. DataError where quoting is broken.
        """
        if self._has_quotes():
            yield from self._quoted_records()
            return
        with self._open() as stream:
            separator, header = self.layout.separator.encode(), self.first_line == 1
            for number, line in enumerate(lines_of(stream, self.path), self.first_line):
                fields = line.count(separator) + 1 if line.strip(b"\r\n") else 0
                if header:
                    header = fields == 0
                    continue
                yield number, fields

    def _has_quotes(self) -> bool:
        with self.open() as stream:
            return any(b'"' in block for block in iter(lambda: stream.read(BLOCK), b""))

    def _quoted_records(self) -> Iterator[tuple[int, int]]:
        header = self.first_line == 1
        for record in self._strict_records():
            if not header:
                yield record.line, len(record.fields)
            header = header and not record.fields

    def _strict_records(self) -> Iterator[Record]:
        """Each record, the header too; DataError where quoting is broken."""
        return strict_records(self._open(), self.path, self.first_line, self.layout.separator)

    def lines(self, rows: list[int]) -> list[int]:
        """The physical line of each row, where empty lines are no rows."""
        wanted, found = set(rows), dict[int, int]()
        filled = (line for line, fields in self.records() if fields)
        for row, line in enumerate(filled):
            if row in wanted:
                found[row] = line
                if len(found) == len(wanted):
                    break
        return [found[row] for row in rows]

    def written(self, row: int, column: int) -> str:
        """One field as it stands in the file."""
        (line,) = self.lines([row])
        with self.open() as stream:
            rest = islice(lines_of(stream, self.path), line - self.first_line, None)
            decoded = (text.decode("utf-8-sig", "replace") for text in rest)
            first = next(decoded).rstrip("\r\n")
            if '"' not in first:
                return first.split(self.layout.separator)[column]
            reader = csv.reader(chain([first + "\n"], decoded), delimiter=self.layout.separator)
            try:
                return next(reader)[column]
            except csv.Error as error:
                raise DataError(f"{self.path}:{line}: {in_words(error, first)}") from None

    def ends_in_separator(self) -> bool:
        """Whether the last byte is a separator, with no line end after it."""
        with self.open() as stream:
            stream.seek(-1, io.SEEK_END)
            return stream.read() == self.layout.separator.encode()

    def faults(self) -> DataError | None:
        """Rows that have more or fewer fields than the header, and bytes that are not UTF-8."""
        width, ragged, total = len(self.layout.names), [], 0
        for line, fields in self.records():
            if fields not in (0, width):
                total += 1
                if total <= SHOWN:
                    found = f"{count(fields, 'field')} where the header names {width}"
                    ragged.append(f"{self.path}:{line}: {found}")
        if total:
            advice = "give each row one field per column, and quote fields that hold a separator"
            ragged.append(f"{self.path}: {count(total, 'ragged row')} in all: {advice}")
        return DataError(*ragged) if ragged else self._strange_bytes()

    def _strange_bytes(self) -> DataError | None:
        with self.open() as stream:
            for number, line in enumerate(lines_of(stream, self.path), self.first_line):
                try:
                    line.decode()
                except UnicodeDecodeError as error:
                    found = quoted(line[error.start : error.end])[1:]
                    return DataError(
                        f"{self.path}:{number}: byte {found} is not UTF-8: save the file as UTF-8"
                    )
        return None


def read_head(stream: BinaryIO, path: str) -> bytes:
    """The lines of a text up to the end of its header, which may hold line ends in quotes."""
    lines, inside, size = list[bytes](), False, 0
    for line in iter(lambda: stream.readline(LONGEST), b""):
        if not lines and b"\0" in line[:BLOCK] and not line.startswith(tuple(FOREIGN)):
            raise DataError(f"{path}: begins with zero bytes: it is no text, or a copy that went wrong")
        lines.append(line)
        line = line if size else line.removeprefix(BOM)
        size += len(lines[-1])
        if size > LONGEST:
            raise DataError(f"{path}:1: a header of more than {LONGEST:,} bytes: is it a table?")
        if len(lines) > MOST_LINES:
            found = f"no header within {MOST_LINES:,} lines"
            raise DataError(f"{path}:1: {found}: is a quote left open, or is the beginning empty?")
        inside = ends_inside(line, SEPARATORS, inside)
        if not inside and line.strip(b"\r\n"):
            break
    return b"".join(lines)


def layout_of(head: bytes, path: str) -> Layout:
    r"""Separator and column names from the header line of a text, checked.

    The separator is the one of `, ; tab |` that the header line holds most often.

    >>> layout_of(b"a;b;c\n", "t.csv")
    Layout(separator=';', names=('a', 'b', 'c'))
    """
    for magic, what in FOREIGN.items():
        if head.startswith(magic):
            raise DataError(f"{path}: is {what}")
    head = EMPTY_LINES.sub(b"", head.removeprefix(BOM)).removesuffix(b"\n").removesuffix(b"\r")
    if head == BOM:
        raise DataError(f"{path}: a byte-order mark stands on a line of its own: delete that line")
    if not head.strip():
        raise DataError(f"{path}: is empty: a table with a header is needed")
    try:
        first = head.removeprefix(BOM).decode()
    except UnicodeDecodeError:
        raise DataError(f"{path}:1: the header is not UTF-8: save the file as UTF-8") from None
    outside = QUOTED.sub("", first)
    if "\r" in outside:
        raise DataError(f"{path}: lines end in a bare CR (old Mac): save it with LF or CRLF")
    separator = max(SEPARATORS, key=outside.count)
    if outside.count(separator) >= MOST_COLUMNS:
        found = f"{outside.count(separator) + 1:,} columns: {MOST_COLUMNS:,} at most"
        raise DataError(f"{path}:1: the header names {found}; is the table transposed?")
    try:
        names = next(csv.reader(io.StringIO(first, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise DataError(f"{path}:1: header: {in_words(error, first)}") from None
    return Layout(separator, _checked([name.strip() for name in names], path))


def _checked(names: list[str], path: str) -> tuple[str, ...]:
    nameless = [str(place) for place, name in enumerate(names, 1) if not name]
    faults = []
    if len(nameless) > 1:  # one alone is known by that: R and pandas write their row names so
        shown = some(nameless)
        faults.append(f"{path}:1: columns {shown} have no name: name all but one in the header")
    twice = {name: times for name, times in Counter(names).items() if name and times > 1}
    faults += [
        f"{path}:1: {name}: {times} columns have this name: rename all but one"
        for name, times in sorted(twice.items())[:SHOWN]
    ]
    if len(twice) > SHOWN:
        faults.append(f"{path}:1: {len(twice):,} such names in all")
    if faults:
        raise DataError(*faults)
    return tuple(names)
