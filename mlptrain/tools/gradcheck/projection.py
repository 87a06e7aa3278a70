"""Random projections: one number that depends on every entry of a large tensor.

For a direction u the slope of L along u has to be g . u. A gradient that is wrong in one unit of
thousands shifts it, whichever entries are looked at. The units (the columns of W) are weighted so
that each of them counts alike, also one with small gradients; and as the direction is short, kinks
are rarely crossed. Where a projection disagrees, halving the set of units finds the wrong ones.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mlptrain.arrays import Array
from mlptrain.graph.plan import Plan, Value
from mlptrain.tools.gradcheck.agreement import TOLERANCE, ZERO
from mlptrain.tools.gradcheck.line import Line

PROJECTIONS = 4
"""One of them overlooks a thousandth in one unit of 4096 once in ten times; four, hardly ever."""
SEARCHES = 3
"""So many look at each half on the way to a wrong unit."""
MOST_NAMED = 5
"""So many wrong units are named at most."""
WEAKEST = 0.1
"""A unit moves at most ten times as far as the one with the largest gradient."""


class Direction(NamedTuple):
    """A direction u (flat), the slope g . u expected along it, and the usual size of such a slope."""

    u: Array
    expected: float
    usual: float


SlopeAlong = Callable[[Direction], float | None]
"""The slope of L along a direction, or None at a kink."""


class Projections:
    """Random directions through one tensor, and how well its gradient fits the slope along them."""

    def __init__(
        self,
        plan: Plan,
        tensor: Value,
        analytic: Array,
        generator: np.random.Generator,
        zero: float = ZERO,
    ) -> None:
        self.plan = plan
        self.zero = zero
        self.disagreeing = list[Direction]()  # along which a slope was not as expected
        self.tensor = tensor
        self.gradient = analytic.reshape(-1, analytic.shape[-1])  # one column for each unit
        self.generator = generator
        norms = np.sqrt(np.square(self.gradient).sum(axis=0))
        largest = norms[np.isfinite(norms)].max(initial=0.0)
        self.weights = 1 / np.maximum(norms, WEAKEST * largest) if largest else np.ones_like(norms)
        self.weights[~np.isfinite(norms)] = 1 / largest if largest else 1.0

    def errors(self, count: int, units: slice = slice(None)) -> list[float | None]:
        """The relative error along `count` directions through these units; None: it crosses a kink."""
        return [self.error(self._by_differences, units) for _ in range(count)]

    def error(self, slope: SlopeAlong, units: slice = slice(None)) -> float | None:
        """|g.u - slope| / max(|g.u| + |slope|, usual size) along a new direction u; None at a kink."""
        return self.error_along(self.direction(units), slope)

    def error_along(self, direction: Direction, slope: SlopeAlong) -> float | None:
        """The same along a direction that there is already."""
        found = slope(direction)
        if found is None:
            return None
        scale = max(abs(direction.expected) + abs(found), direction.usual)
        error = float("inf")
        if np.isfinite(scale):
            error = abs(direction.expected - found) / scale if scale > self.zero else 0.0
        if error > TOLERANCE:
            self.disagreeing.append(direction)
        return error

    def direction(self, units: slice = slice(None)) -> Direction:
        """A random direction of length 1 through these units; the usual size is 2 sqrt(sum (g u)^2)."""
        u = np.zeros_like(self.gradient)
        u[:, units] = self.generator.normal(size=u[:, units].shape) * self.weights[units]
        u /= np.sqrt(np.square(u).sum())
        products = self.gradient[:, units] * u[:, units]
        usual = 2 * float(np.sqrt(np.square(products).sum()))
        return Direction(u.reshape(-1), float(products.sum()), usual)

    def _by_differences(self, direction: Direction) -> float | None:
        line = Line(self.plan, self.tensor, slice(None), direction.u)
        found = line.slope(direction.expected, direction.usual, self.zero)
        return None if found.kink else found.value

    def wrong_units(self) -> list[int]:
        """Units whose gradient is wrong, found by halving; at most `MOST_NAMED`."""
        pending, found = [slice(0, self.gradient.shape[1])], list[int]()
        while pending and len(found) < MOST_NAMED:
            units = pending.pop()
            if not any((error or 0.0) > TOLERANCE for error in self.errors(SEARCHES, units)):
                continue
            middle = (units.start + units.stop) // 2
            if middle == units.start:
                found.append(units.start)
            else:
                pending += [slice(middle, units.stop), slice(units.start, middle)]
        return sorted(found)

    def entries_of(self, unit: int, most: int) -> Array:
        """The entries of a unit with the largest gradients, `most` of them, as flat numbers."""
        of_unit = np.abs(np.nan_to_num(self.gradient[:, unit], nan=np.inf))
        rows = np.sort(of_unit.argsort(kind="stable")[::-1][:most])
        return rows * self.gradient.shape[1] + unit
