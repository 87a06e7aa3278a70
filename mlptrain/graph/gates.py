"""The gates of the lecture's circuits: arithmetic on scalars, vectors and matrices.

Their patterns (P99-P102) are worth remembering: the add gate distributes its upstream gradient, the
multiply gate swaps its inputs, the max gate routes, and the copy gate adds up. Inputs of different
shapes broadcast as in NumPy; the gradient of a broadcast input is then summed back to its shape, since
dL/dx always has the shape of x (P134).
"""

import numpy as np

from mlptrain.arrays import Array, Arrays, Into, Shape
from mlptrain.graph.matrices import Index, MatMul, Transpose
from mlptrain.graph.node import Node
from mlptrain.graph.reductions import LogSoftmax, Mean, Softmax, Sum


class Unary(Node):
    """A gate with one input, element by element."""

    def shape(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        return x


class Binary(Node):
    """A gate with two inputs, element by element, which may broadcast."""

    def shape(self, *inputs: Shape) -> Shape:
        x, y = inputs
        return np.broadcast_shapes(x, y)

    def row_axis(self, *axes: int | None) -> int | None:
        if len({axis for axis in axes if axis is not None}) > 1:
            raise ValueError(
                f"{type(self).__name__} reads rows from axes {axes}: they must be the same"
            )
        return super().row_axis(*axes)


def fold(gradient: Array, into: Array | None) -> None:
    """Write `gradient` into the gradient of an input, summed over the axes that were broadcast."""
    if into is None:
        return
    gradient = np.asarray(gradient)
    if gradient.shape == into.shape:
        np.copyto(into, gradient)
        return
    new = gradient.ndim - into.ndim
    stretched = tuple(i + new for i, size in enumerate(into.shape) if size == 1)
    np.copyto(into, gradient.sum(axis=(*range(new), *stretched), keepdims=True).reshape(into.shape))


class Add(Binary):
    """x + y.   local: 1, 1.   The gradient distributor (P99).

    >>> apply(Add(), np.array(-2.0), np.array(5.0), dtype=float)
    array(3.)
    """

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.add(inputs[0], inputs[1], out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        fold(upstream, into[0])
        fold(upstream, into[1])


class Subtract(Binary):
    """x - y.   local: 1, -1.

    >>> apply(Subtract(), np.array([5.0, 6.0]), np.array(2.0), dtype=float)
    array([3., 4.])
    """

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.subtract(inputs[0], inputs[1], out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        fold(upstream, into[0])
        fold(-upstream, into[1])


class Multiply(Binary):
    """x * y.   local: y, x.   The swap multiplier (P100).

    >>> apply(Multiply(), np.array(3.0), np.array(-4.0), dtype=float)
    array(-12.)
    """

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.multiply(inputs[0], inputs[1], out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        x, y = inputs
        fold(upstream * y, into[0])
        fold(upstream * x, into[1])


class Divide(Binary):
    """x / y.   local: 1 / y, -x / y^2.

    >>> apply(Divide(), np.array([6.0, -3.0]), np.array(2.0), dtype=float)
    array([ 3. , -1.5])
    """

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.divide(inputs[0], inputs[1], out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        fold(upstream / inputs[1], into[0])
        fold(-upstream * out / inputs[1], into[1])


class Power(Binary):
    """x ^ y.   local: y x^(y-1), x^y log x   (0 where y is 0; 0 where x is 0: the limit for y > 0).

    >>> apply(Power(), np.array([3.0, 4.0]), np.array([2.0, 0.5]), dtype=float)
    array([9., 2.])
    """

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.power(inputs[0], inputs[1], out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        x, y = inputs
        if into[0] is not None:
            power = np.power(x, y - 1, out=np.zeros_like(out), where=np.not_equal(y, 0))  # 0^-1
            fold(upstream * y * power, into[0])
        if into[1] is not None:
            log_x = np.log(x, out=np.zeros_like(out), where=np.not_equal(x, 0))
            fold(upstream * out * log_x, into[1])


class Max(Binary):
    """max(x, y).   local: 1 for the larger (the first of equals), 0 for the other.

    The gradient router (P102).

    >>> apply(Max(), np.array([2.0, -1.0]), np.array([1.0, 0.0]), dtype=float)
    array([2., 0.])
    """

    def piece(self, *inputs: Array) -> Array | None:
        return np.greater_equal(inputs[0], inputs[1])

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.maximum(inputs[0], inputs[1], out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        first = np.greater_equal(inputs[0], inputs[1])
        fold(upstream * first, into[0])
        fold(upstream * ~first, into[1])


class Min(Binary):
    """min(x, y).   local: 1 for the smaller (the first of equals), 0 for the other.

    >>> apply(Min(), np.array([2.0, -1.0]), np.array([1.0, 0.0]), dtype=float)
    array([ 1., -1.])
    """

    def piece(self, *inputs: Array) -> Array | None:
        return np.less_equal(inputs[0], inputs[1])

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.minimum(inputs[0], inputs[1], out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        first = np.less_equal(inputs[0], inputs[1])
        fold(upstream * first, into[0])
        fold(upstream * ~first, into[1])


class Negate(Unary):
    """-x.   local: -1.

    >>> apply(Negate(), np.array([2.0, -1.0]), dtype=float)
    array([-2.,  1.])
    """

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.negative(inputs[0], out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        np.negative(upstream, out=into[0])


class Exp(Unary):
    """e^x.   local: e^x, the output itself.

    >>> apply(Exp(), np.log([1.0, 3.0]), dtype=float)
    array([1., 3.])
    """

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.exp(inputs[0], out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        np.multiply(upstream, out, out=into[0])


class Log(Unary):
    """log x, the natural logarithm.   local: 1 / x.

    >>> apply(Log(), np.exp([1.0, 3.0]), dtype=float)
    array([1., 3.])
    """

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.log(inputs[0], out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        np.divide(upstream, inputs[0], out=into[0])


class Sqrt(Unary):
    """The square root of x.   local: 1 / (2 sqrt x).

    >>> apply(Sqrt(), np.array([9.0, 0.25]), dtype=float)
    array([3. , 0.5])
    """

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.sqrt(inputs[0], out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        np.divide(0.5 * upstream, out, out=into[0])


class Abs(Unary):
    """|x|.   local: the sign of x, 0 at x = 0.

    >>> apply(Abs(), np.array([3.0, -0.5]), dtype=float)
    array([3. , 0.5])
    """

    def piece(self, *inputs: Array) -> Array | None:
        return np.sign(inputs[0])

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.abs(inputs[0], out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        np.multiply(upstream, np.sign(inputs[0]), out=into[0])


class Copy(Unary):
    """x, read more than once.   local: 1.

    The gradient adder (P101): its upstream gradient is the sum of what its readers send back, which
    the graph adds up at every branch.

    >>> apply(Copy(), np.array([2.0, -1.0]), dtype=float)
    array([ 2., -1.])
    """

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.copyto(out, inputs[0])

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        np.copyto(into[0], upstream)


GATES: dict[str, type[Node]] = {
    "add": Add,
    "subtract": Subtract,
    "multiply": Multiply,
    "divide": Divide,
    "negate": Negate,
    "power": Power,
    "max": Max,
    "min": Min,
    "exp": Exp,
    "log": Log,
    "sqrt": Sqrt,
    "abs": Abs,
    "matmul": MatMul,
    "transpose": Transpose,
    "index": Index,
    "sum": Sum,
    "mean": Mean,
    "softmax": Softmax,
    "log_softmax": LogSoftmax,
    "copy": Copy,
}
