"""Work on long vectors in blocks that stay in a core's own cache, on one or several threads.

NumPy releases Python's lock while it computes, so that two threads can each work through some blocks.
Between two calls the lock is handed over, which costs more than it gains unless blocks are large.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

BLOCK = 64 * 1024
"""Elements: five float32 blocks are 1.3 MB, about what a core keeps for itself."""

WORTHWHILE = 2_000_000
"""Elements from which several threads pay."""

Work = Callable[[slice, int], None]
"""Does its work on one slice; the second argument says which thread it runs on."""


class Blocks:
    """The blocks of a vector of a given length, or of a part of one, dealt out to threads.

    >>> Blocks(BLOCK + 2).all()
    [slice(0, 65536, None), slice(65536, 65538, None)]
    """

    def __init__(self, size: int, threads: int = 1, start: int = 0) -> None:
        self.threads = threads if size >= WORTHWHILE else 1
        self.length = min(size, BLOCK * min(self.threads, 2))
        self._blocks = [
            slice(first, min(first + self.length, start + size))
            for first in range(start, start + size, max(self.length, 1))
        ]
        self._pool = ThreadPoolExecutor(self.threads - 1) if self.threads > 1 else None

    def all(self) -> list[slice]:
        """Every block, in order."""
        return self._blocks

    def run(self, work: Work) -> None:
        """Call `work` on every block. A thread that is done takes the next: cores differ in speed."""
        left = iter(self._blocks)
        others = []
        if self._pool is not None:
            others = [  # in a copy of the context: NumPy keeps there what it warns about
                self._pool.submit(copy_context().run, _work_through, left, work, thread)
                for thread in range(1, self.threads)
            ]
        _work_through(left, work, 0)
        for other in others:
            other.result()


def _work_through(left: Iterator[slice], work: Work, thread: int) -> None:
    for block in left:
        work(block, thread)
