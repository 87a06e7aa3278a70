"""Memory of one machine that the ranks of an MPI job see together."""

import os
from typing import Any

import numpy as np

from mlptrain.arrays import Array

SHARED_MEMORY = "/dev/shm"
"""Where MPI libraries take memory from that several processes see; containers may give it little."""
LINE = 64
"""Bytes of a cache line."""


class Window:
    """Memory of one machine that all ranks see: the parameters once, the gradients of each rank.

    Who may write is settled by the messages of a step. `sync` stands before a message that says that
    something is written, and behind it on the other side (MPI 4.1, section 12.7).
    """

    def __init__(self, mpi: Any, world: Any, size: int, dtype: np.dtype[Any]) -> None:
        nbytes = size * dtype.itemsize
        self._windows = [
            mpi.Win.Allocate_shared(wanted + LINE if wanted else 0, 1, comm=world)
            for wanted in (nbytes if world.rank == 0 else 0, nbytes)
        ]
        values, gradients = self._windows
        self.values = vector(values.Shared_query(0)[0], nbytes, dtype)
        self.gradients = [
            vector(gradients.Shared_query(rank)[0], nbytes, dtype) for rank in range(world.size)
        ]
        for each in self._windows:
            each.Lock_all(mpi.MODE_NOCHECK)

    def sync(self) -> None:
        """Let all ranks see what is written, and see what others have written."""
        for each in self._windows:
            each.Sync()


def vector(memory: Any, nbytes: int, dtype: np.dtype[Any]) -> Array:
    """So many bytes of a piece of memory as an array that begins with a cache line."""
    raw = np.frombuffer(memory, np.uint8)
    start = -raw.ctypes.data % LINE
    return raw[start : start + nbytes].view(dtype)


def fits_in_shared_memory(nbytes: int) -> bool:
    """Whether /dev/shm has room; a page that it has no room for ends a process without a word."""
    try:
        found = os.statvfs(SHARED_MEMORY)
    except OSError:
        return False
    return nbytes < found.f_bavail * found.f_frsize / 2
