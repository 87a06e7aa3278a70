"""Several folds at a time, in as many processes, each of which trains one after the other.

A process does what a run does when it is alone, with as many threads, so the bits are the same. Signals
reach the one in front: it passes them on, and waits until every fold is saved. A fold that fails, or
whose process is killed, leaves the others alone: another process takes over those that still wait.

Where the last folds would leave cores idle, as the fifth of five does on two of them, as many more
begin with the first: these share the cores, and the others fill them to the end.
"""

from collections.abc import Generator, Iterator
from signal import Signals
from typing import Any, NamedTuple

from mlptrain.config import resolved
from mlptrain.data.handed_on import HandedOn
from mlptrain.errors import EnvironmentFault, Interrupted, MLPTrainError, Told
from mlptrain.runs import fold_process
from mlptrain.runs.cross_validation import Folds
from mlptrain.runs.fold_outcome import FoldOutcome
from mlptrain.runs.fold_process import unpacked
from mlptrain.runs.rows_of_folds import RowsOfFolds
from mlptrain.runs.signals import StopRequest, stop_requests
from mlptrain.runs.worker import WorkerProcess, end, failure, heard
from mlptrain.storage.fold_directory import clear_folds
from mlptrain.system.fork_server import ForkServer
from mlptrain.system.threads import cores

WAIT = 0.2
"""Seconds until it is asked again whether a signal has come."""


class News(NamedTuple):
    """What there is to tell of a fold: how far it is, its notes, and at the end what came of it."""

    number: int
    step: int = 0
    total: int = 0
    notes: tuple[str, ...] = ()
    outcome: FoldOutcome | None = None
    failure: MLPTrainError | None = None


class FoldWorker(WorkerProcess):
    """A process that trains one fold after the other.

    number   the fold that it is at; None while it waits for one
    """

    def __init__(self, server: ForkServer) -> None:
        super().__init__(server)
        self.number: int | None = None

    def begin(self, folds: Folds, number: int, rows: HandedOn | None) -> None:
        """Give it a fold."""
        self.number = number
        config, path = resolved(folds.config_of(number)), str(folds.path_of(number))
        self.tell(
            {
                "config": config, "number": folds.fold(number), "path": path, "rows": rows,
                "resume": folds.resume, "force": folds.force, "threads": folds.threads,
                "is_kept": folds.is_kept,
                "with_linear": folds.is_first(number),
            }
        )  # fmt: skip


def side_by_side(folds: Folds) -> Generator[News]:
    """Train the folds, `jobs` at a time; yields how they go. Until the end nobody else writes there.

    Raises what went wrong with some of them when the others are done, and Interrupted after a signal.
    """
    with folds.hold(), stop_requests() as request:
        team = Team(folds)
        try:
            yield from team.work(request)
        finally:
            team.end()
        if request.signal is not None and len(folds.outcomes) < folds.total:
            saved = "every fold is saved; " if folds.is_kept else ""
            raise Interrupted(request.signal, f"{request.signal.name}: {saved}{folds.way_on}")
        folds.end()


