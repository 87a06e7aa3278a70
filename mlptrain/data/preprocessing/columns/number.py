"""A column of numbers, brought to a common scale: center, factor and fill from the training rows.

    standard   center = mean      factor = 1 / standard deviation (of the population, 1/N)
    minmax     center = minimum   factor = 1 / (maximum - minimum)
    robust     center = median    factor = 1 / (upper - lower quartile), then z / sqrt(1 + (z/3)^2);
               where the quartiles are equal, 2 / (maximum - minimum)
    none       center = 0         factor = 1

All in float64. A column that is constant within rounding becomes 0 (except under `none`). Missing
values do not enter. The robust scaling and its smooth clip are those of Holzmueller et al. 2024,
"Better by default" (arXiv:2407.04491).
"""

from collections.abc import Sequence
from dataclasses import dataclass
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
from mlptrain.data.preprocessing.moments import Moments, moments
from mlptrain.data.preprocessing.repairs import Repair
from mlptrain.data.row_set import every_row
from mlptrain.data.settings import Settings
from mlptrain.data.source import Kind, RowIndex, Source
from mlptrain.errors import DataError
from mlptrain.messages import in_yaml, some


@dataclass(frozen=True)
class Number(Column):
    """z = (x - center) * factor, and if `squash` z / sqrt(1 + (z / 3)^2).

    `fill` takes the place of a missing x where the policy fills. A factor of 0 makes a constant
    column 0. `indicator` adds a column `name missing` that is 1 where x was missing. `low` and `high`
    are the ends of the range of the training rows; checkpoints of the first version have none.
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

    @property
    def outputs(self) -> tuple[str, ...]:
        """The number, and where it was missing."""
        return (self.name, f"{self.name} missing") if self.indicator else (self.name,)

    @classmethod
    def takes(cls, source: Source, name: str) -> bool:
        """Whatever is no other kind."""
        return True

    @classmethod
    def refusal(cls, source: Source, name: str, settings: Settings) -> str:
        """Dates ask for a decision."""
        if source.kind(name) == "date" and settings.dates == "refuse":
            number = "`dates: number` (days since 1970-01-01)"
            return f"holds dates: write {number} or `ignore: [{in_yaml(name)}]`"
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
        return [cls._fitted(source, name, rows, found, j, settings) for j, name in enumerate(names)]

    @classmethod
    def _fitted(
        cls, source: Source, name: str, rows: RowIndex, found: Moments, j: int, settings: Settings
    ) -> Self:
        kind, scale, policy = source.kind(name), settings.scale, settings.missing.policy
        needed = scale == "robust" or policy == "median"
        values = source.numbers(name)[rows] if needed else np.empty(0)
        low, high, mean = float(found.low[j]), float(found.high[j]), float(found.mean[j])
        constant = bool(found.constant[j])
        median = float(np.nanmedian(values)) if needed else 0.0
        if scale == "none" or (kind == "boolean" and low < high):
            center, factor = 0.0, 1.0
        elif constant:
            center, factor = (low if low == high else mean), 0.0
        elif scale == "robust":
            lower, upper = np.nanquantile(values, [0.25, 0.75])
            center, factor = median, _inverse(upper - lower if upper > lower else (high - low) / 2)
        elif scale == "minmax":
            center, factor = low, _inverse(high - low)
        else:
            center, factor = mean, _inverse(found.std[j])
        if not (np.isfinite(center) and np.isfinite(factor) and (factor > 0 or constant)):
            raise DataError(
                f"{source.path}: column {name!r} goes from {low:g} to {high:g}, "
                f"which `scale: {scale}` cannot bring into range: correct it or ignore it"
            )
        return cls(
            name=name,
            kind=kind,
            center=center,
            factor=factor,
            squash=scale == "robust" and kind != "boolean",
            fill=median if policy == "median" else min(max(mean, low), high),
            indicator=settings.missing.indicator and bool(found.present[j] < len(rows)),
            low=low,
            high=high,
        )

    @classmethod
    def remarks(cls, columns: Sequence[Self]) -> list[str]:
        """Columns with one value in every training row; many are one remark."""
        zero = [column for column in columns if column.factor == 0]
        if len(zero) > 1:
            names = some([column.name for column in zero])
            return [f"{len(zero)} columns have one value in every training row and become 0: {names}"]
        return [f"{c.name} is {c.center:g} in every training row: it becomes 0" for c in zero]

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
        here = slice(None) if len(columns) == block.shape[1] else np.array(places)
        with np.errstate(over="ignore", invalid="ignore"):
            _scale(values, columns)
            block[:, here] = values
        return repaired

    def repair(self, number: int) -> Repair:
        """The value that was filled in."""
        return Repair(number, "missing value", self.name, f"became {self.shown(self.fill)}")

    def shown(self, value: float) -> str:
        """A value of the column as people read it, a date as such."""
        if self.kind == "date":
            return str(np.datetime64(0, "D") + np.timedelta64(int(value), "D"))
        return f"{value:.6g}"


def _scale(values: Array, columns: Sequence[Number]) -> None:
    """z = (x - center) * factor in place, squashed where the column says so."""
    values -= np.array([column.center for column in columns])
    values *= np.array([column.factor for column in columns])
    squash = np.array([column.squash for column in columns])
    if squash.any():
        np.copyto(values, values / np.sqrt(1 + np.square(values / 3)), where=squash)


def _inverse(spread: float | np.floating) -> float:
    """1 / spread, infinite where that overflows."""
    with np.errstate(divide="ignore", over="ignore"):
        return float(np.float64(1) / np.float64(spread))
