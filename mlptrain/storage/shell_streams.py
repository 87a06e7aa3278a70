"""The streams that a shell hands over: stdin (`-`), and the descriptor behind `<(...)`.

Whoever opens a pipe by its name may wait for ever; one that is open already can only be slow. It is
copied into a file without a name, once, and read from there as often as needed.
"""

import contextlib
import errno
import fcntl
import io
import os
import re
import select
import shutil
import stat
import sys
import tempfile
from pathlib import Path
from threading import Lock
from typing import IO, Any

from mlptrain.errors import StorageError
from mlptrain.storage.files import CHUNK, storage_error

STDIN = "-"
_DESCRIPTOR = re.compile(r"/dev/stdin|/(?:dev|proc/self)/fd/([0-9]{1,6})")


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Whether a path stands for what a shell hands over: `-`, /dev/stdin, /dev/fd/63."""
    return os.fspath(path) == STDIN or _DESCRIPTOR.fullmatch(os.fspath(path)) is not None


def is_passing(path: str) -> bool:
    """Whether a path stands for a descriptor of this process only, such as that behind `<(...)`.

    >>> is_passing("/dev/fd/63"), is_passing("/dev/stdin"), is_passing("t.csv")
    (True, False, False)
    """
    found = _DESCRIPTOR.fullmatch(path)
    return found is not None and found[1] is not None


def spoken(path: str | Path) -> str:
    """What messages call a file.

    >>> spoken("-"), spoken("t.csv")
    ('stdin', 't.csv')
    """
    return "stdin" if str(path) == STDIN else str(path)


class Descriptor(io.RawIOBase):
    """What comes from an open descriptor, which is left open; an error has the stream's name."""

    def __init__(self, descriptor: int, name: str) -> None:
        self._descriptor, self._called = descriptor, name

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """What there is, at most a buffer full; nothing at the end."""
        view = memoryview(buffer).cast("B")
        while True:
            try:
                data = os.read(self._descriptor, len(view))
            except BlockingIOError:  # another program has set it so
                select.select([self._descriptor], [], [])
            except OSError as error:
                raise storage_error(self._called, "cannot be read", error) from error
            else:
                view[: len(data)] = data
                return len(data)


def open_stdin() -> "io.BufferedReader[Any]":
    """stdin as it comes, to be read once from front to back."""
    if sys.stdin is None:
        raise StorageError("stdin: is closed; name a file")
    try:
        descriptor = sys.stdin.buffer.fileno()
    except (OSError, ValueError):  # a program has put something of its own there
        return io.BufferedReader(io.BytesIO(sys.stdin.buffer.read()))
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISDIR(mode) or (stat.S_ISCHR(mode) and not os.isatty(descriptor)):
        raise StorageError("stdin: is a device or a directory; name an ordinary file")
    return io.BufferedReader(Descriptor(descriptor, "stdin"), CHUNK)


_COPIES = dict[object, tuple[object, IO[bytes]]]()
"""A stream can be read once in the life of a process, so its copy lives as long."""
_COPYING = Lock()


def copied(path: str) -> IO[bytes]:
    """The copy of a stream, made when it is first asked for.

    FileNotFoundError where there is no such descriptor, StorageError for one that cannot be read.
    """
    found = _DESCRIPTOR.fullmatch(path)
    number = int(found[1] or 0) if found else 0
    # A number is given away again when its owner is gone: stdin is held, a pipe stays open.
    owner, key = (sys.stdin, id(sys.stdin)) if number == 0 else (None, _identity(number, path))
    with _COPYING:
        if key not in _COPIES:
            stream = open_stdin() if number == 0 else Descriptor(number, path)
            _COPIES[key] = owner, _copy(stream, spoken(path))
        return _COPIES[key][1]


def _identity(number: int, path: str) -> object:
    """What tells the stream behind a descriptor from others, if it is one to read from."""
    try:
        found, access = os.fstat(number), fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE
    except OSError as error:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from error
    kinds = (stat.S_ISFIFO, stat.S_ISREG, stat.S_ISSOCK)
    if access == os.O_WRONLY or not any(is_kind(found.st_mode) for is_kind in kinds):
        raise StorageError(f"{path}: is no stream to read from; name an ordinary file")
    return found.st_dev, found.st_ino


def _copy(stream: "io.BufferedReader[Any] | Descriptor", name: str) -> IO[bytes]:
    """All of a stream in a file without a name; StorageError where it would fill the disk."""
    folder = tempfile.gettempdir()
    most, size = shutil.disk_usage(folder).free // 2, 0
    with contextlib.ExitStack() as opened:
        copy = opened.enter_context(tempfile.TemporaryFile(buffering=0))
        while data := stream.read(CHUNK):
            size += len(data)
            if size > most:
                raise StorageError(
                    f"{name}: a stream of more than {most:,} bytes, half of what is free in {folder}; "
                    "save it to a file, or let TMPDIR name a larger disk"
                )
            try:
                copy.write(data)
            except OSError as error:
                what = f"cannot be copied to {folder}"
                raise storage_error(name, what, error) from error
        opened.pop_all()
    return copy
