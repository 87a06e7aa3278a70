"""All parameters in one flat vector, all gradients in another, with named views into both.

Optimizers, gradient clipping, the gradient check and checkpoints work on the flat vectors, nodes on
the views. A gradient is written where the optimizer reads it: nothing is copied.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from numpy.typing import DTypeLike

from mlptrain.arrays import Array, Segment, Shape
from mlptrain.graph.memory import zeros

Kind = Literal["weight", "bias", "scale", "gain", "shift", "embedding"]
"""A linear layer has a weight and a bias, the inputs a scale, a norm a gain and a shift, a column of
codes an embedding."""
Start = Literal["drawn", "ones", "signs", "zeros"]
"""Where a parameter starts: drawn (weights, biases, embeddings), at random signs, or at a number."""
RateFactors = Mapping[str, float]
"""Factors on the learning rate for kinds of parameters, 1 where a kind is not named."""


@dataclass(frozen=True)
class ParameterSpec:
    """A parameter as its layer declares it.

    fans    (D, M) of a weight: how many inputs a unit reads, and how many units read an input
    start   where it starts
    rate    factor on the learning rate
    decays  whether penalties and weight decay draw it towards 0
    """

    name: str
    shape: Shape
    kind: Kind
    fans: tuple[int, int] = (0, 0)
    start: Start = "drawn"
    rate: float = 1.0
    decays: bool = False


@dataclass(frozen=True)
class Parameter:
    """A parameter: what its layer declared, and views of its values and of its gradient."""

    spec: ParameterSpec
    value: Array
    gradient: Array
    segment: Segment

    @property
    def name(self) -> str:
        """`layer1.W`, `norm1.gamma`: the layer and the letter of the lecture."""
        return self.spec.name


class Flat(NamedTuple):
    """Memory for all parameters and for all gradients, one vector each."""

    values: Array
    gradients: Array


class Parameters:
    """Two flat arrays, `values` and `gradients`, and the parameters by name.

    flat    where they lie, where that is given: in memory that several processes see

    >>> import numpy as np
    >>> W = ParameterSpec("W", (2, 3), "weight", fans=(2, 3), decays=True)
    >>> parameters = Parameters([W, ParameterSpec("b", (3,), "bias")], np.float64)
    >>> parameters.values.shape, parameters["b"].value.shape
    ((9,), (3,))
    """

    def __init__(
        self, specs: Sequence[ParameterSpec], dtype: DTypeLike, flat: Flat | None = None
    ) -> None:
        size = sum(math.prod(each.shape) for each in specs)
        self.values, self.gradients = flat or Flat(zeros((size,), dtype), zeros((size,), dtype))
        self._by_name: dict[str, Parameter] = {}
        start = 0
        for each in specs:
            segment = Segment(start, start + math.prod(each.shape), each.rate, each.decays)
            value, gradient = (
                vector[start : segment.stop].reshape(each.shape)
                for vector in (self.values, self.gradients)
            )
            if each.start == "ones":
                value.fill(1)
            self._by_name[each.name] = Parameter(each, value, gradient, segment)
            start = segment.stop

    def __getitem__(self, name: str) -> Parameter:
        return self._by_name[name]

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    @property
    def segments(self) -> list[Segment]:
        """The stretches of the flat vector, one for each parameter: what an optimizer works through."""
        return [parameter.segment for parameter in self]

    def segments_at(self, factors: RateFactors) -> list[Segment]:
        """The same stretches, the rate of each multiplied by the factor of its kind."""
        return [
            each.segment._replace(rate=each.spec.rate * factors.get(each.spec.kind, 1.0))
            for each in self
        ]

    def weights(self) -> list[Parameter]:
        """The weights, in the order of the layers."""
        return self.of_kind("weight")

    def of_kind(self, kind: Kind) -> list[Parameter]:
        """The parameters of a kind, in the order of the layers."""
        return [parameter for parameter in self if parameter.spec.kind == kind]

    def decaying(self) -> list[Parameter]:
        """What penalties and weight decay draw towards 0: weights as a rule, never biases."""
        return [parameter for parameter in self if parameter.spec.decays]
