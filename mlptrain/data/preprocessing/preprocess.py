"""Preprocessing: fitted on the training rows, kept in the checkpoint, applied alike ever after.

fit, eval and predict call the same `Preprocessing`, which finds its columns by name in any order
and computes every row on its own: the same row gives the same bits wherever it stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mlptrain.data.inputs import Inputs
from mlptrain.data.preprocessing.checks import check_present
from mlptrain.data.preprocessing.class_target import ClassTarget
from mlptrain.data.preprocessing.columns.column import Column
from mlptrain.data.preprocessing.features import Features
from mlptrain.data.preprocessing.polar import polar
from mlptrain.data.preprocessing.repairs import Repair
from mlptrain.data.preprocessing.stored import from_stored, to_stored
from mlptrain.data.preprocessing.targets import Target
from mlptrain.data.row_set import RowSet, every_row
from mlptrain.data.settings import MissingPolicy, TargetPolicy
from mlptrain.data.source import RowIndex, Source, faulty_values, first_places, in_blocks, require
from mlptrain.data.written import AS_USUAL, Reading
from mlptrain.errors import DataError
from mlptrain.messages import count


@dataclass(frozen=True)
class Preprocessing:
    """What turns the rows of a source into inputs, targets and weights.

    inputs     the columns read, in the order of training
    columns    the fitted columns, in the same order; of `polar`, r and theta
    target     class names, or mean and spread
    weight     the column of row weights, or None
    reading    how the texts of a file are read
    target_missing  what becomes of rows without a target, where one is needed
    """

    inputs: tuple[str, ...]
    transform: Literal["polar"] | None
    missing: MissingPolicy
    columns: tuple[Column, ...]
    target: Target
    weight: str | None
    reading: Reading = AS_USUAL
    target_missing: TargetPolicy = "error"

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the numbers that the network reads."""
        return self.outputs("numbers")

    @property
    def tables(self) -> tuple[tuple[int, int], ...]:
        """(rows, width) of the table in which each code is looked up."""
        return tuple(each.table for each in self.columns if each.array == "codes")

    @property
    def first_layer(self) -> tuple[str, ...]:
        """Names of what the first layer reads: the numbers, and behind them the vectors of codes."""
        codes = (each for each in self.columns if each.array == "codes")
        return (*self.features, *(name for each in codes for name in each.vector))

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Class names in the order of their numbers; None for a regression."""
        return self.target.classes if isinstance(self.target, ClassTarget) else None

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the target columns."""
        return self.target.names

    def outputs(self, array: str) -> tuple[str, ...]:
        """Names of the columns of one array of the inputs."""
        return tuple(name for each in self.columns if each.array == array for name in each.outputs)

    def usable(self, source: Source) -> tuple[RowSet, list[str]]:
        """The rows to learn from or to judge by: see `usable_rows`."""
        features = self.inputs if self.missing == "drop" else ()
        targets = self.targets if self.target_missing == "drop" else ()
        return usable_rows(source, features, targets)

    def features_of(self, source: Source, rows: RowIndex, dtype: DTypeLike) -> dict[str, Features]:
        """The arrays of the inputs of these rows by name, in blocks."""
        require(source, self.inputs)
        base: Source = polar(source, self.inputs, rows) if self.transform == "polar" else source
        found = dict[str, Features]()
        for array, kind in (("numbers", dtype), ("codes", np.int32)):
            columns = [column for column in self.columns if column.array == array]
            if columns or array == "numbers":
                found[array] = Features(base, columns, rows, kind, self.missing)
        return found

    def apply(self, source: Source, rows: RowIndex, dtype: DTypeLike) -> tuple[Inputs, list[Repair]]:
        """The inputs of the network, in memory, and what was repaired."""
        found = self.features_of(source, rows, dtype)
        inputs = Inputs(**{array: features.in_memory() for array, features in found.items()})
        return inputs, [repair for features in found.values() for repair in features.repairs()]

    def encode(self, source: Source, rows: RowIndex, dtype: DTypeLike) -> NDArray[Any]:
        """The targets: (n,) class numbers, or (n, K) scaled numbers."""
        return self.target.encode(source, rows, dtype)

    def truth(self, source: Source, rows: RowIndex) -> NDArray[np.float64] | None:
        """(n, K) targets of a regression in their own unit, every bit kept; None for classes."""
        if isinstance(self.target, ClassTarget):
            return None
        return self.target.truth(source, rows)

    def weights(self, source: Source, rows: RowIndex, dtype: DTypeLike) -> NDArray[np.floating] | None:
        """(n,) row weights, finite and not negative; None where none were asked for."""
        return None if self.weight is None else row_weights(source, self.weight, rows, dtype)

    def check_weights(self, source: Source, rows: RowIndex, dtype: DTypeLike) -> None:
        """DataError where every weight is 0, or so small or large that their sum is none in `dtype`."""
        if self.weight is None:
            return
        weigh = partial(row_weights, source, self.weight, dtype=np.float64)
        total = sum(float(block.sum()) for block in in_blocks(weigh, rows, 1))
        limits, where = np.finfo(dtype), f"{source.path}: column {self.weight!r}"
        if not total:
            raise DataError(f"{where}: every weight is 0")
        if not float(limits.tiny) * len(rows) <= total <= float(limits.max):
            fault, advice = ("small", "multiply") if total < 1 else ("large", "divide")
            raise DataError(
                f"{where}: the weights add up to {total:.3g}, too {fault} for {limits.dtype}; "
                f"{advice} them all by the same number: only their ratios count"
            )

    def inverse_target(self, predictions: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, K) predictions of a regression in the target's own unit."""
        if isinstance(self.target, ClassTarget):
            raise TypeError("classes have no unit")
        return self.target.decode(predictions)

    def predicted(self, response: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, K) predictions of a regression in the target's own unit and, if so asked, range."""
        if isinstance(self.target, ClassTarget):
            raise TypeError("classes have no unit")
        return self.target.within_range(self.target.decode(response))

    def extra(self, source: Source) -> list[str]:
        """A note on the columns of a source that are not used."""
        used = {*self.inputs, *self.targets, self.weight}
        unused = [name or '""' for name in source.names if name not in used]
        if not unused:
            return []
        return [f"{source.path}: {count(len(unused), 'column')} not used: {', '.join(unused[:10])}"]

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON values; floats keep every bit."""
        return to_stored(self)

    @classmethod
    def from_json(cls, document: Any) -> "Preprocessing":
        """The inverse of `to_json`; CheckpointError for a document that cannot come from it."""
        return cls(**from_stored(cls, document))


def usable_rows(
    source: Source, features: Sequence[str], targets: Sequence[str]
) -> tuple[RowSet, list[str]]:
    """The rows without a missing value in these columns, and how many others are dropped, and why."""
    require(source, [*features, *targets])
    keep, notes = np.ones(len(source), bool), list[str]()
    for names, what in ((targets, "without a target"), (features, "with a missing value")):
        missing = np.zeros(len(source), bool)
        for name in names:
            missing |= source.missing(name)
        if dropped := int((missing & keep).sum()):
            notes.append(f"{source.path}: {count(dropped, 'row')} {what} dropped")
        keep &= ~missing
    if not keep.any():
        raise DataError(f"{source.path}: every row has a missing value: nothing is left after dropping")
    if keep.all():
        return every_row(len(source)), []
    return RowSet((~keep).view(np.uint8), 0), notes


def row_weights(source: Source, name: str, rows: RowIndex, dtype: DTypeLike) -> NDArray[np.floating]:
    """(n,) weights; DataError where one is missing, infinite or negative, or where all are 0."""
    require(source, [name])
    weights = source.block([name], rows)[:, 0]
    if np.isnan(weights).any():
        check_present(source, [name], rows, "give every row a weight")
    faulty = ~np.isfinite(weights) | (weights < 0)
    if faulty.any():
        places = first_places(name, faulty, rows)
        what = "is not a weight: it must be finite and >= 0"
        raise faulty_values(source, places, int(faulty.sum()), what, "correct them")
    return weights.astype(dtype)
