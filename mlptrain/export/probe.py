"""Rows to compare an export by: within the ranges of training, with blanks and unseen values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlptrain.arrays import Array
from mlptrain.data.matrix import Matrix
from mlptrain.data.preprocessing.checks import REFUSES
from mlptrain.data.preprocessing.columns.category import Category
from mlptrain.data.preprocessing.columns.column import Column
from mlptrain.data.preprocessing.columns.number import Number
from mlptrain.data.preprocessing.number_target import NumberTarget
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.source import Kind
from mlptrain.export.standalone.program import answers_for
from mlptrain.inference.model import Model
from mlptrain.messages import count
from mlptrain.streams import stream
from mlptrain.training.evaluate import predictions

ROWS = 1000
ODD = 0.1
"""The share of blanks, and that of unseen values, where a model takes them."""
TOLERANCE = 1e-5
EQUAL = 1e-4
"""Scores that are as near are equal but for rounding, and either class may win."""
TINY = np.finfo(np.float64).tiny
MILLISECONDS = 86_400_000
"""Of a day. JavaScript has dates to the millisecond, Python to the microsecond."""
Columns = dict[str, Array]


@dataclass(frozen=True)
class Probe(Matrix):
    """Rows whose columns are of the kinds that training had, dates among them."""

    kinds: Mapping[str, Kind]

    def kind(self, name: str) -> Kind:
        """What the column held in training."""
        return self.kinds.get(name, "number")


def probe_of(made: Preprocessing) -> Columns:
    """ROWS rows: numbers as float64, NaN where missing; texts, empty where missing."""
    draws = stream(0, "probe")
    if made.transform == "polar":
        return {name: draws.uniform(-3, 3, ROWS) for name in made.inputs}
    return {column.name: _values(made, column, draws) for column in made.columns}


def is_notated(made: Preprocessing, column: Column) -> bool:
    """Whether a column is of categories that are numbers in a declared notation."""
    return isinstance(column, Category) and made.reading.of(column.name).is_number


def given(made: Preprocessing, columns: Columns) -> Columns:
    """The probe as others have it: a category that has a notation is the number that it names.

    A text would have to be in the notation.
    """
    found = dict(columns)
    for column in made.columns:
        if is_notated(made, column):
            numbers = [float(text) if text else "" for text in columns[column.name]]
            found[column.name] = np.array(numbers, object)
    return found


def _values(made: Preprocessing, column: Column, draws: np.random.Generator) -> Array:
    odd = draws.random(ROWS)
    if isinstance(column, Category):
        known, unseen = column.levels, " ".join(column.levels) + "?"
        if is_notated(made, column):
            numbers = [float(level) for level in column.levels]
            known = tuple(each for each in known if numbers.count(float(each)) == 1) or known
            unseen = str(int(max(numbers)) + 1)
        texts = draws.choice(np.array(known, object), ROWS)
        if column.missing != "error":
            texts[odd < ODD] = ""
        if column.unseen != "error":
            texts[odd > 1 - ODD] = unseen
        return texts.astype(np.str_)
    assert isinstance(column, Number)
    low, high = column.low, column.high
    if low is None or high is None:
        low, high = column.center - 1, column.center + 1
    values = draws.uniform(low, high, ROWS)
    if column.kind == "boolean":
        values = draws.integers(0, 2, ROWS).astype(np.float64)
    if column.kind == "date":
        values = np.floor(values * MILLISECONDS) / MILLISECONDS
    if made.missing not in REFUSES:
        values[odd < ODD] = np.nan
    return values


def expected(model: Model, columns: Columns) -> tuple[Array, Array]:
    """(N, C) scores, and probabilities, scores of a hinge loss or numbers, as mlptrain has them."""
    made = model.preprocessing
    kinds: dict[str, Kind] = {c.name: c.kind if isinstance(c, Number) else "text" for c in made.columns}
    source = Probe("probe", np.empty((ROWS, 0)), columns, (), kinds)
    rows, dtype = np.arange(ROWS), model.network.dtype
    inputs, _ = made.apply(source, rows, dtype)
    scores = model.scores_of(inputs, [each.apply(source, rows, dtype)[0] for each in model.others])
    if model.preprocessing.classes is not None and not model.network.loss.gives_probabilities:
        return scores, scores
    return scores, predictions(model.network, scores, made)


def units_of(model: Model, ours: Array) -> Array:
    """(N, C) what a difference from our predictions is measured in.

    Of probabilities it is 1. Margins and numbers are sums, so one near 0 is as exact as large ones:
    their unit is their standard deviation, or |p| where that is more. What goes through an exponential
    is exact relative to itself.
    """
    made, loss = model.preprocessing, model.network.loss
    if made.classes is not None and not loss.gives_probabilities:
        return np.maximum(np.maximum(1, ours.std(axis=0)), np.abs(ours))
    if not isinstance(made.target, NumberTarget):
        return np.ones_like(ours)
    through = made.target.amounts or made.target.log is not None
    least = float(made.target.log == "log1p") if through else ours.std(axis=0)
    return np.maximum(np.maximum(least, TINY), np.abs(ours))


@dataclass(frozen=True)
class Agreement:
    """How far an export is from our predictions on the probe.

    rows        how many were compared
    difference  the largest one, in the units of `units_of`
    other       rows of another class than ours, where the two are not as good as equal
    """

    rows: int
    difference: float
    other: int = 0

    @property
    def holds(self) -> bool:
        """Whether it is as near as promised."""
        return self.difference <= TOLERANCE and not self.other

    def __str__(self) -> str:
        other = f", {count(self.other, 'other class', 'other classes')}" if self.other else ""
        return f"{self.rows:,} rows compared: largest difference {self.difference:.1e}{other}"


def agreement(model: Model, columns: Columns, places: Array | None, numbers: Array) -> Agreement:
    """How far these classes and numbers are from ours."""
    scores, ours = expected(model, columns)
    largest = np.abs(numbers - ours) / units_of(model, ours)
    difference = float(largest.max()) if np.isfinite(largest).all() else float("inf")
    if places is None or model.preprocessing.classes is None:
        return Agreement(len(ours), difference)
    behind = scores.max(axis=1) - scores[np.arange(len(scores)), places]
    equal = EQUAL * np.maximum(1, np.abs(scores).max(axis=1))
    return Agreement(len(ours), difference, int((behind > equal).sum()))


def agreement_of_python(model: Model, document: dict[str, Any]) -> Agreement:
    """How far the standalone program is from ours."""
    columns = probe_of(model.preprocessing)
    dates = [field["name"] for field in document["columns"] if field["kind"] == "date"]
    others = given(model.preprocessing, columns)
    named, numbers = answers_for(others | {name: _times(columns[name]) for name in dates}, document)
    return agreement(model, columns, named.argmax(axis=1), numbers)


def _times(days: Array) -> Array:
    """Days since 1970-01-01 as dates and times."""
    missing = np.isnan(days)
    times = np.round(np.where(missing, 0, days) * MILLISECONDS).astype("datetime64[ms]")
    return np.where(missing, np.datetime64("NaT", "ms"), times)
