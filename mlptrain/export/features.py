"""The fitted columns of a model as features: a dict for each, with its arrays."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, cast

import numpy as np

from mlptrain.arrays import Array
from mlptrain.data.date_forms import SINCE, in_full, parted
from mlptrain.data.durations import FORMS
from mlptrain.data.preprocessing.columns.category import Category
from mlptrain.data.preprocessing.columns.column import Column
from mlptrain.data.preprocessing.columns.date_parts import DateParts
from mlptrain.data.preprocessing.columns.embedded import Embedded
from mlptrain.data.preprocessing.columns.number import Number
from mlptrain.data.preprocessing.columns.signed import Signed
from mlptrain.data.preprocessing.columns.target_encoded import TargetEncoded
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.source import as_number
from mlptrain.data.written import Written
from mlptrain.export.steps import refused

Feature = dict[str, Any]
Placed = tuple[int, Column]


def _one_hot(column: Column) -> Array | None:
    return None


def _signed(column: Column) -> Array:
    return np.array([[-1.0], [1.0], [0.0]])


def _means(column: Column) -> Array:
    return cast(TargetEncoded, column).encodings()


TABLES: dict[type[Column], Callable[[Column], Array | None]] = {
    Category: _one_hot,
    Signed: _signed,
    TargetEncoded: _means,
    Embedded: _one_hot,  # replaced by what the network has learned
}
"""(L + 1, K) what stands for each level of a column, and for none of them; None: one-hot."""
OTHERS: tuple[type[Column], ...] = (Number, DateParts)
"""The kinds that are no categories."""


def features_of(made: Preprocessing, tables: Sequence[Array]) -> list[Feature]:
    """Numbers in the order of the columns, then the vectors of codes; `tables` of the network."""
    placed = list(enumerate(made.columns))
    for _, column in placed:
        if type(column) not in TABLES and type(column) not in OTHERS:
            raise refused(f"the column {column.name!r} ({type(column).__name__})")
    numbers = [each for each in placed if each[1].array == "numbers"]
    codes = [each for each in placed if each[1].array == "codes"]
    vectors = [
        {**_of_text(place, column), "table": np.concatenate([table[1:], table[:1]])}
        for (place, column), table in zip(codes, tables, strict=True)
    ]
    return [*_of_numbers_array(numbers), *vectors]


def _of_numbers_array(placed: Sequence[Placed]) -> Iterator[Feature]:
    """Neighbours that are scaled alike become one feature."""
    for key, group in groupby(placed, _alike):
        members = list(group)
        if key is None:
            yield from (_of_text(*each) for each in members)
        elif key[0]:
            yield _of_numbers(members)
        else:
            yield from (_of_numbers([each]) for each in members)


def _alike(placed: Placed) -> tuple[bool, bool] | None:
    """None for a category; else whether it is plainly scaled, and whether squashed."""
    column = placed[1]
    if not isinstance(column, Number):
        return None
    return not (column.unit or column.indicator or column.edges or _parts(column)), column.squash


def _parts(column: Number) -> list[str]:
    """Those of a date that it becomes beside its number."""
    return list(column.parts) if isinstance(column, DateParts) else []


def _of_numbers(placed: Sequence[Placed]) -> Feature:
    columns = [cast(Number, column) for _, column in placed]
    first = columns[0]
    return {
        "op": "numbers",
        "columns": [place for place, _ in placed],
        "center": np.array([each.center for each in columns]),
        "factor": np.array([each.factor for each in columns]),
        "fill": np.array([each.fill for each in columns]),
        "squash": first.squash,
        "unit": first.unit,
        "indicator": first.indicator,
        "edges": np.array(first.edges) if first.edges else None,
        "parts": _parts(first),
    }


def _of_text(place: int, column: Column) -> Feature:
    category = cast(Category, column)
    levels, mode = category.levels, category.mode
    known = category.unseen == "mode" and mode is not None
    return {
        "op": "text",
        "column": place,
        "levels": list(levels),
        "unseen": levels.index(cast(str, mode)) if known else len(levels),
        "table": TABLES[type(column)](column),
    }


def fields_of(made: Preprocessing) -> list[Feature]:
    """How the values of each column are read."""
    if made.transform == "polar":
        return [_field(name, "number", made) for name in made.inputs]
    kinds = [each.kind if isinstance(each, Number) else "text" for each in made.columns]
    return [_field(name, kind, made) for name, kind in zip(made.inputs, kinds, strict=True)]


def _field(name: str, kind: str, made: Preprocessing) -> Feature:
    reading = made.reading
    written, blanks = reading.of(name), reading.blanks(name)
    if kind == "text" and written.date is not None:
        raise refused(f"the column {name!r}, whose categories are dates,")
    texts = written.missing if written.is_declared else reading.more_blanks(name)
    gone = [number for text in texts if (number := as_number(text)) is not None]
    declared = _written(written) if written.is_declared else None
    return {
        "name": name,
        "kind": kind,
        "blanks": list(blanks),
        "gone": [float(number) for number in gone],
        "written": declared,
    }


def _written(written: Written) -> Feature:
    form, fraction = parted(written.date or "")
    before, form = in_full(form)
    plain = written.date is None and written.duration is None
    return {
        "pattern": written.pattern,
        "date": written.date,
        "before": before,
        "form": form,
        "fraction": fraction,
        "since": SINCE.get(written.date or ""),
        "unit": written.unit,
        "characters": dict(written.characters) if plain else {},
        "weights": list(FORMS[written.duration].weights) if written.duration else None,
        "point": written.point,
    }


def known_of(made: Preprocessing) -> list[Feature]:
    """The columns of text that refuse values, and which."""
    found = []
    for place, column in enumerate(made.columns):
        if isinstance(column, Category) and "error" in (column.unseen, column.missing):
            refuses = {"unseen": column.unseen == "error", "missing": column.missing == "error"}
            found.append({"column": place, "levels": list(column.levels), **refuses})
    return found
