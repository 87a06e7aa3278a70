"""Arithmetic written as in a formula: each operator is one gate of the lecture's circuits."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

from mlptrain.graph import gates, matrices, reductions
from mlptrain.graph.node import Node


class Operators(ABC):
    """What `+ - * / ** @` and the functions below mean: the gate of that name, through `through`."""

    __array_ufunc__ = None  # array + value is our business, not NumPy's
    __iter__: ClassVar[None] = None  # brackets alone would make it a sequence without an end

    @abstractmethod
    def through(self, node: Node, *others: Any) -> Self:
        """The output of a node that reads this value first, and then the others."""

    @abstractmethod
    def constant(self, number: Any) -> Self:
        """A number or an array as a value that wants no gradient."""

    def __add__(self, other: Any) -> Self:
        return self.through(gates.Add(), other)

    def __sub__(self, other: Any) -> Self:
        return self.through(gates.Subtract(), other)

    def __mul__(self, other: Any) -> Self:
        return self.through(gates.Multiply(), other)

    def __truediv__(self, other: Any) -> Self:
        return self.through(gates.Divide(), other)

    def __pow__(self, other: Any) -> Self:
        return self.through(gates.Power(), other)

    def __matmul__(self, other: Any) -> Self:
        return self.through(matrices.MatMul(), other)

    def __neg__(self) -> Self:
        return self.through(gates.Negate())

    def __radd__(self, other: Any) -> Self:
        return self.constant(other) + self

    def __rsub__(self, other: Any) -> Self:
        return self.constant(other) - self

    def __rmul__(self, other: Any) -> Self:
        return self.constant(other) * self

    def __rtruediv__(self, other: Any) -> Self:
        return self.constant(other) / self

    def __rpow__(self, other: Any) -> Self:
        return self.constant(other) ** self

    def __rmatmul__(self, other: Any) -> Self:
        return self.constant(other) @ self

    def max(self, other: Any) -> Self:
        """max(x, y), element by element: the gradient router."""
        return self.through(gates.Max(), other)

    def exp(self) -> Self:
        """e^x."""
        return self.through(gates.Exp())

    def log(self) -> Self:
        """The natural logarithm."""
        return self.through(gates.Log())

    def min(self, other: Any) -> Self:
        """min(x, y), element by element."""
        return self.through(gates.Min(), other)

    def sqrt(self) -> Self:
        """The square root."""
        return self.through(gates.Sqrt())

    def __abs__(self) -> Self:
        return self.through(gates.Abs())

    def __getitem__(self, place: matrices.Place | tuple[matrices.Place, ...]) -> Self:
        return self.through(matrices.Index(place if isinstance(place, tuple) else (place,)))

    @property
    def T(self) -> Self:
        """The transpose of a matrix."""
        return self.through(matrices.Transpose())

    def sum(self, axis: int | None = None) -> Self:
        """The sum of all elements, since a loss must be one number; or along an axis."""
        return self.through(reductions.Sum(axis))

    def mean(self, axis: int | None = None) -> Self:
        """The mean of all elements, or along an axis."""
        return self.through(reductions.Mean(axis))

    def softmax(self) -> Self:
        """The probabilities of the scores in each row."""
        return self.through(reductions.Softmax())

    def log_softmax(self) -> Self:
        """Their logarithms."""
        return self.through(reductions.LogSoftmax())
