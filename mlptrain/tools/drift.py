"""A config against a file that is newer than the one that it was written for: what has changed."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlptrain.config import load_config
from mlptrain.data.load import load_rows
from mlptrain.data.preprocessing.columns.category import Category
from mlptrain.data.preprocessing.columns.number import Number
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.readers.sources import labels_of, open_source
from mlptrain.data.row_set import every_row
from mlptrain.data.source import Source
from mlptrain.errors import ConfigError, DataError
from mlptrain.messages import count, some
from mlptrain.training.build import build

MOVED = 0.5
"""A mean that has moved by so many standard deviations is told, and so is such a share of a ..."""
SHIFTED = 0.1
"""... category or of blanks, that has changed by so much."""
SURE = 5
"""A difference of fewer standard errors may be chance."""
SHOWN = 3


class Drift(NamedTuple):
    """A line for each difference, and the faults for which the new file would be refused."""

    lines: tuple[str, ...]
    refused: tuple[str, ...]


def drift(written: Path, path: str) -> Drift:
    """What the file at `path` has that the training file of the config has not, and vice versa."""
    config = load_config(written)
    train = config.data.train
    if not isinstance(train, str):
        raise ConfigError("data.train: a toy set has no file to compare with")
    made = build(config, threads=1).data.preprocessing
    old = open_source(train, labels=labels_of(train, None), reading=made.reading)
    new = open_source(path, labels=labels_of(path, None), reading=made.reading)
    lines = [*_columns(made, old, new)]
    for name in made.inputs:
        if name in new.names:
            lines += [f"{name}: {told}" for told in _column(made, name, old, new)]
    return Drift(tuple(lines), _refusals(path, made, new))


def _refusals(path: str, made: Preprocessing, new: Source) -> tuple[str, ...]:
    """Why `predict` would refuse the file; where it has the target, why `eval` would."""
    has_target = set(made.targets) <= set(new.names)
    try:
        load_rows(path, made, target_needed=has_target, dtype=np.float64)
    except DataError as error:
        return error.faults
    return ()


def _columns(made: Preprocessing, old: Source, new: Source) -> Iterator[str]:
    """Columns that are gone, and those that are new."""
    for name in (*made.inputs, *made.targets):
        if name not in new.names:
            what = "the target" if name in made.targets else "a feature"
            yield f"{name}: missing here, {what}"
    for name in new.names:
        if name not in old.names:
            yield f"{name}: new here ({new.kind(name)})"


def _column(made: Preprocessing, name: str, old: Source, new: Source) -> Iterator[str]:
    before, now = old.kind(name), new.kind(name)
    if now not in (before, "blank"):
        yield f"{now} here, {before} in training"
        return
    yield from _share("blank", old.missing(name), new.missing(name))
    for column in made.columns:
        if column.name == name and isinstance(column, Number):
            yield from _numbers(column, old.numbers(name), new.numbers(name))
        elif column.name == name and isinstance(column, Category):
            yield from _categories(column, old, new)


def _numbers(column: Number, before: NDArray[np.float64], now: NDArray[np.float64]) -> Iterator[str]:
    """A range that is left, and a mean that has moved."""
    before, now = before[np.isfinite(before)], now[np.isfinite(now)]
    if not len(before) or not len(now):
        return
    low, high = before.min(), before.max()
    outside = int(((now < low) | (now > high)).sum())
    if outside:
        ends = " to ".join(column.shown(float(end)) for end in (now.min(), now.max()))
        usual = " to ".join(column.shown(float(end)) for end in (low, high))
        yield f"{ends} here, {usual} in training ({count(outside, 'value')} outside)"
    step, spread = float(now.mean() - before.mean()), float(before.std())
    error = np.sqrt(before.var() / len(before) + now.var() / len(now))
    if abs(step) > MOVED * spread and abs(step) > SURE * error:
        means = (
            f"{column.shown(float(now.mean()))} here, {column.shown(float(before.mean()))} in training"
        )
        yield f"mean {means}"


def _categories(column: Category, old: Source, new: Source) -> Iterator[str]:
    """Categories that are new, and shares that have changed."""
    everywhere = every_row(len(new))
    known = new.codes(column.name, column.levels, everywhere)
    levels = new.levels(column.name, everywhere)
    places = new.codes(column.name, levels, everywhere)
    times = np.bincount(places[places >= 0], minlength=len(levels))
    fresh = np.unique(places[(known < 0) & (places >= 0)])
    if len(fresh):
        shown = some([f"{levels[i]!r} ({times[i]:,})" for i in fresh], SHOWN)
        yield f"{count(len(fresh), 'category')} that training does not have: {shown}"
    before = old.codes(column.name, column.levels, every_row(len(old)))
    for place, level in enumerate(column.levels):
        yield from _share(repr(level), before == place, known == place)


def _share(what: str, before: NDArray[np.bool_], now: NDArray[np.bool_]) -> Iterator[str]:
    """A share of the rows that has changed."""
    a, b = float(before.mean()), float(now.mean())
    error = np.sqrt(a * (1 - a) / len(before) + b * (1 - b) / len(now))
    if abs(a - b) > SHIFTED and abs(a - b) > SURE * error:
        yield f"{what} in {b:.0%} of the rows here, in {a:.0%} in training"
