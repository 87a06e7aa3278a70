"""The processes of an MPI job, called ranks: who they are, what they tell each other, and their end.

Rank 0 leads: it decides and writes. The others wait for a step, and answer with what they make of it.
A second thread in each says every second that its process is alive. When one is silent for too long
every process of the job is ended: no rank waits for ever for one that is gone.
"""

import os
import traceback
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from mlptrain.arrays import Array
from mlptrain.errors import EnvironmentFault
from mlptrain.system.installation import install_command
from mlptrain.system.liveness import Watch
from mlptrain.system.team import END, SCORES, STEP, UPDATE, Order
from mlptrain.system.window import Window, fits_in_shared_memory

SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS")
"""Where a launcher says how many processes there are: MPICH and Intel MPI, Open MPI, srun."""
SIZES_HERE = ("MPI_LOCALNRANKS", "OMPI_COMM_WORLD_LOCAL_SIZE", "SLURM_NTASKS_PER_NODE")
"""And how many of them are on this machine."""

NO_ROWS = np.zeros(0, np.int64)
NOTHING = bytearray()
"""A message that says only that something is ready."""


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
        self._mpi, self._world = mpi, mpi.COMM_WORLD
        self.rank: int = self._world.rank
        self.size: int = self._world.size
        local = self._world.Split_type(mpi.COMM_TYPE_SHARED)
        self.local: int = local.size  # on this machine
        local.Free()
        self.host: str = mpi.Get_processor_name()
        self.busy = False  # between the first message of a step and the last
        self.listening = False  # the others wait for an order
        self._complain = complain
        self._orders: Array | None = None
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
        """From now on the others wait for orders, of three numbers and the rows of a step at most."""
        self._orders = orders
        self.listening = True

    def ask(self, step: int, rows: Array, values: Array) -> None:
        """Begin a step on rank 0: the others get its number, its rows and the parameters."""
        with self._watch.waiting(f"step {step + 1} did not begin on all ranks"):
            self._begin(STEP, step, rows, values)

    def ask_scores(self, number: int, values: Array) -> None:
        """On rank 0: the others get the parameters, and send their part of the scores of a set."""
        with self._watch.waiting("an evaluation did not begin on all ranks"):
            self._begin(SCORES, number, NO_ROWS, values)

    def ask_update(self, updates: int, lr: float, scale: float) -> None:
        """On rank 0, in a window: all update their part, with their gradients times `scale`."""
        with self._watch.waiting("an update did not begin on all ranks"):
            self._begin(UPDATE, updates, np.array([lr, scale]).view(np.int64))

    def _begin(self, kind: int, number: int, rest: Array, values: Array | None = None) -> None:
        assert self._orders is not None
        self.busy = True
        self._orders[:3] = kind, number, len(rest)
        self._orders[3 : 3 + len(rest)] = rest
        if self.window is not None:
            self.window.sync()
        self._world.Bcast(self._orders)
        if self.window is None and values is not None:
            self._world.Bcast(values)

    def order(self, values: Array) -> Order:
        """Wait for the next order of rank 0; `values` are then the parameters of the step."""
        assert self._orders is not None
        self._world.Bcast(self._orders)
        kind, number, length = self._orders[:3].tolist()
        if self.window is not None:
            self.window.sync()
        elif kind != END:
            self._world.Bcast(values)
        return Order(kind, number, self._orders[3 : 3 + length])

    def open_window(self, size: int, dtype: np.dtype[Any], slots: int, blocks: int) -> "Window | None":
        """Memory that all ranks see, from now on used for parameters, gradients and their updates.

        All ranks call it. None where they are on several machines, or the memory does not suffice.
        """
        self.busy = True
        fits = self.local == self.size and fits_in_shared_memory(
            (1 + slots + self.size) * size * dtype.itemsize
        )
        if self.share(str(fits)) == str(True):
            self.window = Window(self._mpi, self._world, size, dtype, slots, blocks)
        self.busy = False
        return self.window

    def together(self, what: str) -> None:
        """Wait until all ranks are here, and see what they have written; `what` is said if not."""
        if self.window is not None:
            self.window.sync()
        with self._watch.waiting(what):
            self._world.Barrier()
        if self.window is not None:
            self.window.sync()

    def all_say(self, yes: bool) -> bool:
        """On rank 0, whether all ranks say yes; what it is on others means nothing."""
        said = np.array([yes])
        everyone = np.zeros(self.size, bool)
        with self._watch.waiting("a rank has not said whether its part is finite"):
            self._world.Gather(said, everyone)
        if self.window is not None:
            self.window.sync()
        return bool(everyone.all())

    def send(self, arrays: Sequence[Array], to: int, *, stays: bool = False) -> None:
        """Send arrays to another rank; no copy of those that stay until the next order and are seen."""
        window = self.window if stays else None
        if window is not None:
            window.sync()
        for array in arrays:
            is_seen = window is not None and array is window.gradients[self.rank]
            self._world.Send(NOTHING if is_seen else array, to)

    def seen(self, rank: int, arrays: Sequence[Array], otherwise: Sequence[Array]) -> list[Array]:
        """What another rank has in shared memory in place of `arrays`, where they lie there."""
        if self.window is None:
            return [*otherwise]
        mine, theirs = self.window.gradients[self.rank], self.window.gradients[rank]
        pairs = zip(arrays, otherwise, strict=True)
        return [theirs if array is mine else other for array, other in pairs]

    def receive(self, arrays: Sequence[Array], source: int) -> None:
        """Receive arrays from another rank; of what is `seen` there is nothing to copy."""
        window = self.window
        with self._watch.waiting(f"rank {source} has not sent its part"):
            for array in arrays:
                is_seen = window is not None and array is window.gradients[source]
                self._world.Recv(NOTHING if is_seen else array, source)
        if window is not None:
            window.sync()

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

    def answered(self) -> None:
        """Nobody has anything more to send for this step."""
        self.busy = False

    def dismiss(self, code: int) -> None:
        """Let the others end with this exit code, on rank 0."""
        if self._orders is None:
            self.share(f'{{"code": {code}}}')
        else:
            self._orders[:3] = END, code, 0
            self._world.Bcast(self._orders)
        self.leave()

    def leave(self) -> None:
        """Wait until every rank has come to its end."""
        self.meet()
        self._watch.end()

    def abort(self, code: int, *lines: str) -> NoReturn:
        """End every process of the job now."""
        for line in lines:
            self._complain(line)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what MPI says about it is no news
        self._world.Abort(code)
        os._exit(code)

    def fail(self, error: BaseException) -> NoReturn:
        """End the job for an error in the middle of a step, which is told as it would be otherwise."""
        faults = getattr(error, "faults", None)
        lines = faults or "".join(traceback.format_exception(error)).splitlines()
        where = f"rank {self.rank} on {self.host}: " if faults and self.rank else ""
        self.abort(getattr(error, "exit_code", 1), *(where + line for line in lines))
