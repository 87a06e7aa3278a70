"""A column of numbers, brought to a common scale, with bins beside it where they are asked for."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np

from mlptrain.arrays import Array
from mlptrain.data.preprocessing.checks import (
    PLURAL,
    REFUSES,
    check_booleans,
    check_dates,
    check_finite,
    check_present,
)
from mlptrain.data.preprocessing.columns.column import Column, Counts
from mlptrain.data.preprocessing.columns.piecewise import bin_names, bins_for, edges_of, ramps
from mlptrain.data.preprocessing.columns.scaling import NEEDS_VALUES, scaling, signed_log
from mlptrain.data.preprocessing.moments import Moments, moments
from mlptrain.data.preprocessing.quantiles import Spread, spreads
from mlptrain.data.preprocessing.repairs import Repair
from mlptrain.data.row_set import every_row
from mlptrain.data.settings import Settings
from mlptrain.data.source import Kind, RowIndex, Source
from mlptrain.errors import DataError
from mlptrain.messages import in_yaml, some


@dataclass(frozen=True)
class Number(Column):
    """z = (x - center) * factor, and if `squash` z / sqrt(1 + (z / 3)^2); scaling.py has the rest.

    `fill` takes the place of a missing x where the policy fills. A factor of 0 makes a constant
    column 0. `indicator` adds a column `name missing` that is 1 where x was missing. `low` and `high`
    are the ends of the range of the training rows; checkpoints of the first version have none. A
    `unit` that is not 0 stands for `scale: log`, and `edges` for bins (piecewise.py).
    """

    name: str
    kind: Kind  # number, boolean or date
    center: float
    factor: float
    squash: bool
    fill: float
    indicator: bool
    low: float | None = None
    high: float | None = None
    unit: float = 0.0
    edges: tuple[float, ...] = ()

    @property
    def outputs(self) -> tuple[str, ...]:
        """The number, where it was missing, and its bins: `x`, `x missing`, `x[0.1..0.5]`, ..."""
        alone = (self.name, f"{self.name} missing") if self.indicator else (self.name,)
        return (*alone, *bin_names(self.name, self.edges)) if self.edges else alone

    @classmethod
    def named(cls, settings: Settings) -> tuple[str, ...]:
        """Those of kind number or date."""
        return settings.named("number", "date")

    @classmethod
    def takes(cls, source: Source, name: str) -> bool:
        """Whatever is no other kind."""
        return True

    @classmethod
    def refusal(cls, source: Source, name: str, settings: Settings) -> str:
        """Dates ask for a decision."""
        kind, as_date = source.kind(name), name in settings.named("date")
        if as_date and kind not in ("date", "blank"):
            return f"holds {PLURAL[kind]}, and data.columns.{name} says that they are dates"
        if kind == "date" and settings.dates_of(name) == "refuse":
            ways = (
                "`dates: parts` (days since 1970-01-01, month, weekday, hour), `dates: number` (days)"
            )
            return f"holds dates: write {ways} or `ignore: [{in_yaml(name)}]`"
        return ""

    @classmethod
    def fit(cls, source: Source, names: list[str], rows: RowIndex, settings: Settings) -> list[Self]:
        """Learn the scaling. Infinite values are refused, and missing ones where nothing fills them."""
        found = moments(source, names, rows)
        for name, present in zip(names, found.present, strict=True):
            if not present:
                where, advice = f"{source.path}: column {name!r}", f"write `ignore: [{in_yaml(name)}]`"
                raise DataError(f"{where} has no value in any training row: {advice}")
        if np.isinf([found.low, found.high]).any():
            check_finite(source, names, every_row(len(source)))
        if settings.missing.policy == "error" and (found.present < len(rows)).any():
            check_present(source, names, every_row(len(source)), REFUSES["error"])
        bins = bins_for(len(rows), sum(map(settings.is_piecewise, names)))
        looks = spreads(source, names, rows, lambda name: _is_looked_at(source, name, settings))
        return [
            cls._fitted(source, name, found, j, spread, settings, len(rows), bins)
            for j, (name, spread) in enumerate(zip(names, looks, strict=True))
        ]

    @classmethod
    def _fitted(
        cls,
        source: Source,
        name: str,
        found: Moments,
        j: int,
        spread: Spread,
        settings: Settings,
        rows: int,
        bins: int,
    ) -> Self:
        kind, scale, policy = source.kind(name), settings.scale_of(name), settings.missing.policy
        low, high, mean = float(found.low[j]), float(found.high[j]), float(found.mean[j])
        if kind == "boolean" and low < high:
            scale = "none"
        if scale == "log" and low < 0:
            raise DataError(below_0(source, name, low))
        center, factor, unit = scaling(scale, found, j, spread)
        constant = bool(found.constant[j])
        if not (math.isfinite(center) and math.isfinite(factor) and (factor > 0 or constant)):
            raise DataError(out_of_range(source, name, (low, high), scale))
        fill = min(max(spread.median if policy == "median" else mean, low), high)
        in_bins = _is_in_bins(source, name, settings) and not constant
        return cls(
            name=name,
            kind=kind,
            center=center,
            factor=factor,
            squash=scale == "smooth_clip" and kind != "boolean",
            fill=fill,
            indicator=settings.missing.indicator and bool(found.present[j] < rows),
            low=low,
            high=high,
            unit=unit,
            edges=edges_of(np.nan_to_num(spread.values, nan=fill), bins) if in_bins else (),
        )

    @classmethod
    def together(cls, columns: Sequence[Self], settings: Settings) -> Self:
        """One that is not constant, where there is one, with the range of all."""
        column = next((each for each in columns if each.factor > 0), columns[0])
        lows = [each.low for each in columns if each.low is not None]
        highs = [each.high for each in columns if each.high is not None]
        return replace(column, low=min(lows, default=None), high=max(highs, default=None))

    @classmethod
    def remarks(cls, columns: Sequence[Self]) -> list[str]:
        """Columns with one value in every training row; many are one remark."""
        zero = [column for column in columns if column.factor == 0]
        if len(zero) > 1:
            names = some([column.name for column in zero])
            return [f"{len(zero)} columns are constant in training, so they are ignored: {names}"]
        return [f"{c.name} is {c.center:g} in every training row, so it is ignored" for c in zero]

    def mismatch(self, source: Source) -> str:
        """Numbers where there were dates would be scaled all wrong; 1 and 0 are true and false."""
        kind = source.kind(self.name)
        if self.kind == "boolean" and kind in ("number", "text"):
            check_booleans(source, self.name)
            return "" if kind == "number" else "holds text beside true and false"
        if self.kind == "date" and kind == "text":
            check_dates(source, self.name)
        if kind in (self.kind, "blank", "text"):  # text: `numbers` names the values
            return ""
        return f"holds {PLURAL[kind]}, training had {PLURAL[self.kind]}"

    @classmethod
    def transform(cls, columns: Sequence[Self], values: Any, block: Array, places: list[int]) -> Counts:
        """Fill in, scale, and say by an indicator where a value was missing."""
        repaired = np.zeros(len(columns), np.int64)
        missing = np.isnan(values)
        if missing.any():
            np.copyto(values, np.array([column.fill for column in columns]), where=missing)
            repaired = missing.sum(axis=0)
            for j, column in enumerate(columns):
                if column.indicator:
                    block[:, places[j] + 1] = missing[:, j]
        for j, column in enumerate(columns):
            if column.edges:
                start = places[j] + 1 + column.indicator
                bins = slice(start, start + len(column.edges) - 1)
                block[:, bins] = ramps(values[:, j], column.edges)
        here = slice(None) if len(columns) == block.shape[1] else np.array(places)
        with np.errstate(over="ignore", invalid="ignore"):
            _scale(values, columns)
            block[:, here] = values
        return repaired

    def repair(self, number: int) -> Repair:
        """The value that was filled in."""
        return Repair(number, "missing value", self.name, f"became {self.shown(self.fill)}")

    def shown(self, value: float) -> str:
        """A value as people read it: a date, or a time of day where all are of 1970-01-01."""
        if self.kind != "date":
            return f"{value:.6g}"
        minute = np.datetime64(0, "m") + np.timedelta64(round(value * 1440), "m")
        if self.low is not None and self.high is not None and are_times(self.low, self.high):
            return str(minute)[-5:]
        return str(minute.astype("datetime64[D]"))

    def is_consistent(self) -> bool:
        """Whether the unit is one, and the edges are those of bins."""
        rise = all(a < b for a, b in pairwise(self.edges))
        return self.unit >= 0 and len(self.edges) not in (1, 2) and rise


def are_times(low: float, high: float) -> bool:
    """Whether dates from `low` to `high`, in days, are times of day: all are of 1970-01-01."""
    return low >= 0 and high < 1


def _is_in_bins(source: Source, name: str, settings: Settings) -> bool:
    return settings.is_piecewise(name) and source.kind(name) != "boolean"


def _is_looked_at(source: Source, name: str, settings: Settings) -> bool:
    """Whether moments do not suffice for a column."""
    needed = settings.scale_of(name) in NEEDS_VALUES or settings.missing.policy == "median"
    return needed or _is_in_bins(source, name, settings)


def _scale(values: Array, columns: Sequence[Number]) -> None:
    """z = (x - center) * factor in place, of the logarithm or squashed where the column says so."""
    for j, column in enumerate(columns):
        if column.unit:
            values[:, j] = signed_log(values[:, j], column.unit)
    values -= np.array([column.center for column in columns])
    values *= np.array([column.factor for column in columns])
    squash = np.array([column.squash for column in columns])
    if squash.any():
        np.copyto(values, values / np.sqrt(1 + np.square(values / 3)), where=squash)


def below_0(source: Source, name: str, low: float) -> str:
    """A column has no logarithm."""
    return (
        f"{source.path}: column {name!r} begins at {low:g}, and `scale: log` is for values "
        f"that are never below 0: write data.columns.{name}.scale: smooth_clip"
    )


def out_of_range(source: Source, name: str, ends: tuple[float, float], scale: str) -> str:
    """A column has values too large for its scale."""
    low, high = ends
    return (
        f"{source.path}: column {name!r} goes from {low:g} to {high:g}, "
        f"which `scale: {scale}` cannot bring into range: correct it or ignore it"
    )
