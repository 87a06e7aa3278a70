"""A file in pieces of whole records, one at a time: larger than memory works, and so does stdin."""

import io
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import islice
from typing import BinaryIO, cast

import numpy as np

from mlptrain.data.readers.packed import is_packed, open_unpacked, unpacked
from mlptrain.data.readers.tables.column_files import COLUMN_FILES, column_frames
from mlptrain.data.readers.tables.frames import Guess, guess_after
from mlptrain.data.readers.tables.tables import JSON_LINES, Table, delimited, json_lines, suffix_of
from mlptrain.data.readers.tables.text import BOM, Text, layout_of
from mlptrain.errors import DataError
from mlptrain.system.prefetch import prefetch

PIECE = 1 << 22
"""Bytes of a piece: large enough to be parsed at full speed, small enough not to show in memory."""
PER_COLUMN = 1 << 14
"""A wide table has larger pieces: each column costs some time in each piece."""
LONGEST = 1 << 26
"""Bytes of a piece after which an open quote is taken for a fault."""


def table_pieces(path: str) -> Iterator[Table]:
    """A table in pieces of rows. `-` is delimited text from stdin."""
    suffix = suffix_of(path)
    if suffix in COLUMN_FILES:
        yield from _column_pieces(path, suffix)
    elif suffix in JSON_LINES:
        with _open(path) as stream:
            for data, line in _record_pieces(stream, PIECE, 1):
                yield json_lines(path, data, line)
    else:
        yield from _parsed(text_pieces(path))


def _parsed(pieces: Iterator[tuple[Text, bytes]]) -> Iterator[Table]:
    """Pieces of text as tables, two at a time: the parser does not use two cores all the time.

    The first guess at a piece is what came before the one before it.
    """
    guess: Guess | None = None
    with ThreadPoolExecutor(2) as pool:
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
    name = "stdin" if path == "-" else path
    with _open(path) as stream:
        head, first_line = next(_record_pieces(stream, 1, 1), (b"", 1))
        layout = layout_of(head, name)
        size = max(PIECE, PER_COLUMN * len(layout.names))
        empty = True
        for data, line in _record_pieces(stream, size, first_line + head.count(b"\n")):
            empty = False
            yield Text(name, partial(io.BytesIO, data), layout, line), data
    if empty:
        raise DataError(f"{name}: has a header and no rows")


def piece_of(path: str, number: int) -> Table:
    """One piece of a table; those before it are not parsed where it is text."""
    if not is_text(path):
        return next(islice(table_pieces(path), number, None))
    text, data = next(islice(text_pieces(path), number, None))
    return delimited(text, data)


def is_text(path: str) -> bool:
    """Whether a table is delimited text."""
    return suffix_of(path) not in (*COLUMN_FILES, *JSON_LINES)


def _column_pieces(path: str, suffix: str) -> Iterator[Table]:
    offset = 0
    for frame in column_frames(path, suffix, PIECE):
        yield Table(path, frame, None, first_row=offset)
        offset += frame.height


def _record_pieces(stream: BinaryIO, size: int, first_line: int) -> Iterator[tuple[bytes, int]]:
    """Pieces of at least `size` bytes that begin and end with a record, and their first lines.

    Empty lines at the beginning of a piece are left out.
    """
    number = first_line
    while data := _whole_records(stream, size):
        data = data.removeprefix(BOM) if number == 1 else data
        lines = count_lines(data)
        full = data.lstrip(b"\r\n")
        if full:
            yield full, number + data.count(b"\n", 0, len(data) - len(full))
        number += lines


def count_lines(data: bytes) -> int:
    """How many line ends there are; several times faster than bytes.count."""
    numbers, block = np.frombuffer(data, np.uint8), 1 << 16
    return sum(
        int(np.count_nonzero(numbers[start : start + block] == ord("\n")))
        for start in range(0, len(numbers), block)
    )


def _whole_records(stream: BinaryIO, size: int) -> bytes:
    """The next bytes up to the end of a record; a record does not end within quotes."""
    parts = [_whole_lines(stream, size)]
    quotes, length = parts[0].count(b'"') if b'"' in parts[0] else 0, len(parts[0])
    while quotes % 2 and length <= LONGEST and parts[-1]:
        parts.append(stream.readline())
        quotes, length = quotes + parts[-1].count(b'"'), length + len(parts[-1])
    return b"".join(parts) if len(parts) > 1 else parts[0]


def _whole_lines(stream: BinaryIO, size: int) -> bytes:
    """At least `size` bytes, up to the end of a line. Of a plain file they are read in one go."""
    is_plain = isinstance(stream, io.BufferedReader) and isinstance(stream.raw, io.FileIO)
    if is_plain and stream.seekable():
        start = stream.tell()
        stream.seek(start + size)
        stream.readline()
        length = stream.tell() - start
        stream.seek(start)
        return stream.read(length)
    data = stream.read(size)
    return data if data.endswith(b"\n") else data + stream.readline()


def _open(path: str) -> AbstractContextManager[BinaryIO]:
    """The file, unpacked where it is gzip and closed at the end, or stdin, which is left open."""
    if path != "-":
        return open_unpacked(path)
    stdin = cast(io.BufferedReader, sys.stdin.buffer)
    return nullcontext(unpacked(stdin, "stdin", closes=False) if is_packed(stdin) else stdin)
