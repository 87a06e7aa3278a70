"""Learning-rate schedules (P10): the factor on the base rate, a plain function of the step.

`t` counts optimizer steps from 0, `T` is their total, and `per_epoch` says how many make an epoch,
for the schedules that the lecture writes in epochs. The functions keep nothing between calls.
"""

import math
from collections.abc import Callable, Sequence
from typing import Annotated

from annotated_types import Len

from mlptrain.bounds import NonNegativeCount, Share

Schedule = Callable[[int, int, int], float]


def constant(t: int, T: int, per_epoch: int) -> float:
    """1: the rate stays as it is.

    >>> constant(25, 100, 10)
    1.0
    """
    return 1.0


def step(
    t: int,
    T: int,
    per_epoch: int,
    *,
    epochs: Annotated[Sequence[NonNegativeCount], Len(min_length=1)] = (30, 60, 90),
    factor: Share = 0.1,
) -> float:
    """Multiply the rate by `factor` after each of the `epochs`.

    >>> [round(step(epoch * 5, 500, 5), 3) for epoch in (0, 29, 30, 60, 90)]
    [1.0, 1.0, 0.1, 0.01, 0.001]
    """
    return math.pow(factor, sum(t >= epoch * per_epoch for epoch in epochs))


def linear(t: int, T: int, per_epoch: int) -> float:
    """1 - t / T.

    >>> linear(25, 100, 10)
    0.75
    """
    return 1 - t / T


def cosine(t: int, T: int, per_epoch: int) -> float:
    """1/2 (1 + cos(pi t / T)).

    >>> [round(cosine(t, 100, 10), 2) for t in (0, 50, 100)]
    [1.0, 0.5, 0.0]
    """
    return 0.5 * (1 + math.cos(math.pi * t / T))


def coslog4(t: int, T: int, per_epoch: int) -> float:
    """1/2 (1 - cos(2 pi log2(1 + 15 x))), x = (t + 1) / T: four waves, each twice as long as the last.

    The first steps, the last and three between them have a rate near 0: there the weights settle
    and a good epoch may be found, and the rate that follows gets them out of where they settled
    (Holzmueller et al., 2024, "Better by default"). It needs its end: do not stop it early.

    >>> [round(coslog4(t, 1500, 10), 3) for t in (0, 99, 299, 699, 1499)]  # x of 1, 3 and 7 fifteenths
    [0.002, 0.0, 0.0, 0.0, 0.0]
    >>> round(coslog4(40, 1500, 10), 3)  # log2(1 + 0.41) is about 1/2: the first top
    1.0
    """
    return 0.5 * (1 - math.cos(2 * math.pi * math.log2(1 + 15 * (t + 1) / T)))


def inverse_sqrt(t: int, T: int, per_epoch: int) -> float:
    """1 / sqrt(t + 1), with t in epochs.

    >>> inverse_sqrt(30, 100, 10)
    0.5
    """
    return 1 / math.sqrt(t / per_epoch + 1)


def exponential(t: int, T: int, per_epoch: int, *, gamma: Share = 0.95) -> float:
    """gamma ^ t, with t in epochs.

    >>> exponential(20, 100, 10, gamma=0.5)
    0.25
    """
    return math.pow(gamma, t / per_epoch)


def warm_up(schedule: Schedule, steps: int) -> Schedule:
    """Climb linearly, (t + 1) / steps, during the first `steps` steps of any schedule.

    >>> [warm_up(constant, 4)(t, 100, 10) for t in (0, 1, 3, 4)]
    [0.25, 0.5, 1.0, 1.0]
    """
    if steps == 0:
        return schedule
    return lambda t, T, per_epoch: min(1.0, (t + 1) / steps) * schedule(t, T, per_epoch)


SCHEDULES: dict[str, Callable[..., float]] = {
    "constant": constant,
    "step": step,
    "linear": linear,
    "cosine": cosine,
    "coslog4": coslog4,
    "inverse_sqrt": inverse_sqrt,
    "exponential": exponential,
}
