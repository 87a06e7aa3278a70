"""The processes of an MPI job, called ranks: who they are, what they tell each other, and their end.

Rank 0 leads: it decides and writes. The others wait for a step, and answer with what they make of it.
A second thread in each says every second that its process is alive. When one is silent for too long
every process of the job is ended: no rank waits for ever for one that is gone.
"""

import math
import os
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from mlptrain.arrays import Array
from mlptrain.errors import EnvironmentFault
from mlptrain.system.hosts import Hosts
from mlptrain.system.installation import install_command
from mlptrain.system.liveness import Watch
from mlptrain.system.team import (
    END,
    GRADIENTS,
    RESTORED,
    SCORES,
    STATE,
    STEP,
    Message,
    Order,
)
from mlptrain.system.window import Window, fits_in_shared_memory

SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS")
"""Where a launcher says how many processes there are: MPICH and Intel MPI, Open MPI, srun."""
SIZES_HERE = ("MPI_LOCALNRANKS", "OMPI_COMM_WORLD_LOCAL_SIZE", "SLURM_NTASKS_PER_NODE")
"""And how many of them are on this machine."""

NAP = 2e-3
"""Seconds after which a rank that sleeps looks whether it is called."""
LAST_WORDS = 0.2
"""Seconds in which a launcher passes on what a rank has said, before it is told to end all of them."""
HEAD = 5
"""Numbers of an order before its rows: its kind and number, how many rows, the updates, the rate."""

WORDS = {
    STEP: "a step",
    SCORES: "an evaluation",
    GRADIENTS: "the collection of gradients",
    STATE: "the collection of the optimizer's state",
    RESTORED: "the way back to a checkpoint",
    END: "the end",
}
"""How an order is called where it does not reach a rank."""


def launched() -> int:
    """How many processes a launcher such as mpirun has started, this one included; 1 without it."""
    sizes = [os.environ.get(name, "") for name in SIZES]
    return next((int(size) for size in sizes if size.isdigit()), 1)


def launched_here() -> int:
    """How many of them are on this machine, where the launcher says it; else all."""
    sizes = [os.environ.get(name, "") for name in SIZES_HERE]
    return next((int(size) for size in sizes if size.isdigit()), launched())


def join(complain: Callable[[str], object]) -> "Ranks":
    """Meet the other ranks; EnvironmentFault where mpi4py is missing or belongs to another MPI."""
    os.environ.setdefault("MPIR_CVAR_SUPPRESS_ABORT_MESSAGE", "1")  # we have said why already
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise EnvironmentFault(
            f"mpirun needs mpi4py and an MPI library ({error}); {install_command('mpi')}"
        ) from error
    size = MPI.COMM_WORLD.size
    if size != launched():
        raise EnvironmentFault(
            f"the launcher started {launched()} processes, but the MPI of mpi4py sees {size}: both "
            "must be of one MPI; use the mpiexec that came with it, or fit --ranks N"
        )
    if MPI.Query_thread() != MPI.THREAD_MULTIPLE:
        raise EnvironmentFault(
            "this MPI lets one thread only call it (no MPI_THREAD_MULTIPLE), so a rank that is lost "
            "would not be noticed; use another one: pip install mpich"
        )
    return Ranks(MPI, complain)


