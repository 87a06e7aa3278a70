"""What a step needs to know of the ranks that share it, and how it is with one process alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from mlptrain.arrays import Array
from mlptrain.system.window import Window

STEP, SCORES, UPDATE, END = range(4)
"""What rank 0 can ask for: the gradients of a step, the scores of a set, an update, the end."""


class Order(NamedTuple):
    """What rank 0 asks for.

    number   of a step, or of a set, from 0; the updates done before; the exit code at the end
    rest     the rows of a step; the learning rate and the factor on the gradients of an update
    """

    kind: int
    number: int
    rest: Array


class Team(Protocol):
    """The ranks of a job, as one of them sees them."""

    rank: int
    size: int
    window: Window | None

    def ask(self, step: int, rows: Array, values: Array) -> None:
        """Begin a step on rank 0: the others get its number, its rows and the parameters."""

    def ask_scores(self, number: int, values: Array) -> None:
        """On rank 0: the others get the parameters, and send their part of the scores of a set."""

    def ask_update(self, updates: int, lr: float, scale: float) -> None:
        """On rank 0, in a window: all update their part, with their gradients times `scale`."""

    def send(self, arrays: Sequence[Array], to: int, *, stays: bool = False) -> None:
        """Send arrays to another rank; no copy of those that stay until the next order and are seen."""

    def seen(self, rank: int, arrays: Sequence[Array], otherwise: Sequence[Array]) -> list[Array]:
        """What another rank has in shared memory in place of `arrays`, where they lie there."""

    def receive(self, arrays: Sequence[Array], source: int) -> None:
        """Receive arrays from another rank; of what is `seen` there is nothing to copy."""

    def together(self, what: str) -> None:
        """Wait until all ranks are here, and see what they have written; `what` is said if not."""

    def all_say(self, yes: bool) -> bool:
        """On rank 0, whether all ranks say yes; what it is on others means nothing."""

    def answered(self) -> None:
        """Nobody has anything more to send for this step."""


@dataclass(eq=False)
class Alone:
    """One process: there is nobody to ask."""

    rank: int = 0
    size: int = 1
    window: Window | None = None

    def ask(self, step: int, rows: Array, values: Array) -> None:
        """Do nothing."""

    def ask_scores(self, number: int, values: Array) -> None:
        """Do nothing."""

    def ask_update(self, updates: int, lr: float, scale: float) -> None:
        """Never called."""

    def send(self, arrays: Sequence[Array], to: int, *, stays: bool = False) -> None:
        """Never called."""

    def seen(self, rank: int, arrays: Sequence[Array], otherwise: Sequence[Array]) -> list[Array]:
        """Never called."""
        return [*otherwise]

    def receive(self, arrays: Sequence[Array], source: int) -> None:
        """Never called."""

    def together(self, what: str) -> None:
        """Do nothing."""

    def all_say(self, yes: bool) -> bool:
        """What this one says."""
        return yes

    def answered(self) -> None:
        """Do nothing."""


ALONE = Alone()
