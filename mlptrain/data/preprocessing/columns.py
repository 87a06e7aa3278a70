"""Fitted columns: what one column of a source becomes, learned from the training rows.

Each is immutable and holds plain numbers and text, so that it can stand in a checkpoint.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mlptrain.data.source import Kind, RowIndex, Source, faulty_values, first_places
from mlptrain.errors import DataError
from mlptrain.messages import printable

Scale = Literal["standard", "minmax", "robust", "none"]
Missing = Literal["error", "mean", "median", "drop"]
Policy = Literal["error", "zeros"]


@dataclass(frozen=True)
class Number:
    """A number column: z = (x - center) * factor, and if `squash` z / sqrt(1 + (z / 3)^2).

    `fill` takes the place of a missing x where the policy fills. A factor of 0 makes a constant
    column 0. `indicator` adds a column `name missing` that is 1 where x was missing.
    """

    name: str
    kind: Kind  # number, boolean or date
    center: float
    factor: float
    squash: bool
    fill: float
    indicator: bool

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the columns it becomes."""
        return (self.name, f"{self.name} missing") if self.indicator else (self.name,)


@dataclass(frozen=True)
class Category:
    """A text column: one column of 0 and 1 per level, 1 where the value is that level."""

    name: str
    levels: tuple[str, ...]
    unseen: Policy
    missing: Policy

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the columns it becomes."""
        return tuple(f"{self.name}={level}" for level in self.levels)


Column = Number | Category


def check_kind(source: Source, column: Number) -> None:
    """DataError where the source holds something else under a name than the training table did."""
    kind = source.kind(column.name)
    if kind in (column.kind, "blank", "text"):  # text: `numbers` names the values
        return
    raise DataError(
        f"{source.path}: column {printable(column.name)!r} holds {PLURAL[kind]}, "
        f"training had {PLURAL[column.kind]}"
    )


PLURAL: dict[Kind, str] = {
    "number": "numbers",
    "boolean": "true and false",
    "date": "dates",
    "text": "text",
    "blank": "nothing",
    "other": "nested or unusual values",
}


def check_present(source: Source, names: list[str], rows: RowIndex, advice: str) -> None:
    """DataError listing missing values among the rows of number columns; `advice` says what to do."""
    places, total = list[tuple[int, str]](), 0
    for name in names:
        missing = np.isnan(source.numbers(name)[rows])
        total += int(missing.sum())
        places += first_places(name, missing, rows)
    if total:
        raise faulty_values(source, places, total, "is a missing value", advice)


def check_finite(source: Source, names: list[str], rows: RowIndex) -> None:
    """DataError listing the infinite values among the rows of number columns."""
    places, total = list[tuple[int, str]](), 0
    for name in names:
        infinite = np.isinf(source.numbers(name)[rows])
        total += int(infinite.sum())
        places += first_places(name, infinite, rows)
    if total:
        raise faulty_values(
            source, places, total, "is infinite", "correct them: only finite numbers train"
        )
