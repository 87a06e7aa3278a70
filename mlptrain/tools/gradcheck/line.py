"""The loss along a straight line through where a tensor stands, and its slope by finite differences."""

import math
from typing import NamedTuple

import numpy as np

from mlptrain.arrays import Array
from mlptrain.graph.plan import Plan, Value
from mlptrain.tools.gradcheck.kinks import crossed, pieces

STEP = 1e-5

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
    """w + t * direction, for the entries `where` of a tensor w; the last value of the plan is L."""

    def __init__(self, plan: Plan, tensor: Value, where: slice | int, direction: Array | float) -> None:
        self.plan = plan
        self.where = where
        self.direction = direction
        self.flat = plan.value(tensor).reshape(-1)
        self.before = np.copy(self.flat[where])

    def slope(self, step: float, stencil: Stencil = CENTRED) -> Slope:
        """dL/dt at t = 0. The tensor is left exactly as it was."""
        total, first, kink = 0.0, None, ""
        for t, factor in stencil:
            self.flat[self.where] = self.before + (t * step) * self.direction
            self.plan.forward()
            total += factor * float(self.plan.value(self.plan.values[-1]))
            if first is None:
                first = pieces(self.plan)
            elif not kink:
                kink = crossed(self.plan, first, pieces(self.plan))
        self.flat[self.where] = self.before
        return Slope(total / step, kink)


def entry_slope(
    plan: Plan, tensor: Value, entry: int, step: float = STEP, stencil: Stencil = CENTRED
) -> Slope:
    """dL/dw of a single entry, with a step of `step` max(1, |w|)."""
    line = Line(plan, tensor, entry, 1.0)
    size = max(1.0, abs(float(line.before)))
    return line.slope(step * size if math.isfinite(size) else step, stencil)
