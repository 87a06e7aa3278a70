"""Fitted targets: class names, or the mean and spread of the numbers to be predicted.

A target is never repaired: a missing, infinite or unknown value is always an error.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mlptrain.data.preprocessing.checks import check_finite, check_present
from mlptrain.data.preprocessing.moments import moments
from mlptrain.data.row_set import every_row
from mlptrain.data.source import (
    BLANK,
    BLOCK,
    INEXACT,
    RowIndex,
    Source,
    ValueType,
    alike,
    as_number,
    faulty_values,
    first_places,
    in_blocks,
    require,
)
from mlptrain.errors import DataError
from mlptrain.messages import count, some

DELETE = "a target is never filled in: delete the rows, or correct them"
FEW = 20
"""So many classes may be rare ones; with more, three rows for each are asked for."""


@dataclass(frozen=True)
class ClassTarget:
    """A column of class names. Class number c is `classes[c]`.

    label_type   that of the values that a program has handed over; None: of a file, which has names
    """

    name: str
    classes: tuple[str, ...]
    label_type: ValueType | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The target columns."""
        return (self.name,)

    def encode(self, source: Source, rows: RowIndex, dtype: DTypeLike) -> NDArray[np.int64]:
        """(n,) class numbers; DataError for a missing value or a class of no training row."""
        require(source, self.names)
        codes = source.codes(self.name, self.classes, rows)
        unknown = f"is a class of no training row ({some(self.classes)})"
        for faulty, what, advice in (
            (codes == BLANK, "is a missing value", DELETE),
            (codes < BLANK, unknown, "correct them, or train with rows of that class"),
        ):
            if faulty.any():
                places = first_places(self.name, faulty, rows)
                raise faulty_values(source, places, int(faulty.sum()), what, advice)
        return codes


@dataclass(frozen=True)
class NumberTarget:
    """Columns of numbers to be predicted: the network sees (y - mean) / std."""

    columns: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The target columns."""
        return self.columns

    def encode(self, source: Source, rows: RowIndex, dtype: DTypeLike) -> NDArray[np.floating]:
        """(n, K) scaled targets; DataError for a missing or infinite value."""
        require(source, self.columns)
        _numeric(source, self.columns)
        names = list(self.columns)
        y = source.block(names, rows)
        if not np.isfinite(y).all():
            check_present(source, names, rows, DELETE)
            check_finite(source, names, rows)
        with np.errstate(over="ignore"):
            y -= np.array(self.mean)
            y /= np.array(self.std)
            scaled: NDArray[np.floating] = y.astype(dtype, copy=False)
        if not np.isfinite(scaled).all():
            raise DataError(f"{source.path}: {some(names)}: values too large: scale the target")
        return scaled

    def decode(self, predictions: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, K) predictions of the network in the target's own unit."""
        return predictions.astype(np.float64) * np.array(self.std) + np.array(self.mean)


Target = ClassTarget | NumberTarget
TARGETS: dict[str, type[Target]] = {"classes": ClassTarget, "numbers": NumberTarget}
"""Each by the `type` that it has in a checkpoint."""


def fit_classes(source: Source, name: str, rows: RowIndex) -> ClassTarget:
    """The classes of the training rows: by number where all are numbers, else by name."""
    if source.kind(name) == "other":
        raise DataError(f"{source.path}: target {name!r} holds no class names")
    classes = tuple(source.levels(name, rows))
    if len(classes) == 1:
        only = f"only one class, {classes[0]!r}"
        raise DataError(f"{source.path}: target {name!r} has {only}: two are needed to learn")
    if len(classes) == len(rows) > 2 or len(classes) > max(FEW, len(rows) / 3):
        found = f"{count(len(classes), 'different value')} in {count(len(rows), 'training row')}"
        numeric = all(as_number(level) is not None for level in classes)
        advice = "to predict a number: `loss: mse`" if numeric else "is it an id or a free text?"
        raise DataError(f"{source.path}: target {name!r} has {found}: too many classes; {advice}")
    return ClassTarget(name, classes)


def _unscaled(names: Sequence[str]) -> NumberTarget:
    return NumberTarget(tuple(names), (0.0,) * len(names), (1.0,) * len(names))


def check_target_numbers(source: Source, names: list[str], rows: RowIndex) -> None:
    """DataError where a target has anything but finite numbers, listed over all rows."""
    _numeric(source, names)
    encode = partial(_unscaled(names).encode, source, dtype=np.float64)
    for _ in in_blocks(encode, rows, len(names)):
        pass  # refuses faulty values


