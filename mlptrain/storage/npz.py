"""The bytes of an `.npz` around its data: a pure function of the names, dtypes and shapes.

ZIP (PKWARE's APPNOTE, 6.3) leaves many ways to say one thing. Here there is one: members stored
as they are, no flags, dated 1980-01-01, and always with 64-bit lengths, so that a file of any size
has the same layout. The comment that ends the file is the SHA-256 of its first member.
"""

import math
import struct
import zlib
from collections.abc import Sequence
from typing import NamedTuple

DIGEST = 64
"""Bytes at the end of the file: a SHA-256 in hexadecimal."""
_ALL = 0xFFFFFFFF  # in a field of 32 bits: see the 64-bit record instead
_END = 56 + 20 + 22 + DIGEST


class Member(NamedTuple):
    """One array of the file; `sha256` is that of its data."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    sha256: str

    def header(self) -> bytes:
        """The `.npy` header, version 1.0, padded with spaces to a multiple of 64 bytes.

        >>> Member("W", "<f4", (2, 3), "").header()[10:70]
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } "
        """
        text = f"{{'descr': '{self.dtype}', 'fortran_order': False, 'shape': {self.shape}, }}"
        text += " " * (-(len(text) + 11) % 64) + "\n"
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()

    def size(self) -> int:
        """Bytes of header and data; Python's integers cannot overflow."""
        return len(self.header()) + int(self.dtype[2]) * math.prod(self.shape)

    def prelude(self, crc: int) -> bytes:
        """All that stands before the data: the local header of ZIP and the header of NPY."""
        name = f"{self.name}.npy".encode()
        fields = (b"PK\3\4", 45, 0, 0, 0, 0x21, crc, _ALL, _ALL, len(name), 20)
        lengths = struct.pack("<2H2Q", 1, 16, self.size(), self.size())
        return struct.pack("<4s5H3L2H", *fields) + name + lengths + self.header()

    def prelude_size(self) -> int:
        """The length of `prelude`, whatever the lengths in it."""
        return 30 + len(self.name) + 4 + 20 + len(self.header())

    def checksum(self, data: bytes | memoryview) -> int:
        """CRC-32 of header and data, which ZIP asks for and NumPy's own reader checks."""
        return zlib.crc32(data, zlib.crc32(self.header()))


def directory(members: Sequence[Member], crcs: Sequence[int]) -> bytes:
    """What follows the data: an entry for each member, the end records, the digest."""
    entries, offset = [], 0
    for member, crc in zip(members, crcs, strict=True):
        name, size = f"{member.name}.npy".encode(), member.size()
        fields = (b"PK\1\2", 45, 45, 0, 0, 0, 0x21, crc, _ALL, _ALL, len(name), 28)
        entries.append(struct.pack("<4s6H3L2H", *fields))
        entries.append(struct.pack("<3H2L", 0, 0, 0, 0, _ALL))
        entries.append(name + struct.pack("<2H3Q", 1, 24, size, size, offset))
        offset += 30 + len(name) + 20 + size
    body, count = b"".join(entries), len(members)
    end64 = (b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(body), offset)
    end = (b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, _ALL, _ALL, DIGEST)
    return b"".join(
        [
            body,
            struct.pack("<4sQ2H2L4Q", *end64),
            struct.pack("<4sLQL", b"PK\6\7", 0, offset + len(body), 1),
            struct.pack("<4s4H2LH", *end),
            members[0].sha256.encode(),
        ]
    )


def file_size(members: Sequence[Member]) -> int:
    """The size of the whole file, without writing anything."""
    names = sum(len(member.name) + 4 for member in members)
    preludes = sum(30 + 20 + member.size() for member in members)
    return preludes + len(members) * (46 + 28) + 2 * names + _END


def assemble(members: Sequence[Member], data: Sequence[memoryview]) -> list[bytes | memoryview]:
    """The whole file, in pieces; the data are not copied."""
    parts: list[bytes | memoryview] = []
    crcs = []
    for member, view in zip(members, data, strict=True):
        crcs.append(member.checksum(view))
        parts += [member.prelude(crcs[-1]), view]
    return [*parts, directory(members, crcs)]
