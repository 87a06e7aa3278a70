"""From a program to the graph that computes it: the nodes and the graph that `fit` trains with."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from mlptrain.arrays import Shape
from mlptrain.graph.gates import Copy
from mlptrain.graph.graph import Graph
from mlptrain.graph.node import Node
from mlptrain.graph.plan import Value
from mlptrain.nn.losses import Loss
from mlptrain.tools.trace.program import NODES, Constant, Input, Operation, Program
from mlptrain.tools.trace.tokens import fault

LABELS = "it needs a row of scores for each class number, as in s=[[3,1],[0,2]] y=[0,1]"
PAIRS = "it needs two matrices of the same shape, as in p=[[1],[2]] y=[[1],[3]]"
FITTING = {
    "matmul": "it needs two matrices, (N, D) @ (D, M), as in x=[[1,2]] w=[[3],[4]]",
    "maxout": "it needs an even number of scores per row",
    "transpose": "it needs a matrix",
    "softmax": "it needs a vector or a matrix",
    "log_softmax": "it needs a vector or a matrix",
    "sum": "there is no such axis",
    "mean": "there is no such axis",
    "index": "there is no such place",
    **{
        name: LABELS if kind.classifies else PAIRS
        for name, kind in NODES.items()
        if issubclass(kind, Loss)
    },
}
"""What shapes an operation takes, where it is not a matter of broadcasting."""


class Circuit:
    """A float64 graph with one value for each term, and a copy gate where a value is read twice.

    Inputs want their gradients, constants do not. `shapes` holds those of the inputs; ConfigError
    where an operation cannot take what it is given.
    """

    def __init__(self, program: Program, shapes: Mapping[str, Shape]) -> None:
        self.graph = Graph(np.float64)
        self.inputs: dict[str, Value] = {}
        self.constants: dict[float, Value] = {}
        self.classes: dict[str, int] = {}  # of each input that holds class numbers, how many there are
        self._reads = Counter(place for gate in program.operations for place in gate.operands)
        self._taken = {*shapes, *(gate.name for gate in program.operations)}
        self._gates = 0  # those without a name, so far
        self._values: dict[int, Value] = {}  # by place in the program
        self._shapes: dict[Value, Shape] = {}
        for place, term in enumerate(program.terms):
            if isinstance(term, Input):
                reader = program.targets.get(place)
                self._values[place] = self._input(term, shapes[term.name], reader)
        for place, term in enumerate(program.terms):
            if isinstance(term, Constant):
                self._values[place] = self.constants[term.number] = self._constant(term)
        for place, term in enumerate(program.terms):
            if isinstance(term, Operation):
                self._values[place] = self._gate(term)

    def _input(self, term: Input, shape: Shape, loss: Operation | None) -> Value:
        """An input; one that `loss` compares with wants no gradient, and may hold class numbers."""
        kind = None if loss is None else NODES[loss.op]
        dtype = np.int64 if kind is not None and kind.classifies else None
        value = self.graph.input(term.name, shape, dtype, wants_gradient=loss is None)
        self.inputs[term.name], self._shapes[value] = value, shape
        return value

    def _constant(self, term: Constant) -> Value:
        value = self.graph.input(repr(term.number).removesuffix(".0"), ())
        self._shapes[value] = ()
        return value

    def _gate(self, operation: Operation) -> Value:
        sources = [self._read(place) for place in operation.operands]
        node = operation.node()
        shape = self._shape(operation, node, [self._shapes[source] for source in sources])
        if isinstance(node, Loss) and node.classifies:
            self.classes[sources[1].name] = self._shapes[sources[0]][1]
        value = self.graph.add(node, *sources, name=operation.name or self._name(operation.op))
        self._shapes[value] = shape
        return value

    def _shape(self, operation: Operation, node: Node, shapes: list[Shape]) -> Shape:
        try:
            return node.shape(*shapes)
        except ValueError:
            found = " and ".join(str(shape) for shape in shapes)
            needs = FITTING.get(operation.op, "shapes must be equal, or broadcast as in NumPy")
            message = f"{operation.op} does not fit {found}; {needs}"
            raise fault(operation.column, message) from None

    def _read(self, place: int) -> Value:
        """The value of a term, or its copy if it is read more than once."""
        value = self._values[place]
        if self._reads[place] > 1 and value.wants_gradient and not isinstance(value.node, Copy):
            copy = self.graph.add(Copy(), value, name=self._name("copy"))
            self._values[place], self._shapes[copy] = copy, self._shapes[value]
        return self._values[place]

    def _name(self, op: str) -> str:
        """`add1`, `multiply2`: gates without a name are numbered as they come; `l2_3` after a digit."""
        stem = f"{op}_" if op[-1].isdecimal() else op
        self._gates += 1
        while f"{stem}{self._gates}" in self._taken:
            self._gates += 1
        return f"{stem}{self._gates}"
