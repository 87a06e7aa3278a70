"""Two things at once: the next item is made on a second thread while the last one is worked on."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")


def prefetch(items: Iterable[Item]) -> Iterator[Item]:
    """The same items in the same order. Reading and NumPy let other threads run meanwhile.

    >>> list(prefetch(n * n for n in range(4)))
    [0, 1, 4, 9]
    """
    source, end = iter(items), object()
    with helpers(1) as reader:
        coming = reader.submit(next, source, end)
        while (item := coming.result()) is not end:
            coming = reader.submit(next, source, end)
            yield item  # type: ignore[misc]


@contextmanager
def helpers(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that work for a generator.

    One that an error leaves midway is ended by the garbage collector, on whatever thread that runs:
    also on one that is just starting and holds what the end of a thread needs. Waiting for ours there
    would be for ever, so nobody does: they end by themselves.
    """
    pool = ThreadPoolExecutor(threads)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False)
