"""Row numbers of a set of rows, kept as one byte for every row of the file.

A list of row numbers takes eight bytes for each, which is too much where a file has hundreds of
millions of rows. The sets of one file share their bytes.
"""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

STRIDE = 1 << 16
"""Rows whose members are counted together: a slice looks at no more than it needs and two of these."""


class RowSet:
    """The increasing numbers of the rows that are in set `number`; acts like an array where it is cut.

    >>> rows = RowSet(np.array([0, 1, 0, 0], np.uint8), 0)
    >>> len(rows), rows[1:]
    (3, array([2, 3]))
    """

    def __init__(self, set_of: NDArray[np.uint8], number: int) -> None:
        self._set_of, self._number = set_of, number
        starts = range(0, len(set_of), STRIDE)
        counts = [np.count_nonzero(set_of[start : start + STRIDE] == number) for start in starts]
        self._before = np.cumsum([0, *counts])

    def __len__(self) -> int:
        return int(self._before[-1])

    def __getitem__(self, places: Any) -> Any:
        """The numbers in a slice; anything else makes an array of all."""
        if not isinstance(places, slice) or places.step not in (None, 1):
            return np.asarray(self)[places]
        start, stop, _ = places.indices(len(self))
        first = int(np.searchsorted(self._before, start, side="right")) - 1
        last = int(np.searchsorted(self._before, stop, side="left"))
        found = np.flatnonzero(self._set_of[first * STRIDE : last * STRIDE] == self._number)
        before = int(self._before[first])
        return first * STRIDE + found[start - before : max(start, stop) - before]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """All numbers."""
        return np.flatnonzero(self._set_of == self._number).astype(dtype or np.intp, copy=False)

    def split(self, set_of: NDArray[np.uint8], count: int) -> list["RowSet"]:
        """Sets 0, 1, ... of these rows, given the set of each."""
        of_file = np.full(len(self._set_of), count, np.uint8)
        of_file[self._set_of == self._number] = set_of
        return [RowSet(of_file, number) for number in range(count)]


def every_row(n: int) -> RowSet:
    """All rows of a file."""
    return RowSet(np.zeros(n, np.uint8), 0)
