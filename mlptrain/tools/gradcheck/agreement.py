"""When an analytic and a numerical gradient agree, and the row that says so."""

from dataclasses import dataclass

import numpy as np

from mlptrain.arrays import Array

TOLERANCE = 1e-6
ZERO = 1e-9
"""This much is nothing, as a share of the largest gradient of a case, or of 1 where that is less: a
numerical gradient of losses of order 1 is off by up to 1e-16 / h = 1e-11."""


@dataclass(frozen=True)
class Entry:
    """One entry of a tensor and its two gradients."""

    index: tuple[int, ...]
    analytic: float
    numerical: float


@dataclass(frozen=True)
class Row:
    """The outcome for one tensor.

    network, tensor      what was checked, and which part of the loss it was checked for
    max_relative_error   over the entries and the projections that could be judged
    entries_checked      how many entries were judged, of `size`
    projections          how many random directions through the whole tensor were judged
    kinks, unjudged      where a step crossed a kink, and how many entries were left out for it
    worst                the entry with the largest error
    silent_units         units of a matrix whose gradient is 0 throughout: dead on these rows, so that a
                         mistake in them would not show
    wrong_units          of a tensor that failed: the units (last axis) that are wrong, a few of them
    complex_error        the same error against the complex step; None where there is none
    differenced          nodes that take no complex numbers: the complex step passes them by differences
    rounded              the differences disagree, and the complex step agrees wherever they do: the
                         gradient is right, and they were rounded off, as those of a loss of 4e10 are
    node, contains       the class of a node checked by itself, with its file; those of a whole network
    """

    network: str
    tensor: str
    max_relative_error: float
    entries_checked: int
    kinks: tuple[str, ...] = ()
    unjudged: int = 0
    size: int = 0
    projections: int = 0
    worst: Entry | None = None
    wrong_units: tuple[int, ...] = ()
    silent_units: int = 0
    complex_error: float | None = None
    differenced: tuple[str, ...] = ()
    part: str = "loss"
    rounded: bool = False
    node: str = ""
    contains: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the gradients agree wherever they could be judged."""
        differences = self.rounded or self.max_relative_error <= TOLERANCE
        return differences and (self.complex_error or 0.0) <= TOLERANCE

    @property
    def how(self) -> str:
        """How the tensor was looked at."""
        if self.size <= self.entries_checked + self.unjudged:
            return "all entries"
        projected = " + projection" if self.projections else ""
        return f"{self.entries_checked + self.unjudged} entries{projected}"


def relative_error(analytic: Array, numerical: Array, zero: float = ZERO) -> float:
    """The largest of `relative_errors`, 0 where there is nothing to compare."""
    return float(relative_errors(analytic, numerical, zero).max(initial=0.0))


def relative_errors(analytic: Array, numerical: Array, zero: float = ZERO) -> Array:
    """|a - n| / max(|a| + |n|, s / 1000), where s is the largest |a| + |n| of the tensor.

    The floor keeps rounding in entries that are next to nothing from looking like a mistake. Two
    gradients that are both 0, or would be but for rounding (up to `zero`), agree.
    """
    scale = np.abs(analytic) + np.abs(numerical)
    finite = np.isfinite(scale)
    largest = scale[finite].max(initial=0.0)
    errors = np.where(finite, 0.0, np.inf)
    if largest > zero:
        floor = np.maximum(scale[finite], largest / 1000)
        errors[finite] = np.abs(analytic[finite] - numerical[finite]) / floor
    return errors
