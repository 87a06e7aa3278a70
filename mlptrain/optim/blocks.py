"""Work on long vectors in blocks that stay in a core's own cache, on one or several threads.

NumPy releases Python's lock while it computes, so that two threads can each work through one half.
Between two calls the lock is handed over, which costs more than it gains unless blocks are large.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

BLOCK = 64 * 1024
"""Elements: five float32 blocks are 1.3 MB, about what a core keeps for itself."""

WORTHWHILE = 2_000_000
"""Elements from which several threads pay."""

Work = Callable[[slice, int], float]
"""Does its work on one slice; the second argument says which thread it runs on."""


class Blocks:
    """The blocks of a vector of a given length, or of a part of one, dealt out to threads.

    >>> Blocks(BLOCK + 2).all()
    [slice(0, 65536, None), slice(65536, 65538, None)]
    """

    def __init__(self, size: int, threads: int = 1, start: int = 0) -> None:
        self.threads = threads if size >= WORTHWHILE else 1
        self.length = min(size, BLOCK * min(self.threads, 2))
        blocks = [
            slice(first, min(first + self.length, start + size))
            for first in range(start, start + size, max(self.length, 1))
        ]
        share = max(1, -(-len(blocks) // self.threads))
        self._shares = [blocks[i : i + share] for i in range(0, len(blocks), share)]
        self._pool = ThreadPoolExecutor(self.threads - 1) if self.threads > 1 else None

    def all(self) -> list[slice]:
        """Every block, in order."""
        return [block for share in self._shares for block in share]

    def run(self, work: Work) -> float:
        """Call `work` on every block; the sum of what it returns, always in the same order."""
        if self._pool is None:
            return sum(work(block, 0) for share in self._shares for block in share)
        others = [  # in a copy of the context: NumPy keeps there what it warns about
            self._pool.submit(copy_context().run, self._run_share, work, i)
            for i in range(1, len(self._shares))
        ]
        total = self._run_share(work, 0)
        return total + sum(other.result() for other in others)

    def _run_share(self, work: Work, thread: int) -> float:
        return sum(work(block, thread) for block in self._shares[thread])
