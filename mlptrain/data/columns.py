"""Fitted columns: what one column of a source becomes, learned from the training rows.

Each is immutable and holds plain numbers and text, so that it can stand in a checkpoint.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.source import (
    BLANK,
    Kind,
    RowIndex,
    Source,
    count,
    faulty_values,
    first_places,
    plain,
    some,
)
from mlptrain.errors import DataError

Scale = Literal["standard", "minmax", "robust", "none"]
Missing = Literal["error", "mean", "median", "drop"]
Policy = Literal["error", "zeros"]

BLOCK = 1 << 18
"""Entries of a block of rows: small enough to stay in the processor's cache."""


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


def blocks(rows: RowIndex, width: int) -> list[RowIndex]:
    """The rows in pieces of about BLOCK entries."""
    step = max(256, BLOCK // max(1, width))
    return [rows[start : start + step] for start in range(0, len(rows), step)]


def check_kind(source: Source, column: Number) -> None:
    """DataError where the source holds something else under a name than the training table did."""
    kind = source.kind(column.name)
    if kind in (column.kind, "blank", "text"):  # text: `numbers` names the values
        return
    raise DataError(
        f"{source.path}: column {plain(column.name)!r} holds {PLURAL[kind]}, "
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


def write_numbers(
    source: Source,
    columns: list[Number],
    rows: RowIndex,
    places: list[int],
    out: NDArray[np.floating],
    refuse: str | None,
) -> NDArray[np.int64]:
    """Write the scaled numbers of these rows into the columns `places` of `out`, block by block.

    Missing values are filled, and counted per column, or refused with this advice.
    """
    names = [column.name for column in columns]
    here = slice(0, len(places)) if places == list(range(len(places))) else np.array(places)
    missing = np.zeros(len(names), np.int64)
    start = 0
    for piece in blocks(rows, len(names)):
        block = source.block(names, piece)
        if not np.isfinite(block).all():
            missing += _fill(source, columns, rows, block, refuse)
        target = out[start : start + len(piece)]
        with np.errstate(over="ignore", invalid="ignore"):
            scale_in_place(block, columns)
            target[:, here] = block
        if not np.isfinite(target).all():
            raise _too_large(source, names, piece, np.isfinite(target[:, here]))
        start += len(piece)
    return missing


def scale_in_place(block: NDArray[np.float64], columns: Sequence[Number]) -> None:
    """z = (x - center) * factor, squashed where the column says so."""
    block -= np.array([column.center for column in columns])
    block *= np.array([column.factor for column in columns])
    squash = np.array([column.squash for column in columns])
    if squash.any():
        np.copyto(block, block / np.sqrt(1 + np.square(block / 3)), where=squash)


def _fill(
    source: Source,
    columns: list[Number],
    rows: RowIndex,
    block: NDArray[np.float64],
    refuse: str | None,
) -> NDArray[np.int64]:
    names = [column.name for column in columns]
    check_finite(source, names, rows)
    if refuse is not None:
        check_present(source, names, rows, refuse)
    missing = np.isnan(block)
    np.copyto(block, np.array([column.fill for column in columns]), where=missing)
    return missing.sum(axis=0)


def _too_large(
    source: Source, names: list[str], rows: RowIndex, finite: NDArray[np.bool_]
) -> DataError:
    places = [
        place for j, name in enumerate(names) for place in first_places(name, ~finite[:, j], rows)
    ]
    advice = "correct them, or scale the column"
    return faulty_values(source, places, int((~finite).sum()), "is too large for the network", advice)


def write_category(
    source: Source, column: Category, rows: RowIndex, start: int, out: NDArray[np.floating]
) -> int:
    """Write ones into the columns from `start` on; how many rows are all zeros is returned."""
    codes = source.codes(column.name, column.levels)[rows]
    blank, unseen = codes == BLANK, codes < BLANK
    known = f"is not among the categories of the training rows ({some(column.levels)})"
    for faulty, policy, what, key in (
        (blank, column.missing, "is a missing value", "missing"),
        (unseen, column.unseen, known, "unseen"),
    ):
        if faulty.any() and policy == "error":
            advice = f"correct them, or write `categorical: {{encode: one_hot, {key}: zeros}}`"
            places = first_places(column.name, faulty, rows)
            raise faulty_values(source, places, int(faulty.sum()), what, advice)
    (here,) = np.nonzero(codes >= 0)
    out[here, start + codes[here]] = 1
    return len(rows) - len(here)


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


def filled(column: Number, missing: int) -> str:
    """The note on a repair."""
    return f"{count(missing, 'missing value')} of {plain(column.name)} became {column.fill:.6g}"
