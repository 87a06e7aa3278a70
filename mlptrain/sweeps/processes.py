"""A sweep as somebody watches it: the processes that work on it, and what they bring.

This process trains nothing. It starts the others, starts another where one was killed, lets them end
in order when it is asked to end, and yields every trial that is finished, by whomever.
"""

import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlptrain.errors import ConfigError, Interrupted, MLPTrainError, StorageError
from mlptrain.messages import count
from mlptrain.runs.signals import end_in_order, stop_requests
from mlptrain.runs.worker import Front, WorkerProcess, end, failure, heard
from mlptrain.sweeps.journal import RUNNING, Trial, engine
from mlptrain.sweeps.place import begin_or_join, opened, resuming
from mlptrain.sweeps.plan import Plan
from mlptrain.sweeps.ranking import Outcome
from mlptrain.sweeps.work import MOST_KILLED, Worker
from mlptrain.system.fork_server import ForkServer
from mlptrain.system.threads import cores
from mlptrain.training.experiment import Experiment
from mlptrain.training.warm_start import begin

POLL = 0.3
"""Seconds between two looks at the journal."""


class Started(WorkerProcess):
    """A process that works on a sweep, once it knows on which."""

    def begin(self, place: Path, threads: int | None, until: float | None) -> None:
        """Let it work."""
        self.tell({"place": str(place), "threads": threads, "until": until})


def work() -> None:
    """What a process does; an error of ours goes to who started it, who prints it."""
    end_in_order()
    front = Front()
    try:
        engine()
        task = front.hear()
        place, end = Path(task["place"]), task["until"]
        goes_on = (lambda: True) if end is None else (lambda: time.time() < end)
        Worker(place, *opened(place), task["threads"], goes_on).work()
    except MLPTrainError as error:
        front.fail(error)
    except Interrupted:
        return


@dataclass
class SweepRun:
    """One sitting of a sweep. Iterating yields each trial when it is finished.

    before   trials that were finished when it began
    """

    place: Path
    plan: Plan
    jobs: int
    notes: tuple[str, ...]
    outcome: Outcome
    server: ForkServer
    workers: list[Started]
    before: int = 0
    killed: int = 0

    @classmethod
    def begun(cls, place: Path, plan: Plan, jobs: int) -> "SweepRun":
        """Begin or join; the config is built first, so that nothing is made for one that cannot run."""
        server = ForkServer(__name__, work.__name__, also=("optuna",))
        workers = [Started(server) for _ in range(jobs)]  # they import while the config is tried
        try:
            experiment, told = tried(plan)
            journal = begin_or_join(place, plan, experiment.monitor.larger_is_better)
            outcome = Outcome(place, plan, journal)
        except BaseException:
            end(server, workers)
            raise
        before = sum(each.state != RUNNING for each in outcome.trials)
        notes = (*told, *experiment.data.notes)
        return cls(place, plan, jobs, notes, outcome, server, workers, before)

    def __iter__(self) -> Iterator[Trial]:
        limit = self.plan.settings.time_limit
        until = None if limit is None else time.time() + 60 * limit
        threads = None if self.jobs == 1 else max(1, cores() // self.jobs)
        seen = {each.number for each in self.outcome.trials if each.state != RUNNING}
        with stop_requests() as request:
            try:
                for worker in self.workers:
                    worker.begin(self.place, threads, until)
                while self.workers and request.signal is None:
                    self._look_after(threads, until)
                    yield from self._finished(seen)
            finally:
                end(self.server, self.workers)
        yield from self._finished(seen)
        self.outcome = Outcome(self.place, self.plan, self.outcome.journal)
        if request.signal is not None:
            raise Interrupted(request.signal, self._farewell(request.signal))

    def _finished(self, seen: set[int]) -> Iterator[Trial]:
        for each in self.outcome.journal.trials():
            if each.state != RUNNING and each.number not in seen:
                seen.add(each.number)
                yield each

    def _look_after(self, threads: int | None, until: float | None) -> None:
        """Raise what ended a process; start another for one that was killed."""
        for worker in heard(self.workers, POLL):
            messages = worker.messages()
            for message in messages or ():
                if error := failure(message):
                    raise error
            if messages is None:
                self.workers.remove(worker)
                code = worker.close()
                self._check_end(code)
                if code:
                    self.workers.append(Started(self.server))
                    self.workers[-1].begin(self.place, threads, until)

    def _check_end(self, code: int) -> None:
        """StorageError where a process ended by a fault, or where they are killed again and again."""
        if code > 0:
            raise StorageError(f"{self.place}: a process of the sweep ended with {code}; see above")
        self.killed += code < 0
        if self.killed > MOST_KILLED * self.plan.trials:
            raise StorageError(
                f"{self.place}: its processes were killed {self.killed} times; is the memory full? "
                "try fewer --jobs"
            )

    def _farewell(self, number: signal.Signals) -> str:
        done = sum(each.state != RUNNING for each in self.outcome.trials)
        return (
            f"{number.name}: {count(done, 'trial')} of {self.plan.trials} done, those at work saved; "
            f"resume it with mlptrain {resuming(self.place)}"
        )


def tried(plan: Plan) -> tuple[Experiment, tuple[str, ...]]:
    """The config as it is, built; and what it told."""
    _, experiment, told = begin(plan.configs({})[0])
    if experiment.data.val is None:
        raise ConfigError(
            "data.val: validation rows decide, and there are none; set it to 0.1 to 0.2, name a file, "
            "or take --folds"
        )
    return experiment, tuple(told)
