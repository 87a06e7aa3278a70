"""What an expression computes, term by term, in the order in which the terms come about.

A graph is built in this order too, so there is no tree to walk, and no deep one to guard against.
"""

from dataclasses import dataclass

from mlptrain.graph.gates import GATES, Binary, MatMul
from mlptrain.graph.node import Node
from mlptrain.nn.activations import ACTIVATIONS

FUNCTIONS: dict[str, type[Node]] = {**GATES, **ACTIVATIONS}
"""What may stand before a parenthesis: each gate, and each activation with its default options."""


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
    def operations(self) -> tuple[Operation, ...]:
        """The gates in forward order."""
        return tuple(term for term in self.terms if isinstance(term, Operation))


def arity(op: str) -> int:
    """How many inputs a gate takes.

    >>> arity("max"), arity("relu")
    (2, 1)
    """
    return 2 if issubclass(FUNCTIONS[op], Binary | MatMul) else 1
