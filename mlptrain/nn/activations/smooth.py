"""Smooth activations: one formula, differentiable everywhere."""

import math

import numpy as np

from mlptrain.arrays import Array, Arrays, Into, Shape
from mlptrain.graph.node import Buffer
from mlptrain.nn.activations.activation import Activation

GELU_SCALE = math.sqrt(2 / math.pi)
GELU_CUBIC = 0.044715


def sigmoid(x: Array, out: Array) -> None:
    """Write 1 / (1 + e^-x) into `out`, as 1/2 (1 + tanh(x / 2)), which cannot overflow."""
    np.multiply(x, 0.5, out=out)
    np.tanh(out, out=out)
    out += 1
    out *= 0.5


class Sigmoid(Activation):
    """1 / (1 + e^-x), the firing rate of a neuron (P42-P48).   local: (1 - s) s with s the output.

    >>> apply(Sigmoid(), np.log([[1.0, 3.0]]), dtype=float)  # 1 / (1 + 1) and 1 / (1 + 1/3)
    array([[0.5 , 0.75]])
    """

    in_place = True

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        sigmoid(inputs[0], out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        dx = into[0]
        np.subtract(1, out, out=dx)
        dx *= out
        dx *= upstream


class Tanh(Activation):
    """tanh(x).   local: 1 - tanh(x)^2.

    >>> apply(Tanh(), np.log([[1.0, 2.0]]), dtype=float)  # 0 and (2 - 1/2) / (2 + 1/2)
    array([[0. , 0.6]])
    """

    in_place = True

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.tanh(inputs[0], out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        dx = into[0]
        np.multiply(out, out, out=dx)
        np.subtract(1, dx, out=dx)
        dx *= upstream


class Softplus(Activation):
    """log(1 + e^x), a smooth ReLU.   local: sigmoid(x).

    Dugas et al., "Incorporating second-order functional knowledge for better option pricing", 2001.

    >>> np.exp(apply(Softplus(), np.log([[1.0, 3.0]]), dtype=float))  # 1 + 1 and 1 + 3
    array([[2., 4.]])
    """

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.logaddexp(inputs[0], 0, out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        dx = into[0]
        sigmoid(inputs[0], dx)
        dx *= upstream


class SiLU(Activation):
    """x sigmoid(x), also called swish.   local: s + x s (1 - s) with s = sigmoid(x).

    Elfwing, Uchibe and Doya, 2018; swish: Ramachandran, Zoph and Le, 2017.

    >>> apply(SiLU(), np.log([[1.0, 3.0]]), dtype=float) / np.log(3)  # 0 and sigmoid(log 3)
    array([[0.  , 0.75]])
    """

    def saved(self, *inputs: Shape) -> tuple[Buffer, ...]:
        return (Buffer(inputs[0]),)

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        sigmoid(inputs[0], saved[0])
        np.multiply(inputs[0], saved[0], out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        dx = into[0]
        (s,) = saved
        np.subtract(1, s, out=dx)
        dx *= out  # x s (1 - s): the output is x s
        dx += s
        dx *= upstream


class GELU(Activation):
    """The Gaussian error linear unit in its tanh approximation (Hendrycks and Gimpel, 2016).

    0.5 x (1 + t) with t = tanh(sqrt(2/pi) (x + 0.044715 x^3)).
    local: 0.5 (1 + t) + 0.5 x (1 - t^2) sqrt(2/pi) (1 + 3 * 0.044715 x^2)

    >>> apply(GELU(), np.array([[0.0, 1.0]]), dtype=float)  # the exact one has 0.8413 at 1
    array([[0.        , 0.84119199]])
    """

    def saved(self, *inputs: Shape) -> tuple[Buffer, ...]:
        return (Buffer(inputs[0]), Buffer(inputs[0]))

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        (x,), (t, _) = inputs, saved
        np.multiply(x, x, out=t)
        t *= GELU_CUBIC
        t += 1
        t *= x
        t *= GELU_SCALE
        np.tanh(t, out=t)
        np.add(t, 1, out=out)
        out *= x
        out *= 0.5

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        dx = into[0]
        (x,), (t, slope) = inputs, saved
        np.multiply(x, x, out=slope)
        slope *= 3 * GELU_CUBIC
        slope += 1
        slope *= x
        slope *= GELU_SCALE
        np.multiply(t, t, out=dx)
        np.subtract(1, dx, out=dx)
        dx *= slope
        dx += t
        dx += 1
        dx *= 0.5
        dx *= upstream


class Mish(Activation):
    """x tanh(softplus(x)) (Misra, 2019).   local: t + x (1 - t^2) sigmoid(x), t = tanh(softplus(x)).

    >>> apply(Mish(), np.log([[1.0, 2.0]]), dtype=float) / np.log(2)  # 0 and tanh(log 3)
    array([[0. , 0.8]])
    """

    def saved(self, *inputs: Shape) -> tuple[Buffer, ...]:
        return (Buffer(inputs[0]), Buffer(inputs[0]))

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        t = saved[0]
        np.logaddexp(inputs[0], 0, out=t)
        np.tanh(t, out=t)
        np.multiply(inputs[0], t, out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        dx = into[0]
        t, s = saved
        sigmoid(inputs[0], s)
        np.multiply(t, t, out=dx)
        np.subtract(1, dx, out=dx)
        dx *= inputs[0]
        dx *= s
        dx += t
        dx *= upstream
