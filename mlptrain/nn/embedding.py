"""Embeddings: a category becomes a vector that is learned, a row of a table.

That is a linear layer on one-hot inputs, without the product: X W of a one-hot X picks a row of W, and
the gradient reaches the rows that were picked, so of a minibatch the categories that it holds.
"""

import numpy as np

from mlptrain.arrays import Array, Arrays, Into, Shape
from mlptrain.graph.gates import fold
from mlptrain.graph.node import Node


class Embedding(Node):
    """The rows table[codes[:, column]].

    shapes   table (L, E)   codes (N, K) whole numbers   ->   (N, E)
    local    d table[l] = upstream summed over the rows i with codes[i, column] = l, else 0

    >>> table, codes = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]]), np.array([[2], [1], [2]])
    >>> apply(Embedding(), table, codes, dtype=float).tolist()
    [[3.0, 4.0], [1.0, 2.0], [3.0, 4.0]]
    """

    backward_reads_output = False

    def __init__(self, column: int = 0) -> None:
        self.column = column

    def shape(self, *inputs: Shape) -> Shape:
        table, codes = inputs
        if len(table) != 2 or len(codes) != 2 or codes[1] <= self.column:
            raise ValueError(f"Embedding {self.column} needs (L, E) and codes (N, K), got {inputs}")
        return (codes[0], table[1])

    def row_axis(self, *axes: int | None) -> int | None:
        return axes[1]

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        table, codes = inputs
        table.take(codes[:, self.column], 0, out)  # an IndexError for a code that is no row

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        if into[0] is not None:
            into[0].fill(0)
            np.add.at(into[0], inputs[1][:, self.column], upstream)


class Concatenate(Node):
    """Arrays side by side.   (N, D1), (N, D2), ...   ->   (N, D1 + D2 + ...)

    local    each input gets its columns of upstream; summed over the members that it is the same for

    >>> apply(Concatenate(), np.ones((2, 1)), np.zeros((2, 2)), dtype=float).tolist()
    [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    """

    backward_reads_output = False

    def shape(self, *inputs: Shape) -> Shape:
        if any(len(shape) < 2 for shape in inputs):
            raise ValueError(f"Concatenate needs (N, D) each, got {inputs}")
        return (*np.broadcast_shapes(*(shape[:-1] for shape in inputs)), sum(s[-1] for s in inputs))

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        start = 0
        for array in inputs:
            out[..., start : start + array.shape[-1]] = array
            start += array.shape[-1]

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        start = 0
        for array, gradient in zip(inputs, into, strict=True):
            fold(upstream[..., start : start + array.shape[-1]], gradient)
            start += array.shape[-1]
