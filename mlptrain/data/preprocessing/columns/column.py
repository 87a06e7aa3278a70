"""What a kind of column is: how it is fitted on training rows, and what its values become."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from mlptrain.arrays import Array
from mlptrain.data.preprocessing.repairs import Repair
from mlptrain.data.settings import CategoryPolicy, Settings, UnseenPolicy
from mlptrain.data.source import RowIndex, Source

Counts = Sequence[int] | NDArray[np.int64]
Fault = tuple[NDArray[np.bool_], str, str]
"""(n,) which values are not accepted, what is wrong with them, and what to do."""


class Column(ABC):
    """A fitted column: a frozen dataclass of text, numbers and tuples of them, kept in checkpoints.

    Its kind is asked about all its columns at once: numbers are read and scaled together. What is
    read as numbers is never infinite, and NaN only where `missing` fills.

    array      the array of the inputs that it goes into
    by_label   whether its values are read as labels, even where they are numbers
    """

    array: ClassVar[Literal["numbers", "codes"]] = "numbers"
    by_label: ClassVar[bool] = False
    name: str

    @property
    @abstractmethod
    def outputs(self) -> tuple[str, ...]:
        """Names of the columns that it becomes."""

    @property
    def vector(self) -> tuple[str, ...]:
        """Of a column of codes: names of the numbers that stand for one."""
        return ()

    @property
    def table(self) -> tuple[int, int]:
        """Of a column of codes: how many there are, and the numbers that stand for each."""
        raise TypeError(f"{type(self).__name__} has no codes")

    @classmethod
    def named(cls, settings: Settings) -> tuple[str, ...]:
        """The columns that the settings say are of this kind."""
        return ()

    @classmethod
    def takes(cls, source: Source, name: str) -> bool:
        """Whether a column that nobody named looks like this kind."""
        return False

    @classmethod
    def refusal(cls, source: Source, name: str, settings: Settings) -> str:
        """Why a column cannot be taken as it is, and what to write; "" where it can."""
        return ""

    @classmethod
    @abstractmethod
    def fit(cls, source: Source, names: list[str], rows: RowIndex, settings: Settings) -> list[Self]:
        """These columns, learned from the training rows; DataError for values that do not fit."""

    @classmethod
    def remarks(cls, columns: Sequence[Self]) -> list[str]:
        """What is worth knowing about fitted columns."""
        return []

    @classmethod
    def together(cls, columns: Sequence[Self], settings: Settings) -> Self:
        """One column of a name, where several were learned, each from a part of the same rows."""
        return columns[0]

    def mismatch(self, source: Source) -> str:
        """What a source holds where the training rows held something else; "" where it fits."""
        return ""

    @classmethod
    def read(cls, columns: Sequence[Self], source: Source, rows: RowIndex) -> Any:
        """Some rows for `transform`: (n, K) numbers, or of K columns by label their codes (n,)."""
        return source.block([column.name for column in columns], rows)

    def faults(self, codes: Array) -> list[Fault]:
        """The labels that are not accepted, among the codes of some rows."""
        return []

    @classmethod
    @abstractmethod
    def transform(cls, columns: Sequence[Self], values: Any, block: Array, places: list[int]) -> Counts:
        """Write what was read into a block of zeros, each column from its place on.

        Returns how many missing values of each were repaired.
        """

    def repair(self, number: int) -> Repair:
        """What became of so many missing values; where nothing is written, zeros stay."""
        return Repair(number, "missing value", self.name, "treated as none")

    def repair_unseen(self, values: Mapping[str, int]) -> Repair:
        """What became of labels that training did not have, and of how many of each."""
        outcome = "treated as none"
        return Repair(sum(values.values()), "unseen value", self.name, outcome, tuple(values.items()))

    def under(self, unseen: UnseenPolicy | None, missing: CategoryPolicy | None) -> Self:
        """The same under other policies for labels; None leaves one as it is."""
        return self

    def is_consistent(self) -> bool:
        """Whether fields that are right one by one fit together; those of a checkpoint may not."""
        return True
