"""Columns of text in a declared notation as numbers and dates, by polars: see `Written`."""

import re

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlptrain.data.readers.tables.series import Series
from mlptrain.data.written import SINCE, Written


def plain_numbers(text: Series, written: Written) -> Series:
    """The plain number that each text stands for, null where one does not follow the notation."""
    follows = text.str.contains(written.pattern)
    if written.unit:
        text = text.str.replace(written.unit, "", literal=True)
    characters = written.characters
    text = text.str.replace_many(list(characters), list(characters.values()))
    if written.negative == "trailing":
        text = text.str.replace("^(.*)-$", "-$1")
    return text.set(~follows, None)


def misread(text: Series, plain: Series) -> NDArray[np.bool_]:
    """(N,) where there is a text that does not follow the notation."""
    return (plain.is_null() & text.is_not_null()).to_numpy()


def floats(plain: Series) -> Series:
    """Plain numbers as float64, each the nearest there is."""
    return plain.cast(pl.Float64)


def dates(text: Series, written: Written) -> Series:
    """The date or time that each text stands for, null where one does not follow the form."""
    form, day_only = written.date or "", not re.search("%[HIMSpz]", written.date or "")
    follows = text.str.contains(written.pattern)
    if form in SINCE:
        number = text.str.replace(r"\.0+$", "").cast(pl.Int64, strict=False).set(~follows, None)
        return (number * SINCE[form]).cast(pl.Datetime("us"))
    if "%d" not in form:  # polars knows some of these, with months of two digits
        text, form = text + " 01", f"{form} %d"
    if "%z" in form:
        text = text.str.replace("Z", "+0000", literal=True)
    read = text.str.to_date if day_only else text.str.to_datetime
    return read(form, strict=False).set(~follows, None)
