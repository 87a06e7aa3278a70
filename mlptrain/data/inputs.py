"""What the network reads of each row: numbers, and codes for what is looked up in a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.arrays import Array, RowArray
from mlptrain.data.cache.file_array import FileArray


@dataclass(frozen=True)
class Inputs:
    """The arrays of N rows, each in memory or in a file.

    numbers  (N, D)  in the network's dtype
    codes    (N, K)  int32, each the place of a value in its table; None where there are none

    >>> inputs = Inputs(np.arange(6.0).reshape(3, 2), np.array([[7], [8], [9]], np.int32))
    >>> [array.tolist() for array in inputs[1:].arrays]
    [[[2.0, 3.0], [4.0, 5.0]], [[8], [9]]]
    """

    numbers: RowArray
    codes: RowArray | None = None

    @cached_property
    def arrays(self) -> tuple[RowArray, ...]:
        """Those that there are, in the order of the inputs of a network's graphs."""
        return (self.numbers,) if self.codes is None else (self.numbers, self.codes)

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, rows: Any) -> "Inputs":
        """The rows of a slice or of an array of numbers, in memory."""
        return Inputs(*(array[rows] for array in self.arrays))

    def mapped(self) -> "Inputs":
        """The same rows; what stays in a file becomes memory that processes share."""
        arrays = (each.mapped() if isinstance(each, FileArray) else each for each in self.arrays)
        return Inputs(*arrays)

    def take(self, rows: NDArray[np.intp], numbers: Array, codes: Array | None = None) -> None:
        """Write the rows of these numbers into the given arrays; ValueError where one is missing."""
        take(self.numbers, rows, numbers)
        if self.codes is not None and codes is not None:
            take(self.codes, rows, codes)
        elif self.codes is not codes:
            raise ValueError("codes are read exactly where there are codes")


def take(array: RowArray, rows: NDArray[np.intp], out: Array) -> None:
    """Write array[rows] into `out`; the mode keeps NumPy from making a copy on the way."""
    array.take(rows, 0, out, "clip")


def concatenated(parts: Sequence[Inputs]) -> Inputs:
    """The rows of all parts, one after the other."""
    return Inputs(
        *(np.concatenate(arrays) for arrays in zip(*(part.arrays for part in parts), strict=True))
    )
