"""The text side of tables: separators, headers, and the physical line of a row.

Reading numbers is polars' work. What it does not tell - which line is ragged, where a quote was
left open, which line row 17 stands on when fields hold newlines - is found out here, with Python's
csv module, and only when somebody has to be told.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import BinaryIO

from mlptrain.data.source import SHOWN
from mlptrain.errors import DataError, StorageError
from mlptrain.messages import count, quoted, some

SEPARATORS = ",;\t|"
HEAD = 1 << 20
"""The header must end within so many bytes."""
BOM = b"\xef\xbb\xbf"
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
    line: more than 1 for a later piece of a longer file.
    """

    path: str
    open: Callable[[], BinaryIO]
    layout: Layout
    first_line: int = 1

    def records(self) -> Iterator[tuple[int, int]]:
        """Of each record below the header: its first physical line and its number of fields.

        An empty line is a record of no fields. DataError where quoting is broken.
        """
        if self._has_quotes():
            yield from self._quoted_records()
            return
        with self.open() as stream:
            separator, header = self.layout.separator.encode(), self.first_line == 1
            if stream.read(len(BOM)) != BOM:
                stream.seek(0)
            for number, line in enumerate(stream, self.first_line):
                fields = line.count(separator) + 1 if line.strip(b"\r\n") else 0
                if header:
                    header = fields == 0
                    continue
                yield number, fields

    def _has_quotes(self) -> bool:
        with self.open() as stream:
            return any(b'"' in block for block in iter(lambda: stream.read(HEAD), b""))

    def _quoted_records(self) -> Iterator[tuple[int, int]]:
        header, line = self.first_line == 1, self.first_line
        with io.TextIOWrapper(self.open(), "utf-8-sig", "replace", newline="\n") as stream:
            reader = csv.reader(stream, delimiter=self.layout.separator, strict=True)
            try:
                for record in reader:
                    if not header:
                        yield line, len(record)
                    header = header and not record
                    line = self.first_line + reader.line_num
            except csv.Error as error:
                raise DataError(f"{self.path}:{line}: {_quoting(error)}") from None

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
            rest = islice(stream, line - self.first_line, None)
            decoded = (text.decode("utf-8-sig", "replace") for text in rest)
            first = next(decoded).rstrip("\r\n")
            if '"' not in first:
                return first.split(self.layout.separator)[column]
            reader = csv.reader(chain([first + "\n"], decoded), delimiter=self.layout.separator)
            try:
                return next(reader)[column]
            except csv.Error as error:
                raise DataError(f"{self.path}:{line}: {_quoting(error)}") from None

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
        separator = self.layout.separator.encode()
        with self.open() as stream:
            for number, line in enumerate(stream, self.first_line):
                try:
                    line.decode()
                except UnicodeDecodeError as error:
                    found = quoted(line[error.start : error.end])[1:]
                    return DataError(
                        f"{self.path}:{number}: byte {found} is not UTF-8: save the file as UTF-8"
                    )
                if any(_stray(field) for field in line.split(separator)):
                    return DataError(
                        f"{self.path}:{number}: a quote inside a field that does not begin with "
                        'one: write the field as "..." with each quote in it doubled'
                    )
        return None


def _stray(field: bytes) -> bool:
    field = field.strip()
    return b'"' in field and not field.startswith(b'"') and not field.endswith(b'"')


def _quoting(error: csv.Error) -> str:
    if "unexpected end" in str(error):
        return "the quote opened in this row is never closed"
    if "new-line character" in str(error):
        return "a bare CR in a field: quote the field"
    if "field larger" in str(error):
        return "a field of more than 131,072 characters: is a quote left open?"
    return f"broken quoting ({error}): double each quote inside a quoted field"


def open_binary(path: str) -> io.BufferedReader:
    """Open a file for reading; one that is not there is a DataError."""
    try:
        return open(path, "rb")
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise DataError(f"{path}: is a folder: a file is needed") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StorageError(f"{path}: cannot be read: {reason}") from None


def layout_of(head: bytes, path: str) -> Layout:
    r"""Separator and column names from the first bytes of a text, checked.

    The separator is the one of `, ; tab |` that the header line holds most often.

    >>> layout_of(b"a;b;c\n1;2;3\n", "t.csv")
    Layout(separator=';', names=('a', 'b', 'c'))
    """
    for magic, what in FOREIGN.items():
        if head.startswith(magic):
            raise DataError(f"{path}: is {what}")
    head = head.removeprefix(BOM).lstrip(b"\r\n").removeprefix(BOM)
    if not head.strip():
        raise DataError(f"{path}: is empty: a table with a header is needed")
    try:
        first = _header_text(head)
    except UnicodeDecodeError:
        raise DataError(f"{path}:1: the header is not UTF-8: save the file as UTF-8") from None
    if not first:
        raise DataError(f"{path}: a byte-order mark stands on a line of its own: delete that line")
    outside = "".join(first.split('"')[::2])  # the parts that stand outside quotes
    if "\r" in outside:
        raise DataError(f"{path}: lines end in a bare CR (old Mac): save it with LF or CRLF")
    separator = max(SEPARATORS, key=outside.count)
    try:
        names = next(csv.reader(io.StringIO(first, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise DataError(f"{path}:1: header: {_quoting(error)}") from None
    return Layout(separator, _checked([name.strip() for name in names], path))


def _header_text(head: bytes) -> str:
    """The header record: up to the first line end outside quotes."""
    end = head.find(b"\n")
    while end >= 0 and head.count(b'"', 0, end) % 2:
        end = head.find(b"\n", end + 1)
    return head[: end if end >= 0 else len(head)].rstrip(b"\r\n").decode()


def _checked(names: list[str], path: str) -> tuple[str, ...]:
    nameless = [str(place) for place, name in enumerate(names, 1) if not name]
    faults = []
    if len(nameless) > 1:  # one alone is known by that: R and pandas write their row names so
        shown = some(nameless)
        faults.append(f"{path}:1: columns {shown} have no name: name all but one in the header")
    twice = sorted({name for name in names if name and names.count(name) > 1})
    faults += [
        f"{path}:1: {name}: {names.count(name)} columns have this name: rename all but one"
        for name in twice
    ]
    if faults:
        raise DataError(*faults)
    return tuple(names)
