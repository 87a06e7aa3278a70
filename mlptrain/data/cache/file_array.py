"""Arrays that stay in a file: rows are read when they are asked for, and nothing else is.

A memory map would do the same, but every page that a map touches counts as memory of the process
until the system takes it back, and with a shuffled order that is soon the whole file. Plain reads
leave the pages in the system's cache, where they are free to go, and memory use stays flat.
"""

import mmap
import os
import weakref
from collections.abc import Sequence
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mlptrain.errors import StorageError
from mlptrain.storage.files import storage_error

ADVICE = "or name another directory with `data.cache`, or do without by `data.cache: none`"
MOST_AT_ONCE = 1000
"""Arrays in one call; systems allow 1,024."""


def refused(path: Path, what: str, error: OSError) -> StorageError:
    """The error for a file of the cache that the system refuses to write."""
    return StorageError(f"{storage_error(path, what, error)}; {ADVICE}")


def as_bytes(array: NDArray[Any]) -> memoryview:
    """The bytes of a contiguous array, not copied."""
    return array.data.cast("B") if array.size else memoryview(b"")


class OpenFile:
    """A file that is read at given places, and closed when nobody holds it any more.

    It may be deleted meanwhile: the system keeps the content until it is closed.

    part   where the bytes begin and end that it has, as if there were no others; without, all.
           It begins at a multiple of mmap.ALLOCATIONGRANULARITY
    """

    def __init__(self, path: Path, descriptor: int, part: tuple[int, int] | None = None) -> None:
        self.path, self.descriptor = path, descriptor
        self._start, self._end = part or (0, 0)  # 0: where the file ends
        weakref.finalize(self, os.close, descriptor)

    def size(self) -> int:
        """Bytes in the file."""
        return (self._end or os.fstat(self.descriptor).st_size) - self._start

    def fill(self, array: NDArray[Any], offset: int) -> None:
        """Fill a contiguous array with the bytes from `offset` on."""
        rest, offset = as_bytes(array), offset + self._start
        while len(rest):
            try:
                read = os.preadv(self.descriptor, [rest], offset)
            except OSError as error:
                raise storage_error(self.path, "cannot be read", error) from error
            if not read:
                raise self.too_short()
            rest, offset = rest[read:], offset + read

    @cached_property
    def pages(self) -> mmap.mmap:
        """The content as memory that all processes share which have the file open."""
        return mmap.mmap(self.descriptor, self.size(), prot=mmap.PROT_READ, offset=self._start)

    def append(self, arrays: Sequence[NDArray[Any]]) -> None:
        """Write the bytes of contiguous arrays, one after the other, behind what is there."""
        try:
            rest = [as_bytes(array) for array in arrays]
            while rest:
                written = os.writev(self.descriptor, rest[:MOST_AT_ONCE])
                while rest and written >= len(rest[0]):
                    written -= len(rest.pop(0))
                if written:
                    rest[0] = rest[0][written:]
        except OSError as error:
            raise refused(self.path, "cannot be written", error) from error

    def records(self, offsets: list[int], length: int) -> bytes:
        """The `length` bytes at each of the offsets, one after the other."""
        places = [self._start + offset for offset in offsets] if self._start else offsets
        try:
            data = b"".join(map(os.pread, repeat(self.descriptor), repeat(length), places))
        except OSError as error:
            raise storage_error(self.path, "cannot be read", error) from error
        if len(data) != length * len(offsets):
            raise self.too_short()
        return data

    def too_short(self) -> StorageError:
        """The error for a file that ends before its content does."""
        return StorageError(f"{self.path}: has become shorter while it was in use; start again")


class FileArray:
    """An array (N,) or (N, D) in a file, which acts like an ndarray where rows are taken from it."""

    def __init__(self, file: OpenFile, offset: int, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self.shape, self.dtype = shape, np.dtype(dtype)
        if self.dtype.hasobject:
            raise ValueError("bytes of a file are never taken for objects")
        self._file, self._offset = file, offset
        self._row = self.dtype.itemsize * int(np.prod(shape[1:], dtype=np.int64))

    @property
    def ndim(self) -> int:
        """How many axes there are."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of all rows."""
        return self._row * len(self)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        """One row, or those of a slice or an array of numbers, in memory; anything else reads all."""
        if isinstance(rows, int):
            return self._read(range(len(self))[rows], range(len(self))[rows] + 1)[0]
        if isinstance(rows, slice):
            start, stop, step = rows.indices(len(self))
            if step == 1:
                return self._read(start, max(start, stop))
            rows = np.arange(start, stop, step)
        elif not isinstance(rows, np.ndarray) or rows.ndim != 1 or rows.dtype.kind != "i":
            return np.asarray(self)[rows]
        out = np.empty((len(rows), *self.shape[1:]), self.dtype)
        return self.take(rows, 0, out)

    def take(
        self, rows: NDArray[np.intp], axis: int, out: NDArray[Any], mode: str = "raise"
    ) -> NDArray[Any]:
        """Write the rows of these numbers into `out`, as the method of an ndarray does."""
        if axis != 0:
            raise ValueError("rows are taken along axis 0")
        if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < len(self):
            raise IndexError(f"rows from {rows.min()} to {rows.max()} of {len(self)}")
        offsets = (np.asarray(rows, np.int64) * self._row + self._offset).tolist()
        data = self._file.records(offsets, self._row)
        out[...] = np.frombuffer(data, self.dtype).reshape(len(rows), *self.shape[1:])
        return out

    def mapped(self) -> NDArray[Any]:
        """All rows, shared with other processes where they are aligned in the file, else in memory.

        For a file without a name that fits into memory: nobody can shorten it.
        """
        if not self.nbytes or self._offset % self.dtype.alignment:
            return self[:]
        size = int(np.prod(self.shape))
        return np.frombuffer(self._file.pages, self.dtype, size, self._offset).reshape(self.shape)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """All rows in memory: only for a program that cannot do with a part."""
        return self._read(0, len(self)).astype(dtype or self.dtype, copy=False)

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        out = np.empty((stop - start, *self.shape[1:]), self.dtype)
        self._file.fill(out, self._offset + start * self._row)
        return out
