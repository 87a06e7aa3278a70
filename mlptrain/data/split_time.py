"""Splitting rows by their time: what is learned from lies before what it is tested on."""

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.settings import Fold
from mlptrain.data.split import TEST, TRAIN, VAL, Assignment
from mlptrain.errors import ConfigError
from mlptrain.messages import count

UNUSED = 3
"""The set of rows that come after the test rows of a fold."""
Times = NDArray[np.float64]


def split_time(times: Times, *, val: float, test: float) -> Assignment:
    """(n,) the set of each row: the last round(test n) test, the round(val n) before them validate.

    Rows of one time stay together, so a cut is at the change of time that is nearest.

    >>> split_time(np.array([3.0, 1.0, 2.0, 4.0, 5.0]), val=0.2, test=0.4).tolist()
    [1, 0, 0, 2, 2]
    """
    order, starts = _moments(times, 1 + bool(val) + bool(test))
    n, last = len(times), len(starts)
    assigned = np.full(n, TRAIN, np.uint8)
    end = n
    if test:
        last = _nearest(starts, n - round(test * n), 1 + bool(val), last - 1)
        end = int(starts[last])
        assigned[order[end:]] = TEST
    if val:
        first = _nearest(starts, end - round(val * n), 1, last - 1)
        assigned[order[int(starts[first]) : end]] = VAL
    return assigned


def hold_out_time(times: Times, fold: Fold, *, val: float) -> Assignment:
    """Cut the rows by time into a first part and k folds of equal size; one tests, those before train.

    The training rows grow from fold to fold (an expanding window); rows after the fold are UNUSED. The
    latest of those before it, a share `val`, validate.

    >>> [hold_out_time(np.arange(6.0), Fold(i, 2), val=0.5).tolist() for i in (1, 2)]
    [[0, 1, 2, 2, 3, 3], [0, 0, 1, 1, 2, 2]]
    """
    least = 1 + bool(val)
    order, starts = _moments(times, fold.of + least)
    n, cuts, low = len(times), list[int](), least
    for number in range(1, fold.of + 1):
        high = len(starts) - 1 - (fold.of - number)
        low = _nearest(starts, number * n / (fold.of + 1), low, high)
        cuts.append(int(starts[low]))
        low += 1
    first, end = [*cuts, n][fold.number - 1 : fold.number + 1]
    assigned = np.full(n, UNUSED, np.uint8)
    assigned[order[first:end]] = TEST
    assigned[order[:first]] = split_time(times[order[:first]], val=val, test=0)
    return assigned


def _moments(times: Times, wanted: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows in order of time, and the places where the time changes, 0 among them."""
    order = np.argsort(times, kind="stable")
    changes = np.flatnonzero(np.diff(times[order])) + 1
    starts = np.concatenate([np.zeros(1, np.intp), changes])
    if len(starts) < wanted:
        found = count(len(starts), "different time")
        raise ConfigError(f"data.time: {found} for {wanted} parts: each needs one of its own")
    return order, starts


def _nearest(starts: NDArray[np.intp], goal: float, low: int, high: int) -> int:
    """Which of starts[low], ..., starts[high] is nearest to the goal."""
    return low + int(np.abs(starts[low : high + 1] - goal).argmin())
