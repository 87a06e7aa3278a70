"""The linear layer: every score is a weighted sum of all inputs, plus a bias."""

import numpy as np

from mlptrain.arrays import Array, Arrays, Into, Shape
from mlptrain.graph.node import Buffer, Node

SMALL = 8 * 1024
"""Elements up to which np.dot has its product sooner than np.matmul."""


def product(a: Array, b: Array, out: Array) -> None:
    """Write the matrix product a b into `out`.

    np.dot gets to BLAS a third of a microsecond sooner than np.matmul, but fills `out` with zeros
    before, in one thread: where the product is a large gradient, a fifth of its time.
    """
    if out.size <= SMALL:
        np.dot(a, b, out)
    else:
        np.matmul(a, b, out)


class Linear(Node):
    """Linear scores, X W + b (P23, P49).

    shapes   X (N, D)   W (D, M)   b (M,)   ->   (N, M)      without a bias: two inputs, X and W
    local    dX = upstream W^T     dW = X^T upstream     db = upstream summed over the rows
             "the only way to make shapes match up" (P145)

    >>> X, W = np.array([[1.0, 2.0]]), np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    >>> apply(Linear(), X, W, np.array([10.0, 20.0, 30.0]), dtype=float)
    array([[11., 22., 33.]])
    """

    backward_reads_output = False

    def shape(self, *inputs: Shape) -> Shape:
        X, W, *b = inputs
        if len(X) != 2 or len(W) != 2 or X[1] != W[0] or any(shape != (W[1],) for shape in b):
            raise ValueError(f"Linear needs X (N, D), W (D, M), b (M,), got {inputs}")
        return (X[0], W[1])

    def saved(self, *inputs: Shape) -> tuple[Buffer, ...]:
        return (Buffer((inputs[0][0],), constant=1.0),)

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        X, W, *b = inputs
        product(X, W, out)
        if b:
            np.add(out, b[0], out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        dX, dW, *db = into
        if dX is not None:
            product(upstream, inputs[1].T, dX)
        if dW is not None:
            product(inputs[0].T, upstream, dW)
        if db and db[0] is not None:
            np.dot(saved[0], upstream, db[0])  # a row of ones: the column sums as a product
