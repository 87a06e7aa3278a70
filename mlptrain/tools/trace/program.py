"""What an expression computes, term by term, in the order in which the terms come about.

A graph is built in this order too, so there is no tree to walk, and no deep one to guard against.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlptrain.graph.gates import GATES, Binary
from mlptrain.graph.matrices import MatMul
from mlptrain.graph.node import Node
from mlptrain.graph.reductions import Reduction
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.losses import LOSSES, Loss
from mlptrain.nn.regularizers import REGULARIZERS

ALIASES = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy"}
"""Losses with the name of a gate: softmax gives probabilities, cross_entropy the loss of them."""

NODES: dict[str, type[Any]] = {
    **{ALIASES.get(name, name): kind for name, kind in LOSSES.items()},
    **REGULARIZERS,
    **GATES,
    **ACTIVATIONS,
}
"""Every node that an expression can stand for, by its name there."""

FUNCTIONS = {name: kind for name, kind in NODES.items() if name != "index"}
"""What may stand before a parenthesis, with its default options; brackets are an index."""

PENALTY = {"strength": 1.0}
"""What l1(W) and l2(W) are multiplied with: a factor in front of them says it better."""


@dataclass(frozen=True)
class Input:
    """A name that needs a value, and the column where it is first read."""

    name: str
    column: int


@dataclass(frozen=True)
class Constant:
    """A number written in the expression."""

    number: float


@dataclass(frozen=True)
class Operation:
    """One gate. Its operands are places in the terms of the program, all of them earlier."""

    op: str
    operands: tuple[int, ...]
    column: int
    name: str = ""  # of the statement whose result this is, if it has one
    options: Mapping[str, Any] = field(default_factory=dict)  # the axis of a sum, the place of an index

    def node(self) -> Node:
        """A node that computes it."""
        node: Node = NODES[self.op](**(PENALTY if self.op in REGULARIZERS else self.options))
        return node

    @property
    def target(self) -> int | None:
        """Which operand holds what a loss compares with: no gradient flows there."""
        return self.operands[1] if issubclass(NODES[self.op], Loss) else None


Term = Input | Constant | Operation


@dataclass(frozen=True)
class Program:
    """An expression as a list of terms; the output is the last operation, if there is any."""

    terms: tuple[Term, ...]

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The names that need a value, in the order in which they are first read."""
        return tuple(term for term in self.terms if isinstance(term, Input))

    @property
    def targets(self) -> dict[int, Operation]:
        """The places of what losses compare with, and who reads them."""
        return {gate.target: gate for gate in self.operations if gate.target is not None}

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The gates in forward order."""
        return tuple(term for term in self.terms if isinstance(term, Operation))


def arity(op: str) -> int | None:
    """How many inputs a gate takes; None where it takes any number.

    >>> arity("max"), arity("relu"), arity("hinge"), arity("l2")
    (2, 1, 2, None)
    """
    if op in REGULARIZERS:
        return None
    return 2 if issubclass(NODES[op], Binary | MatMul | Loss) else 1


def takes_axis(op: str) -> bool:
    """Whether `axis=` may stand after the inputs.

    >>> takes_axis("sum"), takes_axis("exp")
    (True, False)
    """
    return issubclass(NODES[op], Reduction)
