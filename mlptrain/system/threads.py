"""How many threads a run uses: for the matrix products, and for the update of a large network.

Two threads pay from matrices of some hundred rows and columns upwards; below, one is faster, and it
leaves the other cores alone. The limit holds for the whole process while the run lasts.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from threadpoolctl import threadpool_limits

WORTHWHILE = 8e6
"""Multiply-adds of the largest product of a step from which more than one thread is used."""

VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
QUOTA = Path("/sys/fs/cgroup/cpu.max")


_lock = Lock()
_wanted: dict[object, int] = {}
"""The limits in force: that of the run that began last holds."""
_before: list[threadpool_limits] = []
"""What the process had before the first of them."""


@contextmanager
def use_threads(threads: int) -> Iterator[None]:
    """Let BLAS use this many threads inside the `with`, and as many as before it afterwards.

    Several runs may overlap in one process, in any order: the limit of the one that began last holds,
    and when the last one ends the process is as it was before the first.
    """
    run = object()
    with _lock:
        limited = threadpool_limits(threads, user_api="blas")
        if not _wanted:
            _before.append(limited)
        _wanted[run] = threads
    try:
        yield
    finally:
        with _lock:
            del _wanted[run]
            if _wanted:
                threadpool_limits(next(reversed(_wanted.values())), user_api="blas")
            else:
                _before.pop().restore_original_limits()


def choose_threads(largest_product: float, beside: int = 1) -> int:
    """The threads for a network: what the environment says, else by the size of its products.

    beside   as many networks may be trained at a time, and share the cores. It does not matter how
             many are: other threads can mean other bits.
    """
    named = from_environment()
    if named is not None:
        return min(named, cores())
    return max(1, cores() // beside) if largest_product >= WORTHWHILE else 1


def from_environment() -> int | None:
    """The first of the usual variables that holds a number."""
    for variable in VARIABLES:
        text = os.environ.get(variable, "")
        if text.isdigit() and int(text) > 0:
            return int(text)
    return None


def cores() -> int:
    """The cores this process may use: its affinity, and the quota of its control group."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = QUOTA.read_text().split()
    except (OSError, ValueError):
        return allowed
    return max(1, min(allowed, int(quota) // int(period))) if quota.isdigit() else allowed
