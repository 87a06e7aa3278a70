"""Parquet and Arrow IPC files: parsed by a process of its own, which a broken one may take with it.

They are parsed in Rust. A broken file makes the parser panic, with a report of its own on stderr, or
asks for a petabyte of memory, and the process is gone before Python can say a word. So another process
parses the file and hands over the rows, piece by piece; this one never opens it.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from signal import Signals
from typing import IO

from mlptrain.data.readers.packed import open_binary
from mlptrain.data.readers.tables.frames import (
    UNREADABLE,
    Frame,
    packed_frame,
    parse_arrow,
    parse_parquet,
    unpacked_frame,
)
from mlptrain.data.readers.tables.series import typed
from mlptrain.errors import DataError

COLUMN_FILES = {
    ".parquet": ("Parquet", parse_parquet),
    ".arrow": ("Arrow IPC", parse_arrow),
    ".feather": ("Arrow IPC", parse_arrow),
    ".ipc": ("Arrow IPC", parse_arrow),
}
PARSER = """
import os, sys
sys.path[:] = sys.argv[1].split(os.pathsep)
from mlptrain.data.readers.tables.column_files import hand_over
hand_over(*sys.argv[2:])
"""
WORD = 8
"""Bytes of the number in front of each piece: how many bytes it has."""


def column_frames(path: str, suffix: str, size: int) -> Iterator[Frame]:
    """The rows of a file in pieces of some `size` bytes; there is at least one row.

    Raises DataError if the file is broken or empty.
    """
    open_binary(path).close()
    command = [sys.executable, "-I", "-c", PARSER, os.pathsep.join(sys.path), path, suffix, str(size)]
    with tempfile.TemporaryFile() as said:
        parser = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said
        )
        assert parser.stdout is not None
        pieces = None
        try:
            pieces = yield from _received(parser.stdout)
        finally:
            if pieces is None:  # whoever reads has seen enough
                parser.kill()
            parser.communicate()
        said.seek(0)
        lines = said.read().decode(errors="replace").splitlines()
    if parser.returncode != 0:
        reason = _reason(parser.returncode, lines)
        raise DataError(f"{path}: is not a valid {COLUMN_FILES[suffix][0]} file: {reason}")
    if not pieces:
        raise DataError(f"{path}: has no rows")


def _received(stream: IO[bytes]) -> Generator[Frame, None, int]:
    """The frames that come through a pipe, and in the end how many there were."""
    pieces = 0
    while length := int.from_bytes(stream.read(WORD)):
        data = stream.read(length)
        if len(data) < length:
            break  # the parser has died, and its exit code says how
        yield unpacked_frame(data)
        pieces += 1
    return pieces


def _reason(code: int, lines: list[str]) -> str:
    """Why a parser ended with this code, from what it said."""
    if code > 0:
        return lines[-1] if lines else "no word of why"
    found = [line for line in lines if line.startswith("memory allocation")]
    return found[0] if found else f"reading it ends with {Signals(-code).name}"


def hand_over(path: str, suffix: str, size: str) -> None:
    """What the other process does: parse, look at every column as training would, and pass it on."""
    try:
        for frame in _frames(path, suffix, int(size)):
            for column in frame:
                typed(column)
            data = packed_frame(frame)
            sys.stdout.buffer.write(len(data).to_bytes(WORD))
            sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except UNREADABLE as error:
        sys.exit(next(iter(str(error).splitlines()), type(error).__name__))


def _frames(path: str, suffix: str, size: int) -> Iterator[Frame]:
    _, parse = COLUMN_FILES[suffix]
    rows = max(1024, size // (8 * max(1, parse(path, 0, 1).width)))
    offset = 0
    while (frame := parse(path, offset, rows)).height and frame.width:
        yield frame
        offset += frame.height
