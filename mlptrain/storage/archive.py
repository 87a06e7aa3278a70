"""The checkpoint file: named arrays and one JSON document in an `.npz` with a single spelling.

The same content always gives the same bytes, and that is also how a file is read. The document
comes first and lists every array; from it the reader works out every other byte that is not data,
and compares. It therefore follows no offset and believes no length that a file gives: compressed,
overlapping, doubled or hidden members, pickles, and names that lead elsewhere are all simply
different bytes. The data are checked by SHA-256. The layout is in docs/checkpoint-format.md.
"""

import errno
import hashlib
import json
import math
import os
import re
import zlib
from collections.abc import Collection, Mapping
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np

from mlptrain.arrays import Array
from mlptrain.errors import CheckpointError, DivergenceError, StorageError
from mlptrain.messages import some
from mlptrain.storage.files import CHUNK, storage_error, write_atomically
from mlptrain.storage.npz import DIGEST, Member, assemble, directory, file_size
from mlptrain.storage.reading import open_regular

FORMAT = "mlptrain checkpoint"
VERSION = 1
MAX_DIMENSIONS = 32
DTYPES = frozenset(["|b1", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8"])
_NO_FILE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EISDIR)
"""What `open` says of a path that leads to no file."""
_NAME = re.compile(r"[A-Za-z0-9_./-]{1,200}")
_DOCUMENT = "document"
_BEGIN = Member(_DOCUMENT, "|u1", (0,), "").prelude(0)
_PRELUDE = len(_BEGIN)  # 190 bytes before the text of the document, however long it is

# Parsed JSON can take fifty times the memory of its text. What it may take at most is counted
# before parsing: so much for each character that begins something, and 6 for every byte. What is said
# of 500,000 features costs up to 20 for each of its bytes, nested brackets cost 126. The first 64 MB
# are free.
_ROOM = 64 << 20
_FOR_EACH = 24
_LONGEST = 1 << 29
_COSTS = {b"{": 320, b"[": 120, b",": 96, b'"': 28}


class DamagedCheckpoint(CheckpointError):
    """The bytes are not what any version of this program writes: worth setting aside."""


def write_archive(
    path: str | Path,
    arrays: Mapping[str, Array],
    document: Mapping[str, Any],
    *,
    finite: Collection[str] = (),
) -> None:
    """Write `arrays` and `document` to `path`, atomically.

    `finite` names the arrays that must hold no nan and no infinity: DivergenceError if one does.
    Raises StorageError if the system refuses, CheckpointError if the document is too large to be
    read again, ValueError for a name, a dtype or a number that the format does not have.
    """
    arrays = {name: np.asarray(array, order="C") for name, array in sorted(arrays.items())}
    _require_finite(path, {name: arrays[name] for name in sorted(finite)})
    data = [_bytes(array) for array in arrays.values()]
    manifest = {
        name: {
            "dtype": array.dtype.str,
            "shape": list(array.shape),
            "sha256": hashlib.sha256(view).hexdigest(),
        }
        for (name, array), view in zip(arrays.items(), data, strict=True)
    }
    members = _members(manifest)
    text = _encode({"format": FORMAT, "version": VERSION, "manifest": manifest, "document": document})
    if not _fits(text):
        raise CheckpointError(f"{path}: not saved: a document of {len(text)} bytes is too large")
    write_atomically(path, assemble([_document(text), *members], [memoryview(text), *data]))


def read_archive(path: str | Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """The arrays, by name, and the document of a file that `write_archive` wrote.

    Takes at most the size of the file, 64 MB, and 24 times the text of its document of memory,
    whatever the file holds. Raises
    DamagedCheckpoint for a file that is not right to the last byte, CheckpointError if there is
    none of this name or if a newer version of this program wrote it, StorageError where the system
    refuses to open or read it: it may be perfectly good.
    """
    try:
        file = open_regular(path)
    except StorageError as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno not in _NO_FILE:
            raise
        raise CheckpointError(*error.faults) from error
    with file:
        try:
            return _read(file, path)
        except MemoryError as error:
            raise CheckpointError(f"{path}: does not fit into memory; free some") from error
        except OSError as error:
            raise storage_error(path, "cannot be read", error) from error
        except (ValueError, RecursionError) as error:
            fault = f"{path}: not a valid checkpoint: {error}; use another one"
            raise DamagedCheckpoint(fault) from error


def _read(file: FileIO, path: str | Path) -> tuple[dict[str, Array], dict[str, Any]]:
    size = os.fstat(file.fileno()).st_size
    text = _read_text(file, size)
    content = _content(text, path)
    members = _members(content["manifest"])
    first = _document(text)
    # Every length is known now, and nothing has been allocated for any of them.
    whole = file_size([first, *members])
    if whole != size:
        raise ValueError(f"it has {size} bytes where its manifest calls for {whole}")
    arrays, crcs = {}, [first.checksum(text)]
    file.seek(_PRELUDE + len(text))
    for member in members:
        arrays[member.name], crc = _read_array(file, member)
        crcs.append(crc)
    end = directory([first, *members], crcs)
    if file.read(len(end) + 1) != end:
        raise ValueError("its directory does not belong to its manifest")
    return arrays, content["document"]


def _read_text(file: FileIO, size: int) -> bytes:
    """The text of the document, checked against the digest that ends the file.

    Every version keeps this part, so that an old program knows a newer file from a broken one.
    """
    prelude = file.read(_PRELUDE)
    if prelude[:14] + prelude[18:46] != _BEGIN[:14] + _BEGIN[18:46]:  # all but CRC and length
        raise ValueError("it does not begin like one that this program wrote")
    length = int.from_bytes(prelude[46:54], "little") - 128
    if not 0 <= length <= size - _PRELUDE - DIGEST:
        raise ValueError("it is cut short")
    if length > _LONGEST:
        raise ValueError(f"its document is too large: {length} bytes")
    text = file.read(length)
    document = _document(text)
    file.seek(-DIGEST, os.SEEK_END)
    if file.read(DIGEST) != document.sha256.encode():
        raise ValueError("it is cut short, or its document is damaged")
    if prelude != document.prelude(document.checksum(text)):
        raise ValueError("the header of its document is damaged")
    return text


def _content(text: bytes, path: str | Path) -> dict[str, Any]:
    """The text parsed: format, version, manifest and the caller's document."""
    if not _fits(text):
        raise ValueError(f"its document has too many parts: {len(text)} bytes")
    try:
        content = json.loads(text.decode("ascii"))
    except ValueError as error:
        raise ValueError(f"its document is not JSON: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"its document does not say {FORMAT!r}")
    version = content.get("version")
    if type(version) is int and version > VERSION:
        raise CheckpointError(
            f"{path}: has version {version} of the format, this program knows {VERSION}; upgrade it"
        )
    if type(version) is not int or version < 1:
        raise ValueError("its document has no valid version")
    keys = {"format", "version", "manifest", "document"}
    if set(content) != keys or not isinstance(content["document"], dict):
        raise ValueError("its document has other keys than version 1 of the format")
    if _encode(content) != text:  # a doubled key, a space; for a NaN, _encode has its own words
        raise ValueError("its document is not spelled the way this program spells it")
    return content


def _read_array(file: FileIO, member: Member) -> tuple[Array, int]:
    """One array and its CRC-32: read straight into its own memory and hashed on the way."""
    prelude = file.read(member.prelude_size())
    array: Array = np.empty(member.shape, member.dtype)
    data = _bytes(array)
    digest, crc = hashlib.sha256(), member.checksum(b"")
    for start in range(0, len(data), CHUNK):
        part = data[start : start + CHUNK]
        if file.readinto(part) != len(part):
            raise ValueError(f"it ends within {member.name}")
        digest.update(part)
        crc = zlib.crc32(part, crc)
    if digest.hexdigest() != member.sha256:
        raise ValueError(f"{member.name} is damaged: not the SHA-256 of its manifest entry")
    if prelude != member.prelude(crc):
        raise ValueError(f"the header of {member.name} does not belong to its manifest entry")
    if member.dtype == "|b1" and array.size and array.view(np.uint8).max() > 1:
        raise ValueError(f"{member.name} holds a truth value that is neither 0 nor 1")
    return array, crc


def _bytes(array: Array) -> memoryview:
    """The memory of a contiguous array of numbers, of any shape, as bytes."""
    if array.dtype.str not in DTYPES:
        raise ValueError(f"an array of dtype {array.dtype} cannot be kept in a checkpoint")
    return array.reshape(-1).view(np.uint8).data


def _members(manifest: Any) -> list[Member]:
    """The manifest as members, each checked by itself; ValueError says what is wrong."""
    if not isinstance(manifest, dict):
        raise ValueError("its manifest is not a mapping")
    return [_member(name, entry) for name, entry in manifest.items()]


def _member(name: str, entry: Any) -> Member:
    if not _NAME.fullmatch(name) or ".." in name or name[0] == "/" or name == _DOCUMENT:
        raise ValueError(f"{name[:80]!a} cannot be the name of an array")
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "sha256"}:
        raise ValueError(f"the manifest entry of {name} is not dtype, shape and sha256")
    dtype, shape, sha256 = entry["dtype"], entry["shape"], entry["sha256"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise ValueError(f"{name} has the dtype {str(dtype)[:80]!a}, not that of plain numbers")
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS:
        raise ValueError(f"the shape of {name} is not a list of at most {MAX_DIMENSIONS} numbers")
    # Zeros do not count: NumPy refuses an empty array, too, if the other dimensions overflow.
    if not all(type(n) is int and n >= 0 for n in shape) or math.prod(n or 1 for n in shape) >> 59:
        raise ValueError(f"{name} has an impossible shape")
    if not isinstance(sha256, str):
        raise ValueError(f"the SHA-256 of {name} is not text")
    return Member(name, dtype, tuple(shape), sha256)


def _require_finite(path: str | Path, arrays: Mapping[str, Array]) -> None:
    """DivergenceError if an array holds nan or infinity; its extremes tell, without a copy."""
    with np.errstate(invalid="ignore"):
        broken = [
            name
            for name, array in arrays.items()
            if array.size and not np.isfinite([array.min(), array.max()]).all()
        ]
    if broken:
        raise DivergenceError(
            f"{path}: not saved, nan or infinity in {some(broken, 3)}; lower optimizer.learning_rate, "
            "or set train.clip_norm"
        )


def _encode(content: Mapping[str, Any]) -> bytes:
    """JSON in its one spelling: keys sorted, no spaces, ASCII, no NaN (ValueError)."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def _cost(text: bytes) -> int:
    """An upper bound of the memory, in bytes, that parsing `text` and spelling it again takes."""
    return 6 * len(text) + sum(cost * text.count(mark) for mark, cost in _COSTS.items())


def _fits(text: bytes) -> bool:
    """Whether a text may be parsed: its memory is bounded by its length."""
    return len(text) <= _LONGEST and _cost(text) <= _ROOM + _FOR_EACH * len(text)


def _document(text: bytes) -> Member:
    """The document's own member: its bytes as an array of uint8."""
    return Member(_DOCUMENT, "|u1", (len(text),), hashlib.sha256(text).hexdigest())
