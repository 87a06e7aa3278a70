"""A column of categories, one-hot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.preprocessing.columns.column import Column, Refused
from mlptrain.data.preprocessing.repairs import Repair
from mlptrain.data.preprocessing.targets import FEW
from mlptrain.data.settings import CategoryPolicy, MissingPolicy, Settings
from mlptrain.data.source import BLANK, RowIndex, Source, faulty_values, first_places
from mlptrain.errors import DataError
from mlptrain.messages import count, printable, some

MOST_LEVELS = 1000


@dataclass(frozen=True)
class Category(Column):
    """One column of 0 and 1 per level, 1 where the value is that level.

    `unseen` and `missing` say what becomes of a value that is no level, and of one that is missing.
    """

    by_label: ClassVar[bool] = True
    name: str
    levels: tuple[str, ...]
    unseen: CategoryPolicy
    missing: CategoryPolicy

    @property
    def outputs(self) -> tuple[str, ...]:
        """`colour=red`, `colour=blue`, ..."""
        return tuple(f"{self.name}={level}" for level in self.levels)

    @classmethod
    def named(cls, settings: Settings) -> tuple[str, ...]:
        """Those of `categorical.columns`."""
        return settings.categorical.columns

    @classmethod
    def takes(cls, source: Source, name: str) -> bool:
        """Text, unless most of it is numbers: then `numbers` says which values are not."""
        return source.kind(name) == "text" and not source.looks_numeric(name)

    @classmethod
    def refusal(cls, source: Source, name: str, settings: Settings) -> str:
        """Text is refused by `categorical: error`."""
        if settings.categorical.encode == "error":
            shown = printable(name)
            return f"holds text: write `categorical: one_hot` or `ignore: [{shown}]`"
        return super().refusal(source, name, settings)

    @classmethod
    def fit(
        cls, source: Source, names: Sequence[str], rows: RowIndex, settings: Settings
    ) -> list[Self]:
        """The levels are the different values of the training rows, at most MOST_LEVELS."""
        chosen = settings.categorical
        found = [(name, tuple(source.levels(name, rows))) for name in names]
        for name, levels in found:
            shown, advice = printable(name), f"write `ignore: [{printable(name)}]`"
            if not levels:
                what = "has no value in any training row"
                raise DataError(f"{source.path}: column {shown!r} {what}: {advice}")
            if len(levels) > MOST_LEVELS or len(levels) > max(FEW, len(rows) / 2):
                many = count(len(levels), "different value")
                what = f"has {many} in {count(len(rows), 'training row')}: too many for categories"
                raise DataError(f"{source.path}: column {shown!r} {what}; {advice}")
        return [cls(name, levels, chosen.unseen, chosen.missing) for name, levels in found]

    @classmethod
    def remarks(cls, columns: Sequence[Self]) -> list[str]:
        """Columns with a single level."""
        single = [column for column in columns if len(column.levels) == 1]
        return [f"{each.name} is {each.levels[0]!r} in every training row" for each in single]

    @classmethod
    def read(cls, columns: Sequence[Self], source: Source, rows: RowIndex) -> Any:
        """The places of the values among the levels: an (n,) array for each column."""
        return [source.codes(column.name, column.levels, rows) for column in columns]

    @classmethod
    def transform(
        cls,
        columns: Sequence[Self],
        values: Any,
        block: NDArray[Any],
        places: Sequence[int],
        missing: MissingPolicy,
    ) -> list[int]:
        """Write the ones. A row without one is a repaired value."""
        repaired = []
        for column, codes, place in zip(columns, values, places, strict=True):
            (here,) = np.nonzero(codes >= 0)
            block[here, place + codes[here]] = 1
            repaired.append(len(codes) - len(here))
            if repaired[-1] and any(faulty.any() for faulty, *_ in column.refused(codes)):
                raise Refused
        return repaired

    @classmethod
    def check(
        cls, columns: Sequence[Self], source: Source, rows: RowIndex, missing: MissingPolicy
    ) -> None:
        """DataError for the values of the first column that has refused ones."""
        for column in columns:
            for faulty, what, key in column.refused(source.codes(column.name, column.levels, rows)):
                if faulty.any():
                    advice = f"correct them, or write `categorical: {{encode: one_hot, {key}: zeros}}`"
                    places = first_places(column.name, faulty, rows)
                    raise faulty_values(source, places, int(faulty.sum()), what, advice)

    def refused(self, codes: NDArray[np.int64]) -> list[tuple[NDArray[np.bool_], str, str]]:
        """Where a policy refuses a value, what is wrong with it, and the key of the policy."""
        known = f"is not among the categories of the training rows ({some(self.levels)})"
        each = (
            (codes == BLANK, self.missing, "is a missing value", "missing"),
            (codes < BLANK, self.unseen, known, "unseen"),
        )
        return [(faulty, what, key) for faulty, policy, what, key in each if policy == "error"]

    def repair(self, number: int) -> Repair:
        """The whole row of ones is missing."""
        return Repair(number, "missing or unseen value", f"of {printable(self.name)} became all zeros")