class Ranks:
    """All processes of the job, as one of them sees them."""

    def __init__(self, mpi: Any, complain: Callable[[str], object]) -> None:
        self._mpi = mpi
        near = mpi.COMM_WORLD.Split_type(mpi.COMM_TYPE_SHARED)
        first = np.array([mpi.COMM_WORLD.rank])
        near.Bcast(first)
        near.Free()
        self._world = mpi.COMM_WORLD.Split(0, int(first[0]))  # ranks of a host follow each other
        self._here = self._world.Split_type(mpi.COMM_TYPE_SHARED)
        self.rank: int = self._world.rank
        self.size: int = self._world.size
        self.hosts = Hosts(self.rank, tuple(range(self.size)))
        self.host: str = mpi.Get_processor_name()
        self.busy = False  # between the first message of a step and the last
        self._complain = complain
        self._orders: Array | None = None
        self._before = END  # the order before, on all ranks
        self.window: Window | None = None
        self._watch = Watch(self.rank, self._world, self.abort)

    def share(self, text: str, root: int = 0) -> str:
        """Tell the text of one rank to all."""
        data = bytearray(text.encode())
        length = bytearray(len(data).to_bytes(8, "little"))
        self._world.Bcast(length, root)
        if self.rank != root:
            data = bytearray(int.from_bytes(length, "little"))
        self._world.Bcast(data, root)
        return data.decode()

    def gather(self, text: str) -> list[str]:
        """The text of every rank, on every rank."""
        return [self.share(text, root) for root in range(self.size)]

    def open(self, orders: Array) -> None:
        """From now on the others wait for orders, of `HEAD` numbers and the rows of a step at most."""
        self._orders = orders

    def ask(self, order: Order) -> None:
        """On rank 0: all others get the order, and the parameters where they may have other ones."""
        assert self._orders is not None
        self.busy = True
        self._orders[: HEAD - 1] = order.kind, order.number, len(order.rows), order.updates
        self._orders[HEAD - 1 : HEAD].view(float)[0] = math.nan if order.lr is None else order.lr
        self._orders[HEAD : HEAD + len(order.rows)] = order.rows
        with self._watch.waiting(f"{WORDS[order.kind]} did not begin on all ranks"):
            self._pass_on()

    def order(self) -> Order:
        """Wait for the next order of rank 0."""
        assert self._orders is not None
        self._pass_on()
        kind, number, length, updates = self._orders[: HEAD - 1].tolist()
        lr = float(self._orders[HEAD - 1 : HEAD].view(float)[0])
        rows = self._orders[HEAD : HEAD + length]
        return Order(kind, number, rows, updates, None if math.isnan(lr) else lr)

    def _pass_on(self) -> None:
        """The order, from rank 0 to all; its parameters, unless a step has left all with the same.

        For an evaluation they may be averages, which the next step does not begin with.
        """
        assert self._orders is not None
        self._sync()
        self._world.Bcast(self._orders)
        self._sync()
        kind, before = int(self._orders[0]), self._before
        self._before = kind
        if self.hosts.several and (kind == SCORES or (kind == STEP and before != STEP)):
            assert self.window is not None
            if self.rank == self.hosts.first:
                self._firsts.Bcast(self.window.values)
            self.together("the parameters are not there")

    def open_window(
        self, dtype: np.dtype[Any], parts: Sequence[slice], *, slots: int, pieces: int
    ) -> Window:
        """Memory that the ranks of a host see, from now on used for parameters, gradients and updates.

        All ranks call it. Where the memory of a host does not suffice each rank is its own host.
        """
        self.busy = True
        needed = (1 + slots + self._here.size * pieces) * parts[-1].stop * dtype.itemsize
        begin = np.array([self.rank, fits_in_shared_memory(needed)])
        self._here.Bcast(begin)
        first = int(begin[0]) if begin[1] else self.rank
        self.hosts = Hosts(self.rank, tuple(map(int, self.gather(str(first)))))
        self._here = self._world.Split(first)
        self._firsts = self._world.Split(0 if first == self.rank else self._mpi.UNDEFINED)
        self.window = Window(
            self._mpi, self.hosts.here, self._here, dtype, parts, slots=slots, pieces=pieces
        )
        self.busy = False
        return self.window

    def together(self, what: str) -> None:
        """Wait until all ranks of this host are here, and see what they have written.

        `what` is said where one does not come.
        """
        self._sync()
        with self._watch.waiting(what):
            self._here.Barrier()
        self._sync()

    def trade(self, outgoing: Sequence[Message], incoming: Sequence[Message]) -> None:
        """Send to ranks of other hosts, receive from them; messages of two ranks keep their order."""
        self._sync()
        with self._watch.waiting("another host has not sent its part"):
            requests = [self._world.Irecv(array, source) for source, array in incoming]
            requests += [self._world.Isend(array, to) for to, array in outgoing]
            self._mpi.Request.Waitall(requests)
        self._sync()

    def collect(self, numbers: Array, counts: Sequence[int]) -> Array:
        """The numbers of all ranks in a row, so many of each."""
        found = np.empty(sum(counts))
        with self._watch.waiting("a rank has not said whether its part is finite"):
            self._world.Allgatherv(numbers, (found, counts))
        self._sync()
        return found

    def send(self, array: Array, to: int) -> None:
        """Send an array to another rank."""
        self._world.Send(array, to)

    def receive(self, array: Array, source: int) -> None:
        """Receive an array from another rank."""
        with self._watch.waiting(f"rank {source} has not sent its part"):
            self._world.Recv(array, source)

    def _sync(self) -> None:
        """See what is written in the window, and let others see it."""
        if self.window is not None:
            self.window.sync()

    def meet(self) -> None:
        """Wait until every rank is here."""
        self._world.Barrier()

    def bounce(self, array: Array) -> None:
        """Send an array from rank 0 to rank 1 and back, to see how long it takes."""
        if self.rank == 0:
            self._world.Send(array, 1)
            self._world.Recv(array, 1)
        elif self.rank == 1:
            self._world.Recv(array, 0)
            self._world.Send(array, 0)

    def sleep(self) -> None:
        """Wait for `wake` without a core: a message is waited for on one."""
        while not self._world.Iprobe(0):
            time.sleep(NAP)
        self._world.Recv(bytearray(1), 0)

    def wake(self) -> None:
        """On rank 0, the end of the sleep of all others."""
        for rank in range(1, self.size):
            self._world.Send(bytearray(1), rank)

    def answered(self) -> None:
        """Nobody has anything more to send for this step."""
        self.busy = False

    def dismiss(self, code: int) -> None:
        """Let the others end with this exit code, on rank 0."""
        if self._orders is None:
            self.share(f'{{"code": {code}}}')
        else:
            self.ask(Order(END, code))
        self.leave()

    def leave(self) -> None:
        """Wait until every rank has come to its end."""
        self.meet()
        self._watch.end()
        self.meet()
        self._watch.drain()

    def abort(self, code: int, *lines: str) -> NoReturn:
        """End every process of the job now."""
        for line in lines:
            self._complain(line)
        time.sleep(LAST_WORDS)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what MPI says about it is no news
        self._mpi.COMM_WORLD.Abort(code)
        os._exit(code)

    def fail(self, error: BaseException) -> NoReturn:
        """End the job for an error in the middle of a step, which is told as it would be otherwise."""
        faults = getattr(error, "faults", None)
        lines = faults or "".join(traceback.format_exception(error)).splitlines()
        where = f"rank {self.rank} on {self.host}: " if faults and self.rank else ""
        self.abort(getattr(error, "exit_code", 1), *(where + line for line in lines))
