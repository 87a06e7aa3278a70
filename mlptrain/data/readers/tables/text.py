"""The text side of tables: its records, and the physical line of a row.

Reading numbers is polars' work. What it does not tell - which line is ragged, where a quote was
left open, which line row 17 stands on when fields hold newlines - is found out here, with Python's
csv module, and only when somebody has to be told.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import BinaryIO

from mlptrain.data.readers.packed import lines_of
from mlptrain.data.readers.tables.heads import BLOCK, Layout
from mlptrain.data.readers.tables.quotes import Quotes, read_quotes
from mlptrain.data.readers.tables.strict import (
    ESCAPED,
    Record,
    in_words,
    looks_escaped,
    strict_records,
)
from mlptrain.data.source import SHOWN
from mlptrain.errors import DataError
from mlptrain.messages import count, quoted


@dataclass(frozen=True)
class Text:
    """A delimited text that can be read again, to look for lines.

    `open` starts it anew, `path` is its name in messages, `first_line` the number of its first line,
    which is a header, or that of a later piece of a longer file. `start` is where this line begins
    in what is opened. `known` are its quotes, where they have been read.
    """

    path: str
    open: Callable[[], BinaryIO]
    layout: Layout
    header: bool
    first_line: int = 1
    start: int = 0
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
        """The text from its first line on."""
        stream = self.open()
        stream.seek(self.start)
        return stream

    def records(self) -> Iterator[tuple[int, int]]:
        """Of each record below the header: its first physical line and its number of fields.

        An empty line is a record of no fields. DataError where quoting is broken.
        """
        if self._has_quotes():
            yield from self._quoted_records()
            return
        with self._open() as stream:
            separator, header = self.layout.separator.encode(), self.header
            for number, line in enumerate(lines_of(stream, self.path), self.first_line):
                fields = line.count(separator) + 1 if line.strip(b"\r\n") else 0
                if header:
                    header = fields == 0
                    continue
                yield number, fields

    def _has_quotes(self) -> bool:
        with self._open() as stream:
            return any(b'"' in block for block in iter(lambda: stream.read(BLOCK), b""))

    def _quoted_records(self) -> Iterator[tuple[int, int]]:
        header = self.header
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
        with self._open() as stream:
            rest = islice(lines_of(stream, self.path), line - self.first_line, None)
            decoded = (text.decode("utf-8", "replace") for text in rest)
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
        with self._open() as stream:
            for number, line in enumerate(lines_of(stream, self.path), self.first_line):
                try:
                    line.decode()
                except UnicodeDecodeError as error:
                    found = quoted(line[error.start : error.end])[1:]
                    return DataError(
                        f"{self.path}:{number}: byte {found} is not UTF-8: save the file as UTF-8"
                    )
        return None
