"""Columns, by polars: text as numbers, booleans or dates, and any of them as NumPy arrays.

What a column of text holds is judged by all its values, not by its head: numbers if every value is
one, booleans if every value is true or false, dates if every value begins with the year
(2026-01-31 or 2026/01/31; a zone behind the time is UTC's if all have one), else text. Missing are
empty fields and the spellings in `BLANKS`. White space around a value does not count.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlptrain.data.source import NOWHERE, Kind, RowNumbers, ValueType
from mlptrain.data.written import BLANKS, DAY, Written

Series = pl.Series

TIMES = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M")
ZONE = re.compile(r"(Z|[+-][0-9]{2}:?[0-9]{2})$")
"""Behind a time: it is then one of UTC."""
EXACT = 2**53
"""Up to here float64 holds every whole number."""
PER_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9}
KINDS: dict[type[pl.DataType], Kind] = {
    pl.Boolean: "boolean",
    pl.Date: "date",
    pl.Datetime: "date",
    pl.String: "text",
}


def untyped(column: Series, blanks: Sequence[str] = BLANKS) -> Series:
    """A column as the file has it: text without the white space around it, blanks as missing."""
    if column.dtype.is_float():  # first, for it is what most columns are
        # by NumPy: polars takes a tenth of a millisecond to begin with anything
        holes = np.count_nonzero(np.isnan(column.to_numpy()))
        return column.fill_nan(None) if holes > column.null_count() else column
    if isinstance(column.dtype, (pl.Categorical, pl.Enum)):
        column = column.cast(pl.String)
    if column.dtype.is_decimal():
        column = column.cast(pl.Float64)
    if column.dtype == pl.Duration:
        column = _seconds(column)
    if column.dtype != pl.String:
        return column
    text = column.str.strip_chars()
    return text.set(text.is_in(list(blanks)), None)


def _seconds(column: Series) -> Series:
    """A column of durations as numbers of seconds, each the nearest there is."""
    ticks = column.to_physical().cast(pl.Float64).to_numpy()
    unit = PER_SECOND[column.dtype.time_unit or "us"]  # type: ignore[attr-defined]
    return pl.Series(column.name, ticks / unit).fill_nan(None)  # by NumPy, as dates are


def without(column: Series, blanks: Iterable[str], written: Written | None = None) -> Series:
    """The column with these texts, or the numbers that they are, as missing values.

    Texts only where a notation is declared: its numbers are other ones.
    """
    blanks = list(blanks)
    if not blanks:
        return column
    if written is not None and written.is_declared and is_text(column):
        return column.set(column.str.strip_chars().is_in(blanks).fill_null(False), None)
    numbers = _floats(text_column(blanks)).drop_nulls()
    if column.dtype.is_numeric():
        gone = column.cast(pl.Float64).is_in(numbers.to_list())
    elif column.dtype.is_nested():
        return column
    else:
        text = column.cast(pl.String).str.strip_chars()
        gone = text.is_in(blanks) | _floats(text).is_in(numbers.to_list())
    return column.set(gone.fill_null(False), None)


def as_digits(column: Series) -> Series:
    """Numbers as text, whole ones as digits alone; any other column as it is."""
    if not column.dtype.is_numeric():
        return column
    if not column.dtype.is_float():
        return column.cast(pl.String)
    column = column.fill_nan(None)
    whole = column.is_finite() & (column == column.floor()) & (column.abs() < EXACT)
    return column.cast(pl.Int64, strict=False).cast(pl.String).zip_with(whole, column.cast(pl.String))


def text_column(values: Iterable[str | None]) -> Series:
    """A column of text with these values."""
    return pl.Series(list(values), dtype=pl.String)


def typed(column: Series, blanks: Sequence[str] = BLANKS) -> Series:
    """A column of text as what all its values are; NaN in a number column is a missing value."""
    column = untyped(column, blanks)
    for reading in _readings(column) if column.dtype == pl.String else ():
        if reading.null_count() == column.null_count():
            return reading
    return column


def _readings(text: Series) -> Iterator[Series]:
    """The text as whole numbers, numbers, booleans and dates, null where it does not read so."""
    first = text.drop_nulls().head(1)
    if not len(first):
        return
    if first.cast(pl.Float64, strict=False).count():
        for dtype in (pl.Int64, pl.Int128, pl.Float64):
            yield text.cast(dtype, strict=False)
    if first[0].lower() in ("true", "false"):
        lower = text.str.to_lowercase()
        yield (lower == "true").set(~lower.is_in(["true", "false"]), None)
    if first[0][4:5] == "/" and text.str.contains(r"^\d{4}/\d\d/\d\d$").all():
        yield text.str.to_date("%Y/%m/%d", strict=False)
    if text.str.contains(r"^\d{4}-\d\d-\d\d").all():
        day = text.str.contains(r"^.{10}$")
        yield text.set(~day, None).str.to_date("%Y-%m-%d", strict=False)
        for form in TIMES:
            yield text.str.to_datetime(form, strict=False)
        if ZONE.search(first[0]) and text.str.contains(ZONE.pattern).all():
            zoned = text.str.replace("Z$", "+0000")
            for form in TIMES:
                yield zoned.str.to_datetime(f"{form}%z", strict=False)


def is_own(column: Any) -> bool:
    """Whether this is such a column already."""
    return isinstance(column, Series)


def named(name: str, values: Any) -> Series:
    """A column of an array, or of dates."""
    return pl.Series(name, values)


def as_kind(column: Series, kind: Kind) -> Series:
    """0 and 1 as false and true, or false and true as numbers, if that is the kind."""
    found = kind_of(column)
    if kind == "number" and found == "boolean":
        return column.cast(pl.Float64)
    if kind == "boolean" and found == "number" and column.cast(pl.Float64).is_in([0.0, 1.0]).all():
        return column.cast(pl.Boolean)
    return column


def type_of(column: Series) -> ValueType:
    """The type that the values of a column have in Python."""
    if column.dtype == pl.Boolean:
        return "bool"
    return "int" if column.dtype.is_integer() else "float" if column.dtype.is_numeric() else "text"


def is_text(column: Series) -> bool:
    """Whether a column stands as text in its file, whatever that text may mean."""
    return column.dtype == pl.String


def kind_of(column: Series) -> Kind:
    """What a typed column holds."""
    if column.null_count() == len(column):
        return "blank"
    if column.dtype.is_numeric():
        return "number"
    return KINDS.get(column.dtype.base_type(), "other")


def count_numbers(column: Series) -> tuple[int, int]:
    """How many values of a text column are numbers, 3,14 being one, and how many values there are."""
    values = column.drop_nulls()
    return _as_numbers(values).count(), len(values)


def are_numbers(texts: Iterable[str | None]) -> list[bool]:
    """Which texts are numbers, 3,14 being one."""
    return _as_numbers(untyped(text_column(texts))).is_not_null().to_list()


def _as_numbers(texts: Series) -> Series:
    return _floats(texts.str.replace(",", ".", literal=True))


def _floats(texts: Series) -> Series:
    return texts.cast(pl.Float64, strict=False)


def no_numbers(column: Series) -> NDArray[np.bool_]:
    """Where a column that should hold numbers holds something else."""
    if column.dtype.is_numeric():
        return np.zeros(len(column), bool)
    if column.dtype != pl.String:
        return column.is_not_null().to_numpy()
    number = column.cast(pl.Float64, strict=False)
    return (number.is_null() & column.is_not_null()).to_numpy()


def as_numbers(column: Series) -> NDArray[np.float64]:
    """Numbers, booleans (0 and 1) and dates (days since 1970-01-01), NaN where missing.

    A column of float64 without missing values is not copied.
    """
    if column.dtype == pl.Float64:
        return column.to_numpy()
    if kind_of(column) == "blank":
        return np.full(len(column), np.nan)
    if column.dtype == pl.Datetime:
        # by NumPy: polars multiplies by 1 / DAY, which is not the nearest quotient
        return column.dt.epoch("us").cast(pl.Float64).to_numpy() / DAY
    if column.dtype == pl.Date:
        column = column.to_physical()
    return column.cast(pl.Float64).to_numpy()


def inexact(column: Series, spelled: Callable[[], Series]) -> RowNumbers:
    """The rows where a number column holds a whole number that float64 does not.

    `spelled` gives the column as text, where there is any: 40 digits are a float64 already.
    """
    dtype = column.dtype
    if dtype.is_integer():
        if abs(column.min() or 0) <= EXACT and abs(column.max() or 0) <= EXACT:  # type: ignore[operator,arg-type]
            return NOWHERE
        again = column.cast(pl.Float64).cast(dtype, strict=False)
        return np.flatnonzero(again.ne_missing(column).to_numpy())
    if not dtype.is_float():
        return NOWHERE
    values = column.to_numpy()  # by NumPy, as above
    if not max(np.fmax.reduce(values, initial=0), -np.fmin.reduce(values, initial=0)) > EXACT:
        return NOWHERE
    text = spelled()
    if text.dtype != pl.String:
        return NOWHERE
    long = text.str.strip_chars().set(~text.str.contains(r"^\s*[+-]?\d{16,}\s*$"), None)
    lost = [value for value in long.drop_nulls().unique().to_list() if not survives(value)]
    return np.flatnonzero(long.is_in(lost).fill_null(False).to_numpy())


def may_be_codes(column: Series) -> bool:
    """Whether a number column has whole numbers from 0 on, some of them of two digits."""
    if not column.dtype.is_numeric() or not len(column):
        return False
    low, high = column.min(), column.max()
    if low is None or high is None or not low >= 0 or not high >= 10 or low == high:  # type: ignore[operator]
        return False
    return column.dtype.is_integer() or bool((column.floor() == column).all())


def first_code(text: Series) -> str:
    """The first text whose spelling a number does not keep, 007 or 12E4; "" where there is none."""
    if not is_text(text):
        return ""
    found = text.filter(text.str.contains(r"^\s*(0\d+|\d+[eE]\d+)\s*$").fill_null(False)).head(1)
    return found[0].strip() if len(found) else ""


def survives(digits: str) -> bool:
    """Whether a float64 holds this whole number.

    >>> survives("9007199254740992"), survives("9007199254740993"), survives("9" * 400)
    (True, False, False)
    """
    number = float(digits)
    return number.is_integer() and int(number) == int(digits)


def missing_in(column: Series) -> NDArray[np.bool_]:
    """Where a typed column has no value."""
    if not column.null_count():  # by NumPy, as above
        return np.zeros(len(column), bool)
    return column.is_null().to_numpy()


def count_values(column: Series) -> int:
    """How many values a typed column has."""
    return len(column) - column.null_count()


def values_of(column: Series) -> list[Any]:
    """The values as Python has them, text and dates as written; None where missing.

    Python's own dictionaries tell values apart as fast as polars does, and need not wait for its
    threads, which are busy parsing the next piece of the file.
    """
    if not is_text(column):
        column = untyped(column)
    return (column.cast(pl.String) if column.dtype.is_temporal() else column).to_list()


def texts_of(column: Series) -> list[str]:
    """A column as text, to be carried through; empty where missing."""
    texts: list[str] = column.cast(pl.String).fill_null("").to_list()
    return texts
