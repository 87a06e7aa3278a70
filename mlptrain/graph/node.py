"""The contract of a node: the lecture's forward() / backward() API.

A node is mathematics only. It does not know its neighbours, owns no memory and keeps no state
between calls: the graph hands it every array it reads or writes. The same node object can therefore
stand in a training graph, a prediction graph and a gradient check at once.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

from numpy.typing import DTypeLike

from mlptrain.arrays import Array, Arrays, Into, Shape


class Buffer(NamedTuple):
    """Memory that a node asks the graph for, kept from its forward to its backward call.

    `dtype` None means the dtype of the graph. With `constant` it holds that number from the start,
    is shared by all nodes that ask for the same one, and must only be read.
    """

    shape: Shape
    dtype: DTypeLike | None = None
    constant: float | None = None


class Node(ABC):
    """One operation of a computational graph.

    Every docstring of a subclass states the formula, the shapes and the local gradient, so that
    `backward` can be checked against the line above it:

        downstream gradient = upstream gradient x local gradient        (lecture 4, P69-P78)

    Four facts about a node let a graph that only trains save memory and time.
    """

    row_by_row: ClassVar[bool] = False
    """Row i of every output and gradient depends on row i of the inputs alone: it can go in blocks."""
    in_place: ClassVar[bool] = False
    """`forward` may write over the first input: `backward` does not look at the inputs again."""
    backward_reads_output: ClassVar[bool] = True
    """Whether `backward` looks at the output."""
    gradient_in_place: ClassVar[bool] = False
    """`backward` may write the gradient of the first input over its upstream gradient."""

    @abstractmethod
    def shape(self, *inputs: Shape) -> Shape:
        """The shape of the output, from the shapes of the inputs; ValueError if they do not fit."""

    def row_axis(self, *axes: int | None) -> int | None:
        """The axis of the output that holds the rows, given those of the inputs; None where none does.

        Axes are counted from the end: -2 in (N, D) and in (k, N, D), -1 in (N,). The rows usually
        stay where the first input that has some has them.
        """
        return next((axis for axis in axes if axis is not None), None)

    def saved(self, *inputs: Shape) -> tuple[Buffer, ...]:
        """What forward must keep for backward, besides its inputs and its output."""
        return ()

    def piece(self, *inputs: Array) -> Array | None:
        """Which piece of a formula in pieces each element is on; None for a formula without kinks.

        A gradient check compares the pieces before and after its step: where one changed, the
        numerical gradient has crossed a kink and says nothing about the analytic one.
        """
        return None

    @abstractmethod
    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        """Write the result of the operation into `out`, and what backward needs into `saved`."""

    @abstractmethod
    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        """Write dL/d(input i) into `into[i]`, given `upstream` = dL/d(output).

        `into[i]` has the shape of input i. It is None where nobody wants that gradient; the graph
        calls a node only when at least one is wanted. A node overwrites: adding up at branches is
        the graph's work. `upstream` must be left as it is, unless it is `into[0]`.
        """
