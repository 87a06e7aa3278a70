"""Parquet, Arrow IPC and Excel files: parsed by another process, which a broken one may take with it.

They are parsed in Rust. A broken file makes the parser panic, with a report of its own on stderr, or
asks for a petabyte of memory, and the process is gone before Python can say a word. So another process
parses the file and hands over the rows, piece by piece; this one never opens it.
"""

import errno
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from signal import Signals
from typing import IO

from mlptrain.data.readers.packed import MOST, open_binary
from mlptrain.data.readers.tables.frames import (
    UNREADABLE,
    Frame,
    packed_frame,
    parse_arrow,
    parse_parquet,
    unpacked_frame,
)
from mlptrain.data.readers.tables.series import typed
from mlptrain.data.readers.tables.workbooks import workbook_text
from mlptrain.errors import DataError, EnvironmentFault
from mlptrain.storage.files import storage_error
from mlptrain.storage.reading import PASSING, PAUSES
from mlptrain.system.installation import install_command
from mlptrain.system.own_process import command

COLUMN_FILES = {
    ".parquet": ("Parquet", parse_parquet),
    ".arrow": ("Arrow IPC", parse_arrow),
    ".feather": ("Arrow IPC", parse_arrow),
    ".ipc": ("Arrow IPC", parse_arrow),
}
WORKBOOK = ".xlsx"
FREE = 1 << 26
"""Bytes of rows that any file may hold."""
UNREAD = 6
"""How the other process ends where the system cannot read the file."""
FAULTY = 7
"""How it ends where it says itself, in lines for people, what is wrong."""
WORD = 8
"""Bytes of the number in front of each piece: how many bytes it has."""


def column_frames(path: str, suffix: str, size: int) -> Iterator[Frame]:
    """The rows of a file in pieces of some `size` bytes; there is at least one row.

    Raises DataError if the file is broken or empty.
    """
    pieces = 0
    for data in _handed_over(path, suffix, size):
        yield unpacked_frame(data)
        pieces += 1
    if not pieces:
        raise DataError(f"{path}: has no rows")


def sheet_text(path: str) -> bytes:
    """The sheet of an Excel workbook as CSV; EnvironmentFault without the extra."""
    if find_spec("python_calamine") is None:
        raise EnvironmentFault(
            f"{path}: an Excel workbook needs python-calamine: {install_command('xlsx')}, "
            "or save the sheet as CSV"
        )
    return b"".join(_handed_over(path, WORKBOOK, 0))


def _handed_over(path: str, suffix: str, size: int) -> Iterator[bytes]:
    """What another process makes of a file, piece by piece; DataError where that ends badly."""
    with open_binary(path) as file:
        most = max(FREE, MOST * file.seek(0, os.SEEK_END))
    with tempfile.TemporaryFile() as said:
        parser = subprocess.Popen(
            command(__name__, hand_over.__name__, path, suffix, str(size)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
        )
        assert parser.stdout is not None
        ended = False
        try:
            yield from _received(parser.stdout, path, most)
            ended = True
        finally:
            if not ended:  # whoever reads has seen enough
                parser.kill()
            parser.communicate()
        said.seek(0)
        lines = said.read().decode(errors="replace").splitlines()
    if parser.returncode in (UNREAD, -Signals.SIGBUS):  # SIGBUS: of a page that cannot be read
        raise storage_error(path, "cannot be read", OSError(errno.EIO, os.strerror(errno.EIO)))
    if parser.returncode == FAULTY:
        raise DataError(*lines)
    if parser.returncode != 0:
        reason = _reason(parser.returncode, lines)
        kind = "Excel" if suffix == WORKBOOK else COLUMN_FILES[suffix][0]
        raise DataError(f"{path}: is not a valid {kind} file: {reason}")


def _received(stream: IO[bytes], path: str, most: int) -> Iterator[bytes]:
    """The pieces that come through a pipe."""
    size = 0
    while length := int.from_bytes(stream.read(WORD)):
        size += length
        if size > most:
            raise DataError(
                f"{path}: unpacks to more than {MOST} times its size: if it is what it should be, "
                "save it without compression, or as CSV"
            )
        data = stream.read(length)
        if len(data) < length:
            break  # the parser has died, and its exit code says how
        yield data


def _reason(code: int, lines: list[str]) -> str:
    """Why a parser ended with this code, from what it said."""
    if code > 0:
        return lines[-1] if lines else "no word of why"
    found = [line for line in lines if line.startswith("memory allocation")]
    return found[0] if found else f"reading it ends with {Signals(-code).name}"


def hand_over(path: str, suffix: str, size: str) -> None:
    """What the other process does: parse, look at every column as training would, and pass it on."""
    try:
        for data in _pieces(path, suffix, int(size)):
            sys.stdout.buffer.write(len(data).to_bytes(WORD))
            sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except DataError as error:
        sys.stderr.write(str(error))
        sys.exit(FAULTY)
    except UNREADABLE as error:
        if _is_passing(error):
            sys.exit(UNREAD)
        sys.exit(next(iter(str(error).splitlines()), type(error).__name__))


def _pieces(path: str, suffix: str, size: int) -> Iterator[bytes]:
    """A workbook as text, or the frames of a column file."""
    if suffix == WORKBOOK:
        yield workbook_text(path)
        return
    for frame in _frames(path, suffix, size):
        for column in frame:
            typed(column)
        yield packed_frame(frame)


def _frames(path: str, suffix: str, size: int) -> Iterator[Frame]:
    _, parse = COLUMN_FILES[suffix]
    rows = max(1024, size // (8 * max(1, _tried(parse, path, 0, 1).width)))
    offset = 0
    while (frame := _tried(parse, path, offset, rows)).height and frame.width:
        yield frame
        offset += frame.height


def _tried(parse: Callable[[str, int, int], Frame], path: str, offset: int, rows: int) -> Frame:
    """A slice of the rows, tried again after a passing fault of the disk or the network."""
    for pause in PAUSES:
        try:
            return parse(path, offset, rows)
        except OSError as error:
            if not _is_passing(error):
                raise
        time.sleep(pause)
    return parse(path, offset, rows)


def _is_passing(error: BaseException) -> bool:
    """Whether polars was refused by the system, which it tells in words only."""
    found = re.search(r"\(os error ([0-9]+)\)", str(error))
    return isinstance(error, OSError) and found is not None and int(found[1]) in PASSING
