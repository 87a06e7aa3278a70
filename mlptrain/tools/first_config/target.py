"""The settings of the target: its scale, its range, and rows that have none."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlptrain.data.preprocessing.checks import as_values
from mlptrain.data.source import Source
from mlptrain.messages import count, some
from mlptrain.system.sums import below_1
from mlptrain.tools.first_config.declared import Comments
from mlptrain.tools.first_config.profile import Profile
from mlptrain.tools.first_config.task import Task

LONG = 2.0
"""A skewness from which on a tail is long: 0 is symmetric, 2 an exponential distribution."""


def target_settings(
    source: Source, targets: Sequence[Profile], task: Task, comments: Comments
) -> dict[str, Any]:
    """The keys of `data` beside its target, each with its reason."""
    found: dict[str, Any] = {}
    if any(each.blanks for each in targets):
        found["target_missing"] = "drop"
        comments[("data", "target_missing")] = without_target(source, targets)
    if task.loss != "mse":
        return found
    tails = [each.name for each in targets if each.low > 0 and has_long_tail(source, each.name)]
    if tails:
        found["scale_target"] = "standard"
        comments[("data", "scale_target")] = (
            f"{some(tails, 3)}: a long tail; log learns medians: smaller relative errors, larger rmse"
        )
    if all(each.kind == "number" and each.low >= 0 for each in targets):
        found["clip_target"] = True
        comments[("data", "clip_target")] = (
            "none is negative: predictions stay in the range of training"
        )
    return found


def without_target(source: Source, targets: Sequence[Profile]) -> str:
    """How many rows have no target, at least, and what to write if theirs is one."""
    most = max(targets, key=lambda each: each.blanks)
    asked = as_values(source, most.name, np.flatnonzero(source.missing(most.name)))
    told = f"{count(most.blanks, 'row')} without {most.name}: left out; "
    return told + (asked or "error refuses them")


def has_long_tail(source: Source, name: str) -> bool:
    """Positive numbers whose logarithms are far less skewed than they are."""
    y = source.numbers(name)
    y = y[np.isfinite(y) & (y > 0)]
    return skewness(y) > LONG and abs(skewness(np.log(y))) < LONG / 2


def skewness(y: np.ndarray) -> float:
    """The mean of ((y - mean) / std)^3; 0 where nothing varies.

    >>> skewness(np.array([0.0, 0.0, 0.0, 4.0])).__round__(4)  # (3 (-1)^3 + 3^3) / 4 / sqrt(3)^3
    1.1547
    """
    y = below_1(y)
    spread = y.std() if len(y) else 0.0
    return float(np.mean(((y - y.mean()) / spread) ** 3)) if spread > 0 else 0.0
