"""From fitted columns to X: blocks of rows, each small enough to stay in the processor's cache.

A block is made from its rows alone, so the same row gives the same bits in any block, whether X
is then kept in memory or in a file.
"""

from collections.abc import Iterator, Sequence
from itertools import repeat

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mlptrain.data.preprocessing.columns import (
    Category,
    Column,
    Number,
    check_finite,
    check_kind,
    check_present,
)
from mlptrain.data.preprocessing.repairs import Repair
from mlptrain.data.source import BLANK, RowIndex, Source, blocks, faulty_values, first_places
from mlptrain.errors import DataError
from mlptrain.messages import printable, some
from mlptrain.system.prefetch import ahead


class Features:
    """X (n, D) of some rows. Iterating gives it block by block and counts what is filled in.

    `refuse` is the advice where missing numbers are an error, None where they are filled in.
    """

    def __init__(
        self,
        source: Source,
        columns: Sequence[Column],
        rows: RowIndex,
        dtype: DTypeLike,
        refuse: str | None,
    ) -> None:
        self.source, self.rows, self.dtype, self.refuse = source, rows, dtype, refuse
        self.width = 0
        self.numbers, self.places = list[Number](), list[int]()
        self.categories = list[tuple[Category, int]]()
        for column in columns:
            if isinstance(column, Category):
                self.categories.append((column, self.width))
            else:
                check_kind(source, column)
                self.numbers.append(column)
                self.places.append(self.width)
            self.width += len(column.outputs)
        self._missing = np.zeros(len(self.numbers), np.int64)
        self._zeros = np.zeros(len(self.categories), np.int64)

    def __iter__(self) -> Iterator[NDArray[np.floating]]:
        names = [column.name for column in self.numbers]
        numbers = ahead(self.source.block(names, piece) for piece in self._pieces())
        for piece, values in zip(self._pieces(), numbers if names else repeat(None), strict=False):
            block: NDArray[np.floating] = np.zeros((len(piece), self.width), self.dtype)
            for number, (column, start) in enumerate(self.categories):
                self._zeros[number] += self._one_hot(column, start, piece, block)
            if values is not None:
                self._scaled(names, piece, values, block)
            yield block

    def _pieces(self) -> Iterator[RowIndex]:
        return blocks(self.rows, self.width)

    def notes(self) -> list[str]:
        """What was repaired in the blocks so far."""
        zeros = zip(self.categories, self._zeros.tolist(), strict=True)
        filled = zip(self.numbers, self._missing.tolist(), strict=True)
        return [
            *(
                Repair(n, "missing or unseen value", f"of {printable(column.name)} became all zeros")
                for (column, _), n in zeros
                if n
            ),
            *(
                Repair(n, "missing value", f"of {printable(column.name)} became {column.fill:.6g}")
                for column, n in filled
                if n
            ),
        ]

    def _one_hot(
        self, column: Category, start: int, piece: RowIndex, block: NDArray[np.floating]
    ) -> int:
        """Write ones from column `start` on; how many rows are all zeros is returned."""
        codes = self.source.codes(column.name, column.levels, piece)
        policies = (column.missing, column.unseen)
        if "error" in policies and (codes < 0).any():
            self._check_category(column)
        (here,) = np.nonzero(codes >= 0)
        block[here, start + codes[here]] = 1
        return len(piece) - len(here)

    def _check_category(self, column: Category) -> None:
        """DataError for values that the policies of a category refuse, listed over all rows."""
        codes = self.source.codes(column.name, column.levels, self.rows)
        known = f"is not among the categories of the training rows ({some(column.levels)})"
        for faulty, policy, what, key in (
            (codes == BLANK, column.missing, "is a missing value", "missing"),
            (codes < BLANK, column.unseen, known, "unseen"),
        ):
            if faulty.any() and policy == "error":
                advice = f"correct them, or write `categorical: {{encode: one_hot, {key}: zeros}}`"
                places = first_places(column.name, faulty, self.rows)
                raise faulty_values(self.source, places, int(faulty.sum()), what, advice)

    def _scaled(
        self,
        names: list[str],
        piece: RowIndex,
        values: NDArray[np.float64],
        block: NDArray[np.floating],
    ) -> None:
        """Write the scaled numbers of a block, and ones where an indicator says so."""
        if not np.isfinite(values).all():
            self._fill(names, values, block)
        here = slice(0, self.width) if len(names) == self.width else np.array(self.places)
        with np.errstate(over="ignore", invalid="ignore"):
            scale_in_place(values, self.numbers)
            block[:, here] = values
        if not np.isfinite(block).all():
            raise self._too_large(names, piece, np.isfinite(block[:, self.places]))

    def _fill(self, names: list[str], values: NDArray[np.float64], block: NDArray[np.floating]) -> None:
        if np.isinf(values).any():
            check_finite(self.source, names, self.rows)
        if self.refuse is not None:
            check_present(self.source, names, self.rows, self.refuse)
        missing = np.isnan(values)
        np.copyto(values, np.array([column.fill for column in self.numbers]), where=missing)
        self._missing += missing.sum(axis=0)
        for j, column in enumerate(self.numbers):
            if column.indicator:
                block[:, self.places[j] + 1] = missing[:, j]

    def _too_large(self, names: list[str], rows: RowIndex, finite: NDArray[np.bool_]) -> DataError:
        places = [
            place for j, name in enumerate(names) for place in first_places(name, ~finite[:, j], rows)
        ]
        advice = "correct them, or scale the column"
        what = "is too large for the network"
        return faulty_values(self.source, places, int((~finite).sum()), what, advice)


def scale_in_place(block: NDArray[np.float64], columns: Sequence[Number]) -> None:
    """z = (x - center) * factor, squashed where the column says so."""
    block -= np.array([column.center for column in columns])
    block *= np.array([column.factor for column in columns])
    squash = np.array([column.squash for column in columns])
    if squash.any():
        np.copyto(block, block / np.sqrt(1 + np.square(block / 3)), where=squash)
