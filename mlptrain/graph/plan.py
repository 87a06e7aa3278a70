"""A graph bound to memory for one number of rows: two lists of calls, ready to run.

A graph that only trains or predicts does with less memory, and finds more of it in the cache: a node
may write over its input where nobody reads that again, gradients that pass through take turns in two
slots, and nodes that go row by row work through their rows in blocks.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from mlptrain.arrays import Array
from mlptrain.graph.memory import GradientSlots, Memory
from mlptrain.graph.node import Node

BLOCK = 64 * 1024
"""Elements that a node works on at once where it goes row by row."""

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


class Plan:
    """A graph bound to memory for one number of rows: the calls of both passes, ready to run."""

    def __init__(self, values: Sequence[Value], rows: int, memory: Memory, *, keeps_all: bool) -> None:
        self.values = values
        self.rows = rows
        self.keeps_all = keeps_all
        self._memory = memory
        self._turns = GradientSlots(own=keeps_all)
        self._values: list[Array] = []
        self._saved: list[list[tuple[Array, ...]]] = []  # of each value, by block
        self._gradients: list[Array | None] = [None] * len(values)
        self._forward: list[Call] = []
        self._ends: list[int] = []  # how many of these calls it takes to have each value
        self._backward: list[Call] = []
        for value in values:
            self._bind_forward(value)
            self._ends.append(len(self._forward))
        self._bind_backward()

    def value(self, value: Value) -> Array:
        """The array that holds a value."""
        return self._values[value.index]

    def saved(self, value: Value) -> tuple[Array, ...]:
        """What the node of a value kept in its forward pass, where it was run in one block."""
        (saved,) = self._saved[value.index]
        return saved

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

    def walk(self) -> Iterator[Value]:
        """The forward pass again, value by value: each is seen before another is written over it."""
        start = 0
        for value, end in zip(self.values, self._ends, strict=True):
            for call, arguments in self._forward[start:end]:
                call(*arguments)
            start = end
            yield value

    def backward(self) -> None:
        """Compute dL/dv for every value v that wants it, L being the last value: the chain rule.

        The gradient that flows into the last value is its `gradient` array, 1 unless changed.
        """
        for call, arguments in self._backward:
            call(*arguments)

    def _bind_forward(self, value: Value) -> None:
        node = value.node
        if node is None:
            self._values.append(self._leaf(value))
            self._saved.append([])
            return
        inputs = tuple(self._values[source.index] for source in value.sources)
        shape = node.shape(*(array.shape for array in inputs))
        overwrites = not self.keeps_all and may_overwrite(value, self.values)
        out = inputs[0] if overwrites else self._memory.take(("value", value.index), shape)
        self._values.append(out)
        self._saved.append([])
        for rows in self._blocks(node, inputs):
            block = tuple(part(array, rows) for array in inputs)
            saved = self._buffers(node, block, value.index)
            self._saved[-1].append(saved)
            self._forward.append((node.forward, (block, part(out, rows), saved)))

    def _blocks(self, node: Node, inputs: Sequence[Array]) -> list[slice | None]:
        """The rows that each call of a node works on: all of them, or as many as stay in the cache."""
        width = max(array.size for array in inputs) // max(self.rows, 1)
        if self.keeps_all or not node.row_by_row or self.rows * width <= BLOCK:
            return [None]
        step = max(BLOCK // width, 1)
        return [slice(start, start + step) for start in range(0, self.rows, step)]

    def _buffers(self, node: Node, inputs: Sequence[Array], index: int) -> tuple[Array, ...]:
        block = len(self._saved[index])
        return tuple(
            self._memory.take_buffer(("saved", index, block, i), space)
            for i, space in enumerate(node.saved(*(array.shape for array in inputs)))
        )

    def _leaf(self, value: Value) -> Array:
        if value.array is not None:
            return value.array
        shape = tuple(self.rows if size is None else size for size in value.shape)
        return self._memory.take(("value", value.index), shape, value.dtype)

    def _bind_backward(self) -> None:
        last = self.values[-1]
        ones = self._memory.take(("gradient", last.index), self._values[-1].shape)
        ones.fill(1)
        self._gradients[-1] = ones
        for value in reversed(self.values):
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
                if node.gradient_in_place and not into:
                    self._turns.release(value.index)  # ... over the upstream gradient if it may ...
                into.append(self._new_gradient(source))
                continue
            later = self._memory.take(("branch", len(additions)), first.shape)
            into.append(later)
            additions.append((np.add, (first, later, first)))  # ... at a branch the others add to it
        out = self._values[value.index]
        for rows, saved in zip(self._blocks(node, inputs), self._saved[value.index], strict=True):
            block = tuple(part(array, rows) for array in inputs)
            wanted = [None if array is None else part(array, rows) for array in into]
            self._backward.append(
                (node.backward, (part(upstream, rows), block, part(out, rows), saved, wanted))
            )
        self._backward.extend(additions)

    def _new_gradient(self, source: Value) -> Array:
        gradient = source.gradient
        if gradient is None:
            key = self._turns.take(source.index, may_share=source.node is not None)
            gradient = self._memory.take(key, self._values[source.index].shape)
        self._gradients[source.index] = gradient
        return gradient


def may_overwrite(value: Value, values: Sequence[Value]) -> bool:
    """Whether the node of a value may write over its first input: nobody looks at that again."""
    source = value.sources[0]
    readers = sum(source in each.sources for each in values)
    if value.node is None or source.node is None or readers > 1:
        return False
    needed = source.wants_gradient and source.node.backward_reads_output
    return value.node.in_place and not needed


def part(array: Array, rows: slice | None) -> Array:
    """Some rows of an array, or the array itself."""
    return array if rows is None else array[rows]
