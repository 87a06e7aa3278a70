"""A file in pieces of whole records, one at a time: larger than memory works, and so does stdin."""

import io
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from itertools import islice
from typing import BinaryIO

import numpy as np

from mlptrain.data.readers.packed import LONGEST, read_line, unpacked
from mlptrain.data.readers.tables.column_files import COLUMN_FILES, column_frames
from mlptrain.data.readers.tables.frames import Guess, guess_after
from mlptrain.data.readers.tables.heads import (
    BLOCK,
    BOM,
    EMPTY_LINES,
    read_head,
)
from mlptrain.data.readers.tables.json_lines import parse_lines
from mlptrain.data.readers.tables.quotes import Quotes, ends_inside, read_quotes
from mlptrain.data.readers.tables.table import Table
from mlptrain.data.readers.tables.tables import (
    JSON,
    JSON_LINES,
    delimited,
    is_text,
    open_text,
    read_table,
    suffix_of,
)
from mlptrain.data.readers.tables.text import Text
from mlptrain.errors import DataError
from mlptrain.storage.reading import InputFile
from mlptrain.storage.shell_streams import STDIN, open_stdin, spoken
from mlptrain.system.prefetch import helpers, prefetch

PIECE = 1 << 22
"""Bytes of a piece: large enough to be parsed at full speed, small enough not to show in memory."""
PER_COLUMN = 1 << 14
"""A wide table has larger pieces: each column costs some time in each piece."""


def table_pieces(path: str) -> Iterator[Table]:
    """A table in pieces of rows. `-` is delimited text from stdin."""
    suffix = suffix_of(path)
    if suffix in COLUMN_FILES:
        yield from _column_pieces(path, suffix)
    elif suffix in JSON_LINES:
        with _open(path) as stream:
            for data, line in _line_pieces(stream, path):
                yield Table(path, *parse_lines(path, data, line))
    elif suffix == JSON:
        yield read_table(path)
    else:
        yield from _parsed(text_pieces(path))


def _parsed(pieces: Iterator[tuple[Text, bytes]]) -> Iterator[Table]:
    """Pieces of text as tables, two at a time: the parser does not use two cores all the time.

    The first guess at a piece is what came before the one before it.
    """
    guess: Guess | None = None
    with helpers(2) as pool:
        coming = deque[Future[Table]]()
        for text, data in prefetch(pieces):
            coming.append(pool.submit(delimited, text, data, guess=guess))
            if len(coming) > 1:
                table = coming.popleft().result()
                guess = guess_after(table.frame)
                yield table
        for rest in coming:
            yield rest.result()


def text_pieces(path: str) -> Iterator[tuple[Text, bytes]]:
    """The records below the header of a delimited text, in pieces. There is at least one record."""
    name = spoken(path)
    with _open(path) as stream:
        head, layout = read_head(stream, name)
        size = max(PIECE, PER_COLUMN * len(layout.names))
        number, empty = 1 + (head.before + head.header).count(b"\n"), True
        begun = head.next
        while data := begun + _whole_lines(stream, size, name):
            begun = b""
            data, quotes = _whole_records(stream, data, layout.separator, name)
            if full := EMPTY_LINES.sub(b"", data):  # parsers may count them, or not
                empty, first = False, number + data.count(b"\n", 0, len(data) - len(full))
                if full.startswith(BOM):  # which a parser would swallow
                    found = "a byte-order mark within the file: were files joined? delete it"
                    raise DataError(f"{name}:{first}: {found}")
                opened = partial(io.BytesIO, full)
                yield Text(name, opened, layout, False, first, known=quotes), full
            number += count_lines(data)
    if empty:
        raise DataError(f"{name}: has a header and no rows")


def piece_of(path: str, number: int) -> Table:
    """One piece of a table; those before it are not parsed where it is text."""
    if not is_text(path):
        return next(islice(table_pieces(path), number, None))
    text, data = next(islice(text_pieces(path), number, None))
    return delimited(text, data)


def _column_pieces(path: str, suffix: str) -> Iterator[Table]:
    offset = 0
    for frame in column_frames(path, suffix, PIECE):
        yield Table(path, frame, None, first_row=offset)
        offset += frame.height


def _line_pieces(stream: BinaryIO, name: str) -> Iterator[tuple[bytes, int]]:
    """Pieces of JSON Lines that are not empty, and their first lines."""
    number = 1
    while data := _whole_lines(stream, PIECE, name):
        lines = count_lines(data)
        data = data.removeprefix(BOM) if number == 1 else data
        if data.strip():
            yield data, number
        number += lines


def count_lines(data: bytes) -> int:
    """How many line ends there are; several times faster than bytes.count."""
    numbers, block = np.frombuffer(data, np.uint8), 1 << 16
    return sum(
        int(np.count_nonzero(numbers[start : start + block] == ord("\n")))
        for start in range(0, len(numbers), block)
    )


def _whole_records(stream: BinaryIO, data: bytes, separator: str, name: str) -> tuple[bytes, Quotes]:
    """Lines, and those after them up to the end of a record, which is not within a quoted field."""
    quotes = read_quotes(_blocks(data), separator)
    inside = quotes.inside if quotes.regular else ends_inside(data, separator)
    if not inside:
        return data, quotes
    parts, length = [data], len(data)
    while inside and length <= LONGEST and (line := read_line(stream, name)):
        inside = ends_inside(line, separator, inside)
        parts.append(line)
        length += len(line)
    data = b"".join(parts)
    return data, read_quotes(_blocks(data), separator)


def _blocks(data: bytes) -> Iterator[bytes]:
    return (data[start : start + BLOCK] for start in range(0, len(data), BLOCK))


def _whole_lines(stream: BinaryIO, size: int, name: str) -> bytes:
    """At least `size` bytes, up to the end of a line. Of a plain file they are read in one go."""
    if isinstance(stream, io.BufferedReader) and isinstance(stream.raw, InputFile):
        start = stream.tell()
        stream.seek(start + size)
        read_line(stream, name)
        length = stream.tell() - start
        stream.seek(start)
        return stream.read(length)
    data = stream.read(size)
    return data if data.endswith(b"\n") else data + read_line(stream, name)


def _open(path: str) -> BinaryIO:
    """The file as text, or stdin as it comes."""
    return unpacked(open_stdin(), spoken(path)) if path == STDIN else open_text(path)
