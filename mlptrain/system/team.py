"""What a step needs to know of the ranks that share it, and how it is with one process alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from mlptrain.arrays import Array
from mlptrain.system.hosts import Hosts
from mlptrain.system.window import Window

STEP, SCORES, GRADIENTS, STATE, RESTORED, END = range(6)
"""What rank 0 can ask for: a step, the scores of a set; what other hosts have of the gradients, or of
the optimizer's state; that they take over a restored state; the end."""

NOTHING = np.zeros(0, np.int64)
Message = tuple[int, Array]
"""The other rank, and what goes to it or comes from it."""


class Order(NamedTuple):
    """What rank 0 asks for.

    number    of a step, or of a set, from 0; the exit code at the end
    rows      of a step
    updates   done before it
    lr        the learning rate of its update; None: its gradients change nothing
    """

    kind: int
    number: int = 0
    rows: Array = NOTHING
    updates: int = 0
    lr: float | None = None


class Team(Protocol):
    """The ranks of a job, as one of them sees them."""

    rank: int
    size: int
    hosts: Hosts
    window: Window | None
    busy: bool

    def ask(self, order: Order) -> None:
        """On rank 0: all others get the order, and the parameters where they may have other ones."""

    def answered(self) -> None:
        """Nobody has anything more to send for this order."""

    def send(self, array: Array, to: int) -> None:
        """Send an array to another rank."""

    def receive(self, array: Array, source: int) -> None:
        """Receive an array from another rank."""

    def trade(self, outgoing: Sequence[Message], incoming: Sequence[Message]) -> None:
        """Send to ranks of other hosts, receive from them; messages of two ranks keep their order."""

    def together(self, what: str) -> None:
        """Wait until all ranks of this host are here, and see what they have written."""

    def collect(self, numbers: Array, counts: Sequence[int]) -> Array:
        """The numbers of all ranks in a row, so many of each."""


@dataclass(eq=False)
class Alone:
    """One process: there is nobody to ask."""

    rank: int = 0
    size: int = 1
    hosts: Hosts = field(default_factory=lambda: Hosts(0, (0,)))
    window: Window | None = None
    busy: bool = False

    def ask(self, order: Order) -> None:
        """Do nothing."""

    def answered(self) -> None:
        """Do nothing."""

    def send(self, array: Array, to: int) -> None:
        """Never called."""

    def receive(self, array: Array, source: int) -> None:
        """Never called."""

    def trade(self, outgoing: Sequence[Message], incoming: Sequence[Message]) -> None:
        """Do nothing."""

    def together(self, what: str) -> None:
        """Do nothing."""

    def collect(self, numbers: Array, counts: Sequence[int]) -> Array:
        """What this one has."""
        return numbers


ALONE = Alone()
