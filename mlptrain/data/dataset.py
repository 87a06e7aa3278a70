"""What every source of data ends up as: numbers for the network, and the names behind them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.preprocess import Preprocessing


@dataclass(frozen=True)
class Rows:
    """Examples ready for the network.

    X        (N, D)  features, in the network's dtype
    y        (N,)    int64 class numbers, or (N, K) targets of a regression, scaled for the network
    weights  (N,)    row weights in the network's dtype, or None for equal weights
    """

    X: NDArray[np.floating]
    y: NDArray[np.generic]
    weights: NDArray[np.floating] | None = None

    def __len__(self) -> int:
        return len(self.X)


@dataclass(frozen=True)
class Dataset:
    """The three sets of rows of one experiment, and everything needed to treat new rows alike."""

    train: Rows
    val: Rows | None
    test: Rows | None
    features: tuple[str, ...]  # names of the columns of X, after preprocessing
    targets: tuple[str, ...]  # names of the target columns
    classes: tuple[str, ...] | None  # class names in the order of their numbers; None: regression
    preprocessing: Preprocessing
    fingerprint: dict[str, str]  # source -> SHA-256 of its bytes (files) or of its options (toy sets)
    notes: tuple[str, ...]  # what the user should be told: repairs with counts, constant columns
