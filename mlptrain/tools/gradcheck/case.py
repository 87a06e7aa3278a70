"""What a gradient check works on: a plan whose inputs are filled, and the tensors to be checked."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from mlptrain.arrays import Array
from mlptrain.graph.node import Node
from mlptrain.graph.plan import Plan, Value
from mlptrain.tools.gradcheck.agreement import ZERO


class Case(NamedTuple):
    """One network, or one node with a projection behind it. The last value of the plan is L.

    `part` says what L is where the loss of a network is checked in parts. `node` is what is checked
    where that is one node by itself; `first` says that the projection of other nodes rests on it.
    """

    network: str
    plan: Plan
    tensors: Sequence[Value]
    generator: np.random.Generator
    part: str = "loss"
    node: Node | None = None
    first: bool = False

    def zero(self, analytic: Iterable[Array]) -> float:
        """What counts as no gradient, given all of them: rounding beside the largest."""
        largest = (float(np.abs(each[np.isfinite(each)]).max(initial=0.0)) for each in analytic)
        return ZERO * max(1.0, *largest)

    def classes(self) -> tuple[str, ...]:
        """The classes of the nodes that are checked here, each with its file."""
        nodes = [self.node] if self.node else [value.node for value in self.plan.values]
        return tuple(dict.fromkeys(described(node) for node in nodes if node is not None))


def described(node: Node) -> str:
    """`Multiply in mlptrain/graph/gates.py`."""
    return f"{type(node).__name__} in {type(node).__module__.replace('.', '/')}.py"
