"""The error of a gradient at step sizes from 1e-3 to 1e-8: is it wrong, or is it rounding?

A centred difference is off by about h^2 from the curvature and by 1e-16 / h from rounding, so the error
of a right gradient falls with h, reaches its smallest value near 1e-5, and rises again. The error of a
wrong one stays where it is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from mlptrain.arrays import Array
from mlptrain.graph.plan import Plan, Value
from mlptrain.tools.gradcheck.agreement import TOLERANCE, relative_error
from mlptrain.tools.gradcheck.case import Case
from mlptrain.tools.gradcheck.line import Line, entry_slope
from mlptrain.tools.gradcheck.numerical import chosen
from mlptrain.tools.gradcheck.projection import PROJECTIONS, Projections, SlopeAlong

STEPS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
MOST_SWEPT = 20
"""Entries of a tensor that a sweep looks at; of a larger one it looks at projections as well."""


@dataclass(frozen=True)
class Sweep:
    """The largest relative error of one tensor at each of STEPS; None where every step met a kink."""

    network: str
    tensor: str
    errors: tuple[float | None, ...]
    entries_checked: int
    projections: int = 0
    part: str = "loss"

    @property
    def best(self) -> int | None:
        """Which of STEPS has the smallest error; None if no entry could be judged at any."""
        known = [(error, i) for i, error in enumerate(self.errors) if error is not None]
        return min(known)[1] if known else None

    @property
    def passed(self) -> bool:
        """Whether the gradients agree at the best step, or could not be judged."""
        return self.best is None or (self.errors[self.best] or 0.0) <= TOLERANCE


def sweep(cases: Iterable[Case]) -> Iterator[Sweep]:
    """One sweep for each tensor of each case: some entries, and projections of a large tensor."""
    for network, plan, tensors, generator, part in cases:
        plan.forward()
        plan.backward()
        analytic = {tensor: plan.gradient(tensor).copy() for tensor in tensors}
        for tensor in tensors:
            gradient = analytic[tensor]
            entries = chosen(gradient.size, generator, MOST_SWEPT)
            looks = [[_error(plan, tensor, gradient.reshape(-1), entries, step) for step in STEPS]]
            if gradient.size > MOST_SWEPT and gradient.ndim:
                looks += _projected(plan, tensor, gradient, generator)
            errors = tuple(_largest(at_step) for at_step in zip(*looks, strict=True))
            projections = len(looks) - 1
            yield Sweep(network, tensor.name, errors, len(entries), projections, part)


def _error(plan: Plan, tensor: Value, analytic: Array, entries: Array, step: float) -> float | None:
    slopes = [entry_slope(plan, tensor, int(entry), step) for entry in entries]
    judged = np.array([not slope.kink for slope in slopes], bool)
    if not judged.any():
        return None
    numerical = np.array([slope.value for slope in slopes])
    return relative_error(analytic[entries][judged], numerical[judged])


def _projected(
    plan: Plan, tensor: Value, analytic: Array, generator: np.random.Generator
) -> list[list[float | None]]:
    """For each of a few directions the error at each step size: the same direction at all of them."""
    projections = Projections(plan, tensor, analytic, generator)
    looks = list[list[float | None]]()
    for _ in range(PROJECTIONS):
        u = projections.direction()
        line = Line(plan, tensor, slice(None), u.reshape(-1))
        looks.append([projections.compare(u, _at(line, step)) for step in STEPS])
    return looks


def _at(line: Line, step: float) -> SlopeAlong:
    """The slope of a line with one step size, whatever is expected."""

    def slope(u: Array, expected: float) -> float | None:
        found = line.slope(step)
        return None if found.kink else found.value

    return slope


def _largest(errors: Iterable[float | None]) -> float | None:
    """The largest error of those that could be judged."""
    return max((error for error in errors if error is not None), default=None)
