"""A file in chunks of rows as a trained model sees them: one chunk at a time is in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from mlptrain.data.inputs import Inputs, concatenated
from mlptrain.data.matrix import Matrix
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.preprocessing.repairs import Repair, added_up
from mlptrain.data.readers.sources import is_matrix, open_matrix
from mlptrain.data.readers.tables.pieces import table_pieces, text_pieces
from mlptrain.data.readers.tables.table import Table
from mlptrain.data.readers.tables.tables import delimited, is_text
from mlptrain.data.source import require


@dataclass(frozen=True)
class Chunk:
    """Some consecutive rows: what the network reads, and columns carried through as text.

    others   the inputs as other preprocessings make them: one for each member of an average
    """

    inputs: Inputs
    others: tuple[Inputs, ...]
    kept: dict[str, list[str]]
    notes: tuple[str, ...]
    repairs: tuple[Repair, ...]


def iterate_features(
    path: str,
    preprocessing: Preprocessing,
    chunk_rows: int,
    dtype: DTypeLike,
    keep: Sequence[str] = (),
    others: Sequence[Preprocessing] = (),
) -> Iterator[Chunk]:
    """The rows of a file in order, each exactly once, as the trained model sees them.

    Every chunk but the last has `chunk_rows` rows. `-` is delimited text from stdin. No target is
    needed. The same row gives the same bits in any chunk. Notes on unused columns come with the
    first chunk, notes on repairs with each.
    """
    notes: list[str] | None = None
    parts, room = list[Chunk](), chunk_rows
    for source, as_written in _pieces(path, preprocessing, bool(keep)):
        require(source, keep)
        notes = preprocessing.extra(source) if notes is None else []
        texts = {name: as_written.texts(name) for name in keep}
        start = 0
        while start < len(source):
            rows = np.arange(start, min(start + room, len(source)))
            inputs, repairs = preprocessing.apply(source, rows, dtype)
            more = tuple(other.apply(source, rows, dtype)[0] for other in others)
            kept = {name: texts[name][start : start + len(rows)] for name in keep}
            parts.append(Chunk(inputs, more, kept, tuple(notes), tuple(repairs)))
            notes, start, room = [], start + len(rows), room - len(rows)
            if not room:
                yield _joined(parts)
                parts, room = [], chunk_rows
    if parts:
        yield _joined(parts)


def _joined(parts: list[Chunk]) -> Chunk:
    """Consecutive chunks as one."""
    if len(parts) == 1:
        return parts[0]
    kept = {name: [text for part in parts for text in part.kept[name]] for name in parts[0].kept}
    repairs = added_up(repair for part in parts for repair in part.repairs)
    inputs = concatenated([part.inputs for part in parts])
    others = tuple(map(concatenated, zip(*(part.others for part in parts), strict=True)))
    return Chunk(inputs, others, kept, parts[0].notes, tuple(repairs))


def _pieces(
    path: str, preprocessing: Preprocessing, keep: bool
) -> Iterator[tuple[Table | Matrix, Table | Matrix]]:
    """Pieces of the file, each typed and as it is written (the same where nothing is kept)."""
    if path != "-" and is_matrix(path):
        source = open_matrix(path, labels=None, expected=preprocessing.inputs)
        yield source, source
    elif not keep or not is_text(path):
        for table in table_pieces(path):
            yield table.read_as(preprocessing.reading), table
    else:
        for text, data in text_pieces(path):
            table = delimited(text, data).read_as(preprocessing.reading)
            yield table, delimited(text, data, as_written=True)
