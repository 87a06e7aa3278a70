"""Memory of one host that its ranks of an MPI job see together."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from mlptrain.arrays import Array

SHARED_MEMORY = "/dev/shm"
"""Where MPI libraries take memory from that several processes see; containers may give it little."""
LINE = 64
"""Bytes of a cache line."""


class Window:
    """Memory of one host that its ranks see.

    parts       the slice of each rank of the job in every flat vector
    values      (n,) the parameters, once on each host
    state       (n,) for each slot of the optimizer, once on each host: the slices of its ranks
    gradients   by rank of this host, (n,) for each piece of a minibatch that it may have; in the first
                of them it leaves its slice of the sum
    in_slices   on rank 0, whether other ranks have slices of the gradients that it has not

    Who may write is settled by the messages of a step. `sync` stands before a message that says that
    something is written, and behind it on the other side (MPI 4.1, section 12.7).
    """

    def __init__(
        self,
        mpi: Any,
        ranks: Sequence[int],
        here: Any,
        dtype: np.dtype[Any],
        parts: Sequence[slice],
        *,
        slots: int,
        pieces: int,
    ) -> None:
        nbytes = parts[-1].stop * dtype.itemsize
        room = -(-nbytes // LINE) * LINE
        once = (1 + slots) * room if here.rank == 0 else 0
        self._windows = [
            mpi.Win.Allocate_shared(wanted + LINE if wanted else 0, 1, comm=here)
            for wanted in (once, pieces * room)
        ]
        shared, gradients = self._windows
        memory = shared.Shared_query(0)[0]
        vectors = [vector(memory, nbytes, dtype, place * room) for place in range(1 + slots)]
        self.parts = parts
        self.values, self.state = vectors[0], vectors[1:]
        self.gradients = {
            rank: [
                vector(gradients.Shared_query(place)[0], nbytes, dtype, piece * room)
                for piece in range(pieces)
            ]
            for place, rank in enumerate(ranks)
        }
        self.in_slices = False
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
