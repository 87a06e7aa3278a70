"""What a kind of column is: how it is fitted on training rows, and what its values become."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.preprocessing.checks import PLURAL, check_finite, check_present
from mlptrain.data.preprocessing.repairs import Repair
from mlptrain.data.settings import MissingPolicy, Settings
from mlptrain.data.source import RowIndex, Source
from mlptrain.messages import printable

REFUSES = {
    "error": "correct them, or write `missing: mean` (or median, or drop)",
    "drop": "the checkpoint was trained with `missing: drop`, which gives no prediction for them: "
    "fill them in",
}
"""The policies by which a missing number is refused, and what to do about it."""


class Refused(Exception):
    """A block of rows holds a value that is not accepted; `check` then lists all of them."""


class Column(ABC):
    """A fitted column: a frozen dataclass of text, numbers and tuples of them, kept in checkpoints.

    Its kind is asked about all its columns at once: numbers are read and scaled together.

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
        if source.kind(name) == "other":
            return f"holds {PLURAL['other']}: write `ignore: [{printable(name)}]`"
        return ""

    @classmethod
    @abstractmethod
    def fit(
        cls, source: Source, names: Sequence[str], rows: RowIndex, settings: Settings
    ) -> list[Self]:
        """These columns, learned from the training rows; DataError for values that do not fit."""

    @classmethod
    def remarks(cls, columns: Sequence[Self]) -> list[str]:
        """What is worth knowing about fitted columns."""
        return []

    def mismatch(self, source: Source) -> str:
        """What a source holds where the training rows held something else; "" where it fits."""
        return ""

    @classmethod
    def read(cls, columns: Sequence[Self], source: Source, rows: RowIndex) -> Any:
        """What `transform` needs of these rows: (n, K) numbers. Runs on a second thread."""
        return source.block([column.name for column in columns], rows)

    @classmethod
    @abstractmethod
    def transform(
        cls,
        columns: Sequence[Self],
        values: Any,
        block: NDArray[Any],
        places: Sequence[int],
        missing: MissingPolicy,
    ) -> Sequence[int] | NDArray[np.int64]:
        """Write what was read into a block of zeros, each column from its place on.

        Returns how many values of each were repaired; Refused where one is neither right nor repaired.
        """

    @classmethod
    def check(
        cls, columns: Sequence[Self], source: Source, rows: RowIndex, missing: MissingPolicy
    ) -> None:
        """DataError listing the refused values among all rows: infinite ones, else missing ones."""
        names = [column.name for column in columns]
        check_finite(source, names, rows)
        check_present(source, names, rows, REFUSES.get(missing, "fill them in"))

    @abstractmethod
    def repair(self, number: int) -> Repair:
        """What became of the values that were repaired."""
