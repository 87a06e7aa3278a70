"""Regularization (P49, P52): a node on all weight matrices at once, never on biases.

Both strengths set make the elastic net: the two penalties add up in the graph.
"""

from collections.abc import Sequence

import numpy as np

from mlptrain.arrays import Array, Arrays, Into, Shape
from mlptrain.graph.gates import Add
from mlptrain.graph.graph import Graph
from mlptrain.graph.node import Node
from mlptrain.graph.plan import Value


class L2(Node):
    """lambda sum W^2, over every input.   local: 2 lambda W.

    shapes   any number of W, each of any shape   ->   ()

    >>> apply(L2(0.1), np.array([[1.0, -2.0]]), np.array([3.0]), dtype=float)  # 0.1 (1 + 4 + 9)
    array(1.4)
    """

    def __init__(self, strength: float) -> None:
        self.strength = strength

    def shape(self, *inputs: Shape) -> Shape:
        return ()

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        out[()] = self.strength * sum(np.dot(W.reshape(-1), W.reshape(-1)) for W in inputs)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        for W, dW in zip(inputs, into, strict=True):
            np.multiply(W, 2 * self.strength * upstream, out=dW)


class L1(Node):
    """lambda sum |W|, over every input.   local: lambda sign(W), 0 at W = 0.

    shapes   any number of W, each of any shape   ->   ()

    >>> apply(L1(0.1), np.array([[1.0, -2.0]]), np.array([3.0]), dtype=float)  # 0.1 (1 + 2 + 3)
    array(0.6)
    """

    def __init__(self, strength: float) -> None:
        self.strength = strength

    def piece(self, *inputs: Array) -> Array | None:
        return np.concatenate([np.sign(W).reshape(-1) for W in inputs])

    def shape(self, *inputs: Shape) -> Shape:
        return ()

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        out[()] = self.strength * sum(np.abs(W).sum() for W in inputs)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        for W, dW in zip(inputs, into, strict=True):
            np.multiply(np.sign(W), self.strength * upstream, out=dW)


REGULARIZERS: dict[str, type[L2] | type[L1]] = {"l2": L2, "l1": L1}


def add_penalties(graph: Graph, penalties: Sequence[Node], weights: Sequence[Value]) -> Value | None:
    """Add the regularization loss of these weights; None where there is no penalty."""
    total: Value | None = None
    for node in penalties:
        value = graph.add(node, *weights, name=type(node).__name__.lower())
        if total is not None:
            value = graph.add(Add(), total, value, name="regularization_loss")
        total = value
    return total
