"""What a program hands over becomes a source of rows: the one place that knows arrays and data frames.

The columns of a data frame (pandas, polars, Arrow) are found by name; those of an array are in the
order of training. No library of data frames is imported: one is known by the names of its columns.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from numbers import Number as AnyNumber
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.matrix import Matrix, checked
from mlptrain.data.preprocessing.class_target import ClassTarget
from mlptrain.data.preprocessing.columns.number import Number
from mlptrain.data.preprocessing.flag_target import FlagTarget
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.source import Kind, as_number, label, require
from mlptrain.data.written import DAY, Reading, Written
from mlptrain.errors import DataError
from mlptrain.inference.classes import BOOLEANS, as_names, is_missing
from mlptrain.messages import printable, quoted


def rows_of(X: Any, made: Preprocessing) -> Matrix:
    """The rows of X with the columns that the model was trained on; there may be none."""
    if is_frame(X):
        columns = as_trained(columns_of("X", X, made.inputs), made)
        return Matrix("X", np.empty((len(X), 0)), columns, ())
    array = np.asarray(X)
    if array.shape == (0,):  # an empty list cannot say how many columns it has
        array = np.empty((0, len(made.inputs)))
    if array.shape == (0, len(made.inputs)):
        return Matrix("X", array.astype(np.float64), {}, made.inputs)
    matrix = checked("X", array, {}, made.inputs)
    columns = as_trained({name: matrix.column(name) for name in _booleans(made, array)}, made)
    others = [place for place, name in enumerate(made.inputs) if name not in columns]
    names = tuple(made.inputs[place] for place in others)
    return Matrix("X", array[:, others], columns, names) if columns else matrix


def as_trained(columns: Mapping[str, NDArray[Any]], made: Preprocessing) -> dict[str, NDArray[Any]]:
    """The columns, with 0 and 1 as false and true where training had those, and the other way round."""
    kinds = {column.name: column.kind for column in made.columns if isinstance(column, Number)}
    return {
        name: _as_kind(name, _read_as(column, "X", name, made.reading), kinds.get(name))
        for name, column in columns.items()
    }


def _read_as(column: NDArray[Any], what: str, name: str, reading: Reading) -> NDArray[Any]:
    """A column whose texts are read as those of a file: more of them missing, or in a notation."""
    blanks, written = reading.more_blanks(name), reading.of(name)
    if column.dtype.kind == "U":
        if blanks:
            column = np.where(np.isin(np.char.strip(column), list(blanks)), "", column)
        if not written.is_declared:
            return column
        texts = enumerate(column.tolist(), 1)
        column = np.array(
            [_declared(text, written, f"{what}: row {row}: {printable(name)}") for row, text in texts]
        )
        if written.date is not None:
            return np.rint(column * DAY).astype("datetime64[us]")
    numbers = [number for text in blanks if (number := as_number(text)) is not None]
    return np.where(np.isin(column, numbers), np.nan, column) if numbers else column


def _declared(text: str, written: Written, where: str) -> float:
    """The number that a text in a declared notation stands for, NaN where it is empty."""
    number = written.number(text.strip()) if text.strip() else np.nan
    if number is None:
        found = f"{quoted(text)} is not written as declared, such as {written.example}"
        raise DataError(f"{where}: {found}")
    return number


def _as_kind(name: str, column: NDArray[Any], kind: Kind | None) -> NDArray[Any]:
    """A column as the kind of number it was in training; as it is where kind is None: a category."""
    if kind is None and column.dtype.kind == "M":
        raise DataError(f"X: {printable(name)} holds dates, training had categories")
    if kind == "date" and column.dtype.kind == "U":
        return np.array([_date(name, row, text) for row, text in enumerate(column.tolist(), 1)])
    if kind is not None and column.dtype.kind == "U":
        column = np.array([_number(name, row, text) for row, text in enumerate(column.tolist())])
    if kind == "boolean" and np.isin(column, (0, 1)).all():
        return column.astype(bool)
    return column.astype(np.float64) if kind == "number" and column.dtype.kind == "b" else column


def _number(name: str, row: int, text: str) -> float:
    """The number or truth value that a text stands for, NaN where it is empty."""
    number = np.nan if not text.strip() else BOOLEANS.get(text.strip().lower(), as_number(text.strip()))
    if number is None:
        raise DataError(f"X: row {row + 1}: {printable(name)}: {quoted(text)} is not a number")
    return float(number)


def _date(name: str, row: int, text: str) -> np.datetime64:
    """The date that a text stands for, that of UTC where it has a zone; none where it is empty."""
    text = text.strip()
    try:
        return _time(datetime.fromisoformat(text) if text else None)
    except ValueError:
        found = f"{quoted(text)} is not a date such as 2026-07-21"
        raise DataError(f"X: row {row}: {printable(name)}: {found}") from None


def _time(value: date | None) -> np.datetime64:
    """A date or time to the microsecond, as UTC has it where it has a zone."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(value, "us")


