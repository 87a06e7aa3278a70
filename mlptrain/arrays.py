"""What arrays are called in signatures.

Into: for each input of a node the array that takes its gradient, or None where nobody wants it.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Arrays = Sequence[Array]
Shape = tuple[int, ...]
Into = Sequence[Any]


class Segment(NamedTuple):
    """A stretch of the flat vector of parameters that learns alike.

    rate    factor on the learning rate
    decays  whether weight decay acts on it
    """

    start: int
    stop: int
    rate: float = 1.0
    decays: bool = False


Targets = Literal["classes", "numbers", "amounts", "flags"]
"""What a loss learns: class numbers, numbers, amounts (at least 0), or flags (0 or 1)."""


class RowArray(Protocol):
    """An array (N, ...) that rows are taken from: one in memory, or one that stays in a file."""

    @property
    def shape(self) -> Shape:
        """(N, ...)"""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its entries."""

    def __len__(self) -> int:
        """N."""

    def __getitem__(self, rows: Any, /) -> Any:
        """The rows of a slice or of an array of numbers, in memory."""

    def take(self, rows: NDArray[np.intp], axis: int, out: Array, mode: Any, /) -> Any:
        """Write the rows of these numbers into `out`."""
