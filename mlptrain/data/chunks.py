"""A file in chunks of rows, for prediction: a file larger than memory works, and so does stdin."""

import gzip
import io
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePath
from typing import cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mlptrain.data.preprocess import Preprocessing
from mlptrain.data.source import Source, require
from mlptrain.data.sources import is_matrix, open_source
from mlptrain.data.tables import COLUMN_FILES, JSON_LINES, Table, column_file, delimited, json_lines
from mlptrain.data.text import BOM, Layout, Text, as_stream, layout_of, open_binary
from mlptrain.errors import DataError

LONGEST = 1 << 26
"""Bytes of a chunk after which an open quote is taken for a fault."""


@dataclass(frozen=True)
class Chunk:
    """Some consecutive rows: features for the network, and columns carried through as text."""

    X: NDArray[np.floating]
    kept: dict[str, list[str]]
    notes: tuple[str, ...]


def iterate_features(
    path: str, preprocessing: Preprocessing, chunk_rows: int, dtype: DTypeLike, keep: Sequence[str] = ()
) -> Iterator[Chunk]:
    """The rows of a file in order, each exactly once, as the trained model sees them.

    `-` is delimited text from stdin. No target is needed. The same row gives the same bits in any
    chunk. Notes on unused columns come with the first chunk, notes on repairs with each.
    """
    notes: tuple[str, ...] | None = None
    for source, as_written in _pieces(path, preprocessing, chunk_rows, bool(keep)):
        require(source, keep)
        extra = [note for note in preprocessing.extra(source)] if notes is None else []
        for start in range(0, len(source), chunk_rows):
            rows = np.arange(start, min(start + chunk_rows, len(source)))
            X, filled = preprocessing.X(source, rows, dtype)
            kept = {name: as_written.texts(name)[start : start + chunk_rows] for name in keep}
            notes = (*extra, *filled)
            extra = []
            yield Chunk(X, kept, notes)


def _pieces(
    path: str, preprocessing: Preprocessing, chunk_rows: int, keep: bool
) -> Iterator[tuple[Source, Source]]:
    """Pieces of the file, each typed and as it is written (the same where nothing is kept)."""
    suffix = PurePath(path.removesuffix(".gz")).suffix.lower()
    if path != "-" and is_matrix(path):
        source = open_source(path, labels=None, expected=preprocessing.inputs)
        yield source, source
    elif suffix in COLUMN_FILES:
        for table in _column_pieces(path, suffix, chunk_rows):
            yield table, table
    elif suffix in JSON_LINES:
        for data, line in _line_pieces(path, chunk_rows):
            table = json_lines(path, data, line)
            yield table, table
    else:
        yield from _text_pieces(path, chunk_rows, keep)


def _column_pieces(path: str, suffix: str, chunk_rows: int) -> Iterator[Table]:
    offset, table = 0, column_file(path, suffix, 0, chunk_rows)
    while len(table):
        yield table
        offset += len(table)
        table = column_file(path, suffix, offset, chunk_rows)


def _text_pieces(path: str, chunk_rows: int, keep: bool) -> Iterator[tuple[Table, Table]]:
    layout: Layout | None = None
    name = "stdin" if path == "-" else path
    rows = 0
    for data, line in _line_pieces(path, chunk_rows, header=True):
        if layout is None:
            layout = layout_of(data, name)
            continue
        text = _text(name, data, layout, line)
        table = delimited(text, data)
        rows += len(table)
        yield table, delimited(text, data, as_written=True) if keep else table
    if layout is None:
        layout_of(b"", name)
    if not rows:
        raise DataError(f"{name}: has a header and no rows")


def _text(name: str, data: bytes, layout: Layout, line: int) -> Text:
    return Text(name, lambda: as_stream(data), layout, line)


def _line_pieces(path: str, chunk_rows: int, header: bool = False) -> Iterator[tuple[bytes, int]]:
    """Pieces of a text that begin and end with a record, each with the number of its first line.

    With `header` the first record is a piece of its own. Pieces of empty lines are left out.
    """
    with _open(path) as stream:
        packed = stream.peek(2)[:2] == b"\x1f\x8b"
        lines = iter(gzip.GzipFile(fileobj=stream) if packed else stream)
        number, size = 1, 1 if header else chunk_rows
        try:
            while piece := list(islice(lines, size)):
                piece[0] = piece[0].removeprefix(BOM) if number == 1 else piece[0]
                piece += _to_end_of_record(piece, lines)
                blank = next((i for i, line in enumerate(piece) if line.strip(b"\r\n")), None)
                if blank is not None:
                    yield b"".join(piece[blank:]), number + blank
                    size = chunk_rows
                number += len(piece)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(f"{path}: broken gzip file ({error}): copy it again") from None


def _to_end_of_record(piece: list[bytes], lines: Iterable[bytes]) -> list[bytes]:
    """The lines that still belong to the last record, whose quotes are open."""
    more = list[bytes]()
    quotes, size = sum(line.count(b'"') for line in piece), sum(map(len, piece))
    for line in lines if quotes % 2 else ():
        more.append(line)
        quotes, size = quotes + line.count(b'"'), size + len(line)
        if quotes % 2 == 0 or size > LONGEST:
            break
    return more


def _open(path: str) -> AbstractContextManager[io.BufferedReader]:
    """The file, closed at the end, or stdin, which is left open."""
    if path == "-":
        return nullcontext(cast(io.BufferedReader, sys.stdin.buffer))
    return open_binary(path)
