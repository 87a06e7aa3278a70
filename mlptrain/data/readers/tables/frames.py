"""Whole files as frames, by polars: delimited text, JSON Lines, Parquet and Arrow IPC.

Only this module and `series` import polars. They know nothing of files' names, lines and messages:
`tables` does.
"""

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any, NamedTuple

import polars as pl

from mlptrain.data.written import BLANKS

Frame = pl.DataFrame
UNREADABLE: tuple[type[BaseException], ...] = (
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,  # some kinds of broken quoting
    OSError,
)
"""What reading a broken file ends in."""


class Guess(NamedTuple):
    """What the next piece of a file is likely to be: the types of its columns, and if it has blanks."""

    types: tuple[type[pl.DataType] | pl.DataType, ...]
    has_blanks: bool


def parse_text(
    source: bytes,
    separator: str,
    names: Sequence[str],
    header: bool,
    as_written: bool,
    guess: Guess | None = None,
) -> Frame:
    """Delimited text as a frame; a short row is filled with missing values, a long one is an error.

    The first thousand rows say which columns are numbers, for speed, or the `guess` does. Where a
    value does not fit, everything is read as text, and `typed` decides by all values: the result is
    the same. `as_written` reads everything as text at once.
    """
    attempts = ["text"] if as_written else ["head", "text"]
    if guess is not None:
        attempts.insert(0, "guess")
    for attempt in attempts:
        guessed = guess if attempt == "guess" else None
        blanks = [] if guessed and not guessed.has_blanks else list(BLANKS)
        try:
            return pl.read_csv(
                source,
                has_header=header,
                new_columns=list(names),
                separator=separator,
                schema_overrides=guessed.types if guessed else None,
                infer_schema=attempt == "head",
                infer_schema_length=1000,
                null_values=[""] if as_written else blanks or None,  # each costs time in each field
            ).rechunk()  # polars gives each thread's share as a chunk of its own
        except pl.exceptions.ComputeError:
            if attempt == "text":
                raise
    raise AssertionError("unreachable")


def parse_columns(source: bytes, separator: str, places: Sequence[int], header: bool) -> Frame:
    """Columns of a text that has been read before, as they are written; `places` increase."""
    return pl.read_csv(
        source,
        has_header=header,
        columns=list(places),
        separator=separator,
        infer_schema=False,
        null_values=[""],
    ).rechunk()


def repeats_header(frame: Frame) -> list[int]:
    """Rows that hold the names of all columns, two at least: files were joined with their headers."""
    if frame.width < 2 or any(kind != pl.String for kind in frame.dtypes):
        return []
    rows = pl.Series(range(0))
    for place, name in enumerate(frame.columns):
        column = frame.to_series(place) if not place else frame.to_series(place).gather(rows)
        same = (column.str.strip_chars() == name.strip()).fill_null(not name.strip()).arg_true()
        rows = same if not place else rows.gather(same)
        if not len(rows):
            break
    return rows.to_list()


def guess_after(frame: Frame) -> Guess | None:
    """What to expect of the next piece of a file.

    None where all is text: a guess may have failed, and the next piece is to be looked at anew.
    """
    types = tuple(frame.dtypes)
    if all(kind == pl.String for kind in types):
        return None
    return Guess(types, any(column.null_count() for column in frame))


def parse_json_lines(data: bytes) -> Frame:
    """One JSON object per line as a frame."""
    return pl.read_ndjson(BytesIO(data), infer_schema_length=None)


def parse_parquet(path: str, offset: int, rows: int) -> Frame:
    """A slice of the rows of a Parquet file."""
    return pl.scan_parquet(path, glob=False).slice(offset, rows).collect()


def parse_arrow(path: str, offset: int, rows: int) -> Frame:
    """A slice of the rows of an Arrow IPC (Feather 2) file."""
    return pl.scan_ipc(path).slice(offset, rows).collect()


def packed_frame(frame: Frame) -> bytes:
    """A frame as bytes, for another process; categories become the text they stand for."""
    named = (pl.Categorical, pl.Enum)
    plain = [c.cast(pl.String) if isinstance(c.dtype, named) else c for c in frame]
    buffer = BytesIO()
    pl.DataFrame(plain).write_ipc_stream(buffer)
    return buffer.getvalue()


def unpacked_frame(data: bytes) -> Frame:
    """The frame that was packed."""
    return pl.read_ipc_stream(BytesIO(data))


def from_arrow(data: Any) -> Frame:
    """The frame that hands out its columns as an Arrow stream."""
    return pl.DataFrame(data)


def of_columns(columns: Sequence[pl.Series]) -> Frame:
    """A frame of named columns of one length."""
    return pl.DataFrame(columns)


def empty(names: Iterable[str]) -> Frame:
    """A frame without rows."""
    return pl.DataFrame({name: [] for name in names})


def joined(frames: Iterable[Frame]) -> Frame:
    """The rows of several frames with the same columns, one after the other."""
    return pl.concat(frames, rechunk=True)
