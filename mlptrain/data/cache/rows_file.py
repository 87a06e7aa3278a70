"""The file that keeps prepared arrays: raw bytes, then one JSON text that says what they are.

    arrays, one after the other | JSON text | its length, 8 bytes | seal, 32 bytes

The seal is the HMAC-SHA256 of all that under the user's own key and the name of the file, so another
program's rows, and rows under another name, are known from those that were written here. It is a
cache: anything wrong with it is no fault of the user, and it is made anew.
"""

import hmac
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.cache.description import Damaged, Description, Entry
from mlptrain.data.cache.file_array import FileArray, OpenFile, as_bytes
from mlptrain.storage.files import write_all

SEAL = 32
LENGTH = struct.Struct("<Q")
LONGEST_TEXT = 1 << 28
CHUNK = 1 << 20


def sealing(secret: bytes, name: str) -> hmac.HMAC:
    """What seals the content of the file of this name."""
    return hmac.new(secret, f"mlptrain rows {name}\n".encode(), "sha256")


class RowsWriter:
    """Writes arrays to a file, from its beginning on, and seals them. Raises OSError.

    `seal` is None for a file without a name: nobody finds it, so nobody asks whether it is ours.
    """

    def __init__(self, descriptor: int, seal: hmac.HMAC | None = None) -> None:
        self._descriptor = descriptor
        self._seal = seal
        self._position = 0
        self._arrays: dict[str, Entry] = {}

    def add(self, name: str, blocks: Iterable[NDArray[Any]]) -> None:
        """Write an array, given as consecutive blocks of rows, all of one type and width."""
        offset, rows, block = self._position, 0, np.empty(0, np.int64)
        for block in blocks:
            self._write(as_bytes(np.ascontiguousarray(block)))
            rows += len(block)
        self._arrays[name] = Entry(offset, [rows, *block.shape[1:]], block.dtype.str)

    def finish(self, document: dict[str, Any]) -> None:
        """Write what the arrays are, and bring everything to the disk."""
        text = Description(self._arrays, document).text()
        self._write(text)
        self._write(LENGTH.pack(len(text)))
        if self._seal is None:
            write_all(self._descriptor, bytes(SEAL))
            return
        write_all(self._descriptor, self._seal.digest())
        os.fsync(self._descriptor)

    def _write(self, data: bytes | memoryview) -> None:
        if len(data):
            write_all(self._descriptor, data)
            if self._seal is not None:
                self._seal.update(data)
            self._position += len(data)


@dataclass(frozen=True)
class RowsFile:
    """The arrays of a file by name, what was written beside them, and where they are, as a note."""

    arrays: dict[str, FileArray]
    document: dict[str, Any]
    note: str

    @classmethod
    def read(cls, file: OpenFile, note: str) -> "RowsFile":
        """Find the arrays of a file. Damaged where it does not end as one of ours does."""
        end = file.size() - SEAL - LENGTH.size
        if end < 0:
            raise Damaged("it is too short")
        (length,) = LENGTH.unpack(_bytes(file, end, LENGTH.size))
        if length > min(end, LONGEST_TEXT):
            raise Damaged("its end is not as written")
        found = Description.read(_bytes(file, end - length, length), end - length)
        arrays = {
            name: FileArray(file, entry.offset, tuple(entry.shape), entry.dtype)
            for name, entry in found.arrays.items()
        }
        return cls(arrays, found.document, note)


def check_seal(file: OpenFile, seal: hmac.HMAC) -> None:
    """Damaged where the bytes are not those that were written and sealed."""
    end = file.size() - SEAL
    if end < 0:
        raise Damaged("it is too short")
    buffer = np.empty(CHUNK, np.uint8)
    for start in range(0, end, CHUNK):
        part = buffer[: min(CHUNK, end - start)]
        file.fill(part, start)
        seal.update(as_bytes(part))
    if not hmac.compare_digest(seal.digest(), _bytes(file, end, SEAL)):
        raise Damaged("its seal is not that of its content")


def _bytes(file: OpenFile, offset: int, length: int) -> bytes:
    out: NDArray[np.uint8] = np.empty(length, np.uint8)
    file.fill(out, offset)
    return out.tobytes()
