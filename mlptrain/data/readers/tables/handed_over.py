"""Data frames, dicts of columns and Arrow tables that a program hands over, as tables.

No library of data frames is imported but polars: a frame is known by its named columns (pandas, polars,
pyarrow, a dict), or by its Arrow stream (DuckDB, nanoarrow).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mlptrain.data.objects import days, one_dimensional, plain
from mlptrain.data.readers.tables import frames, series
from mlptrain.data.readers.tables.table import Table
from mlptrain.data.source import require
from mlptrain.data.written import AS_USUAL, Reading
from mlptrain.errors import DataError
from mlptrain.messages import printable


def table_of(
    what: str, X: Any, wanted: Sequence[str] | None = None, reading: Reading = AS_USUAL
) -> Table:
    """The wanted columns of a data frame, found by name, or all; others are left alone.

    what   the word for X in messages, and the path of the table
    """
    streams = hasattr(X, "__arrow_c_stream__")
    by_column = hasattr(X, "iloc") or hasattr(X, "column_names")  # pandas would stream its index too
    frame = frames.from_arrow(X) if streams and not by_column else X
    if isinstance(frame, Mapping):
        keys = list(frame)
    else:
        keys = list(getattr(frame, "column_names", frame.columns))  # in Arrow `columns` are the values
    names = [str(key) for key in keys]
    if wanted is not None:
        require(Table(what, frames.empty(dict.fromkeys(names)), None), wanted)
    times = Counter(names)
    chosen = names if wanted is None else wanted
    twice = next((name for name in chosen if times[name] > 1), None)
    if twice is not None:
        raise DataError(f"{what}: two columns are called {printable(twice)!r}: rename one")
    place = dict(zip(names, keys, strict=True))
    columns = [_series(what, name, frame[place[name]]) for name in chosen]
    for name, column in zip(chosen, columns, strict=True):
        one_dimensional(what, name, np.empty(len(column)), len(columns[0]))
    return Table(what, frames.of_columns(columns), None).read_as(reading)


def _series(what: str, name: str, column: Any) -> series.Series:
    """A column of a data frame, of Arrow, or of anything that becomes an array."""
    if series.is_own(column):
        return column.alias(name)
    array = np.asarray(column)
    one_dimensional(what, name, array)
    if array.dtype.kind == "M":
        return series.named(name, array.astype("datetime64[us]"))
    dates = days(array)
    return series.named(name, plain(what, name, array) if dates is None else dates)
