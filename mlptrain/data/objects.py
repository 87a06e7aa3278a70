"""Columns of Python objects, as data frames have them, become columns of one type."""

from datetime import date, timedelta
from numbers import Number as AnyNumber
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.source import label
from mlptrain.errors import DataError
from mlptrain.messages import printable, quoted


def is_missing(value: Any) -> bool:
    """None, NaN, or what pandas has in their place, which is neither true nor false when compared."""
    return value is None or (not isinstance(value, str) and str(value) in ("nan", "NaN", "<NA>", "NaT"))


def plain(what: str, name: str, column: NDArray[Any]) -> NDArray[Any]:
    """A column (N,) as numbers, booleans or text. Durations become seconds.

    Objects are looked at one by one.

    >>> plain("X", "a", np.array([1, None, 2.5], object)).tolist()
    [1.0, nan, 2.5]
    >>> plain("X", "a", np.array(["x", None, 7], object)).tolist()
    ['x', '', '7']
    >>> plain("X", "a", np.array([90_500, "NaT"], "m8[ms]")).tolist()
    [90.5, nan]
    """
    if column.dtype.kind in "biufU":
        return column
    if column.dtype.kind == "m":
        return _in_seconds(column)
    values = [None if is_missing(value) else value for value in column.tolist()]
    there = [value for value in values if value is not None]
    if there and all(isinstance(value, timedelta) for value in there):
        return _in_seconds(np.array(values, "m8[us]"))
    strange = [value for value in there if not isinstance(value, str | AnyNumber)]
    if strange or column.dtype.kind == "c":
        found = quoted(strange[0]) if strange else "complex numbers"
        raise DataError(f"{what}: {printable(name)} holds {found}: numbers or text are needed")
    if there == values and all(isinstance(value, bool | np.bool_) for value in there):
        return np.array(values, bool)
    if there == values and all(isinstance(value, int | np.integer) for value in there):
        return np.array(values, np.int64 if max(map(abs, values), default=0) < 2**63 else np.float64)
    if not any(isinstance(value, str) for value in there):
        return np.array([np.nan if value is None else float(value) for value in values])
    return np.array([_text(value) for value in values], np.str_)


def _in_seconds(column: NDArray[Any]) -> NDArray[np.float64]:
    """Durations (N,) as seconds, NaN where there is none."""
    return np.asarray(column / np.timedelta64(1, "s"))


def days(column: NDArray[Any]) -> list[date | None] | None:
    """The values of a column of objects that are all dates or times; None of any other column."""
    if column.dtype.kind != "O":
        return None
    values = [None if is_missing(value) else value for value in column.tolist()]
    there = [value for value in values if value is not None]
    return values if there and all(isinstance(value, date) for value in there) else None


def _text(value: Any) -> str:
    """A value among texts; empty where it is missing."""
    return "" if value is None else value if isinstance(value, str) else label(value)


def one_dimensional(what: str, name: str, column: NDArray[Any], rows: int | None = None) -> None:
    """DataError for a column that has not one value for each row."""
    if column.ndim != 1 or rows not in (None, len(column)):
        needed = "(N,)" if rows is None else f"({rows:,},)"
        found = f"{printable(name)} has shape {column.shape}"
        raise DataError(f"{what}: {found}: {needed} is needed, one value for each row")
