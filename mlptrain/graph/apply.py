"""A node by itself, without a graph around it."""

import numpy as np
from numpy.typing import DTypeLike

from mlptrain.arrays import Array
from mlptrain.graph.memory import Memory
from mlptrain.graph.node import Node


def apply(node: Node, *inputs: Array, dtype: DTypeLike) -> Array:
    """The output of a single node for these inputs.

    >>> from mlptrain.graph.gates import Multiply
    >>> apply(Multiply(), np.array([1.0, 2.0]), np.array(3.0), dtype=np.float64).tolist()
    [3.0, 6.0]
    """
    shapes = [array.shape for array in inputs]
    memory = Memory(np.dtype(dtype))
    out = memory.take(("value",), node.shape(*shapes))
    saved = [memory.take_buffer(("saved", i), buffer) for i, buffer in enumerate(node.saved(*shapes))]
    node.forward(inputs, out, saved)
    return out
