"""The lecture's feature transform: points of the plane by distance and angle."""

import numpy as np

from mlptrain.data.matrix import Matrix
from mlptrain.data.preprocessing.checks import check_finite, check_present
from mlptrain.data.source import RowIndex, Source
from mlptrain.errors import DataError
from mlptrain.messages import some

OUTPUTS = ("r", "theta")


def polar(source: Source, names: tuple[str, ...], rows: RowIndex) -> Matrix:
    """f(x, y) = (r, theta), r = sqrt(x^2 + y^2), theta = atan2(y, x) in (-pi, pi].

    Rings around the origin, which no line separates in x and y, are separated by r alone.
    """
    if len(names) != 2 or any(source.kind(name) != "number" for name in names):
        found = f"{len(names)}: {some(names)}"
        raise DataError(f"{source.path}: `transform: polar` needs two number columns, found {found}")
    check_present(source, list(names), rows, "delete the rows, or write `missing: drop`")
    check_finite(source, list(names), rows)
    x, y = (source.numbers(name).copy() for name in names)
    columns = {"r": np.hypot(x, y), "theta": np.arctan2(y, x)}
    return Matrix(source.path, np.empty((len(source), 0)), columns, ())
