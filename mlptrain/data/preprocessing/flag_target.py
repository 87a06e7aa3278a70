"""Several columns, each of which is one of two values: a yes or no."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mlptrain.arrays import Targets
from mlptrain.data.preprocessing.class_target import ClassTarget
from mlptrain.data.source import RowIndex, Source
from mlptrain.errors import DataError
from mlptrain.messages import count, some

SEVERAL = (
    "several columns need `loss: sigmoid`, where each holds two values (a no and a yes), or mse, mae, "
    "huber, poisson or quantile, where they hold numbers; of classes, one run for each column"
)


@dataclass(frozen=True)
class FlagTarget:
    """Columns of two values each, of which the second, by number or by name, is the yes."""

    kind: ClassVar[Targets] = "flags"
    columns: tuple[str, ...]
    values: tuple[tuple[str, str], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The target columns."""
        return self.columns

    def encode(self, source: Source, rows: RowIndex, dtype: DTypeLike) -> NDArray[np.floating]:
        """(n, K) of 0 and 1; DataError for a missing value or one of no training row."""
        codes = [
            ClassTarget(name, values).encode(source, rows, dtype)
            for name, values in zip(self.columns, self.values, strict=True)
        ]
        return np.stack(codes, axis=1).astype(dtype)

    def truth(self, source: Source, rows: RowIndex) -> NDArray[np.float64]:
        """(n, K) of 0 and 1."""
        return np.asarray(self.encode(source, rows, np.float64), np.float64)

    def decode(self, probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, K) as they are: a flag has no unit."""
        return probabilities.astype(np.float64)

    within_range = decode

    def scaled(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, K) as they are."""
        return probabilities

    def decided(self, probabilities: NDArray[np.floating]) -> list[list[str]]:
        """Per column the value of each row: the yes where it is the more probable one."""
        return [
            [pair[yes] for yes in (p > 0.5).astype(int)]
            for pair, p in zip(self.values, probabilities.T, strict=True)
        ]


def fit_flags(
    source: Source, names: Sequence[str], rows: RowIndex, known: Sequence[str] | None = None
) -> FlagTarget:
    """The two values of each column in the training rows, or those that are known before."""
    values = []
    for name in names:
        levels = known or source.levels(name, rows)
        if len(levels) != 2:
            found = f"{count(len(levels), 'value')} in the training rows ({some(levels)})"
            raise DataError(
                f"{source.path}: target {name!r} has {found}: `loss: sigmoid` needs two, a no and "
                "a yes; leave it out of data.target"
            )
        values.append((levels[0], levels[1]))
    return FlagTarget(tuple(names), tuple(values))
