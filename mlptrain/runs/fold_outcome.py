"""What comes of one fold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mlptrain.arrays import Array
from mlptrain.inference.model import Model
from mlptrain.inference.out_of_fold import HeldOut, held_out_rows, scored, tested_by
from mlptrain.runs.run import Run
from mlptrain.training.linear_model import linear_answers

KEPT = ("run", "status", "monitor", "best", "best_epoch", "seconds")
"""What folds.json has of the summary of each run."""


@dataclass(frozen=True)
class FoldOutcome:
    """The best parameters of a fold on the rows that it held out.

    measured   loss and metrics
    run        how its training ended
    tested     the test rows that all folds leave alone, as it scores them
    linear     what a linear model of the same training rows says of those held out, where there is one
    """

    number: int
    measured: dict[str, float | None]
    run: dict[str, Any]
    held_out: HeldOut
    tested: HeldOut | None = None
    linear: Array | None = None

    @classmethod
    def of(cls, number: int, run: Run, *, with_linear: bool) -> Self:
        """Evaluate the best parameters of a run that has come to its end."""
        model, data = Model.load(run.directory.path), run.experiment.data
        summary, (member,) = {key: run.summary[key] for key in KEPT}, model.members
        rows, places = held_out_rows(member, data)
        held_out, measured = scored(member, rows, places), model.evaluation(rows).measured()
        linear = linear_answers(run.config, data, rows) if with_linear else None
        return cls(number, measured, summary, held_out, tested_by(member, data), linear)

    def document(self) -> dict[str, Any]:
        """The same as JSON values; every bit is kept."""
        both = {key: _written(getattr(self, key)) for key in ("held_out", "tested")}
        return {**vars(self), **both, "linear": _of_array(self.linear)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The inverse of `document`."""
        both = {key: _read(document[key]) for key in ("held_out", "tested")}
        return cls(**{**document, **both, "linear": _array(document["linear"])})


def _written(rows: HeldOut | None) -> dict[str, Any] | None:
    """Arrays as JSON values."""
    if rows is None:
        return None
    return {name: _of_array(array) for name, array in vars(rows).items()}


def _of_array(array: NDArray[Any] | None) -> Any:
    return None if array is None else [array.dtype.str, array.tolist()]


def _array(given: Any) -> Any:
    return None if given is None else np.array(given[1], np.dtype(given[0]))


def _read(document: Mapping[str, Any] | None) -> Any:
    """The inverse of `_written`."""
    if document is None:
        return None
    return HeldOut(**{name: _array(given) for name, given in document.items()})
