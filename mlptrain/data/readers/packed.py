"""Files of data as bytes, unpacked where they are gzip, and never more than is sensible.

A gzip file can hold a thousand times its size. Tables and images pack to a half, a tenth at best, a
hundredth if they are almost empty. So a file that unpacks to more than `MOST` times what has been
read of it is refused, and one that does not fit into memory, where all of it is needed, as well.
"""

import gzip
import io
import zlib
from typing import Any, BinaryIO, cast

from mlptrain.data.readers.tables.text import open_binary
from mlptrain.errors import DataError
from mlptrain.system.memory_limit import memory_limit

MOST = 200
FREE = 1 << 28
"""Bytes that any file may unpack to."""
CHUNK = 1 << 20
SHARE = 2
"""A file that is read whole may take one part in so many of the memory."""
MAGIC = b"\x1f\x8b"


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
    """What a gzip stream holds; DataError where it is broken, or holds too much for its size."""

    def __init__(self, packed: BinaryIO, name: str, closes: bool) -> None:
        self._packed, self._name, self._closes = Counted(packed), name, closes
        self._inner = gzip.GzipFile(fileobj=cast(BinaryIO, self._packed))
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
            count = self._inner.readinto(buffer)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(f"{self._name}: broken gzip file ({error}): copy it again") from None
        self._count += count
        if self._count > max(FREE, MOST * self._packed.count):
            raise DataError(
                f"{self._name}: unpacks to more than {MOST} times its size: if it is what it should "
                "be, unpack it first (gzip -d)"
            )
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """To the beginning, where the counting begins again, or to another place."""
        self._count = self._inner.seek(offset, whence)
        if self._count == 0:
            self._packed.count = 0
        return self._count

    def close(self) -> None:
        """Close the packed stream as well, where it is ours."""
        if self._closes and not self.closed:
            self._packed.close()
        super().close()


def unpacked(packed: BinaryIO, name: str, *, closes: bool) -> io.BufferedReader:
    """A gzip stream as what it holds; `closes` the packed stream with it."""
    return io.BufferedReader(Unpacked(packed, name, closes), CHUNK)


def is_packed(stream: io.BufferedReader) -> bool:
    """Whether what comes is gzip."""
    return stream.peek(2)[:2] == MAGIC


def open_unpacked(path: str) -> io.BufferedReader:
    """A file, read as what it is unpacked where it is gzip."""
    raw = open_binary(path)
    return unpacked(raw, path, closes=True) if is_packed(raw) else raw


def read_all(path: str) -> bytes:
    """The bytes of a file, unpacked where it is gzip; DataError where they are too many."""
    most, parts, size = memory_limit() // SHARE, [], 0
    with open_unpacked(path) as stream:
        while part := stream.read(CHUNK):
            parts.append(part)
            size += len(part)
            if size > most:
                raise DataError(
                    f"{path}: takes more than {most / 1e9:.1f} GB, half of the memory, and this kind "
                    "of file is read whole: convert it to a table or to .npy"
                )
    return b"".join(parts)