def spelled_alike(name: str, levels: Sequence[str]) -> list[str]:
    """A note on levels that differ in spelling or case only, as Yes and yes do."""
    same = alike(levels)
    return [f"{name}: {same[0]!r} and {same[1]!r} are taken as two values"] if same else []


def fit_target_numbers(
    source: Source, names: list[str], rows: RowIndex, *, scale: bool
) -> tuple[NumberTarget, list[str]]:
    """Mean and standard deviation of the training rows, or 0 and 1; and notes."""
    found = moments(source, names, rows)
    constant = found.constant
    notes = [
        f"target {name} has one value, {low:g}, in every training row"
        for name, low, same in zip(names, found.low, constant, strict=True)
        if same
    ]
    if not scale:
        return _unscaled(names), notes
    std = np.where(constant, 1.0, found.std)
    if not np.isfinite(std).all() or not (std > 0).all():
        raise DataError(f"{source.path}: {some(names)}: values too far apart to scale")
    return NumberTarget(tuple(names), tuple(found.mean.tolist()), tuple(std.tolist())), notes


def _numeric(source: Source, names: tuple[str, ...] | list[str]) -> None:
    """DataError where a target of a regression holds anything but numbers."""
    for name in names:
        kind = source.kind(name)
        if kind == "text" and source.looks_numeric(name):
            _no_numbers(source, name)
        if kind == "number" and (lost := source.inexact(name)).any():
            places = first_places(name, lost, every_row(len(source)))
            advice = "to predict a class: `loss: softmax`; a quantity takes fewer digits"
            raise faulty_values(source, places, int(lost.sum()), INEXACT, advice)
        if kind not in ("number", "blank"):
            what = {"text": "text", "boolean": "true and false", "date": "dates"}.get(
                kind, "no numbers"
            )
            raise DataError(
                f"{source.path}: target {name!r} holds {what}: a regression needs numbers; "
                "to predict a class: `loss: softmax`"
            )


def _no_numbers(source: Source, name: str) -> None:
    """DataError with the values that are no numbers, which a target is not to lack."""
    try:
        source.numbers(name)
    except DataError as error:
        advice = "correct them, or delete the rows; to predict a class: `loss: softmax`"
        total = error.faults[-1].partition(" in all: ")[0]
        raise DataError(*error.faults[:-1], f"{total} in all: {advice}") from None


def class_values(source: Source, name: str, rows: RowIndex) -> NDArray[np.integer]:
    """(n,) class numbers among all classes of these rows, in the narrowest type, to split by.

    Missing values are refused.
    """
    everything = ClassTarget(name, tuple(source.levels(name, rows)))
    found = np.empty(len(rows), np.min_scalar_type(len(everything.classes)))
    start = 0
    for codes in in_blocks(partial(everything.encode, source, dtype=np.int64), rows, 1):
        found[start : start + len(codes)] = codes
        start += len(codes)
    return found


def check_no_class_alone(
    source: Source, name: str, rows: RowIndex, classes: NDArray[np.integer]
) -> None:
    """DataError where a class has a single row: it cannot be held out and learned as well."""
    alone = np.bincount(classes)[classes] == 1
    if alone.any():
        advice = "folds need two rows of each class: delete them, or add rows"
        places = first_places(name, alone, rows)
        raise faulty_values(source, places, int(alone.sum()), "is the only row of its class", advice)


def class_masses(
    y: NDArray[np.integer], classes: int, weights: NDArray[np.floating] | None = None
) -> NDArray[np.float64]:
    """(C,) the rows of each class, or the sum of their weights."""
    masses = np.zeros(classes)
    for start in range(0, len(y), BLOCK):  # both may stay in a file
        here = slice(start, start + BLOCK)
        masses += np.bincount(y[here], None if weights is None else weights[here], classes)
    return masses


def balanced(masses: NDArray[np.float64], names: Sequence[str]) -> NDArray[np.float64]:
    """(C,) class weights M / (C * mass), with which every class weighs the same in sum.

    The mass of a class is its number of rows, or the sum of their weights; M is that of all.

    >>> balanced(np.array([3.0, 1.0]), ["no", "yes"])
    array([0.66666667, 2.        ])
    """
    empty = [name for name, mass in zip(names, masses, strict=True) if not mass > 0]
    if empty:
        raise DataError(
            f"class_weights: balanced: no training row of {some(empty)} has a weight above 0; "
            "give the weights by name, or leave the class out"
        )
    weights: NDArray[np.float64] = masses.sum() / (len(masses) * masses)
    return weights
