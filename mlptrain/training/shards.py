"""The sum of a step over shards of its minibatch, in an order that no number of ranks changes.

    ((g0 + g1) + (g2 + g3)) + (g4 + g5)

Every shard is one call of forward and backward. Its rank adds up the complete subtrees that it owns,
its pieces; of these each rank adds up a slice. Floating-point addition is not associative, so the tree
is a function of the number of shards alone.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import numpy as np

from mlptrain.arrays import Array
from mlptrain.system.team import ALONE, Message, Team


class Node(NamedTuple):
    """A subtree: the shards from `first` to before `end`."""

    first: int
    end: int

    def has(self, other: "Node") -> bool:
        """Whether another one is a part of it."""
        return self.first <= other.first and other.end <= self.end


class Exchange(NamedTuple):
    """What a rank reads and what it trades to have its slice of a sum: the same memory in every step.

    pieces     the slice of this rank of all subtrees that make up the sum: those of this host as each
               rank has them, those of another as a rank there has added them up
    outgoing   to whom the sum over a subtree of this host goes, of which pieces
    incoming   what comes from other hosts
    """

    pieces: Mapping[Node, Array]
    outgoing: Sequence[tuple[int, Node, Mapping[Node, Array]]]
    incoming: Sequence[Message]


@dataclass(frozen=True)
class Shards:
    """How many there are of each minibatch, and the ranks that share them out."""

    count: int
    ranks: Team = ALONE
    exchanges: dict[int, Exchange] = field(default_factory=dict)  # by the number of shards
    _kept: dict[int, Array] = field(default_factory=dict)  # by the height of the subtree

    def most_pieces(self, rows: int, batch_size: int) -> int:
        """So many pieces a rank has at most, of so many rows in minibatches of that size.

        >>> from mlptrain.system.team import Alone
        >>> [Shards(8, Alone(size=size)).most_pieces(100, 32) for size in (1, 2, 3, 8)]
        [1, 1, 2, 1]
        """
        counts = {min(self.count, each) for each in (batch_size, rows % batch_size) if each}
        owners = [Counter(rank for _, rank in self.pieces(count)) for count in counts]
        return max(max(each.values()) for each in owners)

    def pieces(self, count: int) -> list[tuple[Node, int]]:
        """Of so many shards the largest subtrees that belong to one rank, and that rank."""
        return largest(count, tuple(range(self.ranks.size)))

    def add_up(self, count: int, shard: Callable[[int], None], sums: Sequence[Array]) -> None:
        """Leave in `sums` the pieces of this rank as `vectors` finds them.

        `shard(i)` writes what shard i has into the first of `sums`; it is called in order.

        >>> number = np.zeros(1)
        >>> Shards(3).add_up(3, lambda i: number.fill(10.0**i), [number])
        >>> float(number[0])
        111.0
        """
        own = [node for node, rank in self.pieces(count) if rank == self.ranks.rank]
        for place, node in enumerate(own, 1):
            self._subtree(node, shard, sums[0])
            if place < len(own):
                np.copyto(sums[place], sums[0])

    def vectors(self, count: int, sums: Mapping[int, Sequence[Array]]) -> dict[Node, Array]:
        """Where `add_up` has left each piece of these ranks: in the first vector the last of a rank."""
        found = dict[Node, Array]()
        for rank, arrays in sums.items():
            own = [node for node, owner in self.pieces(count) if owner == rank]
            found.update(zip(own, [*arrays[1 : len(own)], arrays[0]], strict=False))
        return found

    def _subtree(self, node: Node, shard: Callable[[int], None], sum_: Array) -> None:
        first, end = node
        if end - first == 1:
            shard(first)
            return
        left, right = halves(node)
        self._subtree(left, shard, sum_)
        kept = self._spare(end - first, sum_)
        np.copyto(kept, sum_)
        self._subtree(right, shard, sum_)
        np.add(kept, sum_, sum_)

    def _spare(self, size: int, sum_: Array) -> Array:
        """Memory for one more sum; subtrees of one height take turns in it."""
        height = (size - 1).bit_length()
        if height not in self._kept:
            self._kept[height] = np.empty_like(sum_)
        return self._kept[height]


def add_tree(pieces: Mapping[Node, Array], node: Node, out: Array | None = None) -> Array:
    """Add up a subtree from its pieces, into `out`, which may be one of them, or into new memory.

    A subtree that is one piece is that piece, where no `out` is given.

    >>> pieces = {Node(0, 2): np.array([1.0]), Node(2, 3): np.array([2.0]), Node(3, 4): np.array([4.0])}
    >>> add_tree(pieces, Node(0, 4), pieces[Node(2, 3)])
    array([7.])
    """
    found = pieces.get(node)
    if found is None:
        left, right = halves(node)
        return np.add(add_tree(pieces, left), add_tree(pieces, right), out)
    if out is not None and out is not found:
        np.copyto(out, found)
    return found if out is None else out


@cache
def largest(count: int, groups: tuple[int, ...]) -> list[tuple[Node, int]]:
    """The largest subtrees of so many shards that belong to one group, and that group.

    groups   of each rank; those of a group follow each other, as do the shards of a rank

    >>> [(*node, rank) for node, rank in largest(8, (0, 1, 2))]
    [(0, 2, 0), (2, 3, 0), (3, 4, 1), (4, 6, 1), (6, 8, 2)]
    """

    def under(node: Node) -> list[tuple[Node, int]]:
        group, last = (groups[shard * len(groups) // count] for shard in (node.first, node.end - 1))
        return [(node, group)] if group == last else [*under(halves(node)[0]), *under(halves(node)[1])]

    return under(Node(0, count))


def halves(node: Node) -> tuple[Node, Node]:
    """The two halves of a subtree: the left one is complete.

    >>> [tuple(map(tuple, halves(Node(*each)))) for each in ((0, 6), (4, 6), (0, 4))]
    [((0, 4), (4, 6)), ((4, 5), (5, 6)), ((0, 2), (2, 4))]
    """
    first, end = node
    middle = first + (1 << ((end - first - 1).bit_length() - 1))
    return Node(first, middle), Node(middle, end)
