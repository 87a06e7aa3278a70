"""Which encoding a column gets, once it is known what it holds: its levels, or that it is a date."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mlptrain.data.preprocessing.columns.category import Category
from mlptrain.data.preprocessing.columns.column import Column
from mlptrain.data.preprocessing.columns.date_parts import in_parts
from mlptrain.data.preprocessing.columns.embedded import Embedded, width_for
from mlptrain.data.preprocessing.columns.number import Number
from mlptrain.data.preprocessing.columns.signed import Signed
from mlptrain.data.preprocessing.columns.target_encoded import TargetEncoded, as_kept, out_of_fold
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.preprocessing.targets import Target
from mlptrain.data.settings import Settings
from mlptrain.data.source import RowIndex, Source

MOST_ONE_HOT = 9
"""Columns with more levels get the encoding of `data.categorical`; one that is named always does."""


def encoded(
    columns: Sequence[Column], source: Source, rows: RowIndex, target: Target, settings: Settings
) -> list[Column]:
    """The columns, those of categories and dates as the settings say; `rows` train."""
    found = list[Column]()
    for each in columns:
        if isinstance(each, Category):
            found.append(_encoded(each, source, rows, target, settings))
        elif isinstance(each, Number) and each.kind == "date":
            is_whole = settings.dates_of(each.name) == "number"
            found.append(each if is_whole else in_parts(each, source, rows))
        else:
            found.append(each)
    return found


def for_training(made: Preprocessing, source: Source, rows: RowIndex, seed: int) -> Preprocessing:
    """The same for the rows that it was learned from: their own answer enters none of their columns.

    Rows that other means were learned from, as those of another run, keep the means of that run.
    """
    columns = list[Column]()
    for column in made.columns:
        if isinstance(column, TargetEncoded):
            again = out_of_fold(column, source, rows, made.target, seed)
            same = np.allclose(again.means, column.means, rtol=1e-9, atol=1e-12)
            columns.append(again if same else column)
        else:
            columns.append(column)
    return replace(made, columns=tuple(columns)) if columns != list(made.columns) else made


def _encoded(
    column: Category, source: Source, rows: RowIndex, target: Target, settings: Settings
) -> Category:
    named = settings.role(column.name).encode
    encoding, levels = settings.category_encoding(column.name), len(column.levels)
    if named is None and levels == 2 and settings.categorical.binary == "signed":
        return Signed(**vars(column))
    if encoding == "embedding" and (named is not None or levels > MOST_ONE_HOT):
        return Embedded(**vars(column), width=width_for(levels))
    if encoding == "target" and (named is not None or levels > MOST_ONE_HOT):
        return as_kept(out_of_fold(column, source, rows, target, settings.seed))
    return column
