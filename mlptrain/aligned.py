"""Memory that begins at a cache line.

NumPy's own begins 16 bytes after one as a rule. A vector register of 64 bytes then covers parts of
two lines at each access: a product or a sum of 64 Ki float32 elements, element by element, into a
third array takes 14 in place of 7 microseconds.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

LINE = 64
"""Bytes."""


def zeros(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Zeros of that shape; the first stands at the start of a cache line.

    >>> x = zeros((2, 3), np.float32)
    >>> x.tolist(), x.ctypes.data % LINE
    ([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], 0)
    """
    nbytes = math.prod(shape) * np.dtype(dtype).itemsize
    raw = np.zeros(nbytes + LINE, np.uint8)
    start = -raw.ctypes.data % LINE
    return raw[start : start + nbytes].view(dtype).reshape(shape)
