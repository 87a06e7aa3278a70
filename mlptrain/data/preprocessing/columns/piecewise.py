"""A number as piecewise-linear bins: one column per bin, 0 below it, 1 above it, rising within.

With edges e_0 < ... < e_T, the quantiles of the training rows, bin t is

    clip((x - e_t) / (e_{t+1} - e_t), 0, 1)

so that a linear layer behind them is any function of x that is linear within each bin, which a tree
approximates by steps (Gorishniy et al. 2022, "On embeddings for numerical features in tabular deep
learning", arXiv:2203.05556).
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from mlptrain.arrays import Array
from mlptrain.data.preprocessing.moments import ROUNDING

FEWEST, MOST, ROWS = 16, 48, 80
"""Bins of a column: one for every 80 training rows, but 16 at least and 48 at most, ..."""
INPUTS = 320
"""... and no more than 16 where that makes more inputs of all columns: each costs time in every step,
and with many columns more bins gain nothing."""
DIGITS = (3, 6, 9, 12, 17)
"""With as few of them as tell the edges apart."""


def bins_for(rows: int, columns: int) -> int:
    """How many bins each of so many columns gets.

    >>> bins_for(1000, 4), bins_for(9000, 4), bins_for(9000, 10), bins_for(9000, 20)
    (16, 48, 32, 16)
    """
    return max(min(rows // ROWS, INPUTS // max(columns, 1), MOST), FEWEST)


def edges_of(values: Array, bins: int = FEWEST) -> tuple[float, ...]:
    """The edges of a column, its values (n,) filled; none where fewer than three differ.

    >>> values = np.repeat([0.0, 1.0, 5.0], [501, 300, 200])
    >>> edges_of(values), edges_of(np.minimum(values, 1))
    ((0.0, 1.0, 5.0), ())
    """
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)))
    apart = np.diff(edges) > ROUNDING * np.maximum(np.abs(edges[:-1]), np.abs(edges[1:]))
    edges = edges[np.concatenate([[True], apart])]
    return tuple(edges.tolist()) if len(edges) >= 3 else ()


def ramps(x: Array, edges: Sequence[float]) -> Array:
    """(n, T) the bins of the values (n,).

    >>> ramps(np.array([-1.0, 1.0, 3.0, 9.0]), [0.0, 2.0, 4.0]).tolist()
    [[0.0, 0.0], [0.5, 0.0], [1.0, 0.5], [1.0, 1.0]]
    """
    ends = np.array(edges)
    with np.errstate(over="ignore"):
        return np.clip((x[:, None] - ends[:-1]) / np.diff(ends), 0, 1)


@lru_cache(1 << 15)
def bin_names(name: str, edges: tuple[float, ...]) -> tuple[str, ...]:
    """What each bin is called.

    >>> bin_names("x", (0.0, 0.125, 2500.0)), bin_names("t", (20000.0, 20000.25, 20001.0))
    (('x[0..0.125]', 'x[0.125..2.5e+03]'), ('t[20000..20000.2]', 't[20000.2..20001]'))
    """
    for digits in DIGITS:
        texts = [f"{edge:.{digits}g}" for edge in edges]
        if len(set(texts)) == len(texts):
            break
    return tuple(f"{name}[{low}..{high}]" for low, high in pairwise(texts))
