"""What every source of data ends up as: numbers for the network, and the names behind them."""

from collections.abc import Mapping
from dataclasses import dataclass

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
        weights = None if self.weights is None else self.weights[here]
        truth = None if self.truth is None else self.truth[here]
        return Rows(self.inputs[here], self.y[here], weights, truth)

    def with_targets_in_memory(self) -> "Rows":
        """The same rows, of which at most the inputs stay in a file."""
        weights = None if self.weights is None else np.asarray(self.weights)
        truth = None if self.truth is None else np.asarray(self.truth)
        return Rows(self.inputs, np.asarray(self.y), weights, truth)


@dataclass(frozen=True)
class Dataset:
    """The three sets of rows of one experiment, and everything needed to treat new rows alike."""

    train: Rows
    val: Rows | None
    test: Rows | None
    features: tuple[str, ...]  # names of the columns of `numbers`, after preprocessing
    targets: tuple[str, ...]  # names of the target columns
    classes: tuple[str, ...] | None  # class names in the order of their numbers; None: regression
    preprocessing: Preprocessing
    partition: Partition  # places of the rows in the training file, from 0; none for another file
    fingerprint: Mapping[str, str]  # source -> SHA-256 of its bytes, or of the options of a toy set
    notes: tuple[str, ...]  # what the user should be told: repairs with counts, constant columns
