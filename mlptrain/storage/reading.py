"""Reading: the one door for every file, whoever wrote it.

An ordinary file is opened without waiting and read at places of our own, so a passing fault of the
disk or the network is tried again, and one that stays is a StorageError that names the file. Pipes and
devices are refused at once, but for what a shell hands over: see `shell_streams`.
"""

import errno
import io
import os
import stat
import time
from pathlib import Path
from typing import Any

from mlptrain.errors import StorageError
from mlptrain.storage.files import CHUNK, storage_error
from mlptrain.storage.shell_streams import copied, is_stream, spoken

BUFFER = 1 << 18
PAUSES = (0.05, 0.25)
"""Seconds before a read that failed is tried again."""
PASSING = (errno.EIO, errno.ESTALE, errno.ETIMEDOUT)
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class InputFile(io.FileIO):
    """An ordinary file, open for reading; every error of a read is a StorageError with its name.

    `path` is what is opened again after a passing fault; None for a file that has no name.
    """

    def __init__(self, descriptor: int, name: str, path: str | Path | None) -> None:
        super().__init__(descriptor)
        self._called, self._path, self._place = name, path, 0
        self._identity = _identity(descriptor)

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer; fewer bytes come only at the end of the file."""
        view, done = memoryview(buffer).cast("B"), 0
        while done < len(view) and (data := self._next(min(CHUNK, len(view) - done))):
            view[done : done + len(data)] = data
            done += len(data)
        return done

    def read(self, size: int | None = -1) -> bytes:
        """So many bytes, or all; fewer come only at the end of the file."""
        return io.RawIOBase.read(self, -1 if size is None else size) or b""

    def readall(self) -> bytes:
        """All that is left."""
        return b"".join(iter(lambda: self.read(CHUNK), b""))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """To a place, from the beginning, from here, or from the end."""
        begin = {os.SEEK_CUR: self._place, os.SEEK_END: os.fstat(self.fileno()).st_size}
        place = begin.get(whence, 0) + offset
        if place < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))  # as every file
        self._place = place
        return place

    def tell(self) -> int:
        """The place of the next byte."""
        return self._place

    def _next(self, size: int) -> bytes:
        for pause in (*PAUSES, None):
            try:
                data = os.pread(self.fileno(), size, self._place)
                self._place += len(data)
                return data
            except OSError as error:
                if pause is None or error.errno not in PASSING:
                    raise storage_error(self._called, "cannot be read", error) from error
            time.sleep(pause)
            self._open_again()
        raise AssertionError("unreachable")

    def _open_again(self) -> None:
        """A descriptor of a file that its server has forgotten stays useless; a new one may not be."""
        if self._path is None:
            return
        try:
            descriptor = os.open(self._path, _FLAGS)
        except OSError:
            return  # the read that follows has the error that counts
        try:
            if _identity(descriptor) != self._identity:
                raise StorageError(f"{self._called}: was changed while it was read; start again")
            os.dup2(descriptor, self.fileno(), inheritable=False)
        finally:
            os.close(descriptor)


def open_file(path: str | Path) -> InputFile:
    """Open an ordinary file, or a stream as the file it was copied to.

    FileNotFoundError and IsADirectoryError are the caller's to explain, who knows what was wanted; all
    else is a StorageError, at once. O_NONBLOCK, because opening a FIFO would wait for a writer for
    ever; what is opened is looked at, so nothing can be swapped in between. Symbolic links are
    followed: `latest.npz` is often one, and what it leads to is checked like any file.
    """
    if is_stream(path):
        return InputFile(os.dup(copied(str(path)).fileno()), spoken(path), None)
    try:
        descriptor = _opened(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(error.errno, error.strerror, str(path)) from error
    except OSError as error:
        raise storage_error(path, "cannot be read", error) from error
    except ValueError as error:
        raise StorageError(f"{str(path)!r}: cannot be the name of a file: {error}") from error
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return InputFile(descriptor, str(path), path)
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise StorageError(f"{path}: is a device, pipe or socket; name an ordinary file")


def open_buffered(path: str | Path) -> "io.BufferedReader[InputFile]":
    """As `open_file`, to be read by lines and in pieces of any size."""
    return io.BufferedReader(open_file(path), BUFFER)


def open_regular(path: str | Path) -> InputFile:
    """As `open_file`, where a file that is not there, or a directory, is a StorageError as well."""
    try:
        return open_file(path)
    except FileNotFoundError as error:
        raise storage_error(path, "cannot be read", error) from error
    except IsADirectoryError as error:
        raise StorageError(f"{path}: is a directory; name an ordinary file") from error


def read_bytes(path: str | Path, limit: int) -> bytes:
    """The content of an ordinary file of at most `limit` bytes. Raises StorageError."""
    content, room = list[bytes](), limit + 1
    with open_regular(path) as file:
        while room and (part := file.read(min(CHUNK, room))):
            content.append(part)
            room -= len(part)
    if not room:
        raise StorageError(f"{path}: is larger than {limit} bytes; check that it is the right file")
    return b"".join(content)


def _opened(path: str | Path) -> int:
    """The descriptor, tried again after a passing fault."""
    for pause in PAUSES:
        try:
            return os.open(path, _FLAGS)
        except OSError as error:
            if error.errno not in PASSING:
                raise
        time.sleep(pause)
    return os.open(path, _FLAGS)


def _identity(descriptor: int) -> tuple[int, ...]:
    """What tells a file, and this content of it, from another."""
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
