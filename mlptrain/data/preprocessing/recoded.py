"""A feature that is the target under another name: the column itself, or a code, of one to one.

A network memorises such a column, and every figure is perfect and worthless. A grade beside its
number, a price in cents beside the price, a class beside its index: whoever made the table knows them.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlptrain.arrays import Array
from mlptrain.data.preprocessing.class_target import ClassTarget
from mlptrain.data.preprocessing.columns.column import Column
from mlptrain.data.preprocessing.targets import Target
from mlptrain.data.source import BLOCK, RowIndex, Source
from mlptrain.messages import some

MOST_ROWS = 1000
"""Rows that are compared, spread evenly over those that train."""
LEAST = 20
"""With fewer rows a column of two values is in step with the target by chance."""


def recodings(source: Source, rows: RowIndex, columns: Sequence[Column], target: Target) -> list[str]:
    """A note for each target that can be read off a column, with the names of the columns."""
    compared = rows[:: max(1, -(-len(rows) // MOST_ROWS))]
    if len(compared) < LEAST:
        return []
    notes, by_label = [], target.kind in ("classes", "flags")
    for name, y in _targets(source, compared, target).items():
        alone = len(columns) == 1 and not by_label
        order = np.argsort(y, kind="stable")
        y = y[order]
        found = [
            column.name
            for column, x in _values(source, compared, columns)
            if (np.array_equal(x[order], y) if alone else in_step(x[order], y, by_label))
        ]
        if found:
            notes.append(
                f"{source.path}: {some(found)} and the target {name} tell each other one to one in all "
                f"{len(compared):,} training rows compared: known when you predict? "
                f"if not: data.ignore: [{', '.join(found[:5])}]"
            )
    return notes


def in_step(x: Array, y: Array, by_label: bool) -> bool:
    """Whether x and y, both (n,) in the order of y, have the same ties, and by more than chance.

    That is so where few values come again and again, or where numbers are in the same order or the
    opposite one. Where all values differ and have no order, any two columns have the same ties.

    >>> y = np.array([0.0, 0.0, 1.0, 1.0])
    >>> in_step(5 - 2 * y, y, True), in_step(np.arange(4.0), y, True), in_step(np.ones(4), y, True)
    (True, False, False)
    """
    same, ties = x[1:] == x[:-1], y[1:] == y[:-1]
    if ties.all() or (same != ties).any():
        return False
    up = x[1:] > x[:-1]
    if not by_label and (not (up == ties).any() or not up.any()):
        return True
    values = int((~ties).sum()) + 1
    return values <= len(y) / 2 and len(np.unique(x)) == values


def _targets(source: Source, rows: RowIndex, target: Target) -> dict[str, Array]:
    """Each target (n,) of these rows, in its own unit or as the numbers of its classes."""
    if isinstance(target, ClassTarget):
        return {target.name: source.codes(target.name, target.classes, rows)}
    return dict(zip(target.names, target.truth(source, rows).T, strict=True))


def _values(
    source: Source, rows: RowIndex, columns: Sequence[Column]
) -> list[tuple[Column, NDArray[np.generic]]]:
    """Each column (n,) of these rows, as numbers or codes; a missing value is a value of its own."""
    found = []
    for kind in dict.fromkeys(type(column) for column in columns):
        own = [column for column in columns if type(column) is kind]
        step = max(1, BLOCK // len(rows))
        for first in range(0, len(own), step):
            piece = own[first : first + step]
            read = kind.read(piece, source, rows)
            values = read if isinstance(read, list) else list(np.nan_to_num(read.T, nan=-np.inf))
            found += list(zip(piece, values, strict=True))
    return found
