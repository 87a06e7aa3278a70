"""Kinks: where a formula in pieces changes its piece, a difference says nothing about the gradient.

A node says by `piece` on which one each of its elements is. A step that changes it has crossed a kink:
the entry it belongs to is left out, and the unit that crossed is named.
"""

import numpy as np

from mlptrain.arrays import Array
from mlptrain.graph.node import Node
from mlptrain.graph.plan import Plan, Value

Pieces = dict[Value, Array]
"""A value -> the pieces its elements are on, as its last forward pass found them."""


def pieces(plan: Plan) -> Pieces:
    """The pieces of every node that has any."""
    found: Pieces = {}
    for value in plan.values:
        if value.node is not None and type(value.node).piece is not Node.piece:
            piece = value.node.piece(*(plan.value(source) for source in value.sources))
            if piece is not None:
                found[value] = np.asarray(piece)
    return found


def crossed(plan: Plan, before: Pieces, after: Pieces) -> str:
    """The first unit, in the order of the forward pass, whose piece has changed; "" if none has."""
    for value, piece in before.items():
        changed = np.argwhere(piece != after[value])
        if len(changed):
            return place(plan, value, piece, [int(i) for i in changed[0]])
    return ""


def place(plan: Plan, value: Value, piece: Array, position: list[int]) -> str:
    """Words for an element of `piece`: `layer1.activation unit 3 row 2`, or `l1 at layer2.W[0, 4]`."""
    inputs = [plan.value(source) for source in value.sources]
    if piece.ndim == 1 and plan.value(value).ndim == 0 and piece.size == sum(x.size for x in inputs):
        flat = position[0]  # all inputs, one after the other: a penalty on weights
        for source, x in zip(value.sources, inputs, strict=True):
            if flat < x.size:
                where = ", ".join(str(i) for i in np.unravel_index(flat, x.shape))
                return f"{value.name} at {source.name}[{where}]"
            flat -= x.size
    unit = f" unit {position[-1]}" if position else ""
    row = f" row {position[0]}" if len(position) > 1 else ""
    return f"{value.name}{unit}{row}"
