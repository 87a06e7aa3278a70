"""Which encoding a column of categories gets, once its levels are known."""

from collections.abc import Sequence

from mlptrain.data.preprocessing.columns.category import Category
from mlptrain.data.preprocessing.columns.column import Column
from mlptrain.data.preprocessing.columns.embedded import Embedded, width_for
from mlptrain.data.preprocessing.columns.signed import Signed
from mlptrain.data.settings import Settings

MOST_ONE_HOT = 9
"""Columns with more levels get the encoding of `data.categorical`; one that is named always does."""


def encoded(columns: Sequence[Column], settings: Settings) -> list[Column]:
    """The columns, those of categories as the settings say."""
    return [_encoded(each, settings) if isinstance(each, Category) else each for each in columns]


def _encoded(column: Category, settings: Settings) -> Category:
    named = settings.role(column.name).encode
    encoding, levels = settings.category_encoding(column.name), len(column.levels)
    if named is None and levels == 2 and settings.categorical.binary == "signed":
        return Signed(**vars(column))
    if encoding == "embedding" and (named is not None or levels > MOST_ONE_HOT):
        return Embedded(**vars(column), width=width_for(levels))
    return column
