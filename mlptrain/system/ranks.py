"""The processes of an MPI job, called ranks: who they are, what they tell each other, and their end.

Rank 0 leads: it decides and writes. The others wait for a step, and answer with what they make of it.
A second thread in each says every second that its process is alive. When one is silent for too long
every process of the job is ended: no rank waits for ever for one that is gone.
"""

import os
import traceback
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn, Protocol

import numpy as np

from mlptrain.arrays import Array
from mlptrain.errors import EnvironmentFault
from mlptrain.system.installation import install_command
from mlptrain.system.liveness import Watch
from mlptrain.system.window import Window, fits_in_shared_memory

SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS")
"""Where a launcher says how many processes there are: MPICH and Intel MPI, Open MPI, srun."""
SIZES_HERE = ("MPI_LOCALNRANKS", "OMPI_COMM_WORLD_LOCAL_SIZE", "SLURM_NTASKS_PER_NODE")
"""And how many of them are on this machine."""

NOTHING = bytearray()
"""A message that says only that something is ready."""


class Order(NamedTuple):
    """What rank 0 asks for: a step and its rows; the scores of a set; or the end with an exit code.

    scored   the number of the set, from 0; None where it is not that
    """

    step: int
    rows: Array
    scored: int | None = None

    @property
    def ends(self) -> int | None:
        """The exit code, where it is the end."""
        return -1 - self.step if self.step < 0 else None


class Team(Protocol):
    """What a step needs to know of the ranks."""

    rank: int
    size: int

    def ask(self, step: int, rows: Array, values: Array) -> None:
        """Begin a step on rank 0: the others get its number, its rows and the parameters."""

    def ask_scores(self, number: int, values: Array) -> None:
        """On rank 0: the others get the parameters, and send their part of the scores of a set."""

    def send(self, arrays: Sequence[Array], to: int, *, stays: bool = False) -> None:
        """Send arrays to another rank; no copy of those that stay until the next order and are seen."""

    def seen(self, rank: int, arrays: Sequence[Array], otherwise: Sequence[Array]) -> list[Array]:
        """What another rank has in shared memory in place of `arrays`, where they lie there."""

    def receive(self, arrays: Sequence[Array], source: int) -> None:
        """Receive arrays from another rank; of what is `seen` there is nothing to copy."""

    def answered(self) -> None:
        """Nobody has anything more to send for this step."""


class Alone:
    """One process: there is nobody to ask."""

    rank, size = 0, 1

    def ask(self, step: int, rows: Array, values: Array) -> None:
        """Do nothing."""

    def ask_scores(self, number: int, values: Array) -> None:
        """Do nothing."""

    def send(self, arrays: Sequence[Array], to: int, *, stays: bool = False) -> None:
        """Never called."""

    def seen(self, rank: int, arrays: Sequence[Array], otherwise: Sequence[Array]) -> list[Array]:
        """Never called."""
        return [*otherwise]

    def receive(self, arrays: Sequence[Array], source: int) -> None:
        """Never called."""

    def answered(self) -> None:
        """Do nothing."""


ALONE = Alone()


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
        self._window: Window | None = None
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
        """From now on the others wait for orders: `orders` holds two numbers and the rows of a step."""
        self._orders = orders
        self.listening = True

    def ask(self, step: int, rows: Array, values: Array) -> None:
        """Begin a step on rank 0: the others get its number, its rows and the parameters."""
        assert self._orders is not None
        self.busy = True
        self._orders[:2] = step, len(rows)
        self._orders[2 : 2 + len(rows)] = rows
        with self._watch.waiting(f"step {step + 1} did not begin on all ranks"):
            self._begin(values)

    def ask_scores(self, number: int, values: Array) -> None:
        """On rank 0: the others get the parameters, and send their part of the scores of a set."""
        assert self._orders is not None
        self.busy = True
        self._orders[:2] = 0, -1 - number
        with self._watch.waiting("an evaluation did not begin on all ranks"):
            self._begin(values)

    def _begin(self, values: Array) -> None:
        if self._window is not None:
            self._window.sync()
        self._world.Bcast(self._orders)
        if self._window is None:
            self._world.Bcast(values)

    def order(self, values: Array) -> Order:
        """Wait for the next order of rank 0; `values` are then the parameters of the step."""
        assert self._orders is not None
        self._world.Bcast(self._orders)
        step, rows = self._orders[:2].tolist()
        scored = -1 - rows if rows < 0 else None
        order = Order(step, self._orders[2 : 2 + max(0, rows)], scored)
        if self._window is not None:
            self._window.sync()
        elif order.ends is None:
            self._world.Bcast(values)
        return order

    def window(self, size: int, dtype: np.dtype[Any]) -> "Window | None":
        """Memory that all ranks see, from now on used for parameters and gradients of that size.

        All ranks call it. None where they are on several machines, or the memory does not suffice.
        """
        self.busy = True
        fits = self.local == self.size and fits_in_shared_memory(
            (1 + self.size) * size * dtype.itemsize
        )
        if self.share(str(fits)) == str(True):
            self._window = Window(self._mpi, self._world, size, dtype)
        self.busy = False
        return self._window

    @property
    def sees_all(self) -> bool:
        """Whether parameters and gradients lie where every rank sees them."""
        return self._window is not None

    def send(self, arrays: Sequence[Array], to: int, *, stays: bool = False) -> None:
        """Send arrays to another rank; no copy of those that stay until the next order and are seen."""
        window = self._window if stays else None
        if window is not None:
            window.sync()
        for array in arrays:
            is_seen = window is not None and array is window.gradients[self.rank]
            self._world.Send(NOTHING if is_seen else array, to)

    def seen(self, rank: int, arrays: Sequence[Array], otherwise: Sequence[Array]) -> list[Array]:
        """What another rank has in shared memory in place of `arrays`, where they lie there."""
        if self._window is None:
            return [*otherwise]
        mine, theirs = self._window.gradients[self.rank], self._window.gradients[rank]
        pairs = zip(arrays, otherwise, strict=True)
        return [theirs if array is mine else other for array, other in pairs]

    def receive(self, arrays: Sequence[Array], source: int) -> None:
        """Receive arrays from another rank; of what is `seen` there is nothing to copy."""
        window = self._window
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
            self._orders[:2] = -1 - code, 0
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
