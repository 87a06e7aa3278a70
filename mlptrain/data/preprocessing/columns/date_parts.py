"""A date as its parts: the days since 1970-01-01 as a number, and how far its year, week and day are.

With t from 0 to 1, how much of its cycle has passed, a part is the point (sin 2 pi t, cos 2 pi t) on a
circle, so that December lies beside January, and 23 o'clock beside 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np

from mlptrain.arrays import Array
from mlptrain.data.preprocessing.columns.column import Counts
from mlptrain.data.preprocessing.columns.number import Number
from mlptrain.data.preprocessing.repairs import Repair
from mlptrain.data.settings import Settings
from mlptrain.data.source import RowIndex, Source

Part = Literal["month", "weekday", "hour"]
CYCLES: dict[Part, int] = {"month": 12, "weekday": 7, "hour": 24}
"""The parts, and how many of each there are."""
TOLERANCE = 1e-6
"""So much of a part is lost to rounding."""


@dataclass(frozen=True)
class DateParts(Number):
    """The number that a date is, and behind it sine and cosine of each part; 0 where it is missing."""

    parts: tuple[Part, ...] = ()

    @property
    def outputs(self) -> tuple[str, ...]:
        """`when`, `when month sine`, `when month cosine`, `when weekday sine`, ..."""
        waves = (f"{self.name} {part} {wave}" for part in self.parts for wave in ("sine", "cosine"))
        return (*super().outputs, *waves)

    @classmethod
    def transform(cls, columns: Sequence[Self], values: Any, block: Array, places: list[int]) -> Counts:
        """Write the numbers, then the parts."""
        for column, days, place in zip(columns, values.T, places, strict=True):
            at = place + len(super(DateParts, column).outputs)
            missing = np.isnan(days)
            for part in column.parts:
                angle = 2 * np.pi * turn(part, np.where(missing, 0.0, days))
                block[:, at] = np.where(missing, 0.0, np.sin(angle))
                block[:, at + 1] = np.where(missing, 0.0, np.cos(angle))
                at += 2
        return super().transform(columns, values, block, places)

    @classmethod
    def together(cls, columns: Sequence[Self], settings: Settings) -> Self:
        """The number of all, with every part that one of them has."""
        found = {part for column in columns for part in column.parts}
        parts = tuple(part for part in CYCLES if part in found)
        return replace(super().together(columns, settings), parts=parts)

    def repair(self, number: int) -> Repair:
        """The date that was filled in; the parts are those of no date."""
        outcome = f"became {self.shown(self.fill)}" + ", its parts 0" * bool(self.parts)
        return Repair(number, "missing value", self.name, outcome)

    def is_consistent(self) -> bool:
        """Whether a date has each part once."""
        return super().is_consistent() and len(set(self.parts)) == len(self.parts)


def in_parts(column: Number, source: Source, rows: RowIndex) -> DateParts:
    """A fitted date with those parts that differ among the training rows."""
    days = source.numbers(column.name)[rows]
    days = days[~np.isnan(days)]
    parts = tuple(part for part in CYCLES if len(_different(part, days)) > 1)
    return DateParts(**vars(column), parts=parts)


def _different(part: Part, days: Array) -> Array:
    return np.unique(np.floor(turn(part, days) * CYCLES[part] + TOLERANCE))


def turn(part: Part, days: Array) -> Array:
    """How much of its cycle has passed at these days since 1970-01-01 (n,), a Thursday; from 0 to 1.

    >>> days = np.array([0.25, 4.0, 31.0])  # 6 o'clock, the first Monday, the first of February
    >>> turn("hour", days).tolist(), (7 * turn("weekday", days)).tolist()
    ([0.25, 0.0, 0.0], [3.0, 0.0, 6.0])
    >>> (12 * turn("month", days)).round(3).tolist()
    [0.0, 0.129, 1.0]
    """
    whole = np.floor(days)
    if part == "hour":
        return np.asarray(days - whole)
    if part == "weekday":
        return np.asarray((whole + 3) % 7 / 7)
    date = whole.astype(np.int64).astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    first = month.astype("datetime64[D]")
    following = (month + np.timedelta64(1, "M")).astype("datetime64[D]")
    return np.asarray((month.astype(np.int64) % 12 + (date - first) / (following - first)) / 12)
