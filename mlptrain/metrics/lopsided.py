"""Lopsided classes: where one is rare, a model that never names it looks accurate."""

import numpy as np

from mlptrain.metrics.metric import Array

LOPSIDED = 5
"""From this ratio of the largest to the smallest class on."""
RANKING = ("roc_auc", "average_precision")
"""What people read of two such classes: metrics that need no threshold."""


def lopsided(masses: Array) -> bool:
    """Whether the largest class has at least five times the rows of the smallest.   masses (C,).

    >>> lopsided(np.array([50, 10])), lopsided(np.array([49, 10]))
    (True, False)
    """
    return bool(masses.max() >= LOPSIDED * masses.min())


def headline(usual: str, masses: Array | None) -> tuple[str, ...]:
    """The metrics that are shown first: the usual one, or those of a ranking.

    masses   the rows of each class, or the sum of their weights; None for a regression

    >>> headline("accuracy", np.array([98, 2])), headline("accuracy", np.array([40, 60]))
    (('roc_auc', 'average_precision'), ('accuracy',))
    """
    two = masses is not None and len(masses) == 2 and bool(np.all(masses > 0))
    return RANKING if two and masses is not None and lopsided(masses) else (usual,)