def _booleans(made: Preprocessing, array: NDArray[Any]) -> list[str]:
    """The inputs that were true and false in training, or all where the array is so."""
    if array.dtype.kind == "b":
        return list(made.inputs)
    kinds = {
        column.name
        for column in made.columns
        if isinstance(column, Number) and column.kind == "boolean"
    }
    return [name for name in made.inputs if name in kinds]


def with_targets(source: Matrix, y: Any, made: Preprocessing) -> Matrix:
    """The same rows with the columns of the target: y (N,), or (N, K) in the order of training."""
    columns = dict[str, NDArray[Any]]()
    for name, column in _targets(y, made.targets).items():
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
        columns[name] = _read_as(plain("y", name, column), "y", name, made.reading)
        if columns[name].dtype.kind in "UM":
            what = "text" if columns[name].dtype.kind == "U" else "dates"
            raise DataError(f"y: {printable(name)} holds {what}: numbers are needed")
    return Matrix(source.path, source.X, {**source.labels, **columns}, source.features)


def is_frame(data: Any) -> bool:
    """Whether this is a data frame: it has columns with names."""
    return hasattr(data, "columns") and hasattr(data, "__getitem__")


def columns_of(what: str, frame: Any, wanted: Sequence[str]) -> dict[str, NDArray[Any]]:
    """The wanted columns of a data frame, found by name; others are left alone."""
    keys = list(getattr(frame, "column_names", frame.columns))  # in Arrow `columns` are the values
    names = [str(key) for key in keys]
    require(Matrix(what, np.empty((0, 0)), dict.fromkeys(names, np.empty(0)), ()), wanted)
    times = Counter(names)
    twice = next((name for name in wanted if times[name] > 1), None)
    if twice is not None:
        raise DataError(f"{what}: two columns are called {printable(twice)!r}: rename one")
    place = dict(zip(names, keys, strict=True))
    return {name: plain(what, name, np.asarray(frame[place[name]])) for name in wanted}


def plain(what: str, name: str, column: NDArray[Any]) -> NDArray[Any]:
    """A column (N,) as numbers, booleans, dates or text. Objects are looked at one by one.

    >>> plain("X", "a", np.array([1, None, 2.5], object)).tolist()
    [1.0, nan, 2.5]
    >>> plain("X", "a", np.array(["x", None, 7], object)).tolist()
    ['x', '', '7']
    """
    if column.dtype.kind in "biufUM":
        return column
    values = [None if is_missing(value) else value for value in column.tolist()]
    there = [value for value in values if value is not None]
    if there and all(isinstance(value, date) for value in there):
        return np.array([_time(value) for value in values])
    strange = [value for value in there if not isinstance(value, str | AnyNumber)]
    if strange or column.dtype.kind == "c":
        found = quoted(strange[0]) if strange else "complex numbers"
        raise DataError(f"{what}: {printable(name)} holds {found}: numbers or text are needed")
    if there == values and all(isinstance(value, bool | np.bool_) for value in there):
        return np.array(values, bool)
    if not any(isinstance(value, str) for value in there):
        return np.array([np.nan if value is None else float(value) for value in values])
    return np.array([_text(value) for value in values], np.str_)


def _text(value: Any) -> str:
    """A value among texts; empty where it is missing."""
    return "" if value is None else value if isinstance(value, str) else label(value)


def _targets(y: Any, targets: Sequence[str]) -> dict[str, NDArray[Any]]:
    """The columns of y by the names of the targets."""
    if is_frame(y):
        return columns_of("y", y, targets)
    array = np.asarray(y)
    several = array[:, None] if array.ndim == 1 else array
    if several.ndim != 2 or several.shape[1] != len(targets):
        shape = "(N,)" if len(targets) == 1 else f"(N, {len(targets)})"
        names = ", ".join(map(printable, targets))
        raise DataError(f"y has shape {array.shape}: {shape} is needed, for {names}")
    return {name: several[:, k] for k, name in enumerate(targets)}
