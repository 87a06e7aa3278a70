"""Gates that look at several elements at once: sums, means, and the softmax of a row."""

import numpy as np

from mlptrain.arrays import Array, Arrays, Into, Shape
from mlptrain.graph.node import Node


class Reduction(Node):
    """Takes all elements together, or, with an axis, those along it: axis 0 leaves the columns."""

    def __init__(self, axis: int | None = None) -> None:
        self.axis = axis

    def shape(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if self.axis is None:
            return ()
        if not -len(x) <= self.axis < len(x):
            raise ValueError(f"{type(self).__name__} has no axis {self.axis} in {x}")
        return tuple(size for i, size in enumerate(x) if i != self.axis % len(x))

    def row_axis(self, *axes: int | None) -> int | None:
        (rows,) = axes
        if rows is None or self.axis is None or self.axis == rows:
            return None
        if self.axis >= 0:
            raise ValueError(f"{type(self).__name__} counts axes from the end where there are rows")
        return rows + 1 if self.axis > rows else rows

    def spread(self, gradient: Array, into: Array) -> None:
        """Write one gradient for each sum into all elements of that sum."""
        np.copyto(into, self.stretched(gradient))

    def stretched(self, each: Array) -> Array:
        """One number for each sum, in a form that broadcasts over its elements."""
        return each if self.axis is None else np.expand_dims(each, self.axis)


class Sum(Reduction):
    """The sum of all elements, or along an axis.   x (any shape) -> ().   local: 1 for each element.

    >>> apply(Sum(), np.array([[1.0, 2.0], [3.0, 4.0]]), dtype=float)
    array(10.)
    >>> apply(Sum(axis=0), np.array([[1.0, 2.0], [3.0, 4.0]]), dtype=float)
    array([4., 6.])
    """

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.sum(inputs[0], axis=self.axis, out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        self.spread(upstream, into[0])


class Mean(Reduction):
    """The mean of all n elements, or along an axis.   local: 1/n for each element.

    >>> apply(Mean(), np.array([[1.0, 2.0], [3.0, 4.0]]), dtype=float)
    array(2.5)
    >>> apply(Mean(axis=1), np.array([[1.0, 2.0], [3.0, 4.0]]), dtype=float)
    array([1.5, 3.5])
    """

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.mean(inputs[0], axis=self.axis, out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        self.spread(upstream / (inputs[0].size // out.size), into[0])


class LogMeanExp(Reduction):
    """log of the mean of e^x along an axis: of logarithms of probabilities that of their mean.

    local    e^(x - out) / n

    The largest x is subtracted first, so that no probability becomes 0, whose logarithm is -inf.

    >>> np.exp(apply(LogMeanExp(axis=0), np.log([[0.5, 0.5], [0.25, 0.75]]), dtype=float)).tolist()
    [0.375, 0.625]
    """

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        (x,) = inputs
        largest = x.max(axis=self.axis, keepdims=True)
        np.log(np.exp(x - largest).mean(axis=self.axis), out=out)
        out += largest.reshape(out.shape)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        (x,), dx = inputs, into[0]
        np.subtract(x, self.stretched(out), out=dx)
        np.exp(dx, out=dx)
        dx *= self.stretched(upstream / (x.size // out.size))


class AlongRows(Node):
    """Looks at each row by itself, that is along the last axis, and keeps the shape."""

    def shape(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if not x:
            raise ValueError(f"{type(self).__name__} needs a vector or a matrix, got a number")
        return x


class Softmax(AlongRows):
    """p = e^x / sum_j e^(x_j) in each row: scores as probabilities (P5).

    local    the Jacobian dp_i/dx_j = p_i ((i = j) - p_j) is implicit: dL/dx = p (g - sum_j g_j p_j),
             with g the upstream gradient

    The largest score of the row is subtracted first, which changes nothing and cannot overflow.

    >>> apply(Softmax(), np.log([[1.0, 3.0], [1.0, 1.0]]), dtype=float)
    array([[0.25, 0.75],
           [0.5 , 0.5 ]])
    """

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        (x,) = inputs
        np.exp(x - x.max(axis=-1, keepdims=True), out=out)
        out /= out.sum(axis=-1, keepdims=True)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        mean = (upstream * out).sum(axis=-1, keepdims=True)
        np.multiply(out, upstream - mean, out=into[0])


class LogSoftmax(AlongRows):
    """log p with p = softmax(x), row by row: x - log sum_j e^(x_j).

    local    the Jacobian (i = j) - p_j is implicit: dL/dx = g - p sum_j g_j, g the upstream gradient

    >>> np.exp(apply(LogSoftmax(), np.log([[1.0, 3.0]]), dtype=float)).round(12)
    array([[0.25, 0.75]])
    """

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        (x,) = inputs
        np.subtract(x, x.max(axis=-1, keepdims=True), out=out)
        out -= np.log(np.exp(out).sum(axis=-1, keepdims=True))

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        np.subtract(upstream, np.exp(out) * upstream.sum(axis=-1, keepdims=True), out=into[0])
