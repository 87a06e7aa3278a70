"""Minibatches: every epoch is one permutation of the training rows, cut into slices."""

from collections.abc import Iterable, Iterator

import numpy as np

from mlptrain.data.source import RowNumbers
from mlptrain.streams import stream

STRETCH = 1 << 21
"""Rows, about, whose order is in memory at a time."""
CHUNK = 1 << 20


def epoch_order(seed: int, epoch: int, n: int) -> Iterator[RowNumbers]:
    """The order of the n training rows in an epoch, a function of (seed, epoch) alone, in stretches.

    Every row falls into a stretch at random, and every stretch is shuffled, which makes each of the n!
    orders equally likely (Rao, 1961; Sandelius, 1962). Memory is bounded however many rows there are.
    """
    stretches = -(-n // STRETCH)
    shuffler = stream(seed, "shuffle", epoch)
    for stretch in range(stretches):
        rows = np.arange(n) if stretches == 1 else _fallen(seed, epoch, n, stretch, stretches)
        shuffler.shuffle(rows)
        yield rows


def _fallen(seed: int, epoch: int, n: int, stretch: int, stretches: int) -> RowNumbers:
    """The rows that fall into a stretch. All are drawn again for each: quicker than to keep them."""
    generator, found = stream(seed, "stretches", epoch), list[RowNumbers]()
    for start in range(0, n, CHUNK):
        drawn = generator.integers(stretches, size=min(CHUNK, n - start), dtype=np.uint16)
        found.append(start + np.flatnonzero(drawn == stretch))
    return np.concatenate(found)


def steps_per_epoch(n: int, batch_size: int, *, drop_last: bool, fewest: int = 1) -> int:
    """Optimizer steps of one epoch; the last batch may be short, and `drop_last` leaves it out.

    With fewer than `fewest` rows it is part of the one before. A data set smaller than one batch is
    one short batch all the same.

    >>> [steps_per_epoch(10, 4, drop_last=drop) for drop in (False, True)]
    [3, 2]
    >>> [steps_per_epoch(n, 4, drop_last=False, fewest=2) for n in (8, 9, 10)]
    [2, 2, 3]
    """
    full, left = divmod(n, batch_size)
    return max(1, full + (left >= fewest and not drop_last))


def batches(order: Iterable[RowNumbers], batch_size: int, fewest: int = 1) -> Iterator[RowNumbers]:
    """The row numbers of each batch of an epoch: views into the stretches of its order.

    A batch that begins in one stretch and ends in the next is a copy. Only the last may be short;
    where it has fewer than `fewest` rows they join the batch before.

    >>> [batch.tolist() for batch in batches([np.arange(3), np.arange(3, 7)], 2)]
    [[0, 1], [2, 3], [4, 5], [6]]
    >>> [batch.tolist() for batch in batches([np.arange(3), np.arange(3, 7)], 2, fewest=2)]
    [[0, 1], [2, 3], [4, 5, 6]]
    """
    before: RowNumbers | None = None
    for batch in _cut(order, batch_size):
        if before is None:
            before = batch
        elif len(batch) < fewest:
            before = np.concatenate([before, batch])
        else:
            yield before
            before = batch
    if before is not None:
        yield before


def _cut(order: Iterable[RowNumbers], batch_size: int) -> Iterator[RowNumbers]:
    """The same with a last batch as short as it falls."""
    left: RowNumbers = np.arange(0)
    for stretch in order:
        if len(left):
            missing = batch_size - len(left)
            left, stretch = np.concatenate([left, stretch[:missing]]), stretch[missing:]
            if len(left) < batch_size:
                continue
            yield left
        end = len(stretch) // batch_size * batch_size
        for first in range(0, end, batch_size):
            yield stretch[first : first + batch_size]
        left = stretch[end:]
    if len(left):
        yield left
