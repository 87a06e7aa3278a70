"""What is to be learned: a class or a number?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlptrain.data.row_set import every_row
from mlptrain.data.source import Source
from mlptrain.errors import DataError
from mlptrain.messages import count
from mlptrain.metrics.lopsided import lopsided
from mlptrain.tools.first_config.profile import Profile, counted

MOST_NUMBERED = 20
"""So many different whole numbers may be classes."""
LABELLED = 100
"""So many, where they are 0, 1, 2, ... or 1, 2, 3, ... and none is rare."""
ENOUGH = 10
"""Rows of the rarest class from which on a threshold for it can be tuned; fewer are noise."""


LEAST_COUNTED = 4
"""Fewer different values are classes, even where they fall off."""


@dataclass(frozen=True)
class Task:
    """The loss, and why it is this one.

    lopsided   how many rows the smallest and the largest class have, where that is far apart; else ""
    rare       the name of the smaller one of two such classes; else ""
    """

    loss: str
    reason: str
    lopsided: str = ""
    rare: str = ""

    @property
    def loss_means(self) -> str:
        """What the loss is, for a comment."""
        if self.loss == "softmax":
            return "cross-entropy, for classes; mse for a number"
        if self.loss == "sigmoid":
            return "binary cross-entropy, for a yes or no of each target; mse for numbers"
        if self.loss == "poisson":
            return "for counts: expected ones, never negative; softmax for classes, mse for a number"
        return "squared error, for a number; softmax for classes"


def choose_task(source: Source, targets: Sequence[Profile]) -> Task:
    """Classes for text, true/false and a few whole numbers; else a regression.

    DataError for text that is different in nearly every row.
    """
    for each in targets:
        if each.kind == "number" and each.different == 1:
            spelled = source.levels(each.name, every_row(len(source)))
            ways = f" (written {' and '.join(map(repr, spelled[:2]))})" if len(spelled) > 1 else ""
            found = f"has one value, {each.low:g}, in every row{ways}: there is nothing to learn"
            raise DataError(f"target {each.name!r} {found}")
    if len(targets) > 1 and all(each.different == 2 for each in targets):
        return Task("sigmoid", f"{len(targets)} columns of two values each: a yes or no for each")
    if len(targets) > 1:
        return Task("mse", f"{len(targets)} numbers to predict at once")
    target = targets[0]
    found = count(target.different, "different value")
    if target.kind in ("text", "boolean") or target.inexact:
        if target.different > max(MOST_NUMBERED, target.present / 3):
            if target.looks_numeric:
                source.numbers(target.name)  # lists the places
            if target.form:
                raise DataError(f"target {target.name!r} holds {target.form}: {target.advice}")
            raise DataError(
                f"target {target.name!r} has {found} in {count(target.present, 'row')}: "
                "too many classes; is it an id or a free text?"
            )
        what = "true and false" if target.kind == "boolean" else "text"
        return _classes(source, target, f"{what}, {found}: classes")
    if _falls_off(target):
        reason = f"whole numbers from 0, {found}, the larger the rarer: a count"
        return Task("poisson", reason)
    if _are_labels(target):
        reason = f"whole numbers, {found}: treated as classes; for a quantity, loss: mse"
        return _classes(source, target, reason)
    return Task("mse", f"numbers, {found}: a regression")


def _are_labels(target: Profile) -> bool:
    """Few whole numbers, or class numbers as programs write them."""
    if not target.whole or target.different < 2:
        return False
    if target.different <= MOST_NUMBERED:
        return target.different <= max(2, target.present / 5)
    numbered = target.low in (0, 1) and target.high - target.low + 1 == target.different
    even = target.counts.min() >= max(ENOUGH, target.counts.max() / 10)
    return bool(numbered and even and target.different <= LABELLED)


def _falls_off(target: Profile) -> bool:
    """Whole numbers from 0, of which each is rarer than the one before, down to a handful of rows."""
    if not target.whole or target.low != 0:
        return False
    if not LEAST_COUNTED <= target.different <= MOST_NUMBERED:  # many values are a regression anyway
        return False
    counts = target.counts.astype(np.float64)
    there = counts[counts >= ENOUGH]
    by_chance = 2 * np.sqrt(there[:-1])
    falling = len(there) > 1 and (there[1:] < there[:-1] + by_chance).all() and there[0] == counts.max()
    return bool(falling and counts.min() < ENOUGH and counts[0] >= ENOUGH)


def _classes(source: Source, target: Profile, reason: str) -> Task:
    """The task of learning classes, and whether they are lopsided."""
    counts = target.counts
    if not len(counts) or counts.min() < ENOUGH or not lopsided(counts):
        return Task("softmax", reason)
    found = f"{int(counts.min()):,} rows of one class, {int(counts.max()):,} of another"
    if len(counts) > 2:
        return Task("softmax", reason, found)
    levels, exactly = counted(source, target.name)
    return Task("softmax", reason, found, levels[int(exactly.argmin())])
