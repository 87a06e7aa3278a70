"""How many threads a run uses: for the matrix products, and for the update of a large network.

The limit holds for the whole process while the run lasts. How many pay is measured: see
`training/thread_choice.py`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from threadpoolctl import threadpool_limits

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


def from_environment() -> int | None:
    """What the first of the usual variables says that holds a number, but no more than the cores."""
    for variable in VARIABLES:
        text = os.environ.get(variable, "")
        if text.isdigit() and int(text) > 0:
            return min(int(text), cores())
    return None


def cores() -> int:
    """The cores this process may use: its affinity, and the quota of its control group."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = QUOTA.read_text().split()
    except (OSError, ValueError):
        return allowed
    return max(1, min(allowed, int(quota) // int(period))) if quota.isdigit() else allowed
