"""Columns that number the rows: in a file that was sorted once, they give the answer away."""

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.index_names import is_index_name, is_time_name
from mlptrain.messages import count, some
from mlptrain.tools.check.case import SAMPLE, Case
from mlptrain.tools.check.verdict import Verdict, doubt, fine

LEAST = 10
"""Fewer rows may count by chance."""
Floats = NDArray[np.float64]


def index_columns(case: Case) -> Verdict:
    """A feature that has the name of an index, or grows by the same from row to row of the file."""
    data, step = case.data, -(-len(case.data.train) // SAMPLE)
    places = np.asarray(data.partition.train[::step], np.float64)
    X = np.asarray(data.train.inputs.numbers[::step], np.float64)
    counting = [
        name
        for name, column in zip(data.features, X.T, strict=True)
        if not is_time_name(name) and (_counts(column, places) or _counts(_unsquashed(column), places))
    ]
    named = [name for name in data.preprocessing.inputs if is_index_name(name)]
    found = list(dict.fromkeys([*named, *counting]))
    if not found:
        return fine(f"none of {count(len(data.preprocessing.inputs), 'column')} numbers the rows")
    return doubt(
        f"{some(found)}: like the number of a row, which a new row does not have",
        f"leave it out: data.ignore: [{', '.join(found[:5])}]",
    )


def _counts(column: Floats, places: Floats) -> bool:
    """Whether the column is a straight line over the places of the rows in the file."""
    if len(column) < LEAST or column[0] == column[-1]:
        return False
    with np.errstate(over="ignore", invalid="ignore"):  # no line then
        slope = (column[-1] - column[0]) / (places[-1] - places[0])
        line = column[0] + slope * (places - places[0])
        return bool((np.abs(column - line) <= 0.1 * abs(slope)).all())


def _unsquashed(column: Floats) -> Floats:
    """z of z / sqrt(1 + (z / 3)^2), the soft limit of `scale: smooth_clip`."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nan_to_num(column / np.sqrt(1 - np.square(column / 3)), nan=0.0)
