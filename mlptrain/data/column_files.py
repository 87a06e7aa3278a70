"""Parquet and Arrow IPC files: read by another process first, which a broken one may take with it.

They are parsed in Rust. A broken file makes the parser panic, with a report of its own on stderr, or
asks for a petabyte of memory, and the process is gone before Python can say a word. So a process of
its own reads the file in the same pieces; only when it has come to the end is the file read here.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from signal import Signals

from mlptrain.data.frames import UNREADABLE, Frame, parse_arrow, parse_parquet, typed
from mlptrain.data.source import plain
from mlptrain.data.text import open_binary
from mlptrain.errors import DataError

COLUMN_FILES = {
    ".parquet": ("Parquet", parse_parquet),
    ".arrow": ("Arrow IPC", parse_arrow),
    ".feather": ("Arrow IPC", parse_arrow),
    ".ipc": ("Arrow IPC", parse_arrow),
}
REHEARSAL = """
import os, sys
sys.path[:] = sys.argv[1].split(os.pathsep)
from mlptrain.data.column_files import rehearse
rehearse(*sys.argv[2:])
"""


def column_frames(path: str, suffix: str, size: int = 0) -> Iterator[Frame]:
    """The rows of a file in pieces of some `size` bytes, or all at once; there is at least one row.

    Raises DataError if the file is broken or empty.
    """
    open_binary(path).close()
    kind, _ = COLUMN_FILES[suffix]
    if reason := _why_not(path, suffix, size):
        raise DataError(f"{path}: is not a valid {kind} file: {plain(reason)}")
    empty = True
    try:
        for frame in _frames(path, suffix, size):
            empty = False
            yield frame
    except UNREADABLE as error:  # it was changed since
        raise DataError(f"{path}: is not a valid {kind} file: {plain(_first_line(error))}") from None
    if empty:
        raise DataError(f"{path}: has no rows")


def _frames(path: str, suffix: str, size: int) -> Iterator[Frame]:
    _, parse = COLUMN_FILES[suffix]
    offset, rows = 0, None
    if size:
        rows = max(1024, size // (8 * max(1, parse(path, 0, 1).width)))
    while (frame := parse(path, offset, rows)).height and frame.width:
        yield frame
        offset += frame.height
        if rows is None:
            return


def _why_not(path: str, suffix: str, size: int) -> str | None:
    """What another process says that reads the file; None where it comes to the end."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", REHEARSAL, os.pathsep.join(sys.path), path, suffix, str(size)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode == 0:
        return None
    lines = done.stderr.decode(errors="replace").splitlines() or ["no word of why"]
    if done.returncode > 0:
        return lines[-1]
    found = [line for line in lines if line.startswith("memory allocation")]
    return found[0] if found else f"reading it ends with {Signals(-done.returncode).name}"


def rehearse(path: str, suffix: str, size: str) -> None:
    """What the other process does: read everything, and look at every column as training would."""
    try:
        for frame in _frames(path, suffix, int(size)):
            for column in frame:
                typed(column)
    except UNREADABLE as error:
        sys.exit(_first_line(error))


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
