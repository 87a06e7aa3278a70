"""Numerical against analytic gradients (P7): "check your implementation with numerical gradient".

The numerical gradient of entry w is the centred difference (L(w + h) - L(w - h)) / 2h: slow,
approximate, easy to write. The analytic one is what backward() delivers: fast, exact, error-prone.
Everything here runs in float64, on the graph that `fit` trains.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mlptrain.graph import Plan, Value
from mlptrain.nodes.node import Array

TOLERANCE = 1e-6
STEP = 1e-5
ZERO = 1e-9
"""A numerical gradient of losses of order 1 is off by up to 1e-16 / h = 1e-11; this much is nothing."""
MOST_ENTRIES = 100
"""Larger tensors are checked at this many entries, drawn at random."""


@dataclass(frozen=True)
class Row:
    """The outcome for one tensor."""

    network: str
    tensor: str
    max_relative_error: float
    entries_checked: int
    kinks: tuple[str, ...] = ()
    """Where an entry could not be judged because its step crossed a kink: value and unit."""

    @property
    def passed(self) -> bool:
        """Whether analytic and numerical gradient agree at every entry that could be judged."""
        return self.max_relative_error <= TOLERANCE


def relative_error(analytic: Array, numerical: Array) -> float:
    """The largest |a - n| / max(|a| + |n|, s / 1000), where s is the largest |a| + |n| of the tensor.

    The floor keeps rounding in entries that are next to nothing from looking like a mistake. Two
    gradients that are both 0, or would be but for the rounding of a difference, agree.
    """
    scale = np.abs(analytic) + np.abs(numerical)
    if not scale.size or scale.max() <= ZERO:
        return 0.0
    if not np.isfinite(scale).all():
        return float("inf")
    return float((np.abs(analytic - numerical) / np.maximum(scale, scale.max() / 1000)).max())


def check(
    network: str, plan: Plan, tensors: Sequence[Value], generator: np.random.Generator
) -> Iterator[Row]:
    """One row for each of `tensors`, which the caller has filled; the last value of the plan is L."""
    plan.forward()
    plan.backward()
    analytic = {value.index: plan.gradient(value).copy() for value in tensors}
    for value in tensors:
        yield _check_tensor(network, plan, value, analytic[value.index], generator)


def _check_tensor(
    network: str, plan: Plan, value: Value, analytic: Array, generator: np.random.Generator
) -> Row:
    flat = plan.value(value).reshape(-1)
    entries = np.arange(flat.size)
    if flat.size > MOST_ENTRIES:
        entries = np.sort(generator.choice(flat.size, MOST_ENTRIES, replace=False))
    numerical, kinks = np.empty(len(entries)), []
    judged = np.ones(len(entries), bool)
    for i, entry in enumerate(entries):
        numerical[i], crossed = _centred_difference(plan, flat, int(entry))
        if crossed:
            judged[i] = False
            kinks.append(crossed)
    chosen = analytic.reshape(-1)[entries]
    error = relative_error(chosen[judged], numerical[judged])
    return Row(network, value.name, error, int(judged.sum()), tuple(dict.fromkeys(kinks)))


def _centred_difference(plan: Plan, flat: Array, entry: int) -> tuple[float, str]:
    """(L(w + h) - L(w - h)) / 2h for one entry, and the kink that was crossed on the way, if any."""
    before = flat[entry]
    step = STEP * max(1.0, abs(before))
    losses, sides = [], []
    for at in (before - step, before + step):
        flat[entry] = at
        plan.forward()
        losses.append(float(plan.value(plan.graph.values[-1])))
        sides.append(_sides(plan))
    flat[entry] = before
    return (losses[1] - losses[0]) / (2 * step), _crossed(sides[0], sides[1])


def _sides(plan: Plan) -> dict[str, Array]:
    sides = {}
    for value in plan.graph.values:
        if value.node is not None:
            side = value.node.side(*(plan.value(source) for source in value.sources))
            if side is not None:
                sides[value.name] = side
    return sides


def _crossed(before: dict[str, Array], after: dict[str, Array]) -> str:
    for name, side in before.items():
        changed = np.argwhere(side != after[name])
        if len(changed):
            position = changed[0]
            unit = f" unit {position[-1]}" if len(position) else ""
            row = f" row {position[0]}" if len(position) > 1 else ""
            return f"{name}{unit}{row}"
    return ""
