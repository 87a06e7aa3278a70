"""Jacobians: written down where they are small, counted where they are not (P115-P118, P129-P143).

>>> from mlptrain.tools.trace.trace import run
>>> circuit, plan = run("relu(x)", {"x": [1, -2, 3, -1]})
>>> jacobian_of(plan, circuit.inputs["x"]).matrix.tolist()
[[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlptrain.arrays import Array, Shape
from mlptrain.errors import ConfigError
from mlptrain.graph.plan import Plan, Value
from mlptrain.messages import advice
from mlptrain.tools.trace.tokens import NAME, SHOWN

MOST = 64
"""So many rows and columns of a Jacobian are written down at most."""


@dataclass(frozen=True)
class Jacobian:
    """The derivative of every element of a value with respect to every element of another.

    matrix  a row for each element of the output, a column for each of the input; None if it is large
    needs   the bytes that the gate reads and writes in its backward pass, which never makes the matrix
    """

    output: str
    source: str
    rows: Shape  # of the output
    columns: Shape  # of the input
    itemsize: int
    matrix: Array | None = None
    needs: int = 0

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and columns it has."""
        return math.prod(self.rows), math.prod(self.columns)

    @property
    def nbytes(self) -> int:
        """What it would take, written down."""
        return math.prod(self.shape) * self.itemsize

    def to_json(self) -> dict[str, Any]:
        """What `trace --jacobian --json` prints of it."""
        matrix = None if self.matrix is None else self.matrix.tolist()
        return {
            "output": self.output,
            "input": self.source,
            "shape": list(self.shape),
            "bytes": self.nbytes,
            "matrix": matrix,
        }


def jacobian_of(plan: Plan, source: Value) -> Jacobian:
    """That of the output with respect to one input; the upstream gradients of the plan are lost."""
    output = plan.values[-1]
    rows, columns = plan.value(output).shape, plan.value(source).shape
    found = Jacobian(output.name, source.name, rows, columns, plan.value(output).itemsize)
    if max(found.shape) > MOST:
        return found
    matrix = np.zeros(found.shape)
    for row, one in enumerate(np.eye(found.shape[0])):  # backward with one element of the output alone
        plan.backward(one.reshape(rows))
        matrix[row] = plan.gradient(source).reshape(-1)
    return Jacobian(*(found.output, found.source, rows, columns, found.itemsize), matrix)


def of_every_gate(plan: Plan) -> Iterator[Jacobian]:
    """The size of each gate's own Jacobian, for each input that wants a gradient."""
    for value in plan.values:
        if value.node is None:
            continue
        out = plan.value(value)
        needs = sum(plan.value(each).nbytes for each in (value, *value.sources))
        for source in value.sources:
            if source.wants_gradient:
                array = plan.value(source)
                sizes = out.shape, array.shape, out.itemsize
                yield Jacobian(value.name, source.name, *sizes, needs=needs)


@dataclass(frozen=True)
class Touch:
    """What one element of an input does to the output (P140-P143)."""

    element: str
    output: str
    derivative: Array  # of each element of the output
    gradient: float  # of the element: the derivatives times the upstream gradients, added up


def touched(plan: Plan, inputs: Mapping[str, Value], element: str) -> Touch:
    """The derivative of every element of the output with respect to one element, such as `x[0,1]`."""
    source, place = _element(plan, inputs, element)
    output = plan.values[-1]
    gradient = float(plan.gradient(source)[place])
    shape = plan.value(output).shape
    if math.prod(shape) > MOST * MOST:
        raise ConfigError(
            f"--element: the output has {math.prod(shape):,} elements; {MOST * MOST:,} at most"
        )
    derivative = np.empty(shape)
    for at in np.ndindex(shape):
        one = np.zeros(shape)
        one[at] = 1
        plan.backward(one)
        derivative[at] = plan.gradient(source)[place]
    return Touch(element, output.name, derivative, gradient)


def _element(plan: Plan, inputs: Mapping[str, Value], text: str) -> tuple[Value, tuple[int, ...]]:
    """The input and the place that `x[0,1]` names; ConfigError where there is none."""
    found = re.fullmatch(rf"({NAME})(?:\[(\d+(?:,\d+)*)\])?", text.replace(" ", ""))
    if found is None:
        raise ConfigError(f"--element: expected an element such as x[0,1], got {text[:SHOWN]!r}")
    name, numbers = found.groups()
    known = [each for each, value in inputs.items() if value.wants_gradient]
    if name not in known:
        raise ConfigError(f"--element: no input {name!r} has a gradient; {advice(name, known)}")
    place = tuple(int(number) for number in numbers.split(",")) if numbers else ()
    shape = plan.value(inputs[name]).shape
    if len(place) != len(shape) or any(i >= size for i, size in zip(place, shape, strict=True)):
        last = "".join(f"[{','.join(str(size - 1) for size in shape)}]" if shape else "")
        raise ConfigError(f"--element: {name} has no element {text[:SHOWN]}; the last is {name}{last}")
    return inputs[name], place
