"""Activations in pieces: their formula changes at 0, or where one score overtakes another.

At a kink the local gradient is 0 (docs/conventions.md).
"""

import numpy as np

from mlptrain.arrays import Array, Arrays, Into, Shape
from mlptrain.bounds import Count, NonNegative, Positive
from mlptrain.graph.node import Buffer
from mlptrain.nn.activations.activation import Activation

SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


class Identity(Activation):
    """x.   local: 1.   A network of these is a linear classifier, however deep.

    >>> apply(Identity(), np.array([[-1.0, 2.0]]), dtype=float)
    array([[-1.,  2.]])
    """

    in_place = True
    gradient_in_place = True

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.copyto(out, inputs[0])

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        dx = into[0]
        np.copyto(dx, upstream)


class ReLU(Activation):
    """max(0, x), "a good default choice for most problems" (P32).   local: 1 where x > 0, else 0.

    >>> apply(ReLU(), np.array([[-1.0, 2.0]]), dtype=float)
    array([[0., 2.]])
    """

    in_place = True
    gradient_in_place = True

    def saved(self, *inputs: Shape) -> tuple[Buffer, ...]:
        # NumPy takes its vectorised path for two arrays of one shape and leaves it for a scalar.
        return (Buffer(inputs[0], constant=0.0), Buffer(inputs[0], bool))

    def piece(self, *inputs: Array) -> Array | None:
        return inputs[0] > 0

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.maximum(inputs[0], saved[0], out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        dx = into[0]
        zeros, on = saved
        np.greater(out, zeros, on)
        np.multiply(upstream, on, dx)


class TwoPieces(Activation):
    """One formula above 0 and one below; the local gradient is kept from `forward` to `backward`."""

    gradient_in_place = True

    def saved(self, *inputs: Shape) -> tuple[Buffer, ...]:
        return (Buffer(inputs[0]),)

    def piece(self, *inputs: Array) -> Array | None:
        return inputs[0] > 0

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        dx = into[0]
        np.multiply(upstream, saved[0], dx)


class LeakyReLU(TwoPieces):
    """x where x > 0, else slope * x.   local: 1 where x > 0, else slope.

    Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013.

    >>> apply(LeakyReLU(slope=0.1), np.array([[-1.0, 2.0]]), dtype=float)
    array([[-0.1,  2. ]])
    """

    def __init__(self, *, slope: NonNegative = 0.01) -> None:
        self.slope = slope

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        (local,) = saved
        np.greater(inputs[0], 0, out=local)
        local *= 1 - self.slope
        local += self.slope
        np.multiply(inputs[0], local, out)


class ELU(TwoPieces):
    """x where x > 0, else alpha (e^x - 1).   local: 1 where x > 0, else alpha e^x.

    Clevert, Unterthiner and Hochreiter, 2016. The exponential linear unit.

    >>> apply(ELU(), np.array([[-np.log(2), 2.0]]), dtype=float)  # e^(-log 2) - 1 = 1/2 - 1
    array([[-0.5,  2. ]])
    """

    def __init__(self, *, alpha: Positive = 1.0) -> None:
        self.alpha = alpha

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        exponential_linear(inputs[0], self.alpha, 1.0, out, saved[0])


class SELU(TwoPieces):
    """scale * (x where x > 0, else alpha (e^x - 1)), with scale 1.0507 and alpha 1.6733.

    local: scale where x > 0, else scale * alpha * e^x. The two constants keep mean 0 and variance 1
    from layer to layer (Klambauer et al., "Self-normalizing neural networks", 2017).

    >>> apply(SELU(), np.array([[0.0, 2.0]]), dtype=float)
    array([[0.        , 2.10140197]])
    """

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        exponential_linear(inputs[0], SELU_ALPHA, SELU_SCALE, out, saved[0])


def exponential_linear(x: Array, alpha: float, scale: float, out: Array, local: Array) -> None:
    """Write scale * (max(x, 0) + alpha (e^min(x, 0) - 1)) into `out`, its derivative into `local`."""
    np.minimum(x, 0, out=out)
    np.exp(out, out=local)
    np.expm1(out, out=out)
    out *= alpha
    np.add(out, np.maximum(x, 0), out=out)
    out *= scale
    local *= scale * alpha
    np.copyto(local, scale, where=x > 0)


class Maxout(Activation):
    """The largest of `pieces` linear scores per unit: max(x w1 + b1, x w2 + b2, ...).

    shapes   x (N, M * pieces), the pieces of a unit side by side   ->   (N, M)
    local    1 for the largest piece (the first of equals), 0 for the others: a max gate (P102)

    Goodfellow et al., "Maxout networks", 2013.

    >>> apply(Maxout(), np.array([[1.0, 3.0, 4.0, 2.0]]), dtype=float)
    array([[3., 4.]])
    """

    def __init__(self, *, pieces: Count = 2) -> None:
        self.pieces = pieces

    def linear_units(self, units: int) -> int:
        return units * self.pieces

    def shape(self, *inputs: Shape) -> Shape:
        *rows, width = inputs[0]
        if width % self.pieces:
            raise ValueError(f"Maxout of {self.pieces} pieces cannot take {width} scores")
        return (*rows, width // self.pieces)

    def saved(self, *inputs: Shape) -> tuple[Buffer, ...]:
        return (Buffer(self.shape(*inputs), np.intp),)

    def piece(self, *inputs: Array) -> Array | None:
        return self._pieces(inputs[0]).argmax(axis=-1)

    def _pieces(self, x: Array) -> Array:
        """A view of the scores, (N, M, pieces)."""
        return x.reshape(*x.shape[:-1], -1, self.pieces)

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        pieces = self._pieces(inputs[0])
        np.argmax(pieces, axis=-1, out=saved[0])
        np.max(pieces, axis=-1, out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        dx = into[0]
        pieces = self._pieces(dx)
        pieces.fill(0)
        np.put_along_axis(pieces, saved[0][..., None], upstream[..., None], axis=-1)
