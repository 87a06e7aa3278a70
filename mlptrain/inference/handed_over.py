"""What a program hands over to a model becomes a source of rows, with the columns as in training.

The columns of a data frame are found by name; those of an array are in the order of training.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.handed_over import by_columns, is_named, target_columns, weight_column
from mlptrain.data.matrix import Matrix, checked
from mlptrain.data.objects import one_dimensional
from mlptrain.data.preprocessing.class_target import ClassTarget
from mlptrain.data.preprocessing.columns.number import Number
from mlptrain.data.preprocessing.flag_target import FlagTarget
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.readers.sources import open_frame, open_source
from mlptrain.data.source import Extensible, Kind
from mlptrain.data.written import AS_USUAL
from mlptrain.errors import DataError
from mlptrain.inference.classes import as_names
from mlptrain.messages import printable


def rows_of(X: Any, made: Preprocessing, more: Sequence[str] = ()) -> Extensible:
    """The rows of X with the columns that the model was trained on; there may be none.

    more   further columns of a data frame that are asked for
    """
    if isinstance(X, str | os.PathLike):
        path = os.fspath(X)
        return open_source(path, labels=None, expected=made.inputs, reading=made.reading)
    X = by_columns(X)
    if is_named(X):
        wanted = list(dict.fromkeys((*made.inputs, *more)))
        return open_frame("X", X, wanted, made.reading, _kinds(made))
    return _rows_of_array(np.asarray(X), made)


def _rows_of_array(array: NDArray[Any], made: Preprocessing) -> Extensible:
    names, kinds = made.inputs, _kinds(made)
    if array.shape == (0,):  # an empty list cannot say how many columns it has
        array = np.empty((0, len(names)))
    if array.shape == (0, len(names)):
        return Matrix("X", array.astype(np.float64), {}, names)
    matrix = checked("X", array if array.dtype.kind in "biuf" else np.empty(array.shape), {}, names)
    if array.dtype.kind in "iuf" and made.reading == AS_USUAL and "boolean" not in kinds.values():
        return matrix
    columns = dict(zip(names, array.T, strict=True))
    return open_frame("X", columns, None, made.reading, kinds)


def _kinds(made: Preprocessing) -> dict[str, Kind]:
    """What the number columns held in training."""
    columns = [each for each in made.columns if isinstance(each, Number) and each.name in made.inputs]
    return {column.name: column.kind for column in columns}


def with_targets(source: Extensible, y: Any, made: Preprocessing) -> Extensible:
    """The same rows with the columns of the target: y (N,), or (N, K) in the order of training."""
    columns = target_columns("y", y, made.targets)
    for name, column in columns.items():
        if len(column) != len(source):
            raise DataError(
                f"y has {len(column):,} rows, X has {len(source):,}: one for each is needed"
            )
        if isinstance(made.target, ClassTarget):
            columns[name] = as_names(column, made.target.classes)
            continue
        if isinstance(made.target, FlagTarget):
            pair = made.target.values[made.target.names.index(name)]
            columns[name] = as_names(column, pair)
            continue
        if column.dtype.kind == "U" and not made.reading.of(name).is_declared:
            raise DataError(f"y: {printable(name)} holds text: numbers are needed")
    return source.beside(columns)


def weighted(source: Extensible, weight: Any) -> tuple[Extensible, str | None]:
    """The same rows with their weights, and the name of that column."""
    if weight is None:
        return source, None
    name, columns = weight_column(weight, source.names)
    for values in columns.values():
        one_dimensional("weight", name, values, len(source))
    return source.beside(columns) if columns else source, name


def answered_rows(
    X: Any, y: Any, weight: Any, made: Preprocessing, dtype: np.dtype[Any]
) -> tuple[Extensible, Preprocessing]:
    """The rows of X with what is true of them and their weights, and the preprocessing that finds both.

    y       None where the targets are columns of X
    weight  (N,) or the name of a column of X
    """
    more = list(made.targets) if y is None else []
    more += [weight] if isinstance(weight, str) else []
    source = rows_of(X, made, more)
    source = source if y is None else with_targets(source, y, made)
    source, name = weighted(source, weight)
    if not len(source):
        raise DataError("X has no rows: there is nothing to evaluate")
    made = replace(made, weight=name)
    made.check_weights(source, np.arange(len(source)), dtype)
    return source, made
