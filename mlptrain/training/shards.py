"""The sum of a step over shards of its minibatch, in an order that no number of ranks changes.

    ((g0 + g1) + (g2 + g3)) + (g4 + g5)

Every shard is one call of forward and backward; its rank adds up the complete subtrees that it owns and
sends their sums on. Floating-point addition is not associative, so the tree is a function of the number
of shards alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from mlptrain.arrays import Array
from mlptrain.data.source import RowNumbers
from mlptrain.system.ranks import ALONE, Team


@dataclass(frozen=True)
class Shards:
    """How many there are of each minibatch, and the ranks that share them out."""

    count: int
    ranks: Team = ALONE
    _kept: dict[int, list[Array]] = field(default_factory=dict)  # by the height of the subtree

    def cut(self, rows: RowNumbers) -> list[RowNumbers]:
        """The rows of each shard, as even as can be; as many shards as rows where there are fewer.

        >>> [shard.tolist() for shard in Shards(3).cut(np.arange(7))]
        [[0, 1, 2], [3, 4], [5, 6]]
        """
        return np.array_split(rows, min(self.count, len(rows)))

    def add_up(
        self, count: int, shard: Callable[[int], None], sums: Sequence[Array], *, last: bool = True
    ) -> None:
        """Leave in `sums` of rank 0 the sums over so many shards.

        `shard(i)` writes what shard i has into `sums`; it is called for those of this rank, in order.
        `last`: no shards follow in this step, so that a sum on another rank stays as it is.

        >>> number = np.zeros(1)
        >>> Shards(3).add_up(3, lambda i: number.fill(10.0**i), [number])
        >>> float(number[0])
        111.0
        """
        self._subtree(0, count, shard, sums, lambda i: i * self.ranks.size // count, last)

    def _subtree(
        self,
        first: int,
        end: int,
        shard: Callable[[int], None],
        sums: Sequence[Array],
        owner: Callable[[int], int],
        last: bool,
    ) -> None:
        """The shards from `first` to before `end`; the sum is on the rank that owns the first."""
        rank = self.ranks.rank
        if not owner(first) <= rank <= owner(end - 1):
            return
        if end - first == 1:
            shard(first)
            return
        middle = first + (1 << ((end - first - 1).bit_length() - 1))
        left, right = owner(first), owner(middle)
        self._subtree(first, middle, shard, sums, owner, last)
        if left == right == rank:
            kept = self._spare(end - first, sums)
            for sum_, array in zip(sums, kept, strict=True):
                np.copyto(array, sum_)
        self._subtree(middle, end, shard, sums, owner, last)
        if left == right == rank:
            for sum_, array in zip(sums, kept, strict=True):
                np.add(array, sum_, sum_)
        elif rank == right:
            self.ranks.send(sums, left, stays=last and owner(end) != right)
        elif rank == left:
            coming = self._spare(end - first, sums)
            if last and owner(end) != right:  # that rank writes into its sums no more
                coming = self.ranks.seen(right, sums, coming)
            self.ranks.receive(coming, right)
            for sum_, array in zip(sums, coming, strict=True):
                np.add(sum_, array, sum_)

    def _spare(self, size: int, sums: Sequence[Array]) -> list[Array]:
        """Memory for one more of `sums`; subtrees of one height take turns in it."""
        height = (size - 1).bit_length()
        if height not in self._kept:
            self._kept[height] = [np.empty_like(array) for array in sums]
        return self._kept[height]
