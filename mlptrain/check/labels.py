"""Do the labels have anything to do with the features? After a slip in a join or a sort they have not.

Two independent looks, because each is blind somewhere: whether the nearest neighbour of a row has its
label (blind where many columns are noise), and whether the network after its first steps is better than
chance on held-out rows (blind where the rate is too low). Both count every class alike, so that a rare
class matters as much as a common one.
"""

import math
from typing import NamedTuple

import numpy as np

from mlptrain.check.case import Case, some_rows
from mlptrain.check.verdict import Verdict, doubt, fault, fine
from mlptrain.data.dataset import Rows
from mlptrain.nodes.node import Array

NEIGHBOURS = 1000
"""So many rows are compared with each other."""
CLEAR = 3.0
"""Standard deviations above chance that cannot be luck."""
FEWEST = 50


class Look(NamedTuple):
    """A share of right answers, what chance gives, and the standard deviations between the two."""

    share: float
    chance: float
    z: float

    @property
    def clear(self) -> bool:
        """Whether it is better than luck."""
        return self.z > CLEAR


def labels(case: Case) -> Verdict | None:
    """Whether labels and features belong together."""
    rows = some_rows(case.sample, NEIGHBOURS)
    if len(rows) < FEWEST:
        return None
    if case.data.classes is None:
        return targets(rows)
    near = neighbours(rows)
    held = held_out(case)
    found = f"neighbours share a label in {near.share:.0%} (chance {near.chance:.0%})"
    if held is not None:
        after = f"after {case.trial.steps} steps"
        found += f", {after} {held.share:.0%} of held-out rows are right (chance {held.chance:.0%})"
    if near.clear or (held is not None and held.clear):
        return fine(found)
    advice = "are they shuffled, or joined to the wrong rows?"
    line = f"{found}: the labels have nothing to do with the columns"
    return (doubt if held is None else fault)(line, advice)


def targets(rows: Rows) -> Verdict:
    """The same for numbers: the correlation of each target with that of the nearest row."""
    y = np.asarray(rows.y, np.float64)
    y = y[:, y.std(axis=0) > 0]
    nearest = nearest_rows(rows.X)
    found = [float(np.corrcoef(column, column[nearest])[0, 1]) for column in y.T]
    best = max(found, default=0.0)
    line = f"targets of nearest neighbours correlate by {best:.2f}"
    if len(rows) < 2 * FEWEST or best > CLEAR / math.sqrt(len(rows)):
        return fine(line)
    advice = "are they shuffled, or joined to the wrong rows?"
    return doubt(f"{line}: the targets seem to have nothing to do with the columns", advice)


def neighbours(rows: Rows) -> Look:
    """How often the nearest other row has the same label."""
    found = look(rows.y[nearest_rows(rows.X)], rows.y, chances=True)
    return found._replace(z=found.z / math.sqrt(2))  # neighbours are often mutual: one pair, not two


def held_out(case: Case) -> Look | None:
    """How often the network is right, after its first steps, on rows it has not seen."""
    rows = case.data.val if case.data.val is not None else case.data.test
    if rows is None or len(rows) < FEWEST or case.trial.diverged:
        return None
    rows = some_rows(rows, NEIGHBOURS)
    with np.errstate(all="ignore"):
        scores = case.trial.network.scores(rows.X)
    return look(scores.argmax(axis=1), rows.y, chances=False)


def look(guesses: Array, y: Array, *, chances: bool) -> Look:
    """The share of right guesses, averaged over the classes, against guessing at random.

    By `chances` the guess is a row's label drawn at random, right with the share of the class; else
    any class with the same probability.
    """
    classes, counts = np.unique(y, return_counts=True)
    right = np.array([(guesses[y == each] == each).mean() for each in classes])
    p = counts / counts.sum() if chances else np.full(len(classes), 1 / len(classes))
    deviation = math.sqrt((p * (1 - p) / counts).sum()) / len(classes)
    share, chance = float(right.mean()), float(p.mean())
    return Look(share, chance, (share - chance) / deviation if deviation else 0.0)


def nearest_rows(X: Array) -> Array:
    """For each row the other row with the smallest Euclidean distance."""
    x = np.asarray(X, np.float64)
    squares = np.square(x).sum(axis=1)
    distances = squares[:, None] + squares - 2 * (x @ x.T)
    np.fill_diagonal(distances, np.inf)
    return distances.argmin(axis=1)
