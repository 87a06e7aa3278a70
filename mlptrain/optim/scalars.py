"""Numbers as arrays without axes.

NumPy converts a Python number at every call, and then works in pieces of 8,192 elements: a product of
7,500 numbers with one takes 2.6 microseconds, with a Python number 3.4.
"""

from numpy.typing import DTypeLike

from mlptrain.arrays import Array
from mlptrain.graph.memory import zeros


class Scalars:
    """Numbers that change from step to step, in memory that stays.

    >>> scalars = Scalars(float)
    >>> scalars.of((0.5, 2.0))
    [array(0.5), array(2.)]
    """

    def __init__(self, dtype: DTypeLike) -> None:
        self._memory = zeros((0,), dtype)
        self._each = list[Array]()

    def of(self, numbers: tuple[float, ...]) -> list[Array]:
        """These numbers, until the next call: it writes over them."""
        if len(self._each) != len(numbers):
            self._memory = zeros((len(numbers),), self._memory.dtype)
            self._each = [self._memory[place, ...] for place in range(len(numbers))]
        self._memory[:] = numbers
        return self._each
