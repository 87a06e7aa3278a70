"""Opening a source: the name of a file says what it is.

.npz .npy             NumPy                      .bin            CIFAR-10 / CIFAR-100
.idx -ubyte           IDX, as MNIST              .svm .svmlight .libsvm
.parquet .arrow .feather .ipc .xlsx .jsonl .ndjson .json     tables
anything else         delimited text with a header

All but .npz, .npy and column files may be packed: .gz, .bz2, .xz, .zst.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from mlptrain.data.cache.file_array import OpenFile
from mlptrain.data.matrix import Matrix, checked
from mlptrain.data.readers.arrays import labels_beside, read_npy_pair, read_npz
from mlptrain.data.readers.images import is_idx, read_cifar, read_idx_pair
from mlptrain.data.readers.packed import open_binary
from mlptrain.data.readers.packings import inner_name
from mlptrain.data.readers.svmlight import read_svmlight
from mlptrain.data.readers.toy import TOYS
from mlptrain.data.source import Extensible, Kind, Source
from mlptrain.data.written import AS_USUAL, Reading
from mlptrain.errors import ConfigError
from mlptrain.streams import stream
from mlptrain.system.memory_limit import check_address_space

MOST_ENTRIES = 100_000_000
"""Numbers of a toy set."""
SPARSE = (".svm", ".svmlight", ".libsvm")


def is_pair(path: str) -> bool:
    """Whether the labels of a file stand in a file of their own."""
    return path.endswith(".npy") or is_idx(path)


def is_matrix(path: str) -> bool:
    """Whether a file is read as one array."""
    return is_pair(path) or path.endswith(".npz") or inner_name(path).endswith((".bin", *SPARSE))


def open_source(
    path: str,
    *,
    labels: str | None,
    expected: Sequence[str] = (),
    reading: Reading = AS_USUAL,
) -> Extensible:
    """The rows of a file. `labels` is the file of labels of a pair; `expected` the features wanted.

    `reading` says how the texts of a table are read.
    """
    if is_matrix(path):
        return open_matrix(path, labels=labels, expected=expected)
    check_address_space()
    # polars takes a fifth of a second to import, more than a small fit on arrays lasts
    from mlptrain.data.readers.tables.tables import read_table

    return read_table(path).read_as(reading)


def open_frame(
    what: str,
    X: Any,
    wanted: Sequence[str] | None = None,
    reading: Reading = AS_USUAL,
    kinds: Mapping[str, Kind] = MappingProxyType({}),
) -> Extensible:
    """The rows of a data frame, a dict of columns or an Arrow table; `kinds` as in `Table.as_kinds`."""
    from mlptrain.data.readers.tables.handed_over import table_of  # polars, as above

    return table_of(what, X, wanted, reading).as_kinds(kinds)


def can_be_spooled(path: str) -> bool:
    """Whether a file is a table that can be read in pieces; the keys of JSON need all of it."""
    return not is_matrix(path) and not inner_name(path).endswith((".jsonl", ".ndjson", ".json"))


def open_spool(
    path: str,
    scratch: Callable[[], OpenFile],
    chosen: Callable[[str], bool],
    by_label: Mapping[str, int],
    reading: Reading,
) -> Source:
    """A table that may be larger than memory, read in pieces: see `spool`."""
    check_address_space()
    from mlptrain.data.readers.tables.spool import read_spool  # polars, as above

    return read_spool(path, scratch, chosen, by_label, reading)


def open_matrix(path: str, *, labels: str | None, expected: Sequence[str]) -> Matrix:
    """The rows of a file that is read as one array."""
    if path.endswith(".npz"):
        return read_npz(path)
    if path.endswith(".npy"):
        return read_npy_pair(path, labels)
    if is_idx(path):
        return read_idx_pair(path, labels)
    if inner_name(path).endswith(".bin"):
        return read_cifar(path)
    return read_svmlight(path, tuple(expected))


def labels_of(path: str, target: str | None) -> str | None:
    """The file of labels: the one named, else the one beside the features; None without a pair."""
    if not is_pair(path):
        return None
    return target if target is not None else labels_beside(path)


def target_names(source: Source, target: str | Sequence[str]) -> list[str]:
    """The target columns. Arrays have theirs called y; an array (N, K) is y0, y1, ..."""
    asked = [target] if isinstance(target, str) else list(target)
    if isinstance(source, Matrix) and len(asked) == 1 and asked[0] not in source.names:
        columns = [name for name in source.labels if name.removeprefix(asked[0]).isdigit()]
        return columns or asked
    return asked


def open_toy(options: Mapping[str, Any], seed: int) -> Matrix:
    """A toy set by the options of the config, `name` among them."""
    given = dict(options)
    name = given.pop("name")
    if math.prod(value for value in given.values() if type(value) is int) > MOST_ENTRIES:
        raise ConfigError(f"data.train: a toy set has at most {MOST_ENTRIES:,} numbers")
    with np.errstate(all="ignore"):
        X, y = TOYS[name](stream(seed, "toy"), **given)
    if not (np.isfinite(X).all() and np.isfinite(y).all()):
        raise ConfigError(
            f"data.train: toy set {name!r} overflows with these options: take smaller ones"
        )
    return checked(f"toy set {name}", X, {"y": y})


def file_fingerprint(path: str) -> str:
    """SHA-256 of the bytes of a file."""
    with open_binary(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def toy_fingerprint(options: Mapping[str, Any], seed: int) -> str:
    """SHA-256 of a toy set's options and seed, as canonical JSON."""
    document = json.dumps({"seed": seed, **options}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(document.encode()).hexdigest()
