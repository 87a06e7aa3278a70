"""What each node of a training graph keeps from its forward to its backward pass (P146)."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlptrain.config.overrides import Overrides
from mlptrain.graph.node import Buffer
from mlptrain.graph.plan import Plan, may_overwrite
from mlptrain.tools.summary import network_of


@dataclass(frozen=True)
class Kept:
    """Bytes that one node keeps for a minibatch.

    output  what it computes, which others read; 0 where it writes over its input
    saved   what it keeps besides, for its own backward pass
    """

    name: str
    kind: str
    output: int
    saved: int


def kept(what: str | Path, overrides: Overrides = ()) -> tuple[int, list[Kept]]:
    """The rows of a minibatch, and what each node of the training graph keeps of it."""
    network, rows = network_of(what, overrides)
    graph = network.training.graph
    # So much for one row and so much for each more: a whole minibatch may be larger than the memory.
    one, two = (of_plan(graph.plan(count)) for count in (1, 2))
    return rows, [
        Kept(
            first.name,
            first.kind,
            first.output + (rows - 1) * (second.output - first.output),
            first.saved + (rows - 1) * (second.saved - first.saved),
        )
        for first, second in zip(one, two, strict=True)
    ]


def of_plan(plan: Plan) -> list[Kept]:
    """What each node keeps in one plan."""
    found = []
    for value in plan.values:
        if value.node is None:
            continue
        out = plan.value(value)
        shapes = [plan.value(source).shape for source in value.sources]
        output = 0 if may_overwrite(value, plan.values) else out.nbytes
        saved = sum(nbytes(buffer, out.dtype) for buffer in value.node.saved(*shapes))
        found.append(Kept(value.name, type(value.node).__name__, output, saved))
    return found


def nbytes(buffer: Buffer, dtype: np.dtype[np.generic]) -> int:
    """Of what a node asks for; 0 for a constant, which all nodes share.

    >>> [nbytes(each, np.dtype(float)) for each in (Buffer((4, 3)), Buffer((4, 3), constant=1.0))]
    [96, 0]
    """
    if buffer.constant is not None:
        return 0
    return math.prod(buffer.shape) * np.dtype(buffer.dtype or dtype).itemsize
