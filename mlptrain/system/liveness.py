"""Whether the other ranks of an MPI job are alive."""

import threading
from collections.abc import Callable
from typing import Any, NoReturn

from mlptrain.errors import RankFault

BEAT = 1.0
"""Seconds between two signs of life."""
SILENCE = 30
"""So many seconds without one, and a rank is taken for lost."""
STALL = 300
"""So many seconds may rank 0 wait for the gradients of a step."""


class Watch:
    """A thread that says that this process is alive, and counts how long others have not said so.

    It counts its own ticks and reads no clock: a job that was suspended as a whole goes on.
    """

    def __init__(self, rank: int, world: Any, abort: Callable[[int, str], NoReturn]) -> None:
        self._rank, self._abort = rank, abort
        self._beats = world.Dup()
        peers = range(1, world.size) if rank == 0 else (0,)
        self._silent = dict.fromkeys(peers, 0)
        self._what: str | None = None
        self._waited = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def waiting(self, what: str) -> "Watch":
        """Around a wait for other ranks that must not last; `what` is said where it does."""
        self._waited, self._what = 0, what
        return self

    def __enter__(self) -> None:
        pass

    def __exit__(self, *raised: object) -> None:
        self._what = None

    def end(self) -> None:
        """Nobody is watched any more."""
        self._over.set()
        self._thread.join()

    def drain(self) -> None:
        """Take what has come; at the end as well, since UCX warns of messages that nobody takes."""
        coming = bytearray(1)
        for peer in self._silent:
            while self._beats.Iprobe(peer):
                self._beats.Recv(coming, peer)
                self._silent[peer] = 0

    def _run(self) -> None:
        beat = bytearray(1)
        while not self._over.wait(BEAT):
            sent = [self._beats.Isend(beat, peer) for peer in self._silent]
            for peer in self._silent:
                self._silent[peer] += 1
            self.drain()
            for request in sent:
                request.Test()
            self._judge()

    def _judge(self) -> None:
        """End the job where a rank is lost. One rank speaks: the others have a little more patience."""
        limit, what = SILENCE + self._rank, self._what
        for peer, silent in self._silent.items():
            if silent > limit:
                self._lost(f"rank {peer} has given no sign of life for {SILENCE} seconds")
        self._waited += 1
        if what is not None and self._waited > STALL + self._rank:
            self._lost(f"{what} in {STALL} seconds")

    def _lost(self, what: str) -> NoReturn:
        self._abort(
            RankFault.exit_code,
            f"{what}: the job is ended; its last checkpoint is valid, go on with fit --resume RUN",
        )
