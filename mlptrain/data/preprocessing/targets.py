"""Fitted targets: class names, or numbers.

A target is never repaired: a missing, infinite or unknown value is always an error.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.preprocessing.class_target import ClassTarget
from mlptrain.data.preprocessing.flag_target import FlagTarget
from mlptrain.data.preprocessing.number_target import NumberTarget
from mlptrain.data.source import (
    BLOCK,
    RowIndex,
    Source,
    alike,
    as_number,
    faulty_values,
    first_places,
    in_blocks,
    told_apart,
)
from mlptrain.errors import DataError
from mlptrain.messages import count, some

FEW = 20
"""So many classes may be rare ones; with more, three rows for each are asked for."""


Target = ClassTarget | NumberTarget | FlagTarget
TARGETS: dict[str, type[Target]] = {
    "classes": ClassTarget,
    "numbers": NumberTarget,
    "flags": FlagTarget,
}
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


def spelled_alike(name: str, levels: Sequence[str]) -> list[str]:
    """A note on levels that differ in spelling, case or form of Unicode only, as Yes and yes do."""
    same = alike(levels)
    return [f"{name}: {told_apart(same)}"] if same else []


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
        if all(as_number(level) is not None for level in source.levels(name, rows)):
            advice += "; to predict a number: `loss: mse`"
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
