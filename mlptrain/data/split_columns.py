"""What the columns say that decide which set a row goes to: its group, its time, or the set itself."""

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.notation import named
from mlptrain.data.preprocessing.checks import PLURAL, check_finite, check_present
from mlptrain.data.recognition import declaration
from mlptrain.data.settings import Settings
from mlptrain.data.source import BLANK, UNSEEN, Kind, RowIndex, Source, faulty_values, first_places
from mlptrain.data.split import Assignment, Partition
from mlptrain.errors import DataError
from mlptrain.messages import in_yaml


def group_numbers(source: Source, name: str, rows: RowIndex, settings: Settings) -> NDArray[np.intp]:
    """(n,) the group of each row, numbered from 0 by its first row; DataError where it is missing."""
    kind = source.kind(name)
    if kind == "other":
        raise DataError(f"{source.path}: column {name!r} holds {PLURAL[kind]}: data.group needs names")
    if kind != "text" and settings.group_is_a_number:
        check_present(source, [name], rows, "give every row a group")
        values: NDArray[np.generic] = source.numbers(name)[np.asarray(rows)]
    else:
        values = source.codes(name, source.levels(name, rows), rows)
        _refuse(source, name, rows, values == BLANK, "is a missing value", "give every row a group")
    _, first, inverse = np.unique(values, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.intp)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def times(source: Source, name: str, rows: RowIndex) -> NDArray[np.float64]:
    """(n,) numbers or dates that put the rows in order; DataError where one is none."""
    kind = source.kind(name)
    if kind not in ("number", "date", "blank") and not (kind == "text" and source.looks_numeric(name)):
        raise DataError(f"{source.path}: column {name!r} holds {_no_times(source, name, kind, rows)}")
    check_present(source, [name], rows, "give every row a time")
    check_finite(source, [name], rows)
    return source.numbers(name)[np.asarray(rows)]


def _no_times(source: Source, name: str, kind: Kind, rows: RowIndex) -> str:
    """What a column holds that has no order, and what to do."""
    levels = source.levels(name, rows) if kind == "text" else []
    form = named(levels)
    if form is None:
        return f"{PLURAL[kind]}: data.time needs numbers or dates such as 2026-07-21"
    return f"{form}: {declaration(name, levels) or form.advice}"


def given_sets(source: Source, name: str, rows: RowIndex) -> Assignment:
    """(n,) the set that the column names for each row: train, val or test; DataError for all else."""
    codes = source.codes(name, Partition._fields, rows)
    advice = "write train, val or test in every row"
    _refuse(source, name, rows, codes == BLANK, "is a missing value", advice)
    _refuse(source, name, rows, codes == UNSEEN, "is not train, val or test", advice)
    if not (codes == 0).any():
        raise DataError(
            f"{source.path}: column {name!r} has train in no row: there is nothing to learn"
        )
    return codes.astype(np.uint8)


def check_no_class_in_one_group(
    source: Source,
    names: tuple[str, str],
    rows: RowIndex,
    classes: NDArray[np.integer],
    groups: NDArray[np.intp],
) -> None:
    """DataError where a class is in a single group, which is never held out and learned as well.

    `names` are the target and the group column.
    """
    pairs = np.unique(np.stack([classes.astype(np.intp), groups]), axis=1)
    alone = np.bincount(pairs[0])[classes] == 1
    advice = f"folds need two groups ({in_yaml(names[1])}) of each class: delete them, or add rows"
    _refuse(source, names[0], rows, alone, "is a class of one group only", advice)


def _refuse(
    source: Source, name: str, rows: RowIndex, faulty: NDArray[np.bool_], what: str, advice: str
) -> None:
    if faulty.any():
        places = first_places(name, faulty, rows)
        raise faulty_values(source, places, int(faulty.sum()), what, advice)
