"""Do the labels have anything to do with the features? After a slip in a join or a sort they have not.

Three independent looks, because each is blind somewhere: whether the nearest neighbour of a row has its
label (blind where many columns are noise), whether any column goes up or down with it (blind to what
only columns together tell), and whether the network after its first steps is better than chance on
held-out rows (blind where the rate is too low). Where classes are counted, every class counts alike, so
that a rare one matters as much as a common one.
"""

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from mlptrain.arrays import Array
from mlptrain.data.dataset import Rows, drawn
from mlptrain.data.preprocessing.targets import class_masses
from mlptrain.tools.check.case import Case
from mlptrain.tools.check.verdict import Verdict, doubt, fault, fine
from mlptrain.tools.giveaway import ranks, standard

NEIGHBOURS = 1000
"""So many rows are compared with each other."""
CLEAR = 3.0
"""Standard deviations above chance that cannot be luck."""
LUCK = 1e-3
"""How seldom the best of all columns may seem to tell something by luck."""
MOST_COLUMNS = 1000
ENOUGH = 30
"""Of a class with fewer rows nothing clear can be said."""
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
    rows = case.sample.sample(NEIGHBOURS, case.config.seed)
    if len(rows) < FEWEST:
        return None
    classes = case.data.classes is not None
    near = neighbours(rows) if classes else neighbouring_targets(rows)
    held = held_out(case)
    what = "neighbours share a label in" if classes else "targets of nearest neighbours correlate by"
    found = f"{what} {said(near, classes)}"
    if held is not None:
        right = "{} of held-out rows are right" if classes else "held-out targets correlate by {}"
        found += f", after {case.trial.steps} steps {right.format(said(held, classes))}"
    if near.clear or (held is not None and held.clear) or a_column_tells(case, classes):
        return fine(found)
    advice = "are they shuffled, or joined to the wrong rows?"
    line = f"{found}: the {'labels' if classes else 'targets'} have nothing to do with the columns"
    if classes and rarest(case) < ENOUGH:
        return doubt(f"{line}, as far as a class of {rarest(case)} rows can show it", advice)
    return (doubt if held is None else fault)(line, advice)


def rarest(case: Case) -> int:
    """Training rows of the rarest class."""
    assert case.data.classes is not None
    return int(class_masses(np.asarray(case.data.train.y), len(case.data.classes)).min())


def said(look: Look, classes: bool) -> str:
    """The share with what chance gives, or the correlation."""
    return f"{look.share:.0%} (chance {look.chance:.0%})" if classes else f"{look.share:.2f}"


def a_column_tells(case: Case, classes: bool) -> bool:
    """Whether the ranks of a column go with those of a target, or with being of a class or not."""
    rows = case.sample
    y = np.asarray(rows.y)
    wanted = (y[:, None] == np.unique(y)).astype(np.float64) if classes else ranks(y)
    X = rows.inputs.numbers[:]
    some = drawn(X.shape[1], min(X.shape[1], MOST_COLUMNS), case.config.seed)
    columns = ranks(X[:, some])
    found = np.abs(standard(columns).T @ standard(wanted)) / math.sqrt(len(y))
    return float(found.max(initial=0.0)) > NormalDist().inv_cdf(1 - LUCK / (2 * max(found.size, 1)))


def neighbouring_targets(rows: Rows) -> Look:
    """The largest correlation of a target with that of the nearest other row."""
    y = np.asarray(rows.y, np.float64)
    return correlated(y[nearest_rows(rows.inputs.numbers[:])], y)


def correlated(guesses: Array, y: Array) -> Look:
    """The largest correlation over the targets; by chance 0, within 1 / sqrt(n)."""
    found = (standard(guesses) * standard(y)).mean(axis=0)
    best = float(found.max())
    return Look(best, 0.0, best * math.sqrt(len(y)))


def neighbours(rows: Rows) -> Look:
    """How often the nearest other row has the same label."""
    found = look(rows.y[nearest_rows(rows.inputs.numbers[:])], rows.y, chances=True)
    return found._replace(z=found.z / math.sqrt(2))  # neighbours are often mutual: one pair, not two


def held_out(case: Case) -> Look | None:
    """How good the network is, after its first steps, on the rows it has not seen."""
    sets = [rows for rows in (case.data.val, case.data.test) if rows is not None]
    if sum(len(rows) for rows in sets) < FEWEST or case.trial.diverged:
        return None
    few = [rows.sample(NEIGHBOURS, case.config.seed) for rows in sets]
    with np.errstate(all="ignore"):
        scores = np.concatenate([case.trial.network.scores(rows.inputs.arrays) for rows in few])
    y = np.concatenate([rows.y for rows in few])
    if not np.isfinite(scores).all():
        return None
    if case.data.classes is None:
        loss = case.trial.network.loss
        predicted = loss.point(loss.response(scores))
        return correlated(np.asarray(predicted, np.float64), np.asarray(y, np.float64))
    return look(scores.argmax(axis=1), y, chances=False)


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
