"""The sum of a step over shards of its minibatch, in an order that no number of ranks changes.

    ((g0 + g1) + (g2 + g3)) + (g4 + g5)

Every shard is one call of forward and backward; its rank adds up the complete subtrees that it owns and
sends their sums on, or all ranks add slices of them in memory that they share. Floating-point addition
is not associative, so the tree is a function of the number of shards alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from mlptrain.arrays import Array
from mlptrain.data.source import RowNumbers
from mlptrain.system.team import ALONE, Team


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
        self._subtree(0, count, shard, sums, lambda i: self._owner(i, count), last)

    def add_up_own(self, count: int, shard: Callable[[int], None], sums: Sequence[Array]) -> None:
        """Leave in `sums` of each rank the sum over its own shards; only where they are one subtree."""
        own = [i for i in range(count) if self._owner(i, count) == self.ranks.rank]
        if own:
            self._subtree(own[0], own[-1] + 1, shard, sums, lambda i: self._owner(i, count), True)

    def add_slice(self, count: int, sums: Sequence[Array], part: slice) -> None:
        """Add up a part of the sums of all ranks, in that order: it goes into those of rank 0.

        >>> from mlptrain.system.team import Alone
        >>> sums = [np.array([1.0, 2.0]), np.array([10.0, 20.0])]
        >>> Shards(2, Alone(size=2)).add_slice(2, sums, slice(1, 2))
        >>> sums[0].tolist()
        [1.0, 22.0]
        """
        self._sum(0, count, lambda i: sums[self._owner(i, count)][part], count)

    def _sum(self, first: int, end: int, sum_of: Callable[[int], Array], count: int) -> Array:
        left = sum_of(first)
        if self._owner(first, count) != self._owner(end - 1, count):
            middle = middle_of(first, end)
            self._sum(first, middle, sum_of, count)
            np.add(left, self._sum(middle, end, sum_of, count), left)
        return left

    def are_subtrees(self, count: int) -> bool:
        """Whether the shards of each rank are one complete subtree, so that their sum is one vector.

        >>> from mlptrain.system.team import Alone
        >>> [Shards(8, Alone(size=size)).are_subtrees(8) for size in (1, 2, 3, 4, 8)]
        [True, True, False, True, True]
        """
        return len(self._subtrees(0, count, count)) == min(count, self.ranks.size)

    def _subtrees(self, first: int, end: int, count: int) -> list[int]:
        """The owner of each subtree that is the largest of one rank."""
        owner = self._owner(first, count)
        if owner == self._owner(end - 1, count):
            return [owner]
        middle = middle_of(first, end)
        return self._subtrees(first, middle, count) + self._subtrees(middle, end, count)

    def _owner(self, shard: int, count: int) -> int:
        """The rank that has a shard."""
        return shard * self.ranks.size // count

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
        middle = middle_of(first, end)
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


def middle_of(first: int, end: int) -> int:
    """Where the right half of a subtree begins: the left one is complete.

    >>> middle_of(0, 6), middle_of(4, 6), middle_of(0, 4)
    (4, 5, 2)
    """
    return first + (1 << ((end - first - 1).bit_length() - 1))
