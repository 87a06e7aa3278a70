"""How often a run may save: so rarely that it costs next to nothing, so often that little is lost."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

SHARE = 0.02
"""Saving may take this share of the time."""

FIRST = 1.0
"""Seconds before the first save: a run that is over by then is saved at its end."""


class Pace:
    """Remembers what the last save cost, and allows the next one when that has been earned back."""

    def __init__(self) -> None:
        self._next = time.perf_counter() + FIRST

    def allows(self) -> bool:
        """Whether a save now keeps saving within its share."""
        return time.perf_counter() >= self._next

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Around a save: measures it."""
        started = time.perf_counter()
        yield
        ended = time.perf_counter()
        self._next = ended + (ended - started) / SHARE
