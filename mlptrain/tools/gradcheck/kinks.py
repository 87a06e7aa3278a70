"""Kinks: where a formula in pieces changes its piece, a difference says nothing about the gradient.

A node says by `side` on which piece each of its elements is. A step that changes a side has crossed a
kink: the entry it belongs to is left out, and the unit that crossed is named.
"""

import numpy as np

from mlptrain.arrays import Array
from mlptrain.graph.node import Node
from mlptrain.graph.plan import Plan, Value

Sides = dict[Value, Array]
"""A value -> the pieces its elements are on, as its last forward pass found them."""


def sides(plan: Plan) -> Sides:
    """The sides of every node that has any."""
    found: Sides = {}
    for value in plan.values:
        if value.node is not None and type(value.node).side is not Node.side:
            side = value.node.side(*(plan.value(source) for source in value.sources))
            if side is not None:
                found[value] = np.asarray(side)
    return found


def crossed(plan: Plan, before: Sides, after: Sides) -> str:
    """The first unit, in the order of the forward pass, whose side has changed; "" if none has."""
    for value, side in before.items():
        changed = np.argwhere(side != after[value])
        if len(changed):
            return place(plan, value, side, [int(i) for i in changed[0]])
    return ""


def place(plan: Plan, value: Value, side: Array, position: list[int]) -> str:
    """Words for an element of `side`: `layer1.activation unit 3 row 2`, or `l1 at layer2.W[0, 4]`."""
    inputs = [plan.value(source) for source in value.sources]
    if side.ndim == 1 and plan.value(value).ndim == 0 and side.size == sum(x.size for x in inputs):
        flat = position[0]  # the sides of all inputs, one after the other: a penalty on weights
        for source, x in zip(value.sources, inputs, strict=True):
            if flat < x.size:
                where = ", ".join(str(i) for i in np.unravel_index(flat, x.shape))
                return f"{value.name} at {source.name}[{where}]"
            flat -= x.size
    unit = f" unit {position[-1]}" if position else ""
    row = f" row {position[0]}" if len(position) > 1 else ""
    return f"{value.name}{unit}{row}"
