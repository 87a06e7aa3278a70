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
    """Memory of one machine that all ranks see.

    values      (n,) the parameters, once
    state       (n,) for each slot of the optimizer, once
    squares     (blocks,) in float64, for the norm of the gradients, once
    gradients   (n,) of each rank

    Who may write is settled by the messages of a step. `sync` stands before a message that says that
    something is written, and behind it on the other side (MPI 4.1, section 12.7).
    """

    def __init__(
        self, mpi: Any, world: Any, size: int, dtype: np.dtype[Any], slots: int, blocks: int
    ) -> None:
        nbytes = size * dtype.itemsize
        room = -(-nbytes // LINE) * LINE
        once = (1 + slots) * room + 8 * blocks if world.rank == 0 else 0
        self._windows = [
            mpi.Win.Allocate_shared(wanted + LINE if wanted else 0, 1, comm=world)
            for wanted in (once, nbytes)
        ]
        shared, gradients = self._windows
        memory = shared.Shared_query(0)[0]
        vectors = [vector(memory, nbytes, dtype, place * room) for place in range(1 + slots)]
        self.values, self.state = vectors[0], vectors[1:]
        self.squares = vector(memory, 8 * blocks, np.dtype(float), (1 + slots) * room)
        self.gradients = [
            vector(gradients.Shared_query(rank)[0], nbytes, dtype) for rank in range(world.size)
        ]
        for each in self._windows:
            each.Lock_all(mpi.MODE_NOCHECK)

    def sync(self) -> None:
        """Let all ranks see what is written, and see what others have written."""
        for each in self._windows:
            each.Sync()


def vector(memory: Any, nbytes: int, dtype: np.dtype[Any], place: int = 0) -> Array:
    """So many bytes of a piece of memory as an array, `place` bytes behind its first cache line."""
    raw = np.frombuffer(memory, np.uint8)
    start = -raw.ctypes.data % LINE + place
    return raw[start : start + nbytes].view(dtype)


def fits_in_shared_memory(nbytes: int) -> bool:
    """Whether /dev/shm has room; a page that it has no room for ends a process without a word."""
    try:
        found = os.statvfs(SHARED_MEMORY)
    except OSError:
        return False
    return nbytes < found.f_bavail * found.f_frsize / 2
