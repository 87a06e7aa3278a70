"""Curves in a line of text: where they began, how they went, where they ended."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from mlptrain.metrics import larger_is_better
from mlptrain.report.console import number

BLOCKS = "▁▂▃▄▅▆▇█"
LONGEST = 40
COLUMNS = 80

Values = Mapping[str, Any]


def summary(records: Sequence[Values], room: int = COLUMNS) -> list[str]:
    """A line for each curve: its name, its course, its first, last and best value.

    records  lines of metrics.jsonl; where there are not two, there is no curve and no line
    room     the columns of the terminal, of which it takes no more than COLUMNS

    >>> for line in summary([{"train_loss": 4.0}, {"train_loss": 1.0}, {"train_loss": 2.0}]):
    ...     print(line)
    train_loss  █▁▃  4 to 2, best 1
    """
    if len(records) < 2:
        return []
    keys = list(curves(records[0]))
    name = max((len(key) for key in keys), default=0)
    found = {key: series(records, key) for key in keys}
    ends = {key: outcome(key, values) for key, values in found.items()}
    room = min(room, COLUMNS) - name - 4 - max((len(text) for text in ends.values()), default=0)
    width = max(1, min(LONGEST, room))
    return [f"{key:<{name}}  {sparkline(found[key], width)}  {ends[key]}" for key in keys]


def curves(record: Values) -> Iterator[str]:
    """The keys of a record that are worth a line: both losses, and metrics by validation rows."""
    yield from (key for key in ("train_loss", "val_loss") if key in record)
    split = "val_" if "val_loss" in record else "train_"
    yield from (key for key in record if key.startswith(split) and not key.endswith("_loss"))


def series(records: Sequence[Values], key: str) -> list[float]:
    """One value of every record; NaN where it was not finite."""
    values = (record.get(key) for record in records)
    return [float(value) if isinstance(value, int | float) else math.nan for value in values]


def outcome(key: str, values: Sequence[float]) -> str:
    """`2.303 to 0.51, best 0.49`, of the values that are finite."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return "never finite"
    best = max(finite) if larger_is_better(key) else min(finite)
    return f"{number(finite[0])} to {number(finite[-1])}, best {number(best)}"


def sparkline(values: Sequence[float], width: int = LONGEST) -> str:
    """A block for each value, or for the mean of so many that `width` blocks are enough.

    The lowest block is the smallest value, the highest the largest; a blank stands where nothing
    is finite.

    >>> sparkline([0, 1, 2, 3, 4, 5, 6, 7]), sparkline([0, 0, 7, 7], width=2), sparkline([3, 3])
    ('▁▂▃▄▅▆▇█', '▁█', '▁▁')
    """
    size = min(len(values), width)
    edges = [i * len(values) // size for i in range(size + 1)] if size else []
    means = [mean(values[a:b]) for a, b in pairwise(edges)]
    finite = [value for value in means if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    return "".join(block(value, low, high) for value in means)


def mean(values: Sequence[float]) -> float:
    """Of the finite values; NaN if there is none."""
    finite = [value for value in values if math.isfinite(value)]
    return sum(value / len(finite) for value in finite) if finite else math.nan


def block(value: float, low: float, high: float) -> str:
    """The block that is as high as `value` lies between `low` and `high`."""
    if not math.isfinite(value):
        return " "
    share = (value / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.0  # halves: no overflow
    return BLOCKS[min(len(BLOCKS) - 1, int(share * len(BLOCKS)))]
