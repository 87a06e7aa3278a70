"""Preprocessing: fitted on the training rows, kept in the checkpoint, applied alike ever after.

fit, eval and predict call the same `Preprocessing`, which finds its columns by name in any order
and computes every row on its own: the same row gives the same bits wherever it stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mlptrain.data.inputs import Inputs
from mlptrain.data.preprocessing.columns import Column, Missing, check_present
from mlptrain.data.preprocessing.features import Features
from mlptrain.data.preprocessing.polar import polar
from mlptrain.data.preprocessing.stored import from_stored, to_stored
from mlptrain.data.preprocessing.targets import ClassTarget, Target
from mlptrain.data.row_set import RowSet, every_row
from mlptrain.data.source import RowIndex, Source, faulty_values, first_places, in_blocks, require
from mlptrain.errors import DataError
from mlptrain.messages import count, printable

FILL = "correct them, or write `missing: mean` (or median, or drop)"
KEEP = "the checkpoint was trained with `missing: {}`, which gives no prediction for them: fill them in"


@dataclass(frozen=True)
class Preprocessing:
    """What turns the rows of a source into X, y and weights.

    inputs     the columns read, in the order of training
    transform  None or "polar"
    columns    the fitted columns, in the order of X
    target     class names, or mean and spread
    weight     the column of row weights, or None
    """

    inputs: tuple[str, ...]
    transform: str | None
    missing: Missing
    columns: tuple[Column, ...]
    target: Target
    weight: str | None

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the columns of X."""
        return tuple(name for column in self.columns for name in column.outputs)

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Class names in the order of their numbers; None for a regression."""
        return self.target.classes if isinstance(self.target, ClassTarget) else None

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the target columns."""
        return self.target.names

    def usable(self, source: Source) -> tuple[RowSet, list[str]]:
        """The rows that `missing: drop` leaves, and a note on those it takes; else all rows."""
        if self.missing != "drop":
            return every_row(len(source)), []
        return complete_rows(source, self.inputs)

    def features_of(self, source: Source, rows: RowIndex, dtype: DTypeLike) -> Features:
        """X (n, D) of these rows, in blocks."""
        require(source, self.inputs)
        base: Source = polar(source, self.inputs, rows) if self.transform == "polar" else source
        refuse = {"error": FILL, "drop": KEEP.format("drop")}.get(self.missing)
        return Features(base, self.columns, rows, dtype, refuse)

    def X(self, source: Source, rows: RowIndex, dtype: DTypeLike) -> tuple[Inputs, list[str]]:
        """The inputs of the network, in memory, and notes on the values that were filled in."""
        made = self.features_of(source, rows, dtype)
        out: NDArray[np.floating] = np.empty((len(rows), made.width), dtype)
        start = 0
        for block in made:
            out[start : start + len(block)] = block
            start += len(block)
        return Inputs(out), made.notes()

    def y(self, source: Source, rows: RowIndex, dtype: DTypeLike) -> NDArray[Any]:
        """y (n,) class numbers, or (n, K) scaled numbers."""
        return self.target.encode(source, rows, dtype)

    def truth(self, source: Source, rows: RowIndex) -> NDArray[np.float64] | None:
        """(n, K) targets of a regression in their own unit, every bit kept; None for classes."""
        if isinstance(self.target, ClassTarget):
            return None
        return source.block(list(self.targets), rows)

    def weights(self, source: Source, rows: RowIndex, dtype: DTypeLike) -> NDArray[np.floating] | None:
        """(n,) row weights, finite and not negative; None where none were asked for."""
        return None if self.weight is None else row_weights(source, self.weight, rows, dtype)

    def check_weights(self, source: Source, rows: RowIndex, dtype: DTypeLike) -> None:
        """DataError where every weight is 0, or so small or large that their sum is none in `dtype`."""
        if self.weight is None:
            return
        made = partial(row_weights, source, self.weight, dtype=np.float64)
        total = sum(float(block.sum()) for block in in_blocks(made, rows, 1))
        limits, where = np.finfo(dtype), f"{source.path}: column {printable(self.weight)!r}"
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

    def extra(self, source: Source) -> list[str]:
        """A note on the columns of a source that are not used."""
        used = {*self.inputs, *self.targets, self.weight}
        unused = [printable(name) or '""' for name in source.names if name not in used]
        if not unused:
            return []
        return [f"{source.path}: {count(len(unused), 'column')} not used: {', '.join(unused[:10])}"]

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON values; floats keep every bit."""
        return {
            "inputs": list(self.inputs),
            "transform": self.transform,
            "missing": self.missing,
            "columns": [to_stored(column) for column in self.columns],
            "target": to_stored(self.target),
            "weight": self.weight,
        }

    @classmethod
    def from_json(cls, document: Any) -> "Preprocessing":
        """The inverse of `to_json`; CheckpointError for a document that cannot come from it."""
        return cls(**from_stored(document))


def complete_rows(source: Source, names: Sequence[str]) -> tuple[RowSet, list[str]]:
    """The rows without a missing value in these columns, and a note on the others."""
    require(source, names)
    missing = np.zeros(len(source), bool)
    for name in names:
        missing |= source.missing(name)
    if not missing.any():
        return every_row(len(source)), []
    if missing.all():
        raise DataError(f"{source.path}: every row has a missing value: nothing is left after dropping")
    dropped = count(int(missing.sum()), "row")
    return RowSet(missing.view(np.uint8), 0), [f"{source.path}: {dropped} with a missing value dropped"]


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
