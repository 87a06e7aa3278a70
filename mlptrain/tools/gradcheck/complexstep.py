"""A second opinion without subtraction: the complex step.

For an analytic function f, f(x + ih) = f(x) + ih f'(x) + O(h^2), so Im f(x + ih) / h is the derivative
to full precision, however small h is: nothing is subtracted, so nothing is rounded away (Squire and
Trapp, "Using complex variables to estimate derivatives of real functions", SIAM Review 40, 1998).

The nodes are the same; they are handed complex arrays. A node that refuses them, or whose formula is
not analytic there (an absolute value), is found out by trying, and that node alone is passed by
differences: its name is kept in `differenced`. Backward passes have no part in this.
"""

import warnings
from collections.abc import Sequence

import numpy as np

from mlptrain.arrays import Array
from mlptrain.graph.apply import apply
from mlptrain.graph.node import Node
from mlptrain.graph.plan import Plan, Value
from mlptrain.tools.gradcheck.line import FIVE_POINT

H = 1e-20
DIFFERENCES = (1e-4, 1e-6, 1e-8)
"""Steps of a difference through a node that takes no complex numbers: the first without a kink.

Relative to the inputs that move, or to 1 where these are smaller: 2e5 + 1e-8 is rounded off."""
ANALYTIC = 1e-2
"""A formula that is not analytic is wrong by about 1 (times the size of the derivative)."""
ROUNDING = 1e-8


class ComplexStep:
    """dL/d(tensor) along directions, by handing complex numbers to the nodes that depend on it.

    The last value of the plan is L, and the plan has been run forward.
    """

    def __init__(self, plan: Plan, tensor: Value, generator: np.random.Generator) -> None:
        self.plan = plan
        self.tensor = tensor
        self.above = above(plan, tensor)
        self._differenced: set[Value] = set()
        self._constants: dict[Value, Array] = {}
        moved = self._moved(slice(None), generator.normal(size=plan.value(tensor).size))
        for value in self.above:
            inputs = self._inputs(value, moved)
            with np.errstate(all="ignore"):
                found = complex_output(value, inputs)
                by_difference = differenced_output(value, inputs)
                analytic = found is not None and is_analytic(value, found, by_difference, inputs)
            if not analytic:
                self._differenced.add(value)
                found = by_difference
            if found is None:  # a kink where every step crosses it: nothing is known from here on
                found = plan.value(value).astype(np.complex128)
            moved[value] = found

    @property
    def differenced(self) -> list[str]:
        """Names of the values whose nodes are passed by differences."""
        return [value.name for value in self.above if value in self._differenced]

    def slope(self, where: slice | int, direction: Array | float) -> float | None:
        """dL/dt along `direction` in the entries `where`; None where a difference met a kink."""
        moved = self._moved(where, direction)
        for value in self.above:
            inputs = self._inputs(value, moved)
            if value in self._differenced:
                output = differenced_output(value, inputs)
                if output is None:
                    return None
                moved[value] = output
            else:
                moved[value] = apply(need(value), *inputs, dtype=np.complex128)
        return float(moved[self.plan.values[-1]].imag / H)

    def _moved(self, where: slice | int, direction: Array | float) -> dict[Value, Array]:
        w = self.plan.value(self.tensor).astype(np.complex128)
        w.reshape(-1)[where] += 1j * H * direction
        return {self.tensor: w}

    def _inputs(self, value: Value, moved: dict[Value, Array]) -> list[Array]:
        return [
            moved[source] if source in moved else self._constant(source) for source in value.sources
        ]

    def _constant(self, value: Value) -> Array:
        """A value that does not move: complex like the others, unless it holds class numbers."""
        if value not in self._constants:
            array = self.plan.value(value)
            self._constants[value] = array.astype(np.complex128) if array.dtype.kind == "f" else array
        return self._constants[value]


def above(plan: Plan, tensor: Value) -> list[Value]:
    """The values that depend on a tensor, in the order of the forward pass."""
    found, moving = list[Value](), {tensor}
    for value in plan.values:
        if any(source in moving for source in value.sources):
            found.append(value)
            moving.add(value)
    return found


def need(value: Value) -> Node:
    """The node behind a value that was computed."""
    assert value.node is not None
    return value.node


def complex_output(value: Value, inputs: list[Array]) -> Array | None:
    """The output for complex inputs, or None where the node refuses them or drops an imaginary part."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        try:
            return apply(need(value), *inputs, dtype=np.complex128)
        except (TypeError, np.exceptions.ComplexWarning):
            return None


def is_analytic(value: Value, found: Array, by_difference: Array | None, inputs: list[Array]) -> bool:
    """Whether an output for complex inputs has the slope of a difference.

    Large targets make large steps, which are too large for an exponential of the scores beside them:
    what fails there is held against steps of the size of what moves, as far as these show at all.
    """
    if by_difference is not None and alike(found, by_difference, inputs):
        return True
    moving = [array for array in inputs if np.iscomplexobj(array) and array.imag.any()]
    closer = differenced_output(value, inputs, moving) if moving else None
    return closer is not None and bool(closer.imag.any()) and alike(found, closer, inputs)


def differenced_output(
    value: Value, inputs: list[Array], sized: Sequence[Array] | None = None
) -> Array | None:
    """The output for x + ihd as f(x) + ih df, with df by a five-point difference; None at a kink.

    sized   the inputs that the steps are relative to, if not to all that are complex
    """
    node = need(value)
    x = [array.real for array in inputs]
    d = [array.imag / H if np.iscomplexobj(array) else None for array in inputs]
    size = max(float(np.abs(each).max(initial=0.0)) for each in d if each is not None)
    middle = apply(node, *x, dtype=np.float64)
    if size == 0:
        return middle.astype(np.complex128)
    sized = [array for array in inputs if np.iscomplexobj(array)] if sized is None else sized
    largest = max(float(np.abs(array.real).max(initial=0.0)) for array in sized)
    for step in (each * max(1.0, largest) for each in DIFFERENCES):
        slope, pieces = np.zeros_like(middle), list[Array]()
        for t, factor in FIVE_POINT:
            moved = [a if b is None else a + (t * step / size) * b for a, b in zip(x, d, strict=True)]
            slope += factor * apply(node, *moved, dtype=np.float64)
            piece = node.piece(*moved)
            pieces += [] if piece is None else [piece]
        if all(np.array_equal(pieces[0], piece) for piece in pieces):
            return middle + 1j * H * (size / step) * slope
    return None


def alike(found: Array, by_difference: Array, inputs: list[Array]) -> bool:
    """Whether two outputs have the same imaginary part, but for the rounding of the difference."""
    moved = max(float(np.abs(array.imag).max(initial=0.0)) for array in inputs) / H
    distance = float(np.linalg.norm((found.imag - by_difference.imag) / H))
    return distance <= ANALYTIC * float(np.linalg.norm(by_difference.imag / H)) + ROUNDING * moved
