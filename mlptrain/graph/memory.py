"""The memory of a graph: allocated once, for the largest minibatch, and used again where it can be."""

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from mlptrain.arrays import Array, Shape
from mlptrain.graph.node import Buffer

Key = tuple[object, ...]

LINE = 64
"""Bytes of a cache line."""


class Memory:
    """One flat array per purpose, as large as the largest plan needs; smaller plans view its front."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self._arrays: dict[Key, Array] = {}

    def take(self, key: Key, shape: Shape, dtype: DTypeLike | None = None) -> Array:
        """An array of `shape` for the purpose `key`, its content whatever was there."""
        return self._front(key, shape, dtype, None)

    def take_buffer(self, key: Key, space: Buffer) -> Array:
        """The memory a node asked for: its own, or a constant shared with others."""
        if space.constant is not None:
            key = ("constant", space.constant, space.dtype)
        return self._front(key, space.shape, space.dtype, space.constant)

    def _front(self, key: Key, shape: Shape, dtype: DTypeLike | None, fill: float | None) -> Array:
        dtype = self.dtype if dtype is None else np.dtype(dtype)
        size = math.prod(shape)
        flat = self._arrays.get(key)
        if flat is None or flat.size < size:
            flat = zeros((size,), dtype)
            if fill:
                flat.fill(fill)
            self._arrays[key] = flat
        return flat[:size].reshape(shape)

    def nbytes(self) -> int:
        """What has been allocated so far."""
        return sum(array.nbytes for array in self._arrays.values())


class GradientSlots:
    """Which memory holds the gradient of a value: its own, or a slot that others use before and after.

    A gradient is needed from the first reader of a value that sends one until the node of the value
    has passed it on. In a chain two slots take turns.
    """

    def __init__(self, *, own: bool) -> None:
        self.own = own
        self._held: dict[int, int] = {}
        self._shared: set[int] = set()
        self._free: list[int] = []
        self._count = 0

    def take(self, value: int, *, may_share: bool) -> Key:
        """The purpose under which the memory for the gradient of a value is taken."""
        if self.own or not may_share:
            return ("gradient", value)
        if not self._free:
            self._free.append(self._count)
            self._count += 1
        self._held[value] = self._free.pop()
        self._shared.add(value)
        return ("turn", self._held[value])

    def release(self, value: int) -> None:
        """The gradient of the value has been passed on; its slot is the next that is taken."""
        if value in self._held:
            self._free.append(self._held.pop(value))

    def passed_on(self, value: int) -> bool:
        """Whether the gradient was in a slot, and may be gone."""
        return value in self._shared


def zeros(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """Zeros of that shape; the first stands at the start of a cache line.

    NumPy's own memory begins 16 bytes after a cache line as a rule. A vector register of 64 bytes then
    covers parts of two lines at each access: a product or a sum of 64 Ki float32 elements, element by
    element, into a third array takes 14 instead of 7 microseconds.

    >>> x = zeros((2, 3), np.float32)
    >>> x.tolist(), x.ctypes.data % LINE
    ([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], 0)
    """
    nbytes = math.prod(shape) * np.dtype(dtype).itemsize
    raw = np.zeros(nbytes + LINE, np.uint8)
    start = -raw.ctypes.data % LINE
    return raw[start : start + nbytes].view(dtype).reshape(shape)


def part(array: Array, axis: int | None, rows: slice | None) -> Array:
    """Some rows of an array, which lie along `axis` counted from the end, or the array itself.

    >>> part(np.arange(12).reshape(2, 3, 2), -2, slice(0, 1)).tolist()
    [[[0, 1]], [[6, 7]]]
    """
    if axis is None or rows is None:
        return array
    where: tuple[Any, ...] = (..., rows, *(slice(None),) * (-axis - 1))
    return array[where]
