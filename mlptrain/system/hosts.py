"""Which ranks of a job see one memory, and which of them deal with those of other hosts."""

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Hosts:
    """The hosts of a job as one rank sees them. The ranks of a host follow each other.

    of   for each rank, the first of its host: it stands for the host

    A rank has one rank on each other host that sends it what is for it, and gets what it has for all:
    the one at its own place there, counted round where that host has fewer.

    >>> hosts = Hosts(0, (0, 0, 2, 2, 2))
    >>> hosts.partner(3, 0), hosts.partner(4, 0), hosts.others, hosts.wards
    (1, 0, {2: 2}, [2, 4])
    """

    rank: int
    of: tuple[int, ...]

    @cached_property
    def first(self) -> int:
        """The first rank of this host."""
        return self.of[self.rank]

    @cached_property
    def several(self) -> bool:
        """Whether there is another host."""
        return len(set(self.of)) > 1

    @cached_property
    def here(self) -> list[int]:
        """The ranks of this host."""
        return [rank for rank, first in enumerate(self.of) if first == self.first]

    @cached_property
    def others(self) -> dict[int, int]:
        """For each other host the rank there that deals with this one."""
        return {first: self.partner(self.rank, first) for first in self.of if first != self.first}

    @cached_property
    def wards(self) -> list[int]:
        """The ranks of other hosts with which this one deals."""
        elsewhere = [rank for rank, first in enumerate(self.of) if first != self.first]
        return [rank for rank in elsewhere if self.partner(rank, self.first) == self.rank]

    def partner(self, rank: int, first: int) -> int:
        """The rank that deals with `rank` on the host that begins at `first`."""
        return first + (rank - self.of[rank]) % self.of.count(first)
