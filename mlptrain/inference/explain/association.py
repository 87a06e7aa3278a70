"""How closely two columns go together, and the groups of those that do."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.metrics.metric import Floats

CLOSE = 0.8
"""From this association on, columns share what they tell: permuting one alone shows too little."""


def association(columns: Sequence[NDArray[Any]]) -> Floats:
    """(D, D) from 0 to 1: how much is known of one column by another. Each is numbers or labels (N,).

    Two columns of numbers: |Spearman's rank correlation|. Numbers and labels: the root of the share of
    the ranks' variance between the labels (epsilon squared). Labels: Cramer's V. Both are corrected for
    what chance alone gives to many labels: Kelley (1935), Bergsma (2013).

    >>> a, b = np.array([1.0, 2.0, 3.0, 9.0]), np.array(["x", "x", "y", "y"])
    >>> association([a, -a, b, b]).round(2)
    array([[1.  , 1.  , 0.84, 0.84],
           [1.  , 1.  , 0.84, 0.84],
           [0.84, 0.84, 1.  , 1.  ],
           [0.84, 0.84, 1.  , 1.  ]])
    """
    numbers = [i for i, column in enumerate(columns) if column.dtype.kind != "U"]
    labels = [i for i, column in enumerate(columns) if column.dtype.kind == "U"]
    found = np.eye(len(columns))
    ranked = np.array([ranks(columns[i]) for i in numbers])
    if len(numbers):
        found[np.ix_(numbers, numbers)] = np.abs(ranked @ ranked.T)
    codes = {i: np.unique(columns[i], return_inverse=True)[1] for i in labels}
    for place, i in enumerate(labels):
        if len(numbers):
            found[i, numbers] = found[numbers, i] = explained(ranked, codes[i])
        for j in labels[:place]:
            found[i, j] = found[j, i] = cramer(codes[i], codes[j])
    np.fill_diagonal(found, 1.0)
    return found


def ranks(values: Floats) -> Floats:
    """(N,) the ranks of values, those of equal ones averaged, of mean 0 and length 1; missing ones 0.

    >>> (ranks(np.array([5.0, 7.0, 7.0, np.nan])) * 6**0.5).round(6)
    array([-2.,  1.,  1.,  0.])
    """
    out, there = np.zeros(len(values)), values == values
    _, inverse, counts = np.unique(values[there], return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    out[there] = rank - rank.mean() if len(rank) else 0.0
    length = np.sqrt(out @ out)
    return out / length if length > 0 else out


def explained(ranked: Floats, codes: NDArray[np.intp]) -> Floats:
    """(D,) for each row of ranks (D, N) the root of the share of its variance between the codes."""
    counts = np.bincount(codes)
    n, k = len(codes), len(counts)
    if k < 2 or n <= k:
        return np.zeros(len(ranked))
    between = [np.bincount(codes, each) ** 2 @ (1 / counts) for each in ranked]
    corrected = 1 - (1 - np.array(between)) * (n - 1) / (n - k)
    return np.where(ranked.any(axis=1), np.sqrt(np.clip(corrected, 0, 1)), 0.0)


def cramer(a: NDArray[np.intp], b: NDArray[np.intp]) -> float:
    """Cramer's V of two columns of codes, less what chance gives."""
    n, r, k = len(a), int(a.max()) + 1, int(b.max()) + 1
    pairs, counts = np.unique(a * k + b, return_counts=True)
    rows, columns = np.bincount(a), np.bincount(b)
    phi = (counts**2 / (rows[pairs // k] * columns[pairs % k])).sum() - 1
    left, expected = n - 1, (r - 1) * (k - 1)
    if left < 1 or min(r, k) < 2:
        return 0.0
    smaller = min(r - (r - 1) ** 2 / left, k - (k - 1) ** 2 / left) - 1
    return float(np.sqrt(min(1.0, max(0.0, phi - expected / left) / smaller))) if smaller > 0 else 0.0


def groups(similar: Floats, least: float = CLOSE) -> list[list[int]]:
    """Groups of two and more columns, any two of which are at least so similar; the closest join first.

    >>> groups(np.array([[1, 0.9, 0.1], [0.9, 1, 0.2], [0.1, 0.2, 1]]))
    [[0, 1]]
    """
    found = [[i] for i in range(len(similar))]
    between = np.array(similar)
    np.fill_diagonal(between, -1.0)
    while between.size and between.max() >= least:
        i, j = sorted(divmod(int(between.argmax()), len(between)))
        found[i] += found[j]
        found[j] = []
        between[i] = between[:, i] = np.minimum(between[i], between[j])
        between[j] = between[:, j] = between[i, i] = -1.0
    return [sorted(each) for each in found if len(each) > 1]
