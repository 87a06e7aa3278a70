"""Figures too good to be true: a column, or a linear model of all, that gives the answer away.

casual + registered = total; the logarithm of the wage among the columns; a code of the class. It is
legal, and worthless where the column is not known yet when one predicts.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from mlptrain.arrays import Array
from mlptrain.config.dump import inline
from mlptrain.data.preprocessing.columns.number import Number
from mlptrain.data.preprocessing.columns.piecewise import bin_names
from mlptrain.data.preprocessing.preprocess import Preprocessing

ORDERED = 0.99
"""Rank correlation from which a column as good as tells the order of the target."""
EXPLAINED = 0.999
"""R2, or area under the ROC curve, of rows that the linear model was not fitted on."""
SEPARATED = 0.9995
"""Area under the ROC curve of a column that is a class in other words."""
FEWEST = 50
"""Fewer rows can be in order by luck; a linear model needs as many to be tried on."""
FEWEST_OF_CLASSES = 250
"""So many where classes are separated: on few rows honest columns do that as well."""
FEWEST_OF_ONE = 20
"""And so many of each class: a handful stands apart by luck."""
ROWS_PER_COLUMN = 5
MOST_NAMED = 5
TINY = 1e-9
"""A ridge that only keeps columns that repeat each other from dividing by 0."""


Score = Callable[[Array, Array], float]
"""(guesses, truth) -> how good they are, 1 at best."""


class Found(NamedTuple):
    """What gives the answer away, and the places of its columns."""

    words: str
    columns: Sequence[int]

    def told(self, features: Sequence[str]) -> str:
        """The words with the names of the columns."""
        return f"{self.words} of {', '.join(features[j] for j in self.columns)}: too good to be true?"

    def advice(self, made: Preprocessing) -> str:
        """The setting that leaves out the columns of the file which they come from."""
        numbers = [column for column in made.columns if column.array == "numbers"]
        origin = [column.name for column in numbers for _ in column.outputs]
        names = list(made.inputs) if made.transform else [origin[j] for j in self.columns]
        return f"data.ignore: {inline(list(dict.fromkeys(names)))}"


def given_away(X: Array, y: Array, made: Preprocessing, *, classes: bool) -> Found | None:
    """What among the inputs X (N, D) gives y away: class numbers (N,), or (N, K) numbers.

    `made` has made the inputs.
    """
    y, (X, places) = np.asarray(y), as_straight(np.asarray(X, np.float64), made)
    if len(X) < FEWEST or X.shape[1] < 2:  # a curve through one column is what is asked for
        return None
    found = of_classes(X, y) if classes else of_numbers(X, y)
    return found and found._replace(columns=[places[j] for j in found.columns])


def as_straight(X: Array, made: Preprocessing) -> tuple[Array, list[int]]:
    """The inputs without bins and soft limits, which bend what is a sum; and their places."""
    if made.transform:
        return X, list(range(X.shape[1]))
    places, squashed, start = list[int](), list[int](), 0
    for column in made.columns:
        if column.array != "numbers":
            continue
        names = column.outputs
        number = column if isinstance(column, Number) else None
        bins = set(bin_names(number.name, number.edges)) if number and number.edges else set()
        if number and number.squash:
            squashed.append(len(places))
        places += [start + j for j, name in enumerate(names) if name not in bins]
        start += len(names)
    X = X[:, places]
    with np.errstate(invalid="ignore", divide="ignore"):
        z = X[:, squashed] / np.sqrt(1 - np.square(X[:, squashed] / 3))
    X[:, squashed] = np.nan_to_num(z, nan=0.0, posinf=0.0, neginf=0.0)
    return X, places


def of_numbers(X: Array, y: Array) -> Found | None:
    """A column in the order of a target, or a linear model that explains all of it."""
    together = np.abs(standard(ranks(X)).T @ standard(ranks(y))) / len(y)
    best = int(together.max(axis=1).argmax())
    if together[best].max() > ORDERED:
        return Found(f"the target has the order (rank correlation {together[best].max():.4f})", [best])
    for target in np.asarray(y, np.float64).T:
        chosen = linear(X, target, r2)
        if chosen is not None:
            return Found(f"the target is a linear model (R2 above {EXPLAINED})", chosen)
    return None


def of_classes(X: Array, y: Array) -> Found | None:
    """Columns that tell each class from the others, or a linear model that tells two apart."""
    counts = np.bincount(y)
    if len(y) < FEWEST_OF_CLASSES or (counts > 0).sum() < 2 or counts[counts > 0].min() < FEWEST_OF_ONE:
        return None
    areas = np.array([area(X, y == each) for each in np.flatnonzero(counts)])  # (C, D)
    if areas.max(axis=1).min() > SEPARATED:
        columns = list(dict.fromkeys(areas.argmax(axis=1).tolist()))[:MOST_NAMED]
        return Found("each class is told from the others by the order", columns)
    if (counts > 0).sum() == 2:
        chosen = linear(X, (y == y.max()).astype(np.float64), roc)
        if chosen is not None:
            words = f"the two classes are told apart by a linear model (ROC AUC above {EXPLAINED})"
            return Found(words, chosen)
    return None


def area(X: Array, positive: Array) -> Array:
    """(D,) the area under the ROC curve of each column, in the better direction; ties count half."""
    n = int(positive.sum())
    if not 0 < n < len(positive):
        return np.zeros(X.shape[1])
    low, high = ranks(X), len(X) - 1 - ranks(-X)  # of equal numbers the lowest and highest place
    below = ((low + high) / 2)[positive].sum(axis=0) - n * (n - 1) / 2
    areas: Array = below / (n * (len(X) - n))
    return np.maximum(areas, 1 - areas)


def linear(X: Array, y: Array, score: Score) -> list[int] | None:
    """The columns of a linear model that is fitted on half of the rows and right on the others.

    Those with the largest shares in it, as few as are enough; None where no model is.
    """
    half = len(y) // 2
    order = np.argsort(np.arange(len(y)) % 2, kind="stable")  # the rows are a random sample already
    X, y = standard(X)[order], y[order]
    if half < ROWS_PER_COLUMN * X.shape[1] or half < FEWEST or not np.ptp(y):
        return None
    w = solved(X[:half], y[:half])
    if score(X[half:] @ w[:-1] + w[-1], y[half:]) < EXPLAINED:
        return None
    largest = np.argsort(-np.abs(w[:-1]), kind="stable")
    for count in range(1, min(MOST_NAMED, len(largest)) + 1):
        some = largest[:count]
        v = solved(X[:half][:, some], y[:half])
        if score(X[half:][:, some] @ v[:-1] + v[-1], y[half:]) >= EXPLAINED:
            return [int(j) for j in some]
    return [int(j) for j in largest[:MOST_NAMED]]


def solved(X: Array, y: Array) -> Array:
    """(D + 1,) weights and bias of least squares."""
    A = np.column_stack([X, np.ones(len(X))])
    w: Array = np.linalg.solve(A.T @ A + TINY * len(X) * np.eye(A.shape[1]), A.T @ y)
    return w


def r2(guesses: Array, y: Array) -> float:
    """The share of the variance that is explained."""
    spread = float(np.square(y - y.mean()).sum())
    return 1 - float(np.square(y - guesses).sum()) / spread if spread else 0.0


def roc(guesses: Array, y: Array) -> float:
    """The area under the ROC curve, in the better direction."""
    return float(area(guesses[:, None], y > 0)[0])


def ranks(columns: Array) -> Array:
    """The place of each number in its column; equal numbers share the lowest."""
    ordered = np.sort(columns, axis=0)
    places = [np.searchsorted(ordered[:, j], columns[:, j]) for j in range(columns.shape[1])]
    return np.stack(places, axis=1).astype(np.float64)


def standard(columns: Array) -> Array:
    """Mean 0 and deviation 1; a constant column becomes 0."""
    centred = columns - columns.mean(axis=0)
    spread = centred.std(axis=0)
    return centred / np.where(spread > 0, spread, 1.0)
