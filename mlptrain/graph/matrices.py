"""Gates of matrices: the product, the transpose, and a part of an array."""

from types import EllipsisType

import numpy as np

from mlptrain.arrays import Array, Arrays, Into, Shape
from mlptrain.graph.node import Node

Place = int | slice | EllipsisType
"""What may stand between brackets: whole numbers and slices, so that no element is taken twice."""


class MatMul(Node):
    """x @ w.   x (N, D)   w (D, M)   ->   (N, M)

    local    The Jacobians are implicit: dL/dx = upstream @ w.T and dL/dw = x.T @ upstream, "the only
             way to make shapes match up" (P145). Written out, one would take 256 GB at N=64, D=M=4096
             (P139).

    >>> apply(MatMul(), np.array([[1.0, 2.0]]), np.array([[3.0, 0.0], [4.0, 1.0]]), dtype=float)
    array([[11.,  2.]])
    """

    def shape(self, *inputs: Shape) -> Shape:
        x, w = inputs
        if len(x) != 2 or len(w) != 2 or x[1] != w[0]:
            raise ValueError(f"MatMul needs (N, D) @ (D, M), got {x} @ {w}")
        return (x[0], w[1])

    def row_axis(self, *axes: int | None) -> int | None:
        x, w = axes
        return -2 if x == -2 else -1 if w == -1 else None

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.matmul(inputs[0], inputs[1], out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        x, w = inputs
        if into[0] is not None:
            np.matmul(upstream, w.T, out=into[0])
        if into[1] is not None:
            np.matmul(x.T, upstream, out=into[1])


class Transpose(Node):
    """x.T: rows become columns.   x (N, D) -> (D, N).   dL/dx = upstream.T

    >>> apply(Transpose(), np.array([[1.0, 2.0, 3.0]]), dtype=float)
    array([[1.],
           [2.],
           [3.]])
    """

    def shape(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if len(x) < 2:
            raise ValueError(f"Transpose needs a matrix (N, D), got {x}")
        return (*x[:-2], x[-1], x[-2])

    def row_axis(self, *axes: int | None) -> int | None:
        (rows,) = axes
        return rows if rows is None or rows < -2 else -3 - rows

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.copyto(out, inputs[0].swapaxes(-1, -2))

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        np.copyto(into[0], upstream.swapaxes(-1, -2))


class Index(Node):
    """x[place], a part of x.   local: 1 for the elements in it, 0 for the others.

    >>> apply(Index((slice(None), 1)), np.array([[1.0, 2.0], [3.0, 4.0]]), dtype=float)
    array([2., 4.])
    """

    def __init__(self, place: tuple[Place, ...] = (..., 0)) -> None:
        if not all(isinstance(part, int | slice | EllipsisType) for part in place):
            raise TypeError(f"Index takes whole numbers and slices, got {place}")
        self.place = place

    def shape(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        try:
            return np.broadcast_to(0.0, x)[self.place].shape
        except IndexError as error:
            raise ValueError(f"Index: {error}") from None

    def row_axis(self, *axes: int | None) -> int | None:
        if axes != (None,):
            raise ValueError("Index cannot tell what it takes of the rows")
        return None

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.copyto(out, inputs[0][self.place])

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        into[0].fill(0)
        into[0][self.place] = upstream
