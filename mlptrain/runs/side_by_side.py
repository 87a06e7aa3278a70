"""Several folds at a time, each in a process of its own.

A process does what a run does when it is alone, with as many threads, so the bits are the same. Signals
reach the one in front: it passes them on, and waits until every fold is saved. A fold that fails, or
whose process is killed, leaves the others alone.
"""

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from signal import Signals
from typing import Any, NamedTuple

from mlptrain import errors
from mlptrain.config import resolved
from mlptrain.data.handed_on import HandedOn
from mlptrain.errors import EnvironmentFault, Interrupted, MLPTrainError
from mlptrain.runs.cross_validation import Folds
from mlptrain.runs.fold_outcome import FoldOutcome
from mlptrain.runs.fold_process import unpacked
from mlptrain.runs.rows_of_folds import RowsOfFolds
from mlptrain.runs.signals import StopRequest, stop_requests
from mlptrain.storage.files import write_all
from mlptrain.storage.fold_directory import clear_folds

WAIT = 0.2
"""Seconds until it is asked again whether a signal has come."""
PROGRAM = (
    "import os, sys; sys.path[:] = sys.argv[1].split(os.pathsep); "
    "from mlptrain.runs.fold_process import main; main()"
)


class News(NamedTuple):
    """What there is to tell of a fold: how far it is, its notes, and at the end what came of it."""

    number: int
    step: int = 0
    total: int = 0
    notes: tuple[str, ...] = ()
    outcome: FoldOutcome | None = None
    failure: MLPTrainError | None = None


class Worker:
    """The process of one fold."""

    def __init__(self, folds: Folds, number: int, rows: HandedOn | None) -> None:
        path = folds.path_of(number)
        self.number = number
        self.stopped = False
        self._read = b""
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-c", PROGRAM, os.pathsep.join(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            process_group=0,  # Ctrl-C on a terminal is for the process in front
            pass_fds=() if rows is None else (rows.descriptor,),
        )
        config = resolved(folds.config_of(number))
        self.tell(
            {
                "config": config, "number": folds.fold(number), "path": str(path),
                "resume": folds.resume, "force": folds.force, "threads": folds.threads, "rows": rows,
            }
        )  # fmt: skip

    def tell(self, message: Any) -> None:
        """One line; a process that has ended is met when it is read."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            write_all(self.process.stdin.fileno(), json.dumps(message).encode() + b"\n")

    def fileno(self) -> int:
        """What can be waited for."""
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def messages(self) -> list[Mapping[str, Any]] | None:
        """What it has said since; None when it has ended."""
        part = os.read(self.fileno(), 1 << 20)
        *lines, self._read = (self._read + part).split(b"\n")
        return [json.loads(line) for line in lines] if part else None

    def stop(self) -> None:
        """Ask it to save and end."""
        if not self.stopped:
            self.stopped = True
            self.process.terminate()

    def close(self) -> int:
        """Wait for its end."""
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        return self.process.wait()


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
            raise Interrupted(
                request.signal,
                f"{request.signal.name}: every fold is saved; go on with mlptrain {folds.goes_on}",
            )
        folds.end()


class Team:
    """The processes at work, and the folds that wait for one."""

    def __init__(self, folds: Folds) -> None:
        self.folds = folds
        self.waiting = list(range(1, folds.total + 1))
        self.at_work = list[Worker]()
        self.placed = folds.resume
        self.rows = RowsOfFolds([folds.config_of(number) for number in self.waiting])

    def work(self, request: StopRequest) -> Iterator[News]:
        """Until all are done, or stopped."""
        while True:
            while self._may_begin() and request.signal is None:
                number = self.waiting.pop(0)
                self.at_work.append(Worker(self.folds, number, self.rows.of(number)))
            if not self.at_work:
                return
            self.rows.ahead()
            with selectors.DefaultSelector() as selector:
                for worker in self.at_work:
                    selector.register(worker, selectors.EVENT_READ, worker)
                ready = [key.data for key, _ in selector.select(WAIT)]
            for worker in ready:
                yield from self._hear(worker)
            if request.signal is not None:
                for worker in self.at_work:
                    worker.stop()

    def _may_begin(self) -> bool:
        """Whether one more is to begin; none while nothing is known but that the config cannot run."""
        hopeless = bool(self.folds.failures) and not self.placed
        return bool(self.waiting) and len(self.at_work) < self.folds.jobs and not hopeless

    def _hear(self, worker: Worker) -> Iterator[News]:
        messages = worker.messages()
        if messages is None:
            self.at_work.remove(worker)
            if news := self._ended(worker, worker.close()):
                yield news
            return
        for message in messages:
            if "ready" in message:
                worker.tell(str(self._place(worker.number)))
            elif "outcome" in message:
                outcome = FoldOutcome.from_document(message["outcome"])
                self.folds.outcomes[worker.number] = outcome
                yield News(worker.number, outcome=outcome)
            elif "failure" in message:
                yield from self._failed(worker, message["error"], message["failure"])
            else:
                notes = unpacked(message.get("notes", ()))
                yield News(worker.number, message.get("step", 0), message.get("total", 0), notes)

    def _place(self, number: int) -> Any:
        """The directory of a fold. With the first that can run comes that of all."""
        if not self.placed:
            self.folds.make()
            if self.folds.force:
                clear_folds(self.folds.directory, keep=self.folds.directory)
            self.placed = True
        return self.folds.path_of(number)

    def _failed(self, worker: Worker, name: str, faults: list[str]) -> Iterator[News]:
        """One of our errors; that of a signal is told by whoever sent it on."""
        kind = getattr(errors, name)
        if issubclass(kind, MLPTrainError):
            self.folds.failures[worker.number] = kind(*faults)
            yield News(worker.number, failure=kind(*faults))
        elif not worker.stopped:
            self.folds.failures[worker.number] = self._killed(faults[0])
        worker.stopped = True

    def _ended(self, worker: Worker, code: int) -> News | None:
        """A process that ended without a word."""
        number = worker.number
        if number in self.folds.outcomes or number in self.folds.failures or worker.stopped:
            return None
        how = f"by {Signals(-code).name}" if code < 0 else "by a fault of this program, see above"
        failure = self._killed(f"its process was ended {how}") if code < 0 else MLPTrainError(how)
        self.folds.failures[number] = failure
        return News(number, failure=failure)

    def _killed(self, what: str) -> MLPTrainError:
        return EnvironmentFault(f"{what}; go on with mlptrain {self.folds.goes_on}")

    def end(self) -> None:
        """Nobody is left at work, whatever has happened."""
        for worker in self.at_work:
            worker.stop()
        for worker in self.at_work:
            worker.close()
        self.at_work.clear()
        self.rows.close()
