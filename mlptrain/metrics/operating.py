"""Every threshold at once: who is called positive down to each score, and how many of them are."""

from typing import NamedTuple

import numpy as np

from mlptrain.metrics.metric import Array, Floats, row_weights
from mlptrain.metrics.ranking import true_and_false_positives


class Operating(NamedTuple):
    """What a threshold at each distinct score does, from the highest down; first nobody is called.

    tp, fp                (T,) rows called positive that are and that are not, or their weights
    positives, negatives  of all rows
    """

    tp: Floats
    fp: Floats
    positives: float
    negatives: float

    @property
    def recall(self) -> Floats:
        """tp / positives: the share of the positive rows that is found (the gain)."""
        return self.tp / self.positives

    @property
    def false_alarms(self) -> Floats:
        """fp / negatives: the share of the other rows that is called positive."""
        return self.fp / self.negatives

    @property
    def called(self) -> Floats:
        """(tp + fp) / n: the share of all rows that is called positive."""
        return (self.tp + self.fp) / (self.positives + self.negatives)

    @property
    def precision(self) -> Floats:
        """tp / (tp + fp): the share of those called that is right; of nobody that of the first."""
        counts = self.tp + self.fp
        share = np.divide(self.tp, counts, out=np.ones(len(counts)), where=counts > 0)
        share[0] = share[1]
        return share

    @property
    def lift(self) -> Floats:
        """Precision over the share of positive rows: how many times better than calling at random."""
        return self.precision * (self.positives + self.negatives) / self.positives


def operating(scores: Array, positive: Array, weights: Array | None = None) -> Operating | None:
    """The curves of a ranking.   scores (N,), positive (N,) bool. None where a class has no rows.

    Source: Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27 (2006).

    >>> found = operating(np.array([0.9, 0.6, 0.6, 0.2]), np.array([True, True, False, False]))
    >>> found.recall, found.false_alarms, found.lift[-1]
    (array([0. , 0.5, 1. , 1. ]), array([0. , 0. , 0.5, 1. ]), np.float64(1.0))
    """
    w = row_weights(weights, len(scores))
    total, of_class = float(w.sum()), float(w[positive].sum())
    if not 0 < of_class < total:
        return None
    tp, fp = true_and_false_positives(scores, positive, w)
    tp, fp = np.insert(tp, 0, 0.0), np.insert(fp, 0, 0.0)
    return Operating(tp, fp, of_class, total - of_class)
