"""Names that tell what a column of numbers is: the number of its row, or a time."""

import re

INDEX = re.compile(
    r"index|(unnamed|column): ?\d+(\.\d+)*|(__)?(index_)?level_\d+(__)?|__null_dask_index__|"
    r"_?row[ _.-]?(id|idx|index|n|nr|num|number|names?)|_?row_?|obs[ _.]?(no|nr|num|number)|\.\.\.\d+|",
    re.I,
)
"""As programs name a column that numbers the rows: pandas, Arrow, polars, Dask, R, SQL; or no name."""
TIME = re.compile(r"year|month|week|day|date|time|hour|age", re.I)


def is_index_name(name: str) -> bool:
    """Whether a program gives this name to the number of a row.

    >>> [name for name in ("Unnamed: 0", "level_0", "__index_level_0__", "RowNumber", "", "rows")
    ...  if not is_index_name(name)]
    ['rows']
    """
    return INDEX.fullmatch(name.strip()) is not None


def is_time_name(name: str) -> bool:
    """Whether a column that counts may well be a time, which is something to learn from."""
    return TIME.search(name) is not None
