"""What to expect on new rows: the figures that people read first, each with an interval.

The interval is that of the bootstrap (Efron, 1979): the rows are drawn again, with replacement, as
often as there are rows, and measured anew. It says how far the figure depends on which rows there
were, not how far another training would move it. Where all rows are right, or all wrong, every draw
says the same; the accuracy then has the interval of Wilson (1927), from n / (n + 1.96^2) to 1.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from mlptrain.arrays import Array
from mlptrain.streams import stream
from mlptrain.training.evaluate import Evaluation

DRAWS = 200
CELLS = 20_000_000
"""So many rows in all draws; of more rows there are fewer draws, and 20 at least."""
LEVEL = 0.95
SQUARE = 1.96**2
"""Of the quantile of the normal distribution for that level."""


class Expected(NamedTuple):
    """A figure, and where it lies in 95 % of the draws."""

    metric: str
    value: float
    low: float
    high: float


def expected(evaluation: Evaluation, also: Sequence[str] = ()) -> list[Expected]:
    """The headline metrics of some rows, and others; those that are not defined on them are left out.

    Drawing rows again is weighting each by how often it was drawn.
    """
    rows = evaluation.rows
    draws = max(20, min(DRAWS, CELLS // max(1, len(rows))))
    names = list(dict.fromkeys([*evaluation.headline(), *also]))
    values = evaluation.metrics(names)
    generator = stream(0, "bootstrap")
    count = len(rows)
    found = list[dict[str, float | None]]()
    for _ in range(draws):
        times = np.bincount(generator.integers(count, size=count), minlength=count).astype(np.float64)
        weights = times if rows.weights is None else times * rows.weights
        drawn = replace(evaluation, rows=replace(rows, weights=weights))
        found.append(drawn.metrics(names))
    told = [
        Expected(name, value, *_ends([each[name] for each in found]))
        for name, value in values.items()
        if value is not None
    ]
    return [_never_sure(each, _count(rows.weights, len(rows))) for each in told]


def _count(weights: Array | None, rows: int) -> float:
    """So many rows without weights say as much (Kish, 1965)."""
    if weights is None:
        return rows
    return float(np.square(np.sum(weights)) / np.sum(np.square(weights)))


def _never_sure(said: Expected, rows: float) -> Expected:
    if said.metric != "accuracy" or said.value not in (0, 1):
        return said
    apart = SQUARE / (rows + SQUARE)
    return said._replace(low=said.value * (1 - apart), high=max(said.value, apart))


def _ends(values: Sequence[float | None]) -> tuple[float, float]:
    """Between which the middle 95 % lie."""
    defined = [value for value in values if value is not None]
    low, high = np.quantile(defined or [np.nan], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
