"""A column of categories as the place of a vector in a table, which the network learns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np

from mlptrain.arrays import Array
from mlptrain.data.preprocessing.columns.category import Category
from mlptrain.data.source import BLANK

WIDEST = 8
"""The size of an embedding in Holzmueller et al. 2024, "Better by default" (arXiv:2407.04491)."""


@dataclass(frozen=True)
class Embedded(Category):
    """Level i is row i + 1 of the table; row 0 is for what is no level, or missing.

    `width` numbers stand for a level: half as many as there are levels, 8 at most.
    """

    array: ClassVar[Literal["numbers", "codes"]] = "codes"
    encoding: ClassVar[str] = "embedding"
    outcome: ClassVar[str] = "none, row 0 of its embedding"
    width: int = 1

    @property
    def outputs(self) -> tuple[str, ...]:
        """The one column of codes."""
        return (self.name,)

    @property
    def table(self) -> tuple[int, int]:
        return len(self.levels) + 1, self.width

    @property
    def vector(self) -> tuple[str, ...]:
        return tuple(f"{self.name}#{number}" for number in range(1, self.width + 1))

    @classmethod
    def transform(
        cls, columns: Sequence[Self], values: Any, block: Array, places: list[int]
    ) -> list[int]:
        """Write the rows of the table."""
        for column, codes, place in zip(columns, values, places, strict=True):
            block[:, place] = np.maximum(column.known(codes), -1) + 1
        return [int((codes == BLANK).sum()) for codes in values]

    def is_consistent(self) -> bool:
        """Whether the width is that of the levels."""
        return super().is_consistent() and self.width == width_for(len(self.levels))


def width_for(levels: int) -> int:
    """The numbers that stand for each of so many levels.

    >>> [width_for(levels) for levels in (1, 2, 10, 500)]
    [1, 1, 5, 8]
    """
    return min(WIDEST, (levels + 1) // 2)
