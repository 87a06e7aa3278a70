"""The file that keeps prepared arrays: raw bytes, then one JSON text that says what they are.

    arrays, one after the other | JSON text | its length, 8 bytes | SHA-256 of all that, 32 bytes

It is a cache: anything wrong with it is no fault of the user, and it is made anew.
"""

import hashlib
import json
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.cache.file_array import FileArray, OpenFile, as_bytes
from mlptrain.storage.files import write_all

DIGEST = 32
LENGTH = struct.Struct("<Q")
LONGEST_TEXT = 1 << 28
CHUNK = 1 << 20


class Damaged(Exception):
    """The file is not what was written."""


class RowsWriter:
    """Writes arrays to a file, from its beginning on. Raises OSError."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._digest = hashlib.sha256()
        self._position = 0
        self._arrays: dict[str, Any] = {}

    def add(self, name: str, blocks: Iterable[NDArray[Any]]) -> None:
        """Write an array, given as consecutive blocks of rows, all of one type and width."""
        offset, rows, block = self._position, 0, np.empty(0, np.int64)
        for block in blocks:
            self._write(as_bytes(np.ascontiguousarray(block)))
            rows += len(block)
        shape = [rows, *block.shape[1:]]
        self._arrays[name] = {"offset": offset, "shape": shape, "dtype": block.dtype.str}

    def finish(self, document: dict[str, Any]) -> None:
        """Write what the arrays are, and bring everything to the disk."""
        text = json.dumps({"arrays": self._arrays, "document": document}).encode()
        self._write(text)
        self._write(LENGTH.pack(len(text)))
        write_all(self._descriptor, self._digest.digest())
        os.fsync(self._descriptor)

    def _write(self, data: bytes | memoryview) -> None:
        if len(data):
            write_all(self._descriptor, data)
            self._digest.update(data)
            self._position += len(data)


@dataclass(frozen=True)
class RowsFile:
    """The arrays of a file by name, and what was written beside them."""

    file: OpenFile
    arrays: dict[str, FileArray]
    document: Any

    @classmethod
    def read(cls, file: OpenFile) -> "RowsFile":
        """Find the arrays of a file. Damaged where it does not end as one of ours does."""
        end = file.size() - DIGEST - LENGTH.size
        if end < 0:
            raise Damaged("it is too short")
        (length,) = LENGTH.unpack(_bytes(file, end, LENGTH.size))
        if length > min(end, LONGEST_TEXT):
            raise Damaged("its end is not as written")
        try:
            found = json.loads(_bytes(file, end - length, length))
            arrays = {
                name: FileArray(file, entry["offset"], tuple(entry["shape"]), entry["dtype"])
                for name, entry in found["arrays"].items()
            }
            return cls(file, arrays, found["document"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Damaged("its description is not as written") from None

    def verify(self) -> None:
        """Damaged where the bytes are not those that were written."""
        digest, end = hashlib.sha256(), self.file.size() - DIGEST
        buffer = np.empty(CHUNK, np.uint8)
        for start in range(0, end, CHUNK):
            part = buffer[: min(CHUNK, end - start)]
            self.file.fill(part, start)
            digest.update(as_bytes(part))
        if digest.digest() != _bytes(self.file, end, DIGEST):
            raise Damaged("its digest is not that of its content")


def _bytes(file: OpenFile, offset: int, length: int) -> bytes:
    out: NDArray[np.uint8] = np.empty(length, np.uint8)
    file.fill(out, offset)
    return out.tobytes()
