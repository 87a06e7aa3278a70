"""A column of categories as what the target is on average where they stand.

    (sum of y over the rows of the level + 10 m) / (rows of the level + 10)

with m the mean of y over all training rows: a rare level says little, and stays near the mean. y is 1
where the row has the class, one column for each class (of two, for the second), or the target of a
regression. A training row must not see its own answer, so the training rows are dealt out to 5 folds,
stratified by class, and each gets the mean over the other four. All other rows get that over all
training rows. Every column is then brought to mean 0 and deviation 1 over the training rows. Row
weights do not enter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mlptrain.arrays import Array
from mlptrain.data.preprocessing.class_target import ClassTarget
from mlptrain.data.preprocessing.columns.category import Category
from mlptrain.data.preprocessing.targets import Target
from mlptrain.data.source import BLANK, RowIndex, Source
from mlptrain.streams import stream

FOLDS = 5
SMOOTHING = 10.0


@dataclass(frozen=True)
class TargetEncoded(Category):
    """`means[i]` of level i, one number for each of the `answers`; `prior` for what is no level."""

    encoding: ClassVar[str] = "target"
    outcome: ClassVar[str] = "the mean of the target"
    answers: tuple[str, ...] = ()
    prior: tuple[float, ...] = ()
    means: tuple[tuple[float, ...], ...] = ()

    @property
    def outputs(self) -> tuple[str, ...]:
        """`city~yes`: how far the share of yes in the city is above that of all."""
        return tuple(f"{self.name}~{answer}" for answer in self.answers)

    def encodings(self) -> Array:
        """(L + 1, K) a row for each level, and the last for what is none."""
        return np.array([*self.means, self.prior])

    @classmethod
    def transform(
        cls, columns: Sequence[Self], values: Any, block: Array, places: list[int]
    ) -> list[int]:
        """Write the mean of each level."""
        for column, codes, place in zip(columns, values, places, strict=True):
            known = column.known(codes)
            rows = column.encodings()[np.where(known < 0, -1, known)]
            block[:, place : place + rows.shape[1]] = rows
        return [int((codes == BLANK).sum()) for codes in values]

    def is_consistent(self) -> bool:
        """Whether there is a mean for each level and each answer."""
        widths = {len(row) for row in (self.prior, *self.means)}
        complete = len(self.means) == len(self.levels) and widths == {len(self.answers)} != {0}
        return super().is_consistent() and complete


@dataclass(frozen=True)
class OutOfFold(TargetEncoded):
    """The same column for the rows that it was learned from. It is kept in no checkpoint.

    folds    (N,) the fold of each row of the source
    table    (FOLDS L + 1, K) the levels of fold after fold, and the last row for what is none
    """

    folds: NDArray[np.uint8] | None = None
    table_of_folds: Array | None = None

    def encodings(self) -> Array:
        assert self.table_of_folds is not None
        return self.table_of_folds

    @classmethod
    def read(cls, columns: Sequence[Self], source: Source, rows: RowIndex) -> Any:
        """The places among the levels of the fold that each row is in."""
        found = []
        for column, codes in zip(columns, super().read(columns, source, rows), strict=True):
            assert column.folds is not None
            first = column.folds[np.asarray(rows)].astype(np.int64) * len(column.levels)
            found.append(np.where(codes < 0, codes, codes + first))
        return found


def out_of_fold(
    column: Category, source: Source, rows: RowIndex, target: Target, seed: int
) -> OutOfFold:
    """Learn the means from the training rows, and those that each of these rows is given."""
    codes, levels = source.codes(column.name, column.levels, rows), len(column.levels)
    y = target.encode(source, rows, np.float64)
    folds = _folds(y, seed)
    sums, counts = _by_level(
        np.where(codes < 0, FOLDS * levels, folds * levels + codes), y, target, levels
    )
    total, size = sums.sum(axis=0), counts.sum(axis=0)
    mean = _sums(np.zeros(len(y), np.int64), 1, y, target)[0] / len(y)
    whole = _smoothed(total, size, mean)
    others = _smoothed(total - sums, size - counts, mean).reshape(FOLDS * levels, -1)
    given = np.vstack([others, mean])[np.where(codes < 0, -1, folds * levels + codes)]
    center, spread = given.mean(axis=0), given.std(axis=0)
    factor = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 1e-12)
    own = {key: getattr(column, key) for key in ("name", "levels", "unseen", "missing", "mode")}
    everywhere = np.zeros(len(source), np.uint8)
    everywhere[np.asarray(rows)] = folds
    return OutOfFold(
        **own,
        answers=answers_of(target),
        prior=tuple(((mean - center) * factor).tolist()),
        means=tuple(map(tuple, ((whole - center) * factor).tolist())),
        folds=everywhere,
        table_of_folds=np.vstack([(others - center) * factor, (mean - center) * factor]),
    )


def as_kept(column: OutOfFold) -> TargetEncoded:
    """What a checkpoint keeps of it."""
    values = dict(vars(column))
    del values["folds"], values["table_of_folds"]
    return TargetEncoded(**values)


def answers_of(target: Target) -> tuple[str, ...]:
    """What there is a mean of: each class, of two the second; or each target column."""
    if isinstance(target, ClassTarget):
        return target.classes[-1:] if len(target.classes) == 2 else target.classes
    return target.columns


def _folds(y: Array, seed: int) -> NDArray[np.int64]:
    """(n,) the fold of each training row, 0 .. FOLDS - 1; of each class as many in every fold."""
    order = stream(seed, "target folds").permutation(len(y))
    if y.ndim == 1:
        order = order[np.argsort(y[order], kind="stable")]
    folds = np.empty(len(y), np.int64)
    folds[order] = np.arange(len(y)) % FOLDS
    return folds


def _by_level(groups: Array, y: Array, target: Target, levels: int) -> tuple[Array, Array]:
    """(FOLDS, L, K) the sums of y and (FOLDS, L, 1) the rows; the last group is left out."""
    sums = _sums(groups, FOLDS * levels + 1, y, target)[:-1]
    counts = np.bincount(groups, minlength=FOLDS * levels + 1)[:-1]
    return sums.reshape(FOLDS, levels, -1), counts.reshape(FOLDS, levels, 1)


def _sums(groups: Array, number: int, y: Array, target: Target) -> Array:
    """(G, K) the sum of y in each group."""
    if isinstance(target, ClassTarget):
        classes = len(target.classes)
        counts = np.bincount(groups * classes + y, minlength=number * classes).reshape(number, classes)
        return counts[:, -len(answers_of(target)) :].astype(np.float64)
    return np.stack([np.bincount(groups, each, minlength=number) for each in y.T], axis=1)


def _smoothed(sums: Array, counts: Array, mean: Array) -> Array:
    return np.asarray((sums + SMOOTHING * mean) / (counts + SMOOTHING))
