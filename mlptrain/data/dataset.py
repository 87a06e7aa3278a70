"""What every source of data ends up as: numbers for the network, and the names behind them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.inputs import Inputs
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.split import Partition


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

    def some(self, most: int) -> "Rows":
        """At most `most` rows, evenly spaced, in memory: views where they are there already."""
        here = slice(None, None, -(-len(self) // most))
        return Rows(self.inputs[here], *self._beside(here))

    def with_targets_in_memory(self) -> "Rows":
        """The same rows, of which at most the inputs stay in a file."""
        return Rows(self.inputs, *self._beside(slice(None)))

    def _beside(self, here: slice) -> Iterator[Any]:
        for array in (self.y, self.weights, self.truth):
            yield None if array is None else array[here]


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
