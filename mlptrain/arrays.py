"""What arrays are called in signatures.

Into: for each input of a node the array that takes its gradient, or None where nobody wants it.
"""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
Arrays = Sequence[Array]
Shape = tuple[int, ...]
Into = Sequence[Any]
