"""Whole numbers of few values that stand for something else: an hour, a month, a kind of dwelling.

A network takes a number as a quantity, of which more is more. Along a code the target goes up and down.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.row_set import every_row
from mlptrain.data.source import Source
from mlptrain.system.sums import below_1
from mlptrain.tools.first_config.profile import Profile
from mlptrain.tools.first_config.roles import is_picture

CYCLES = {
    "an hour": (r"hour|hr|hh", 0, 24),
    "a month": (r"month|mnth|mon", 0, 12),
    "a day of the week": (r"week[_ ]?day|dow|wday|day[_ ]?of[_ ]?week", 0, 7),
    "a quarter": (r"quarter|qtr", 1, 4),
    "a season": (r"season", 0, 4),
}
"""What returns to its beginning: its names, and the lowest and highest number."""
SIZE = re.compile(r"year|count|num|age|size|total", re.I)
"""Names of quantities, whatever the target does along them."""
MOST = 31
"""A column of more different values is a quantity, whatever the target does along it."""
LEAST = 5
"""The mean of a value with fewer rows is left to chance."""
SURE, LARGE = 5, 0.25
"""So many standard errors, and so many standard deviations of the target, are no accident."""


def codes_among(
    source: Source, columns: Sequence[Profile], answers: Sequence[Profile], by_label: bool
) -> dict[str, str]:
    """The numbers that are codes, and what speaks for each; `by_label`: targets are classes."""
    if is_picture([each for each in columns if each.kind == "number"]):
        return {}
    found, candidates = dict[str, str](), [each for each in columns if may_be_code(each)]
    targets = _targets(source, answers, by_label) if candidates else {}
    for each in candidates:
        name = of_cycle(each)
        evidence = ""
        if name or not SIZE.search(each.name):
            x = source.numbers(each.name)
            evidence = next((text for what, y in targets.items() if (text := zigzag(x, y, what))), "")
        if name or evidence:
            found[each.name] = "; ".join(filter(None, (name and f"{name}, by its name", evidence)))
    return found


def may_be_code(column: Profile) -> bool:
    """Whether a column has a few whole numbers, but more than two."""
    return column.kind == "number" and column.whole and 2 < column.different <= MOST


def of_cycle(column: Profile) -> str:
    """What the numbers count, if by name and range they begin anew: an hour; else ""."""
    for what, (names, low, high) in CYCLES.items():
        named = re.search(rf"(^|[_\s.-])({names})$", column.name.strip(), re.I)
        if named and low <= column.low and column.high <= high:
            return what
    return ""


def zigzag(x: NDArray[np.float64], y: NDArray[np.float64], what: str) -> str:
    """How the mean of y rises and falls along x, both (n,); "" where it does not do both.

    A rise counts if it is no accident: of SURE standard errors, and LARGE deviations of y.

    >>> x = np.repeat([1.0, 2.0, 3.0], 20)
    >>> zigzag(x, np.where(x == 2, 9.0, 1.0), "y"), zigzag(x, x, "y")
    ('y has mean 1 at 1, 9 at 2, 1 at 3', '')
    """
    there = np.isfinite(x) & np.isfinite(y)
    x, y = x[there], y[there]
    size, y = np.abs(y).max(initial=0.0), below_1(y)
    values, place, times = np.unique(x, return_inverse=True, return_counts=True)
    usual = times >= LEAST
    if usual.sum() < 3:
        return ""
    means = np.bincount(place, y) / times
    squares = np.bincount(place, np.square(y - means[place]))
    errors = squares / np.maximum(times - 1, 1) / times
    values, means, errors = values[usual], means[usual], errors[usual]
    steps = means[None, :] - means[:, None]  # from one value to another behind it
    sizes = np.sqrt(errors[None, :] + errors[:, None])
    counts = np.triu((np.abs(steps) > SURE * sizes) & (np.abs(steps) > LARGE * y.std()), 1)
    if not (counts & (steps > 0)).any() or not (counts & (steps < 0)).any():
        return ""
    low, high = int(means.argmin()), int(means.argmax())
    ends = sorted({0, low, high, len(means) - 1})
    told = ", ".join(f"{size * means[i]:.3g} at {values[i]:g}" for i in ends)
    return f"{what} has mean {told}"


def _targets(
    source: Source, answers: Sequence[Profile], by_label: bool
) -> Mapping[str, NDArray[np.float64]]:
    """Each target (n,), or of classes the share of the most frequent one, which has mean its share."""
    if not by_label:
        return {each.name: source.numbers(each.name) for each in answers}
    found, everywhere = dict[str, NDArray[np.float64]](), every_row(len(source))
    for each in answers:
        levels = source.levels(each.name, everywhere)
        codes = source.codes(each.name, levels, everywhere)
        usual = int(np.bincount(codes[codes >= 0]).argmax())
        share = np.where(codes < 0, np.nan, codes == usual)
        found[f"{each.name}={levels[usual]}"] = share.astype(np.float64)
    return found
