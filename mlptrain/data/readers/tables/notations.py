"""Columns of text in a declared notation as numbers and dates, by polars: see `Written`.

Polars calls what a text and a column make `literal`: here each column keeps its name.
"""

import re

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlptrain.data.date_forms import SINCE, in_full, parted
from mlptrain.data.durations import FORMS, MINUS, NANO, PLACES, SPACES
from mlptrain.data.readers.tables.series import Series
from mlptrain.data.written import Written


def numbers(text: Series, written: Written) -> Series:
    """The number that each text stands for, null where one does not follow the notation.

    Signs, spaces and brackets are looked for only where a text is no number without its marks: to
    search for all that they may be takes as long as all the rest.
    """
    if written.duration:
        return floats(plain_numbers(text, written))
    follows = text.str.contains(written.pattern)
    read = _without_marks(text, written).cast(pl.Float64, strict=False).set(~follows, None)
    if read.null_count() > text.null_count() + (~follows).sum():
        return floats(plain_numbers(text, written))
    return read


def _without_marks(text: Series, written: Written) -> Series:
    """The texts without unit and thousands, and with a decimal point."""
    if written.unit:
        text = text.str.replace(written.unit, "", literal=True).str.strip_chars(SPACES)
    if written.thousands:
        text = text.str.replace_all(written.thousands, "", literal=True)
    return text if written.point == "." else text.str.replace(written.point, ".", literal=True)


def plain_numbers(text: Series, written: Written) -> Series:
    """The plain number that each text stands for, null where one does not follow the notation."""
    if written.duration:
        return _seconds(text, written)
    follows = text.str.contains(written.pattern)
    if written.unit:
        text = text.str.replace(written.unit, "", literal=True)
    characters = written.characters
    text = text.str.replace_many(list(characters), list(characters.values()))
    if written.negative == "trailing":
        text = text.str.replace("^(.*)-$", "-$1")
    return text.set(~follows, None)


def _seconds(text: Series, written: Written) -> Series:
    """The plain number of seconds of each duration: `durations.seconds`, for a column at once."""
    sign, *numbers = text.str.extract_groups(written.pattern).struct.unnest().get_columns()
    whole = billionths = pl.zeros(len(text), pl.Int64, eager=True)
    for number, weight in zip(numbers, FORMS[written.duration or ""].weights, strict=True):
        digits, decimals = _parted(number, written.point)
        whole, billionths = whole + digits * weight, billionths + decimals * weight
    rest = (billionths % NANO).cast(pl.String).str.zfill(PLACES)
    plain = (whole + billionths // NANO).cast(pl.String) + "." + rest
    plain = plain.str.strip_chars_end("0").str.strip_chars_end(".")
    minus = sign.is_in([*MINUS]).fill_null(False)
    return ("-" + plain).zip_with(minus, plain).set(sign.is_null(), None).alias(text.name)


def _parted(number: Series, point: str) -> tuple[Series, Series]:
    """A number as its whole part and its billionths, 0 where it is left out."""
    parts = number.str.splitn(point, 2).struct.unnest().get_columns()
    decimals = parts[1].str.pad_end(PLACES, "0")
    return (
        parts[0].cast(pl.Int64, strict=False).fill_null(0),
        decimals.cast(pl.Int64, strict=False).fill_null(0),
    )


def misread(text: Series, read: Series) -> NDArray[np.bool_]:
    """(N,) where there is a text that does not follow the notation."""
    return (read.is_null() & text.is_not_null()).to_numpy()


def floats(plain: Series) -> Series:
    """Plain numbers as float64, each the nearest there is."""
    return plain.cast(pl.Float64)


def dates(text: Series, written: Written) -> Series:
    """The date or time that each text stands for, null where one does not follow the form."""
    form, fraction = parted(written.date or "")
    before, form = in_full(form)
    follows = text.str.contains(written.pattern)
    if form in SINCE:
        number = text.str.replace(r"\.0+$", "").cast(pl.Int64, strict=False).set(~follows, None)
        return (number * SINCE[form]).cast(pl.Datetime("us"))
    digits = text.str.extract(fraction, 2) if fraction else None
    if fraction:
        text = text.str.replace(fraction, "${1}${3}")
    if before:
        text = (before + text).alias(text.name)
    if "%d" not in form:  # polars knows some of these, with months of two digits
        text, form = text + " 01", f"{form} %d"
    if "%z" in form:
        text = text.str.replace("Z", "+0000", literal=True)
    read = text.str.to_datetime if re.search("%[HIMSpz]", form) else text.str.to_date
    found = read(form, strict=False).set(~follows, None)
    if digits is not None:
        cut = digits.str.pad_end(6, "0").str.head(6).cast(pl.Int64).fill_null(0)
        found = found + cut.cast(pl.Duration("us"))
    if "%y" not in form:
        return found
    earlier = found.dt.offset_by("-100y")  # polars has 69 in this century, Python and POSIX in the last
    return found.zip_with((found.dt.year() != 2069).fill_null(True), earlier)
