"""NumPy's own files: `.npz` with X and y, and pairs of `.npy`. Nothing is ever unpickled.

A pair is one file of features and one of labels: `train: X.npy` with `target: y.npy`. Where the
labels are not named, X in the file's name stands for y: `X_val.npy` goes with `y_val.npy`.
"""

import math
import mmap
import os
import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.matrix import Matrix, pictures
from mlptrain.data.readers.packed import FREE, MOST, open_binary
from mlptrain.errors import DataError
from mlptrain.messages import hint

BROKEN = (ValueError, EOFError, OSError, OverflowError, KeyError, TypeError, SyntaxError, TokenError)
"""What reading a broken `.npy` header ends in: NumPy reads it as a piece of Python."""


def read_npz(path: str) -> Matrix:
    """X (N, D), or pictures, and every other array with one entry per row; a target is chosen later."""
    try:
        with open_binary(path) as file, zipfile.ZipFile(file) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            if len(set(names)) < len(names):
                raise DataError(f"{path}: holds two arrays of one name")
            if "X" not in names:
                raise DataError(f"{path}: no array 'X'{hint('X', names)} (it has {', '.join(names)})")
            arrays = {name: _member(archive, name) for name in names}
    except (zipfile.BadZipFile, zlib.error, *BROKEN) as error:
        raise DataError(f"{path}: is not a valid .npz file: {error}") from None
    except (NotImplementedError, RuntimeError):
        raise DataError(f"{path}: is not a valid .npz file: encrypted or oddly compressed") from None
    X = arrays.pop("X")

    def has_rows(y: NDArray[Any]) -> bool:
        return X.ndim > 0 and y.ndim in (1, 2) and len(y) == len(X)

    return pictures(path, X, {name: y for name, y in arrays.items() if name == "y" or has_rows(y)})


def _member(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """One array, read only after its header has been held against the size of the member."""
    info = archive.getinfo(f"{name}.npy")
    with archive.open(info) as stream:
        shape, _, dtype, start = _header(stream)
    if dtype.hasobject:
        raise ValueError(f"{name} holds Python objects, which are never unpickled")
    if info.file_size > max(FREE, MOST * info.compress_size):
        raise ValueError(f"{name} unpacks to more than {MOST} times its size")
    if start + math.prod(shape) * dtype.itemsize != info.file_size:
        raise ValueError(f"{name}: its header and its size disagree")
    with archive.open(info) as stream:
        array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Shape, whether the first axis runs fastest, dtype, and where the numbers begin."""
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        header = np.lib.format.read_array_header_1_0(stream)
    elif version == (2, 0):
        header = np.lib.format.read_array_header_2_0(stream)
    else:
        raise ValueError(f"unknown .npy version {version}")
    return *header, stream.tell()


def read_npy_pair(path: str, labels: str | None) -> Matrix:
    """Features from `path`, labels from `labels` (None: no labels are needed)."""
    columns = {} if labels is None else {"y": _load_npy(labels)}
    return pictures(path, _load_npy(path), columns)


def _load_npy(path: str) -> NDArray[Any]:
    try:
        with open_binary(path) as file:
            return _array(file)
    except BROKEN as error:
        raise DataError(f"{path}: is not a valid .npy file: {error}") from None


def _array(file: BinaryIO) -> NDArray[Any]:
    """The array of an `.npy` file; a large one stays there, and its pages come when they are used."""
    shape, is_fortran, dtype, start = _header(file)  # np.load would try an archive or a pickle
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which are never unpickled")
    size = file.seek(0, os.SEEK_END)
    if start + math.prod(shape) * dtype.itemsize != size:
        raise ValueError("its header and its size disagree")
    file.seek(start)
    large = size > FREE
    data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if large else file.read()
    array: NDArray[Any] = np.ndarray(
        shape, dtype, data, start if large else 0, order="F" if is_fortran else "C"
    )
    return array


def labels_beside(path: str) -> str:
    """The labels that go with a file of features, by its name; DataError if there is no such file.

    X_val.npy -> y_val.npy       t10k-images-idx3-ubyte.gz -> t10k-labels-idx1-ubyte.gz
    """
    file = Path(path)
    if file.suffix == ".npy":
        name = file.name.replace("X", "y", 1)
    else:
        name = file.name.replace("images", "labels").replace("idx3", "idx1")
    beside = file.with_name(name)
    if name == file.name or not beside.exists():
        raise DataError(f"{path}: no labels beside it: they are looked for in {beside}")
    return str(beside)
