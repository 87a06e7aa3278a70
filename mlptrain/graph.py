"""The computational graph: it knows the wiring and owns the memory (P50, P146).

A graph is built once, by naming values in the order in which they come about; a node can only read
values that exist, so this order is already topological: no sort, no recursion. For each number of
rows it is then bound to memory once, as a `Plan`, and running it forward or backward is a loop over
prepared calls.

    >>> import numpy as np
    >>> from mlptrain.nodes.gates import Add, Multiply
    >>> graph = Graph(np.float64)
    >>> x, y, z = (graph.input(name, (), wants_gradient=True) for name in "xyz")
    >>> q = graph.add(Add(), x, y, name="q")
    >>> f = graph.add(Multiply(), q, z, name="f")
    >>> plan = graph.plan()
    >>> for value, number in ((x, -2.0), (y, 5.0), (z, -4.0)):
    ...     plan.value(value)[...] = number
    >>> plan.forward(), plan.backward()
    (None, None)
    >>> float(plan.value(f)), [float(plan.gradient(value)) for value in (x, y, z)]
    (-12.0, [-4.0, -4.0, 3.0])
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from mlptrain.memory import Memory, Turns
from mlptrain.nodes.node import Array, Node

Call = tuple[Callable[..., Any], tuple[Any, ...]]


@dataclass(frozen=True)
class Value:
    """A wire of the circuit: an input, a parameter, or the output of a node."""

    index: int
    name: str
    shape: tuple[int | None, ...] = ()  # inputs only; None stands for the number of rows
    dtype: DTypeLike | None = None  # None: the dtype of the graph
    array: Array | None = None  # parameters only: memory that outlives the plans
    gradient: Array | None = None  # parameters only: where the gradient goes, if anywhere
    node: Node | None = None
    sources: tuple["Value", ...] = ()
    wants_gradient: bool = False


class Graph:
    """Values in the order in which they were added, and one plan for each number of rows.

    `keeps_gradients`: whether the gradient of every value can be looked at after a backward pass.
    A graph that only trains needs those of its parameters; the others then take turns in memory that
    stays in the cache.
    """

    def __init__(self, dtype: DTypeLike, *, keeps_gradients: bool = True) -> None:
        self.dtype = np.dtype(dtype)
        self.keeps_gradients = keeps_gradients
        self.values: list[Value] = []
        self._plans: dict[int, Plan] = {}
        self._memory = Memory(self.dtype)

    def input(
        self,
        name: str,
        shape: Sequence[int | None],
        dtype: DTypeLike | None = None,
        *,
        wants_gradient: bool = False,
    ) -> Value:
        """A value that whoever runs the graph writes before `forward`; None is the number of rows."""
        return self._append(name=name, shape=tuple(shape), dtype=dtype, wants_gradient=wants_gradient)

    def parameter(self, name: str, array: Array, gradient: Array | None = None) -> Value:
        """A value that lives in `array`; its gradient is written straight into `gradient`."""
        return self._append(
            name=name, array=array, gradient=gradient, wants_gradient=gradient is not None
        )

    def add(self, node: Node, *sources: Value, name: str) -> Value:
        """The output of `node`, which reads `sources`."""
        return self._append(
            name=name,
            node=node,
            sources=sources,
            wants_gradient=any(source.wants_gradient for source in sources),
        )

    def _append(self, **fields: Any) -> Value:
        value = Value(len(self.values), **fields)
        self.values.append(value)
        self._plans.clear()
        return value

    def plan(self, rows: int = 1) -> "Plan":
        """The graph bound to memory for `rows` rows; bound once, then remembered."""
        if rows not in self._plans:
            self._plans[rows] = Plan(self, rows, self._memory)
        return self._plans[rows]


class Plan:
    """A graph bound to memory for one number of rows: the calls of both passes, ready to run."""

    def __init__(self, graph: Graph, rows: int, memory: Memory) -> None:
        self.graph = graph
        self.rows = rows
        self._memory = memory
        self._turns = Turns(own=graph.keeps_gradients)
        self._values: list[Array] = []
        self._saved: list[tuple[Array, ...]] = []
        self._gradients: list[Array | None] = [None] * len(graph.values)
        self._forward: list[Call] = []
        self._backward: list[Call] = []
        for value in graph.values:
            self._bind_forward(value)
        self._bind_backward()

    def value(self, value: Value) -> Array:
        """The array that holds a value."""
        return self._values[value.index]

    def saved(self, value: Value) -> tuple[Array, ...]:
        """What the node of a value kept in its forward pass."""
        return self._saved[value.index]

    def gradient(self, value: Value) -> Array:
        """dL/d(value) of the last backward pass, always of the shape of the value (P134)."""
        gradient = self._gradients[value.index]
        if gradient is None:
            raise KeyError(f"no gradient flows to {value.name}")
        if self._turns.passed_on(value.index):
            raise KeyError(f"the gradient of {value.name} is not kept: the graph only trains")
        return gradient

    def nbytes(self) -> int:
        """The memory behind the plan, parameters and their gradients excepted."""
        return self._memory.nbytes()

    def forward(self) -> None:
        """Compute every value, in the order of creation."""
        for call, arguments in self._forward:
            call(*arguments)

    def backward(self) -> None:
        """Compute dL/dv for every value v that wants it, L being the last value: the chain rule.

        The gradient that flows into the last value is its `gradient` array, 1 unless changed.
        """
        for call, arguments in self._backward:
            call(*arguments)

    def _bind_forward(self, value: Value) -> None:
        if value.node is None:
            self._values.append(self._leaf(value))
            self._saved.append(())
            return
        inputs = tuple(self._values[source.index] for source in value.sources)
        shapes = [array.shape for array in inputs]
        index = value.index
        out = self._memory.take(("value", index), value.node.shape(*shapes))
        saved = tuple(
            self._memory.take_space(("saved", index, i), space)
            for i, space in enumerate(value.node.saved(*shapes))
        )
        self._values.append(out)
        self._saved.append(saved)
        self._forward.append((value.node.forward, (inputs, out, saved)))

    def _leaf(self, value: Value) -> Array:
        if value.array is not None:
            return value.array
        shape = tuple(self.rows if size is None else size for size in value.shape)
        return self._memory.take(("value", value.index), shape, value.dtype)

    def _bind_backward(self) -> None:
        last = self.graph.values[-1]
        ones = self._memory.take(("gradient", last.index), self._values[-1].shape)
        ones.fill(1)
        self._gradients[-1] = ones
        for value in reversed(self.graph.values):
            upstream = self._gradients[value.index]
            if value.node is not None and value.wants_gradient and upstream is not None:
                self._bind_node_backward(value, value.node, upstream)
                self._turns.release(value.index)

    def _bind_node_backward(self, value: Value, node: Node, upstream: Array) -> None:
        inputs = tuple(self._values[source.index] for source in value.sources)
        into: list[Array | None] = []
        additions: list[Call] = []
        for source in value.sources:
            if not source.wants_gradient:
                into.append(None)
                continue
            first = self._gradients[source.index]
            if first is None:  # the first to send a gradient writes it ...
                into.append(self._new_gradient(source))
                continue
            later = self._memory.take(("branch", len(additions)), first.shape)
            into.append(later)
            additions.append((np.add, (first, later, first)))  # ... at a branch the others add to it
        arguments = (upstream, inputs, self._values[value.index], self._saved[value.index], into)
        self._backward.append((node.backward, arguments))
        self._backward.extend(additions)

    def _new_gradient(self, source: Value) -> Array:
        gradient = source.gradient
        if gradient is None:
            key = self._turns.take(source.index, may_share=source.node is not None)
            gradient = self._memory.take(key, self._values[source.index].shape)
        self._gradients[source.index] = gradient
        return gradient


def apply(node: Node, *inputs: Array, dtype: DTypeLike) -> Array:
    """The output of a single node for these inputs, without a graph around it."""
    shapes = [array.shape for array in inputs]
    memory = Memory(np.dtype(dtype))
    out = memory.take(("value",), node.shape(*shapes))
    saved = [memory.take_space(("saved", i), space) for i, space in enumerate(node.saved(*shapes))]
    node.forward(inputs, out, saved)
    return out
