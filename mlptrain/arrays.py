"""What arrays are called in signatures.

Into: for each input of a node the array that takes its gradient, or None where nobody wants it.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

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
