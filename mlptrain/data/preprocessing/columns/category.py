"""A column of categories, one-hot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from mlptrain.arrays import Array
from mlptrain.data.notation import named
from mlptrain.data.preprocessing.columns.column import Column, Fault
from mlptrain.data.preprocessing.repairs import Repair
from mlptrain.data.preprocessing.targets import FEW, spelled_alike
from mlptrain.data.recognition import declaration
from mlptrain.data.settings import CategoryPolicy, Settings, UnseenPolicy
from mlptrain.data.source import BLANK, RowIndex, Source, blocks
from mlptrain.errors import ConfigError, DataError
from mlptrain.messages import count, in_yaml, quoted, some

MOST_LEVELS = 1000


@dataclass(frozen=True)
class Category(Column):
    """One column of 0 and 1 per level, 1 where the value is that level.

    `unseen` and `missing` say what becomes of a value that is no level, and of one that is missing.
    `mode` is the most frequent level, of equal ones the first; checkpoints of early versions have none.
    """

    by_label: ClassVar[bool] = True
    encoding: ClassVar[str] = "one_hot"
    outcome: ClassVar[str] = "none"
    name: str
    levels: tuple[str, ...]
    unseen: UnseenPolicy
    missing: CategoryPolicy
    mode: str | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """`colour=red`, `colour=blue`, ..."""
        return tuple(f"{self.name}={level}" for level in self.levels)

    @classmethod
    def named(cls, settings: Settings) -> tuple[str, ...]:
        """Those of `categorical.columns`, and of kind category."""
        return (*settings.categorical.columns, *settings.named("category"))

    @classmethod
    def takes(cls, source: Source, name: str) -> bool:
        """Text, unless most of it is numbers: then `numbers` says which values are not."""
        return source.kind(name) == "text" and not source.looks_numeric(name)

    @classmethod
    def refusal(cls, source: Source, name: str, settings: Settings) -> str:
        """Text is refused by `categorical: error`."""
        if settings.categorical.encode != "error" or name in settings.named("category"):
            return ""
        return f"holds text: write `categorical: one_hot` or `ignore: [{in_yaml(name)}]`"

    @classmethod
    def fit(cls, source: Source, names: list[str], rows: RowIndex, settings: Settings) -> list[Self]:
        """The levels are the different values of the training rows, at most MOST_LEVELS."""
        unseen, missing = settings.categorical.unseen, settings.categorical.missing
        found = [cls(name, tuple(source.levels(name, rows)), unseen, missing) for name in names]
        for each in found:
            where, advice = (
                f"{source.path}: column {each.name!r}",
                f"write `ignore: [{in_yaml(each.name)}]`",
            )
            if not each.levels:
                raise DataError(f"{where} has no value in any training row: {advice}")
            most = MOST_LEVELS if settings.category_encoding(each.name) == "one_hot" else len(rows)
            if len(each.levels) > min(most, max(FEW, len(rows) / 2)):
                many = count(len(each.levels), "different value")
                few = count(len(rows), "training row")
                form = named(each.levels)
                if form is not None:
                    how = declaration(each.name, each.levels) or f"{form.advice}; or {advice}"
                    raise DataError(f"{where} holds {form}: {how}")
                raise DataError(f"{where} has {many} in {few}: too many for categories; {advice}")
        return [replace(each, mode=each.levels[_most_frequent(each, source, rows)]) for each in found]

    @classmethod
    def together(cls, columns: Sequence[Self], settings: Settings) -> Self:
        """The levels of all; what none of them has is treated as the settings say."""
        levels = dict.fromkeys(level for column in columns for level in column.levels)
        return replace(columns[0], levels=tuple(levels), unseen=settings.categorical.unseen)

    @classmethod
    def remarks(cls, columns: Sequence[Self]) -> list[str]:
        """Columns with a single level."""
        single = [column for column in columns if len(column.levels) == 1]
        notes = [note for each in columns for note in spelled_alike(each.name, each.levels)]
        if len(single) > 1:
            names = some([f"{each.name} ({each.levels[0]!r})" for each in single])
            return [f"{len(single)} columns have one category in every training row: {names}", *notes]
        return [f"{each.name} is {each.levels[0]!r} in every training row" for each in single] + notes

    @classmethod
    def read(cls, columns: Sequence[Self], source: Source, rows: RowIndex) -> Any:
        """The places of the values among the levels: an (n,) array for each column."""
        return [source.codes(column.name, column.levels, rows) for column in columns]

    def faults(self, codes: Array) -> list[Fault]:
        """What the policies refuse."""
        known = f"is not among the categories of the training rows ({some(self.levels)})"
        config = f"correct them, or write `categorical: {{{{encode: {self.encoding}, {{}}: zeros}}}}`"
        advice = f"{config}; for a trained model: {{}}"
        blank = advice.format("missing", f"--missing mean (a text is then treated as {self.outcome})")
        missing = (codes == BLANK, "is a missing value", blank)
        unseen = (codes < BLANK, known, advice.format("unseen", "--unseen zeros"))
        return [missing] * (self.missing == "error") + [unseen] * (self.unseen == "error")

    @classmethod
    def transform(
        cls, columns: Sequence[Self], values: Any, block: Array, places: list[int]
    ) -> list[int]:
        """Write the ones. A row of zeros is left where nothing takes the place of a value."""
        missing = []
        for column, codes, place in zip(columns, values, places, strict=True):
            missing.append(int((codes == BLANK).sum()))
            known = column.known(codes)
            (here,) = np.nonzero(known >= 0)
            block[here, place + known[here]] = 1
        return missing

    def known(self, codes: Array) -> Array:
        """(n,) the places of the levels; below 0 where nothing takes the place of a value."""
        if self.unseen == "mode" and self.mode is not None:
            return np.where(codes < BLANK, self.levels.index(self.mode), codes)
        return codes

    def repair(self, number: int) -> Repair:
        """What stands where there is no level."""
        return replace(super().repair(number), outcome=f"treated as {self.outcome}")

    def repair_unseen(self, values: Mapping[str, int]) -> Repair:
        """The same, or the most frequent level."""
        outcome = f"{quoted(self.mode)}, the most frequent" if self.unseen == "mode" else self.outcome
        return replace(super().repair_unseen(values), outcome=f"treated as {outcome}")

    def under(self, unseen: UnseenPolicy | None, missing: CategoryPolicy | None) -> Self:
        """ConfigError where the most frequent level is asked for and not known."""
        if unseen == "mode" and self.mode is None:
            raise ConfigError(
                "--unseen mode: the version that wrote this checkpoint did not keep the most frequent "
                "category: write --unseen zeros"
            )
        return replace(self, unseen=unseen or self.unseen, missing=missing or self.missing)

    def is_consistent(self) -> bool:
        """Whether the most frequent level is one, and known where the policy asks for it."""
        return self.mode in self.levels or (self.mode is None and self.unseen != "mode")


def _most_frequent(column: Category, source: Source, rows: RowIndex) -> int:
    counts = np.zeros(len(column.levels), np.int64)
    for piece in blocks(rows, 1):
        codes = source.codes(column.name, column.levels, piece)
        counts += np.bincount(codes[codes >= 0], minlength=len(counts))
    return int(counts.argmax())
