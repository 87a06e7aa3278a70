"""Reliability: of the rows that are given a probability, how many are what it says?"""

from typing import NamedTuple

import numpy as np

from mlptrain.metrics.metric import Array, Floats, row_weights

BINS = 10
Z = 1.959964
"""The 97.5 % point of the normal distribution."""


class Reliability(NamedTuple):
    """For each bin of a probability that holds rows: their weight, mean probability and true share.

    low, high   the 95 % interval of the share
    """

    weight: Floats
    predicted: Floats
    share: Floats
    low: Floats
    high: Floats


def wilson(hits: Floats, of: Floats) -> tuple[Floats, Floats]:
    """The 95 % interval of a share, hits out of `of`.   Wilson, "Probable inference" (1927).

        (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)

    Unlike p -+ z sqrt(p (1 - p) / n) it is not empty where no row, or each of them, is a hit.

    >>> [each.round(3) for each in wilson(np.array([0.0, 5.0]), np.array([10.0, 10.0]))]
    [array([0.   , 0.237]), array([0.278, 0.763])]
    """
    p, square = hits / of, Z * Z / of
    centre, half = p + square / 2, np.sqrt(p * (1 - p) * square + square * square / 4)
    return np.maximum(0.0, (centre - half) / (1 + square)), np.minimum(
        1.0, (centre + half) / (1 + square)
    )


def reliability(p: Array, positive: Array, weights: Array | None = None) -> Reliability:
    """Ten bins of equal width, those without rows left out.   p (N,) probabilities, positive (N,) bool.

    With row weights the interval is that of sum(w)^2 / sum(w^2) rows (Kish's effective number).

    >>> found = reliability(np.array([0.12, 0.18, 0.9, 0.9]), np.array([False, True, True, True]))
    >>> found.predicted, found.share
    (array([0.15, 0.9 ]), array([0.5, 1. ]))
    """
    p, w = np.asarray(p, np.float64), row_weights(weights, len(p))
    place = np.minimum((p * BINS).astype(np.int64), BINS - 1)
    sums = (w, w * p, w * positive, w * w)
    binned = [np.bincount(place, each, minlength=BINS).astype(np.float64) for each in sums]
    there = binned[0] > 0
    total, of_p, hits, squares = (each[there] for each in binned)
    share, effective = hits / total, total**2 / squares
    return Reliability(total, of_p / total, share, *wilson(share * effective, effective))
