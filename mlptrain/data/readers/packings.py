"""How files are packed: gzip, bzip2, xz and zstd, told apart by their first bytes."""

import bz2
import gzip
import lzma
import sys
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple, cast

from mlptrain.errors import EnvironmentFault
from mlptrain.system.installation import install_command

Faults = tuple[type[Exception], ...]
Reader = Callable[[BinaryIO], tuple[BinaryIO, Faults]]
"""What a packed stream holds, and what reading it ends in where it is broken."""


class Packing(NamedTuple):
    """One way to pack: the suffix and the first bytes of such files, and what reads them."""

    name: str
    suffix: str
    magic: bytes
    reader: Reader
    command: str


def read_gzip(stream: BinaryIO) -> tuple[BinaryIO, Faults]:
    """What a stream of gzip holds."""
    return cast(BinaryIO, gzip.GzipFile(fileobj=stream)), (EOFError, zlib.error, gzip.BadGzipFile)


def read_bzip2(stream: BinaryIO) -> tuple[BinaryIO, Faults]:
    """What a stream of bzip2 holds; it tells of its faults in the words of the system."""
    return cast(BinaryIO, bz2.BZ2File(stream)), (EOFError, OSError, ValueError)


def read_xz(stream: BinaryIO) -> tuple[BinaryIO, Faults]:
    """What a stream of xz holds."""
    return cast(BinaryIO, lzma.LZMAFile(stream)), (EOFError, lzma.LZMAError)


def read_zstd(stream: BinaryIO) -> tuple[BinaryIO, Faults]:
    """What a stream of zstd holds; EnvironmentFault where nothing reads it.

    Python reads zstd itself since 3.14, where backports.zstd is not to be had.
    """
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError as error:
        raise EnvironmentFault(
            f"a file packed with zstd needs {what_reads_zstd()}, or unpack it (zstd -d)"
        ) from error
    return cast(BinaryIO, zstd.ZstdFile(cast(Any, stream))), (EOFError, zstd.ZstdError)


def what_reads_zstd() -> str:
    """What is missing where a file of zstd cannot be read, and how to get it."""
    if sys.version_info >= (3, 14):
        return "a Python built with it"
    return f"backports.zstd: {install_command('zstd')}"


PACKINGS = (
    Packing("gzip", ".gz", b"\x1f\x8b", read_gzip, "gzip -d"),
    Packing("bzip2", ".bz2", b"BZh", read_bzip2, "bzip2 -d"),
    Packing("xz", ".xz", b"\xfd7zXZ\0", read_xz, "xz -d"),
    Packing("zstd", ".zst", b"\x28\xb5\x2f\xfd", read_zstd, "zstd -d"),
)
LONGEST_MAGIC = max(len(each.magic) for each in PACKINGS)


def packing_of(beginning: bytes) -> Packing | None:
    """How a file with these first bytes is packed; None where it is not."""
    return next((each for each in PACKINGS if beginning.startswith(each.magic)), None)


def inner_name(name: str) -> str:
    """The name of a file when it is unpacked.

    >>> inner_name("t.csv.gz"), inner_name("t.csv")
    ('t.csv', 't.csv')
    """
    suffix = next((each.suffix for each in PACKINGS if name.endswith(each.suffix)), "")
    return name.removesuffix(suffix)
