"""The matrix products of a step alone: the limit of its speed, and what threads share.

They are X W forward, X^T dZ and, but for the first layer, dZ W^T backward.
"""

from collections.abc import Sequence

import numpy as np

from mlptrain.arrays import Array
from mlptrain.graph.memory import zeros
from mlptrain.graph.plan import Plan
from mlptrain.nn.linear import Linear
from mlptrain.nn.members import Heads, Shared, flat
from mlptrain.nn.network import Network

Product = tuple[Array, Array, Array]
"""Two matrices and where their product goes; of an ensemble, one pair for each member."""


def products(network: Network, plan: Plan) -> list[Product]:
    """Those of one step, with the shapes that a plan of the training graph has."""
    found = list[Product]()
    for value in network.training.graph.values:
        node = value.node
        if not isinstance(node.node if isinstance(node, Shared) else node, Linear | Heads):
            continue
        X, W = (plan.value(source) for source in value.sources[:2])
        dZ = np.ones_like(plan.value(value))
        if isinstance(node, Shared):
            X, dZ = flat(X), flat(dZ)
        found += [
            (X, W, zeros(dZ.shape, dZ.dtype)),
            (X.swapaxes(-1, -2), dZ, zeros(W.shape, W.dtype)),
        ]
        if value.sources[0].wants_gradient:
            found.append((dZ, W.swapaxes(-1, -2), zeros((*dZ.shape[:-1], X.shape[-1]), X.dtype)))
    return found


def multiply(products: Sequence[Product]) -> None:
    """Do all of them."""
    for left, right, out in products:
        np.matmul(left, right, out)
