"""Files of data as bytes, unpacked where they are packed, and never more than is sensible.

A packed file can hold a thousand times its size. Tables and images pack to a half, a tenth at best, a
hundredth if they are almost empty. So a file that unpacks to more than `MOST` times what has been
read of it is refused, and one that does not fit into memory, where all of it is needed, as well.
"""

import contextlib
import io
import math
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from mlptrain.data.readers.packings import LONGEST_MAGIC, Packing, packing_of
from mlptrain.errors import DataError
from mlptrain.messages import count
from mlptrain.storage.reading import open_buffered
from mlptrain.storage.shell_streams import spoken
from mlptrain.system.memory_limit import memory_limit

MOST = 200
FREE = 1 << 28
"""Bytes that any file may unpack to."""
CHUNK = 1 << 20
CELL = 8
"""Bytes of a value of a table, at least."""
SHARE = 2
"""A file that is read whole may take one part in so many of the memory."""
LONGEST = 1 << 26
"""Bytes of a line, or of a record, after which a missing line end, or an open quote, is a fault."""


class Counted:
    """A stream that knows how many bytes have been read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self.count = stream, 0

    def read(self, size: int = -1) -> bytes:
        """As of any stream."""
        data = self._stream.read(size)
        self.count += len(data)
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Unpacked(io.RawIOBase):
    """What a packed stream holds; DataError where it is broken, or holds too much for its size."""

    def __init__(self, packed: BinaryIO, packing: Packing, name: str) -> None:
        self._packed, self._packing, self._name = Counted(packed), packing, name
        self._inner, self._faults = packing.reader(cast(BinaryIO, self._packed))
        self._count = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Where the packed stream is."""
        return self._inner.seekable()

    def readinto(self, buffer: Any) -> int:
        """The next bytes, counted."""
        try:
            count = int(cast(Any, self._inner).readinto(buffer))
        except self._faults as error:
            if getattr(error, "errno", None) is not None:  # of the system, not of what is packed
                raise
            broken = f"broken {self._packing.name} file ({error})"
            raise DataError(f"{self._name}: {broken}: copy it again") from None
        self._count += count
        if self._count > max(FREE, MOST * self._packed.count):
            raise DataError(
                f"{self._name}: unpacks to more than {MOST} times its size: if it is what it should "
                f"be, unpack it first ({self._packing.command})"
            )
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """To the beginning, where the counting begins again, or to another place."""
        self._count = self._inner.seek(offset, whence)
        if self._count == 0:
            self._packed.count = 0
        return self._count

    def close(self) -> None:
        """Close the packed stream as well."""
        if not self.closed:
            self._packed.close()
        super().close()


def open_binary(path: str) -> "io.BufferedReader[Any]":
    """Open a file for reading; one that is not there is a DataError, else as `open_file`."""
    try:
        return open_buffered(path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise DataError(f"{path}: is a folder: a file is needed") from None


def unpacked(stream: "io.BufferedReader[Any]", name: str) -> "io.BufferedReader[Any]":
    """A stream as what it holds where it is packed, else as it is; DataError where it is so twice."""
    with contextlib.ExitStack() as opened:
        opened.enter_context(stream)
        if packing := packing_of(stream.peek(LONGEST_MAGIC)):
            held = Unpacked(stream, packing, name)
            stream = opened.enter_context(io.BufferedReader(held, CHUNK))
            if packing := packing_of(stream.peek(LONGEST_MAGIC)):
                raise DataError(f"{name}: is packed twice: unpack it once ({packing.command})")
        opened.pop_all()  # who reads it closes it
    return stream


def open_unpacked(path: str) -> "io.BufferedReader[Any]":
    """A file, read as what it holds where it is packed."""
    return unpacked(open_binary(path), spoken(path))


def read_all(path: str) -> bytes:
    """The bytes of a file, unpacked where it is packed; DataError where they are too many."""
    with open_unpacked(path) as stream:
        return read_rest(stream, spoken(path))


def read_all_lines(path: str) -> bytes:
    """As `read_all`; DataError where a line is too long."""
    with open_unpacked(path) as stream:
        return read_rest(stream, spoken(path), longest=LONGEST)


def read_rest(stream: BinaryIO, name: str, begun: bytes = b"", longest: float = math.inf) -> bytes:
    """What has been read of a stream and all that follows; DataError where it is too much.

    `longest` is how many bytes a line may have.
    """
    most, parts, size, line = memory_limit() // SHARE, [begun], len(begun), 0
    while part := stream.read(CHUNK):
        parts.append(part)
        size += len(part)
        end = part.rfind(b"\n")
        line = line + len(part) if end < 0 else len(part) - end - 1
        if line > longest:
            raise LineTooLong(name)
        if size > most:
            raise DataError(
                f"{name}: takes more than {most / 1e9:.1f} GB, half of the memory, and is read whole "
                "here: take fewer rows or columns, or a machine with more memory"
            )
    return b"".join(parts)


def check_memory(path: str, rows: int, columns: int) -> None:
    """DataError for a table that takes more than half of the memory as numbers."""
    needed, most = CELL * rows * columns, memory_limit() // SHARE
    if needed > most:
        raise DataError(
            f"{path}: {count(rows, 'row')} of {count(columns, 'column')} take {needed / 1e9:.1f} GB, "
            f"and half of the memory is {most / 1e9:.1f} GB: take fewer rows or columns"
        )


class LineTooLong(DataError):
    """A line of a text has no end in sight."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: has a line of more than {LONGEST:,} bytes: is it a table?")


def read_line(stream: BinaryIO, name: str) -> bytes:
    """The rest of a line with its end; LineTooLong where that does not come."""
    line = stream.readline(LONGEST + 1)
    if len(line) > LONGEST:
        raise LineTooLong(name)
    return line


def lines_of(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """The lines of a stream, none of them too long."""
    return iter(lambda: read_line(stream, name), b"")
