"""Factors on what a layer reads: learned ones of its inputs, and the fixed one of NTK."""

import math

import numpy as np

from mlptrain.arrays import Array, Arrays, Into, Shape
from mlptrain.graph.gates import fold
from mlptrain.graph.node import Buffer, Node


class InputScale(Node):
    """s W: a learned factor for each input, all 1 at first, taken to the weights that read the inputs.

    shapes   W (D, M)   s (D,)     ->   (D, M)
             W (D, M)   s (k, D)   ->   (k, D, M)      a set of factors for each member of an ensemble
             W (k, D, M)   s (D,) or (k, D)   ->   (k, D, M)
    local    dW = upstream s, summed over the members     ds = upstream W, summed over the units

    (X s) W = X (s W), and the right side is cheaper: W has fewer numbers than the activations of a
    minibatch as a rule, and no gradient has to flow to X s, which saves the product upstream W^T.

    How much an input matters is one number here, where W has one for each unit: an input that only
    brings noise is turned down, and one that matters turned up, within a few steps. The formula alone
    gains nothing that W could not have; the descent is another one (Holzmueller et al., 2024, "Better
    by default").

    >>> W, s = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 0.5])
    >>> apply(InputScale(), W, s, dtype=float)
    array([[10. , 20. ],
           [ 1.5,  2. ]])
    """

    backward_reads_output = False

    def shape(self, *inputs: Shape) -> Shape:
        W, s = inputs
        members = (*W[:-2], *s[:-1])
        if len(W) not in (2, 3) or len(s) not in (1, 2) or s[-1] != W[-2] or len(set(members)) > 1:
            raise ValueError(f"InputScale needs W (D, M) or (k, D, M), s (D,) or (k, D), got {inputs}")
        return (*members[:1], *W[-2:])

    def saved(self, *inputs: Shape) -> tuple[Buffer, ...]:
        return (Buffer(self.shape(*inputs)), Buffer((inputs[0][-1],), constant=1.0))

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        W, s = inputs
        np.multiply(W, s[..., None], out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        (W, s), (products, ones), (dW, ds) = inputs, saved, into
        if ds is not None:
            np.multiply(upstream, W, out=products)
            fold(products @ ones, ds)  # the sums over the units as a product
        if dW is not None:
            scaled = dW if dW.shape == products.shape else products
            np.multiply(upstream, s[..., None], out=scaled)
            if scaled is not dW:
                np.sum(scaled, axis=0, out=dW)


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

    def saved(self, *inputs: Shape) -> tuple[Buffer, ...]:
        return (Buffer((), constant=fan_in_factor(inputs[0][-1])),)

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.multiply(inputs[0], saved[0], out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        np.multiply(upstream, saved[0], into[0])


def fan_in_factor(inputs: int) -> float:
    """1 / sqrt(D), D being the number of inputs of a unit.

    >>> fan_in_factor(4)
    0.5
    """
    return 1 / math.sqrt(inputs)
