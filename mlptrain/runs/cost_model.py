"""What a step costs over p ranks, from a few measured numbers.

    T(p) = s c0 + c1 B / p + (s - 1) n (kappa + gamma) + U(p) + X(p)

B rows for all ranks together, c0 + c1 b for forward and backward of b rows on one rank, u for the check
and the update. A rank has s shards, one after the other: 1, or with S of
`train.shards` S / p, rounded up. Each of the n bytes of a gradient is put aside in kappa seconds, and
added to another in gamma. Each rank adds up, checks and updates a slice:

    U(p) = u / p + n gamma (p - 1) / p

X is the exchange over a link of latency alpha and beta seconds for each byte. The order goes to all
ranks, and what they find of their slices to all others, in trees of ceil(lg p) rounds. Each rank sends
each other one its slice of the gradients (reduce-scatter), and to each other one what it has updated
(all-gather). They go directly: the tree of a sum over shards is fixed, so no rank on the way may add
anything up (Thakur, Rabenseifner, Gropp, 2005, compare both).

    X(p) = 2 lg p alpha + 2 (p - 1) (alpha + n beta / p)

In a window of shared memory four meetings say only what is ready: the order, that all gradients are
there, that all slices are finite, that all are updated.

    X(p) = 4 lg p alpha

Ranks of one machine slow each other down, since they share its memory and its cores, and read what
others have written: what a rank computes takes sigma times as long while every core is at work, and
p / cores times that with fewer. It is the time of the slowest rank, since the others wait for it.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Link(NamedTuple):
    """How long a message of n bytes takes: latency + n per_byte seconds."""

    name: str
    latency: float
    per_byte: float
    window: bool = False  # all see one memory: messages say only what is ready

    def seconds(self, nbytes: float) -> float:
        """The time of one message.

        >>> Link("10 Gb/s Ethernet", 30e-6, 1 / 1.2e9).seconds(1.2e6)
        0.00103
        """
        return self.latency + nbytes * self.per_byte


NETWORKS = (Link("10 Gb/s Ethernet", 30e-6, 1 / 1.2e9), Link("100 Gb/s RDMA", 2e-6, 1 / 12e9))
"""Usual figures, not measured here: 20 to 50 microseconds and 1.2 GB/s, 2 microseconds and 12 GB/s."""


@dataclass(frozen=True)
class StepCost:
    """The cost of a step on one rank with one thread, in seconds.

    call     c0: forward and backward of no rows
    row      c1: of each row
    update   u
    nbytes   n: those of all parameters
    keep     kappa
    add      gamma
    rows     B
    cores    of this machine: more ranks on it share them
    shards   S; None: one for each rank
    slower   sigma

    >>> cost = StepCost(call=0, row=1e-6, update=0, nbytes=0, keep=0, add=0, rows=1000, cores=8)
    >>> cost.step(4, Link("none", 0, 0))
    0.00025
    """

    call: float
    row: float
    update: float
    nbytes: int
    keep: float
    add: float
    rows: int
    cores: int
    shards: int | None = None
    slower: float = 1.0

    def step(self, ranks: int, link: Link, *, here: bool = False) -> float:
        """Seconds of a step over so many ranks; `here`: all of them on this machine."""
        crowd = self.slower * max(1.0, ranks / self.cores) if here and ranks > 1 else 1.0
        return self.own(ranks) * crowd + self.exchange(ranks, link)

    def own(self, ranks: int) -> float:
        """Seconds in which a rank computes, alone on its machine."""
        shards = -(-(self.shards or ranks) // ranks)
        sums = (shards - 1) * self.nbytes * (self.keep + self.add)
        return shards * self.call + self.row * self.rows / ranks + sums + self.updating(ranks)

    def updating(self, ranks: int) -> float:
        """Seconds of the check and the update of a slice, which each rank adds up."""
        return (self.update + self.nbytes * self.add * (ranks - 1)) / ranks

    def exchange(self, ranks: int, link: Link) -> float:
        """Seconds until each rank has the gradients of its slice, and all have the parameters."""
        rounds = (ranks - 1).bit_length()
        if link.window:
            return 4 * rounds * link.latency
        return 2 * rounds * link.latency + 2 * (ranks - 1) * link.seconds(self.nbytes / ranks)

    def break_even(self, link: Link) -> float:
        """Rows for each rank from which a second rank makes a step faster.

        >>> cost = StepCost(call=0, row=1e-6, update=0, nbytes=1000, keep=0, add=0, rows=1, cores=2)
        >>> round(cost.break_even(Link("slow", 1e-4, 1e-7)))
        500
        """
        lost = self.exchange(2, link) + self.updating(2) - self.update
        return max(0.0, lost) / self.row
