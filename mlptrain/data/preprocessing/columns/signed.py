"""A column of two categories as one number: -1 or +1."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from mlptrain.arrays import Array
from mlptrain.data.preprocessing.columns.category import Category
from mlptrain.data.source import BLANK


@dataclass(frozen=True)
class Signed(Category):
    """-1 for the first level, +1 for the second, 0 for a value that is neither or is missing."""

    outcome: ClassVar[str] = "0"

    @property
    def outputs(self) -> tuple[str, ...]:
        """`sex=f..m`: from -1 to +1."""
        return (f"{self.name}={self.levels[0]}..{self.levels[1]}",)

    @classmethod
    def transform(
        cls, columns: Sequence[Self], values: Any, block: Array, places: list[int]
    ) -> list[int]:
        """Write the signs."""
        for column, codes, place in zip(columns, values, places, strict=True):
            known = column.known(codes)
            block[:, place] = np.where(known < 0, 0, 2 * known - 1)
        return [int((codes == BLANK).sum()) for codes in values]

    def is_consistent(self) -> bool:
        """Whether there are two levels."""
        return super().is_consistent() and len(self.levels) == 2
