"""Minibatches: every epoch is one permutation of the training rows, cut into slices."""

from collections.abc import Iterator

import numpy as np

from mlptrain.data.source import RowIndex
from mlptrain.random import stream


def epoch_order(seed: int, epoch: int, n: int) -> RowIndex:
    """The order of the n training rows in an epoch, a function of (seed, epoch) alone."""
    return stream(seed, "shuffle", epoch).permutation(n).astype(np.intp, copy=False)


def steps_per_epoch(n: int, batch_size: int, *, drop_last: bool) -> int:
    """Optimizer steps of one epoch; the last batch may be short, and `drop_last` leaves it out.

    A data set smaller than one batch is one short batch all the same.

    >>> [steps_per_epoch(10, 4, drop_last=drop) for drop in (False, True)]
    [3, 2]
    """
    return max(1, n // batch_size if drop_last else -(-n // batch_size))


def batches(
    order: RowIndex, batch_size: int, *, drop_last: bool = False, start: int = 0
) -> Iterator[RowIndex]:
    """The row numbers of each batch of an epoch, from step `start` on: views into `order`.

    >>> [batch.tolist() for batch in batches(np.arange(5), 2)]
    [[0, 1], [2, 3], [4]]
    """
    for step in range(start, steps_per_epoch(len(order), batch_size, drop_last=drop_last)):
        yield order[step * batch_size : (step + 1) * batch_size]
