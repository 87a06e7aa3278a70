"""All parameters in one flat vector, all gradients in another, with named views into both.

Optimizers, gradient clipping, the gradient check and checkpoints work on the flat vectors, nodes on
the views. A gradient is written where the optimizer reads it: nothing is copied.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from numpy.typing import DTypeLike

from mlptrain.arrays import Array, Shape
from mlptrain.graph.memory import zeros


@dataclass(frozen=True)
class ParameterShape:
    """The name and shape of a parameter, and whether it is a weight: only those are regularized."""

    name: str
    shape: Shape
    is_weight: bool


@dataclass(frozen=True)
class Parameter:
    """One named parameter: views of its values and of its gradient."""

    name: str
    value: Array
    gradient: Array
    is_weight: bool


class Parameters:
    """Two flat arrays, `values` and `gradients`, and the parameters by name."""

    def __init__(self, shapes: Sequence[ParameterShape], dtype: DTypeLike) -> None:
        size = sum(math.prod(each.shape) for each in shapes)
        self.values = zeros((size,), dtype)
        self.gradients = zeros((size,), dtype)
        self._by_name: dict[str, Parameter] = {}
        start = 0
        for each in shapes:
            stop = start + math.prod(each.shape)
            value, gradient = (
                flat[start:stop].reshape(each.shape) for flat in (self.values, self.gradients)
            )
            self._by_name[each.name] = Parameter(each.name, value, gradient, each.is_weight)
            start = stop

    def __getitem__(self, name: str) -> Parameter:
        return self._by_name[name]

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def weights(self) -> list[Parameter]:
        """The weight matrices: what regularization and weight decay act on."""
        return [parameter for parameter in self if parameter.is_weight]
