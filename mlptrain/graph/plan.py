"""Values, and the plan that binds them to memory for one number of rows: two lists of calls.

A graph that only trains or predicts does with less memory, and finds more of it in the cache: a node
may write over its input where nobody reads that again, gradients that pass through take turns in two
slots, and nodes that go row by row work through their rows in blocks.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from mlptrain.arrays import Array
from mlptrain.graph.apply import apply
from mlptrain.graph.memory import GradientSlots, Memory, part
from mlptrain.graph.node import Node
from mlptrain.graph.operators import Operators

BLOCK = 64 * 1024
"""Elements that a node works on at once where it goes row by row."""

Call = tuple[Callable[..., Any], tuple[Any, ...]]


class Value(Operators):
    """A wire of the circuit: an input, a parameter, or the output of a node.

    A `Graph` makes values and runs them again and again. Values made by hand compute at once, with
    the same nodes, on numbers and arrays:

    >>> x, y, z = Value(-2.0), Value(5.0), Value(-4.0)
    >>> f = (x + y) * z
    >>> f.backward()
    >>> float(f.value), float(x.gradient), float(y.gradient), float(z.gradient)
    (-12.0, -4.0, -4.0, 3.0)

    value, gradient  the arrays of a parameter, or of a value made by hand
    shape, dtype     of an input; None in a shape stands for the number of rows
    row_axis         the axis that holds the rows, counted from the end; None where none does
    """

    def __init__(
        self,
        value: ArrayLike | None = None,
        gradient: Array | None = None,
        *,
        name: str = "",
        shape: tuple[int | None, ...] = (),
        dtype: DTypeLike | None = None,
        node: Node | None = None,
        sources: tuple["Value", ...] = (),
        wants_gradient: bool = True,
    ) -> None:
        self.name = name
        self.shape = shape
        self.dtype = dtype
        self.node = node
        self.sources = sources
        self.value = None if value is None else _array(value, integers=not wants_gradient)
        self.gradient = gradient
        self.wants_gradient = wants_gradient
        self.row_axis = shape.index(None) - len(shape) if None in shape else None
        if node is not None:
            self.wants_gradient = any(source.wants_gradient for source in sources)
            self.row_axis = node.row_axis(*(source.row_axis for source in sources))

    def through(self, node: Node, *others: Any) -> "Value":
        """The output of a node that reads this value first, and then the others: `x.through(Tanh())`.

        It is computed at once where all of them have numbers; ValueError where shapes do not fit.
        """
        rest = (other if isinstance(other, Value) else self.constant(other) for other in others)
        sources = (self, *rest)
        arrays = [source.value for source in sources if source.value is not None]
        known = len(arrays) == len(sources)
        floats = [array for array in arrays if array.dtype.kind in "fc"]
        value = apply(node, *arrays, dtype=np.result_type(*floats)) if known else None
        return Value(value, name=type(node).__name__.lower(), node=node, sources=sources)

    def constant(self, number: Any) -> "Value":
        """A number or an array that wants no gradient; class numbers stay integers."""
        return Value(number, wants_gradient=False)

    def backward(self, upstream: ArrayLike = 1.0) -> None:
        """Compute the gradient of this value with respect to every value that it was made from.

        Each call writes the gradients anew; `upstream` is the gradient that flows into this value.
        """
        values = _in_order(self)
        if self.value is None:
            raise ValueError(f"{self.name or 'it'} has no number: values of a Graph run in its plan")
        for leaf in values:
            if leaf.node is None and leaf.wants_gradient and leaf.gradient is None:
                leaf.gradient = np.zeros_like(leaf.value)
        plan = Plan(values, 1, Memory(self.value.dtype), keeps_all=True)
        plan.forward()
        plan.backward(upstream)
        for value in values:
            if value.node is not None and value.wants_gradient:
                value.gradient = plan.gradient(value)

    def __repr__(self) -> str:
        shown = f"Value({self.value}" if self.value is not None else f"Value({self.name!r}"
        return shown + (")" if self.gradient is None else f", gradient={self.gradient})")


def _array(value: ArrayLike, *, integers: bool) -> Array:
    """An array as it is, anything else as float64; integers only where they may stay."""
    array = np.asarray(value)
    kept = "fci" if integers and array.ndim else "fc"
    return array if array.dtype.kind in kept else array.astype(np.float64)


def _in_order(last: Value) -> list[Value]:
    """A value and all that it was made from, sources first."""
    order: dict[Value, None] = {}
    waiting = [last]
    while waiting:
        value = waiting[-1]
        missing = [source for source in value.sources if source not in order]
        if missing:
            waiting += missing
        else:
            order[waiting.pop()] = None
    return list(order)


class Plan:
    """A graph bound to memory for one number of rows: the calls of both passes, ready to run."""

    def __init__(self, values: Sequence[Value], rows: int, memory: Memory, *, keeps_all: bool) -> None:
        self.values = values
        self.rows = rows
        self.keeps_all = keeps_all
        self._memory = memory
        self._places = {value: place for place, value in enumerate(values)}
        self._slots = GradientSlots(own=keeps_all)
        self._values: dict[Value, Array] = {}
        self._saved: dict[Value, list[tuple[Array, ...]]] = {}  # by block
        self._gradients: dict[Value, Array] = {}
        self._forward, self._backward = list[Call](), list[Call]()
        self._ends: list[int] = []  # how many forward calls it takes to have each value
        for value in values:
            self._bind_forward(value)
            self._ends.append(len(self._forward))
        # of the plan alone: what flows into the loss of one minibatch is no business of another
        self._upstream = np.ones_like(self._values[values[-1]])
        self._bind_backward()

    def value(self, value: Value) -> Array:
        """The array that holds a value."""
        return self._values[value]

    def saved(self, value: Value) -> tuple[Array, ...]:
        """What the node of a value kept in its forward pass, where it was run in one block."""
        (saved,) = self._saved[value]
        return saved

    def gradient(self, value: Value) -> Array:
        """dL/d(value) of the last backward pass, always of the shape of the value (P134)."""
        if value not in self._gradients:
            raise KeyError(f"no gradient flows to {value.name}")
        if self._slots.passed_on(self._places[value]):
            raise KeyError(f"the gradient of {value.name} is not kept: the graph only trains")
        return self._gradients[value]

    def nbytes(self) -> int:
        """The memory behind the plan, parameters and their gradients excepted."""
        return self._memory.nbytes()

    def forward(self) -> None:
        """Compute every value, in the order of creation."""
        for call, arguments in self._forward:
            call(*arguments)

    def walk(self) -> Iterator[Value]:
        """The forward pass again, value by value: each is seen before another is written over it."""
        start = 0
        for value, end in zip(self.values, self._ends, strict=True):
            for call, arguments in self._forward[start:end]:
                call(*arguments)
            start = end
            yield value

    def backward(self, share: ArrayLike = 1.0) -> None:
        """Compute dL/dv for every value v that wants it, L being the last value: the chain rule.

        `share` is the gradient that flows into L. A shard of a minibatch takes its share of it: the
        gradients of all shards then add up to that of the whole, penalty included.
        """
        self._upstream[...] = share
        for call, arguments in self._backward:
            call(*arguments)

    def _bind_forward(self, value: Value) -> None:
        node = value.node
        if node is None:
            self._values[value] = self._leaf(value)
            return
        inputs = tuple(self._values[source] for source in value.sources)
        shape = node.shape(*(array.shape for array in inputs))
        if value.row_axis is not None and shape[value.row_axis] != self.rows:
            raise ValueError(
                f"{value.name}: {type(node).__name__} loses rows: {shape}, not {self.rows}"
            )
        overwrites = not self.keeps_all and may_overwrite(value, self.values)
        place = self._places[value]
        out = inputs[0] if overwrites else self._memory.take(("value", place), shape)
        self._values[value], self._saved[value] = out, []
        for block, rows in enumerate(self._blocks(value)):
            read = self._parts(value.sources, inputs, rows)
            saved = tuple(
                self._memory.take_buffer(("saved", place, block, i), buffer)
                for i, buffer in enumerate(node.saved(*(array.shape for array in read)))
            )
            self._saved[value].append(saved)
            self._forward.append((node.forward, (read, part(out, value.row_axis, rows), saved)))

    def _leaf(self, value: Value) -> Array:
        if value.value is not None:
            return value.value
        shape = tuple(self.rows if size is None else size for size in value.shape)
        return self._memory.take(("value", self._places[value]), shape, value.dtype)

    def _blocks(self, value: Value) -> list[slice | None]:
        """The rows that each call of a node works on: all of them, or as many as stay in the cache."""
        node, sources = value.node, value.sources
        if self.keeps_all or node is None or not node.row_by_row:
            return [None]
        if any(each.row_axis is None for each in (value, *sources)):
            return [None]  # what has no rows of its own cannot be cut
        width = max(self._values[source].size for source in sources) // max(self.rows, 1)
        if self.rows * width <= BLOCK:
            return [None]
        step = max(BLOCK // width, 1)
        return [slice(start, start + step) for start in range(0, self.rows, step)]

    def _parts(
        self, sources: Sequence[Value], arrays: Sequence[Array], rows: slice | None
    ) -> tuple[Array, ...]:
        """Some rows of each array, which belongs to the value beside it."""
        return tuple(
            part(array, source.row_axis, rows) for source, array in zip(sources, arrays, strict=True)
        )

    def _bind_backward(self) -> None:
        self._gradients[self.values[-1]] = self._upstream
        for value in reversed(self.values):
            if value.node is not None and value.wants_gradient and value in self._gradients:
                self._bind_node_backward(value, value.node)
                self._slots.release(self._places[value])

    def _bind_node_backward(self, value: Value, node: Node) -> None:
        upstream, out = self._gradients[value], self._values[value]
        inputs = tuple(self._values[source] for source in value.sources)
        into, additions = list[Array | None](), list[Call]()
        for source in value.sources:
            if not source.wants_gradient:
                into.append(None)
                continue
            first = self._gradients.get(source)
            if first is None:  # the first to send a gradient writes it ...
                if node.gradient_in_place and not into:
                    self._slots.release(
                        self._places[value]
                    )  # ... over the upstream gradient if it may ...
                into.append(self._new_gradient(source))
                continue
            later = self._memory.take(("branch", len(additions)), first.shape)
            into.append(later)
            additions.append((np.add, (first, later, first)))  # ... at a branch the others add to it
        axis = value.row_axis
        for rows, saved in zip(self._blocks(value), self._saved[value], strict=True):
            read = self._parts(value.sources, inputs, rows)
            wanted = [
                None if array is None else part(array, source.row_axis, rows)
                for source, array in zip(value.sources, into, strict=True)
            ]
            arguments = (part(upstream, axis, rows), read, part(out, axis, rows), saved, wanted)
            self._backward.append((node.backward, arguments))
        self._backward.extend(additions)

    def _new_gradient(self, source: Value) -> Array:
        gradient = source.gradient
        if gradient is None:
            key = self._slots.take(self._places[source], may_share=source.node is not None)
            gradient = self._memory.take(key, self._values[source].shape)
        self._gradients[source] = gradient
        return gradient


def may_overwrite(value: Value, values: Sequence[Value]) -> bool:
    """Whether the node of a value may write over its first input: nobody looks at that again."""
    source = value.sources[0]
    readers = sum(source in each.sources for each in values)
    if value.node is None or source.node is None or readers > 1:
        return False
    needed = source.wants_gradient and source.node.backward_reads_output
    return value.node.in_place and not needed