class Team:
    """The processes at work, and the folds that wait for one."""

    def __init__(self, folds: Folds) -> None:
        self.folds = folds
        self.waiting = longest_first(folds)
        timed = any(config.train.max_minutes for config in folds.configs.values())
        self.first = at_first(folds.jobs, folds.total, cores())
        if timed:  # whoever shares a core gets less done in a minute
            self.first = folds.jobs
        self.placed = folds.resume
        configs = [folds.config_of(number) for number in range(1, folds.total + 1)]
        self.rows = RowsOfFolds(configs, folds.given)
        self.server = ForkServer(
            fold_process.__name__, fold_process.main.__name__, self.rows.descriptors
        )
        self.workers = list[FoldWorker]()

    def work(self, request: StopRequest) -> Iterator[News]:
        """Until all are done, or stopped."""
        for _ in range(self.first):
            self._start()  # they begin as soon as their server has imported what they need
        while True:
            begun = request.signal is None and self._begin_one()
            if not self.workers:
                return
            if not begun:
                self._let_go(request)
                self.rows.ahead()
            for worker in heard(self.workers, 0 if begun else WAIT):
                yield from self._hear(worker)

    def _start(self) -> FoldWorker:
        worker = FoldWorker(self.server)
        self.workers.append(worker)
        return worker

    def _begin_one(self) -> bool:
        """Give the next fold to a process that waits, or to a new one where some have ended.

        None begins while nothing is known but that the config cannot run.
        """
        free = [worker for worker in self.workers if worker.number is None and not worker.stopped]
        hopeless = bool(self.folds.failures) and not self.placed
        some_ended = self.folds.outcomes or self.folds.failures
        busy = sum(worker.number is not None for worker in self.workers)
        if not self.waiting or hopeless or busy >= (self.folds.jobs if some_ended else self.first):
            return False
        number = self.waiting.pop(0)
        rows = self.rows.of(number)
        (free[0] if free else self._start()).begin(self.folds, number, rows)
        return True

    def _let_go(self, request: StopRequest) -> None:
        """Processes that wait are not needed any more; after a signal none is."""
        for worker in self.workers:
            if worker.number is None or request.signal is not None:
                worker.stop()

    def _hear(self, worker: FoldWorker) -> Iterator[News]:
        messages = worker.messages()
        if messages is None:
            self.workers.remove(worker)
            yield from self._ended(worker, worker.close())
            return
        for message in messages:
            number = worker.number or 0
            if "ready" in message:
                worker.tell(str(self._place(number)))
            elif "outcome" in message:
                outcome = FoldOutcome.from_document(message["outcome"])
                worker.number, self.folds.outcomes[number] = None, outcome
                yield News(number, outcome=outcome)
            elif error := failure(message):
                yield from self._failed(worker, error)
            else:
                notes = unpacked(message.get("notes", ()))
                yield News(number, message.get("step", 0), message.get("total", 0), notes)

    def _place(self, number: int) -> Any:
        """The directory of a fold. With the first that can run comes that of all."""
        if not self.placed:
            self.folds.make()
            if self.folds.force:
                clear_folds(self.folds.directory, keep=self.folds.directory)
            self.placed = True
        return self.folds.path_of(number)

    def _failed(self, worker: FoldWorker, error: Told) -> Iterator[News]:
        """One of our errors; that of a signal is told by whoever sent it on."""
        number, worker.number = worker.number or 0, None
        if isinstance(error, MLPTrainError):
            self.folds.failures[number] = error
            yield News(number, failure=error)
        else:
            if not worker.stopped:
                self.folds.failures[number] = self._killed(error.faults[0])
            worker.stopped = True

    def _ended(self, worker: FoldWorker, code: int) -> Iterator[News]:
        """A process that ended without a word of the fold that it was at."""
        if worker.number is None or worker.stopped:
            return
        how = f"by {Signals(-code).name}" if code < 0 else "by a fault of this program, see above"
        failure = self._killed(f"its process was ended {how}") if code < 0 else MLPTrainError(how)
        self.folds.failures[worker.number] = failure
        yield News(worker.number, failure=failure)

    def _killed(self, what: str) -> MLPTrainError:
        return EnvironmentFault(f"{what}; {self.folds.way_on}")

    def end(self) -> None:
        """Nobody is left at work, whatever has happened."""
        end(self.server, self.workers)
        self.workers.clear()
        self.rows.close()


def at_first(jobs: int, total: int, of_cores: int) -> int:
    """How many begin at once: as many as are trained at a time, and those left over at the end.

    These only where all cores are in use anyway.

    >>> [at_first(2, total, 2) for total in (1, 2, 4, 5)], at_first(2, 5, 4)
    ([1, 2, 2, 3], 2)
    """
    if jobs < of_cores or total <= jobs:
        return min(jobs, total)
    return jobs + total % jobs


def longest_first(folds: Folds) -> list[int]:
    """All runs, first those of candidates that compute most: short ones fill the cores at the end."""

    def passes(number: int) -> int:
        config = folds.configs[folds.candidate(number)]
        return config.train.epochs * (config.model.ensemble or 1)

    return sorted(range(1, folds.total + 1), key=passes, reverse=True)
