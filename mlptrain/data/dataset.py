"""What every source of data ends up as: numbers for the network, and the names behind them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.inputs import Inputs
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.source import RowNumbers
from mlptrain.data.split import Partition, class_counts, quotas
from mlptrain.streams import stream

CHUNK = 1 << 20
"""Class numbers in memory at a time: they may stay in a file."""


@dataclass(frozen=True)
class Rows:
    """Examples ready for the network; what stays in a file is a FileArray.

    inputs   (N, ...)  what the network reads
    y        (N,)    int64 class numbers, or (N, K) targets of a regression, scaled for the network
    weights  (N,)    row weights in the network's dtype, or None for equal weights
    truth    (N, K)  targets of a regression as they stand in the file, or None for classes
    """

    inputs: Inputs
    y: NDArray[np.generic]
    weights: NDArray[np.floating] | None = None
    truth: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def sample(self, most: int, seed: int) -> "Rows":
        """At most `most` rows in memory, drawn at random by the seed; classes in proportion.

        Every k-th row would not do: files often alternate (case, control) or repeat (hours, sides).
        """
        classes = self.y if self.y.ndim == 1 else None
        here = slice(None) if len(self) <= most else drawn(len(self), most, seed, classes)
        return Rows(self.inputs[here], *self._beside(here))

    def with_targets_in_memory(self) -> "Rows":
        """The same rows, of which at most the inputs stay in a file."""
        return Rows(self.inputs, *self._beside(slice(None)))

    def mapped(self) -> "Rows":
        """The same rows as memory: the inputs shared with other processes, if they are in a file."""
        return Rows(self.inputs.mapped(), *self._beside(slice(None)))

    def _beside(self, here: Any) -> Iterator[Any]:
        for array in (self.y, self.weights, self.truth):
            yield None if array is None else array[here]


def drawn(n: int, most: int, seed: int, classes: NDArray[Any] | None = None) -> RowNumbers:
    """The increasing numbers of `most` of n rows, drawn at random without replacement.

    With `classes` (n,) each class gets its share, and one row at least where there are rows enough.

    >>> drawn(10, 3, 0).tolist() == drawn(10, 3, 0).tolist()
    True
    """
    generator = stream(seed, "sample")
    if classes is None:
        return np.sort(generator.choice(n, most, replace=False, shuffle=False))
    counts = class_counts(classes)
    ranks = [
        np.sort(generator.choice(int(count), int(share), replace=False, shuffle=False))
        for count, share in zip(counts, shares(counts, most), strict=True)
    ]
    return np.sort(np.concatenate(list(with_ranks(classes, ranks))))


def shares(counts: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """How many of `most` rows each class gets: one, and of the rest in proportion.

    >>> shares(np.array([5000, 0, 4990, 10]), 100)
    array([50,  0, 49,  1])
    """
    first = (counts > 0).astype(np.int64)
    if first.sum() > most:
        first[:] = 0
    rest = counts - first
    return first + quotas(rest, (most - first.sum()) / rest.sum(), rest)


def with_ranks(classes: NDArray[Any], ranks: Sequence[RowNumbers]) -> Iterator[RowNumbers]:
    """The numbers of the rows that are the r-th of their class, for the increasing ranks of each."""
    before = np.zeros(len(ranks), np.int64)
    narrow = np.min_scalar_type(len(ranks))  # sorted by its bytes: ten times as fast
    for start in range(0, len(classes), CHUNK):
        here = np.asarray(classes[start : start + CHUNK]).astype(narrow)
        members, sizes = np.argsort(here, kind="stable"), np.bincount(here, minlength=len(ranks))
        first = np.cumsum(sizes) - sizes
        for c, wanted in enumerate(ranks):
            low, high = np.searchsorted(wanted, (before[c], before[c] + sizes[c]))
            yield start + members[first[c] + wanted[low:high] - before[c]]
        before += sizes


@dataclass(frozen=True)
class Dataset:
    """The three sets of rows of one experiment, and everything needed to treat new rows alike."""

    preprocessing: Preprocessing
    partition: Partition  # places of the rows in the training file, from 0; none for another file
    fingerprint: Mapping[str, str]  # source -> SHA-256 of its bytes, or of the options of a toy set
    notes: tuple[str, ...]  # what the user should be told: repairs with counts, constant columns
    train: Rows
    val: Rows | None = None
    test: Rows | None = None

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the numbers that the network reads."""
        return self.preprocessing.features

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the target columns."""
        return self.preprocessing.targets

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Class names in the order of their numbers; None for a regression."""
        return self.preprocessing.classes

    def mapped(self) -> "Dataset":
        """The same as memory: see `Rows.mapped`."""
        val, test = (None if rows is None else rows.mapped() for rows in (self.val, self.test))
        places = Partition(*map(np.asarray, self.partition))
        return replace(self, partition=places, train=self.train.mapped(), val=val, test=test)

    def with_notes(self, more: Iterable[str]) -> "Dataset":
        """The same, with more to be told."""
        return replace(self, notes=(*self.notes, *more))
