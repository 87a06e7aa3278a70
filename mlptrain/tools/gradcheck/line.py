"""The loss along a straight line through where a tensor stands, and its slope by finite differences."""

import math
from typing import NamedTuple

import numpy as np

from mlptrain.arrays import Array
from mlptrain.graph.plan import Plan, Value
from mlptrain.tools.gradcheck.agreement import TOLERANCE, ZERO
from mlptrain.tools.gradcheck.kinks import crossed, pieces

STEP = 1e-5
LARGER_STEPS = (1e-4, 1e-3, 1e-2)
"""Where the centred difference disagrees, five-point ones with these steps tell error from rounding."""

Stencil = tuple[tuple[float, float], ...]
"""Pairs (t, c): the slope is sum c L(t h) / h."""

CENTRED: Stencil = ((-1.0, -0.5), (1.0, 0.5))
"""(L(h) - L(-h)) / 2h: off by h^2 L''' / 6, and by the rounding of L over h."""
FIVE_POINT: Stencil = ((-2.0, 1 / 12), (-1.0, -8 / 12), (1.0, 8 / 12), (2.0, -1 / 12))
"""Off by h^4 L''''' / 30 only, so that h can be larger and the rounding smaller."""


class Slope(NamedTuple):
    """A numerical derivative, and the kink that was crossed on the way, if any."""

    value: float
    kink: str


class Line:
    """w + t * direction, for the entries `where` of a tensor w; the last value of the plan is L.

    Steps are multiples of `unit`.
    """

    def __init__(
        self,
        plan: Plan,
        tensor: Value,
        where: slice | int,
        direction: Array | float,
        unit: float = 1.0,
    ) -> None:
        self.plan = plan
        self.where = where
        self.direction = direction
        self.unit = unit
        self.flat = plan.value(tensor).reshape(-1)
        self.before = np.copy(self.flat[where])

    def slope(self, expected: float, floor: float, zero: float = ZERO) -> Slope:
        """dL/dt at t = 0: the centred difference; where it disagrees, the step that disagrees least.

        A wrong gradient is wrong at every step size, the rounding of a difference is not. `floor` is
        the least size that a disagreement is compared with, up to `zero` none matters. The tensor is
        left exactly as it was.
        """
        best = self._difference(STEP, CENTRED)
        if best.kink:
            return best
        for step in LARGER_STEPS:
            scale = max(abs(expected) + abs(best.value), floor)
            if abs(expected - best.value) <= TOLERANCE * scale or scale <= zero:
                break
            other = self._difference(step, FIVE_POINT)
            if not other.kink and abs(expected - other.value) < abs(expected - best.value):
                best = other
        return best

    def _difference(self, step: float, stencil: Stencil) -> Slope:
        h, total, first, kink = step * self.unit, 0.0, None, ""
        for t, factor in stencil:
            self.flat[self.where] = self.before + (t * h) * self.direction
            self.plan.forward()
            total += factor * float(self.plan.value(self.plan.values[-1]))
            if first is None:
                first = pieces(self.plan)
            elif not kink:
                kink = crossed(self.plan, first, pieces(self.plan))
        self.flat[self.where] = self.before
        return Slope(total / h, kink)


def line_of_entry(plan: Plan, tensor: Value, entry: int) -> Line:
    """A single entry w moves, in steps of max(1, |w|)."""
    size = abs(float(plan.value(tensor).reshape(-1)[entry]))
    return Line(plan, tensor, entry, 1.0, max(1.0, size) if math.isfinite(size) else 1.0)
