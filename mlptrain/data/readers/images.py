"""Image sets in their published binary forms: IDX (MNIST) and CIFAR-10 / CIFAR-100.

IDX        two bytes 0, the type, the number of dimensions, each dimension as a big-endian 32-bit
           number, then the values (https://yann.lecun.com/exdb/mnist/)
CIFAR-10   records of 1 label and 3072 pixels, 32x32 red, then green, then blue
CIFAR-100  records of 2 labels, coarse and fine, and 3072 pixels
           (https://www.cs.toronto.edu/~kriz/cifar.html; the binary versions, never the pickled one)
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.matrix import Matrix, pictures
from mlptrain.data.readers.packed import read_all
from mlptrain.data.readers.packings import inner_name
from mlptrain.errors import DataError

IDX_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
PIXELS = 3 * 32 * 32


def is_idx(name: str) -> bool:
    """Whether a file's name says that it is IDX: `train-images-idx3-ubyte.gz`, `images.idx`."""
    return inner_name(name).endswith((".idx", "-ubyte", ".idx3-ubyte", ".idx1-ubyte"))


def read_idx_pair(path: str, labels: str | None) -> Matrix:
    """Images (N, H, W), flattened to (N, H W), and their labels (N,) (None: no labels are needed)."""
    images = read_idx(path)
    columns = {} if labels is None else {"y": read_idx(labels)}
    if images.ndim < 2:
        raise DataError(f"{path}: has shape {images.shape}: images (N, H, W) are needed, not labels")
    return pictures(path, images, columns)


def read_idx(path: str) -> NDArray[Any]:
    """One IDX array, packed or not, whose header fits its size."""
    data = read_all(path)
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in IDX_TYPES or not 1 <= data[3] <= 4:
        raise DataError(f"{path}: is not an IDX file: it begins with {data[:4].hex(' ') or 'nothing'}")
    start = 4 + 4 * data[3]
    if len(data) < start:
        raise DataError(f"{path}: has {len(data):,} bytes, less than its header")
    shape = tuple(int(n) for n in np.frombuffer(data[4:start], ">u4"))
    dtype = np.dtype(IDX_TYPES[data[2]])
    needed = start + math.prod(shape) * dtype.itemsize
    if needed != len(data):
        raise DataError(f"{path}: has {len(data):,} bytes where its header asks for {needed:,}")
    array = np.frombuffer(data, dtype, offset=start).reshape(shape)
    return array.astype(dtype.newbyteorder("="), copy=False)


def read_cifar(path: str) -> Matrix:
    """CIFAR-10 (label `y`) or CIFAR-100 (labels `y`, the fine one, and `coarse`), by the file's size.

    A row is 32x32x3: for each pixel, red, green and blue (`image_shape: [32, 32, 3]`). Several
    batches are one file after `cat data_batch_*.bin > train.bin`.
    """
    data = np.frombuffer(read_all(path), np.uint8)
    for labels in (1, 2):
        if data.size and data.size % (labels + PIXELS) == 0:
            records = data.reshape(-1, labels + PIXELS)
            break
    else:
        if data.size and data.size % PIXELS == 0:
            found = f"has {data.size // PIXELS:,} x {PIXELS:,} bytes: pictures without their labels"
            raise DataError(f"{path}: {found}; put a byte with the label before each")
        raise DataError(
            f"{path}: has {data.size:,} bytes: CIFAR-10 needs a multiple of {1 + PIXELS}, "
            f"CIFAR-100 of {2 + PIXELS}"
        )
    planes = records[:, labels:].reshape(-1, 3, 32 * 32)
    X = np.ascontiguousarray(planes.transpose(0, 2, 1)).reshape(-1, 32, 32, 3)
    columns = {"y": records[:, labels - 1]}
    if labels == 2:
        columns["coarse"] = records[:, 0]
    return pictures(path, X, columns)
