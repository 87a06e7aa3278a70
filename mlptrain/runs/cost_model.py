"""What a step costs over p ranks, from a few measured numbers.

    T(p) = s c0 + c1 B / p + (s - 1) n (kappa + gamma) + U(p) + X(p)

B rows for all ranks together, c0 + c1 b for forward and backward of b rows on one rank, u for the check
and the update. A rank has s shards, one after the other: 1, or with S of
`train.shards` S / p, rounded up. Each of the n bytes of a gradient is put aside in kappa seconds, and
added to another in gamma. X is the exchange over a link of latency alpha and beta seconds for each
byte: an order and the parameters go to all ranks, gradient and loss come back in a binary tree of
ceil(lg p) rounds (Thakur, Rabenseifner, Gropp, 2005).

    order        lg p alpha
    broadcast    min(lg p (alpha + n beta), (lg p + p - 1) alpha + 2 n beta (p - 1) / p)
    sum          lg p (2 alpha + n beta + n gamma)

Over a network rank 0 updates alone: U = u. In a window of shared memory each rank adds up and updates a
slice, and five collective messages say only what is ready: the order, that all gradients are there,
that all slices are finite, the order to update, that all are updated.

    U(p) = u / p + n gamma (p - 1) / p        X(p) = 5 lg p alpha
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

    def step(self, ranks: int, link: Link, *, here: bool = False) -> float:
        """Seconds of a step over so many ranks; `here`: all of them on this machine."""
        crowd = max(1.0, ranks / self.cores) if here else 1.0
        shards = -(-(self.shards or ranks) // ranks)
        sums = (shards - 1) * self.nbytes * (self.keep + self.add)
        own = (shards * self.call + self.row * self.rows / ranks + sums) * crowd
        update = self.updating(ranks, link) * (crowd if link.window else 1.0)
        return own + update + self.exchange(ranks, link)

    def updating(self, ranks: int, link: Link) -> float:
        """Seconds of the check and the update; in a window each rank has a slice, which it adds up."""
        if not link.window:
            return self.update
        return (self.update + self.nbytes * self.add * (ranks - 1)) / ranks

    def exchange(self, ranks: int, link: Link) -> float:
        """Seconds until all have the parameters, and rank 0 the sum of the gradients."""
        rounds, n = (ranks - 1).bit_length(), self.nbytes
        if link.window:
            return 5 * rounds * link.latency
        whole = rounds * link.seconds(n)
        in_parts = (rounds + ranks - 1) * link.latency + 2 * n * link.per_byte * (ranks - 1) / ranks
        back = link.latency + link.seconds(n) + n * self.add
        return rounds * (link.latency + back) + min(whole, in_parts)

    def break_even(self, link: Link) -> float:
        """Rows for each rank from which a second rank makes a step faster.

        >>> cost = StepCost(call=0, row=1e-6, update=0, nbytes=1000, keep=0, add=0, rows=1, cores=2)
        >>> round(cost.break_even(Link("slow", 1e-4, 1e-7)))
        600
        """
        lost = self.exchange(2, link) + self.updating(2, link) - self.update
        return max(0.0, lost) / self.row
