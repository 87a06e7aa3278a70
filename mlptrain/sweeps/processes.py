"""A sweep as somebody watches it: the processes that work on it, and what they bring.

This process trains nothing. It starts the others, starts another where one was killed, lets them end
in order when it is asked to end, and yields every trial that is finished, by whomever.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mlptrain import errors
from mlptrain.errors import ConfigError, Interrupted, MLPTrainError, StorageError
from mlptrain.messages import count
from mlptrain.runs.signals import stop_requests
from mlptrain.sweeps.journal import RUNNING, Trial
from mlptrain.sweeps.place import begin_or_join, opened
from mlptrain.sweeps.plan import Plan
from mlptrain.sweeps.ranking import Outcome
from mlptrain.sweeps.work import MOST_KILLED, Worker
from mlptrain.system.threads import cores
from mlptrain.training.experiment import Experiment
from mlptrain.training.warm_start import begin

PROGRAM = """
import os, sys
sys.path[:] = sys.argv[1].split(os.pathsep)
from mlptrain.sweeps.processes import work
work(*sys.argv[2:])
"""
POLL = 0.3
"""Seconds between two looks at the journal."""


class Started:
    """A process at work; what it writes is the error of ours that ended it."""

    def __init__(self, place: Path, threads: int | None, until: float | None) -> None:
        arguments = [str(place), json.dumps(threads), json.dumps(until), str(os.getpid())]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", PROGRAM, os.pathsep.join(sys.path), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )

    def code(self) -> int | None:
        """How it ended; None while it is at work."""
        return self._process.poll()

    def error(self) -> MLPTrainError | None:
        """The error that ended it, if one of ours did."""
        said, _ = self._process.communicate()
        if not said:
            return None
        found = json.loads(said)
        kind = getattr(errors, found["kind"])
        return kind(*found["faults"])

    def ask_to_end(self) -> None:
        """Let it save what it is doing."""
        self._process.terminate()

    def wait(self) -> None:
        """Until it has ended."""
        self._process.communicate()


def work(place: str, threads: str, until: str, parent: str) -> None:
    """What a process does; an error of ours goes to who started it, who prints it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all: our parent passes it on
    threading.Thread(target=_outlive, args=(int(parent),), daemon=True).start()
    end = json.loads(until)
    try:
        plan, journal = opened(Path(place))
        goes_on = (lambda: True) if end is None else (lambda: time.time() < end)
        Worker(Path(place), plan, journal, json.loads(threads), goes_on).work()
    except MLPTrainError as error:
        json.dump({"kind": type(error).__name__, "faults": error.faults}, sys.stdout)
    except Interrupted:
        return


def _outlive(parent: int) -> None:
    """End in order when who started this process is gone."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


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
    before: int = 0
    killed: int = 0
    _workers: list[Started] = field(default_factory=list)

    @classmethod
    def begun(cls, place: Path, plan: Plan, jobs: int) -> "SweepRun":
        """Begin or join; the config is built first, so that nothing is made for one that cannot run."""
        experiment, told = tried(plan)
        journal = begin_or_join(place, plan, experiment.monitor.larger_is_better)
        outcome = Outcome(place, plan, journal)
        before = sum(each.state != RUNNING for each in outcome.trials)
        return cls(place, plan, jobs, (*told, *experiment.data.notes), outcome, before)

    def __iter__(self) -> Iterator[Trial]:
        limit = self.plan.settings.time_limit
        until = None if limit is None else time.time() + 60 * limit
        threads = None if self.jobs == 1 else max(1, cores() // self.jobs)
        seen = {each.number for each in self.outcome.trials if each.state != RUNNING}
        with stop_requests() as request:
            try:
                self._workers = [Started(self.place, threads, until) for _ in range(self.jobs)]
                while self._workers and request.signal is None:
                    time.sleep(POLL)
                    self._look_after(threads, until)
                    yield from self._finished(seen)
            finally:
                self._end()
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
        for each in [one for one in self._workers if one.code() is not None]:
            self._workers.remove(each)
            if error := each.error():
                raise error
            code = each.code() or 0
            if code > 0:
                raise StorageError(f"{self.place}: a process of the sweep ended with {code}; see above")
            if code < 0:
                self._check_killed()
                self._workers.append(Started(self.place, threads, until))

    def _check_killed(self) -> None:
        """StorageError where processes are killed again and again."""
        self.killed += 1
        if self.killed > MOST_KILLED * self.plan.trials:
            raise StorageError(
                f"{self.place}: its processes were killed {self.killed} times; is the memory full? "
                "try fewer --jobs"
            )

    def _end(self) -> None:
        """Let the processes save what they are doing, and wait for them."""
        for each in self._workers:
            each.ask_to_end()
        for each in self._workers:
            each.wait()

    def _farewell(self, number: signal.Signals) -> str:
        done = sum(each.state != RUNNING for each in self.outcome.trials)
        return (
            f"{number.name}: {count(done, 'trial')} of {self.plan.trials} done, those at work saved; "
            f"the same command goes on (--out {shlex.quote(str(self.place))})"
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
