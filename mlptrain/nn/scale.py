"""Factors on what a layer reads: learned ones in front of a network, and the fixed one of NTK."""

import math

import numpy as np

from mlptrain.arrays import Array, Arrays, Into, Shape
from mlptrain.graph.node import Buffer, Node


class InputScale(Node):
    """x * s: a learned factor for each input, all 1 at first.

    shapes   x (N, D)   s (D,)     ->   (N, D)
             x (N, D)   s (k, D)   ->   (k, N, D)      a set of factors for each member of an ensemble
    local    dx = upstream s, summed over the members     ds = upstream x, summed over the rows

    How much an input matters is one number here, where the W behind it has one for each unit: an input
    that only brings noise is turned down, and one that matters turned up, within a few steps. The
    formula alone gains nothing that W could not have; the descent is another one (Holzmueller et al.,
    2024, "Better by default").

    >>> x, s = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 0.5])
    >>> apply(InputScale(), x, s, dtype=float)
    array([[10.,  1.],
           [30.,  2.]])
    """

    backward_reads_output = False

    def shape(self, *inputs: Shape) -> Shape:
        x, s = inputs
        if len(x) != 2 or len(s) not in (1, 2) or s[-1] != x[1]:
            raise ValueError(f"InputScale needs x (N, D), s (D,) or (k, D), got {inputs}")
        return (*s[:-1], *x)

    def saved(self, *inputs: Shape) -> tuple[Buffer, ...]:
        return (Buffer(self.shape(*inputs)), Buffer((inputs[0][0],), constant=1.0))

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        x, s = inputs
        np.multiply(x, s[..., None, :], out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        (x, s), (products, ones), (dx, ds) = inputs, saved, into
        if ds is not None:
            np.multiply(upstream, x, out=products)
            np.matmul(ones, products, out=ds)  # the sums over the rows as a product
        if dx is not None:
            np.multiply(upstream, s[..., None, :], out=products)
            np.copyto(dx, products if s.ndim == 1 else products.sum(axis=0))


class FanIn(Node):
    """x / sqrt(D): what makes X W + b behind it the layer of the NTK parametrization.

    shapes   x (N, D)   ->   (N, D)
    local    1 / sqrt(D)

    z = X W / sqrt(D) + b with W drawn from N(0, 1) starts as X W + b does with W from N(0, 1/D). But
    the weights are of size 1 in every layer, however wide: a step of Adam, about the learning rate
    for each weight, is the same share of all of them, so that one rate fits all layers (Jacot et al.,
    2018, "Neural tangent kernel").

    >>> apply(FanIn(), np.array([[1.0, 2.0, 3.0, 4.0]]), dtype=float)
    array([[0.5, 1. , 1.5, 2. ]])
    """

    row_by_row = True
    in_place = True
    backward_reads_output = False
    gradient_in_place = True

    def shape(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        return x

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.multiply(inputs[0], fan_in_factor(inputs[0]), out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        np.multiply(upstream, fan_in_factor(inputs[0]), out=into[0])


def fan_in_factor(x: Array) -> float:
    """1 / sqrt(D), D being the number of inputs of a unit.

    >>> fan_in_factor(np.zeros((2, 4)))
    0.5
    """
    return 1 / math.sqrt(x.shape[-1])
