"""Numerical against analytic gradients (P7): "check your implementation with numerical gradient".

The numerical gradient of entry w is the centred difference (L(w + h) - L(w - h)) / 2h: slow,
approximate, easy to write. The analytic one is what backward() delivers: fast, exact, error-prone.
Everything here runs in float64, on the graph that `fit` trains.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from mlptrain.arrays import Array
from mlptrain.graph.plan import Plan, Value
from mlptrain.tools.gradcheck.agreement import TOLERANCE, Entry, Row, relative_error, relative_errors
from mlptrain.tools.gradcheck.case import Case
from mlptrain.tools.gradcheck.complexstep import ComplexStep
from mlptrain.tools.gradcheck.line import line_of_entry
from mlptrain.tools.gradcheck.projection import PROJECTIONS, Projections

MOST_ENTRIES = 100
"""Larger tensors are checked at this many entries, drawn at random, and by random projections."""
IN_A_UNIT = 20
"""Where a projection finds a unit wrong, so many of its entries are looked at for the worst."""
SECOND_OPINIONS = 3
"""The complex step looks at the entries that agree least, so many of them."""


@dataclass(frozen=True)
class Judged:
    """Entries whose step crossed no kink, with their gradients; and the kinks of the others."""

    entries: Array
    analytic: Array
    numerical: Array
    kinks: tuple[str, ...] = ()
    unjudged: int = 0


class Subject(NamedTuple):
    """One tensor of a case, its analytic gradient, and what counts as none."""

    plan: Plan
    tensor: Value
    analytic: Array
    zero: float
    generator: np.random.Generator

    def projections(self) -> Projections:
        """Random directions through the tensor."""
        return Projections(self.plan, self.tensor, self.analytic, self.generator, self.zero)


def check(case: Case) -> Iterator[Row]:
    """One row for each tensor of a case."""
    plan = case.plan
    plan.forward()
    plan.backward()
    analytic = {tensor: plan.gradient(tensor).copy() for tensor in case.tensors}
    zero, classes = case.zero(analytic.values()), case.classes()
    for tensor in case.tensors:
        subject = Subject(plan, tensor, analytic[tensor], zero, case.generator)
        row = replace(check_tensor(case.network, subject), part=case.part)
        yield replace(row, node=classes[0]) if case.node else replace(row, contains=classes)


def check_tensor(network: str, subject: Subject) -> Row:
    """All entries of a small tensor; of a large one some entries, and random projections of all."""
    analytic, projections = subject.analytic, None
    judged = judge(subject, chosen(analytic.size, subject.generator))
    error = relative_error(judged.analytic, judged.numerical, subject.zero)
    row = Row(
        network,
        subject.tensor.name,
        error,
        len(judged.entries),
        judged.kinks,
        judged.unjudged,
        analytic.size,
    )
    if analytic.size > MOST_ENTRIES:
        projections = subject.projections()
        row, judged = _project(row, judged, subject, projections)
    elif error > TOLERANCE:
        row = replace(row, wrong_units=_units(judged, analytic.shape, subject.zero))
    worst = _worst(judged, analytic.shape, subject.zero)
    row = replace(row, worst=worst, silent_units=_silent(analytic))
    row = _second_opinion(row, judged, subject, projections)
    subject.plan.forward()  # leave the plan as it was found
    return row


def chosen(size: int, generator: np.random.Generator) -> Array:
    """The entries to look at: all, or MOST_ENTRIES of them drawn at random."""
    if size <= MOST_ENTRIES:
        return np.arange(size)
    return np.sort(generator.choice(size, MOST_ENTRIES, replace=False))


def judge(subject: Subject, entries: Array) -> Judged:
    """The numerical gradients of these entries, save where a step crosses a kink."""
    plan, tensor, flat = subject.plan, subject.tensor, subject.analytic.reshape(-1)
    floor = 2 * float(np.abs(flat[entries]).max(initial=0.0)) / 1000
    slopes = [
        line_of_entry(plan, tensor, int(i)).slope(float(flat[i]), floor, subject.zero) for i in entries
    ]
    kept = np.array([not slope.kink for slope in slopes], bool)
    return Judged(
        entries[kept],
        flat[entries[kept]],
        np.array([slope.value for slope in slopes])[kept],
        tuple(dict.fromkeys(slope.kink for slope in slopes if slope.kink)),
        int((~kept).sum()),
    )


def _project(
    row: Row, judged: Judged, subject: Subject, projections: Projections
) -> tuple[Row, Judged]:
    """Add random projections to a row; where they disagree, look for the unit and its worst entry."""
    errors = [error for error in projections.errors(PROJECTIONS) if error is not None]
    error = max([row.max_relative_error, *errors])
    row = replace(row, max_relative_error=error, projections=len(errors))
    if error <= TOLERANCE:
        return row, judged
    units = projections.wrong_units()
    if units:
        largest = projections.entries_of(units[0], IN_A_UNIT)
        closer = judge(subject, largest)
        found = relative_error(closer.analytic, closer.numerical, subject.zero)
        if found > TOLERANCE:
            judged, row = closer, replace(row, max_relative_error=max(error, found))
    return replace(row, wrong_units=tuple(units)), judged


def _second_opinion(row: Row, judged: Judged, subject: Subject, projections: Projections | None) -> Row:
    """Add the complex step's view: of the entries that agree least, and of one random direction.

    Where differences disagree, it looks at every such entry and direction; if it agrees at all of
    them, they were rounded off and the gradient is right.
    """
    step = ComplexStep(subject.plan, subject.tensor, subject.generator)
    flat = subject.analytic.reshape(-1)
    errors = relative_errors(judged.analytic, judged.numerical, subject.zero)
    wrong = int((errors > TOLERANCE).sum())
    entries = judged.entries[errors.argsort()[::-1][: max(SECOND_OPINIONS, wrong)]]
    slopes = [step.slope(int(entry), 1.0) for entry in entries]
    known = [i for i, slope in enumerate(slopes) if slope is not None]
    second = np.array([slopes[i] for i in known], float)
    found = [relative_error(flat[entries[known]], second, subject.zero)] if known else []
    asked = len(known) == len(entries)
    if projections is not None and row.projections:
        wrong_ways = projections.disagreeing
        along = [
            projections.error_along(each, lambda way: step.slope(slice(None), way.u))
            for each in (*wrong_ways, projections.direction())
        ]
        found += [error for error in along if error is not None]
        asked = asked and None not in along
    rounded = row.max_relative_error > TOLERANCE and asked and max(found, default=1.0) <= TOLERANCE
    row = replace(row, rounded=rounded, wrong_units=() if rounded else row.wrong_units)
    return replace(row, complex_error=max(found, default=None), differenced=tuple(step.differenced))


def _units(judged: Judged, shape: tuple[int, ...], zero: float) -> tuple[int, ...]:
    """The units with an entry that disagrees."""
    if not shape:
        return ()
    wrong = judged.entries[relative_errors(judged.analytic, judged.numerical, zero) > TOLERANCE]
    return tuple(sorted({int(entry) % shape[-1] for entry in wrong}))


def _silent(analytic: Array) -> int:
    """How many units of a matrix have no gradient at all."""
    if analytic.ndim < 2:
        return 0
    return int((analytic.reshape(-1, analytic.shape[-1]) == 0).all(axis=0).sum())


def _worst(judged: Judged, shape: tuple[int, ...], zero: float) -> Entry | None:
    if not len(judged.entries):
        return None
    at = int(relative_errors(judged.analytic, judged.numerical, zero).argmax())
    index = tuple(int(i) for i in np.unravel_index(judged.entries[at], shape))
    return Entry(index, float(judged.analytic[at]), float(judged.numerical[at]))
