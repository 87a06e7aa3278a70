"""What every process of a sweep does: take what nobody works on, train it, tell the journal.

A claim is a lock of the kernel's, which ends with its process. So a trial that the journal calls
running and that nobody holds was killed: whoever finds it first goes on with it. Any number of
processes on any number of machines may work on one directory.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from mlptrain.data.opened import Opened
from mlptrain.errors import EnvironmentFault, Interrupted, Told
from mlptrain.storage.lock import is_held, lock
from mlptrain.sweeps.journal import PATIENCE, RUNNING, Asked, Journal, Trial
from mlptrain.sweeps.place import CLAIMS, LOCK, trial_path
from mlptrain.sweeps.plan import Plan
from mlptrain.sweeps.ranking import Rerun, ranked, reruns
from mlptrain.sweeps.training import (
    UNUSABLE,
    Pruned,
    Undefined,
    drop_checkpoints,
    is_trained,
    train_trial,
)
from mlptrain.training.build import Load, load

MOST_KILLED = 3
"""How often a trial may be killed at the same place before it is given up."""
PAUSE = 0.2
"""Seconds between two looks at what others are doing."""


@dataclass
class Worker:
    """A process at work on a sweep.

    goes_on  asked before anything is begun: whether there is time left, and who started us lives
    """

    place: Path
    plan: Plan
    journal: Journal
    threads: int | None = None
    goes_on: Callable[[], bool] = lambda: True
    given_up: set[Path] = field(default_factory=set)
    _seed: int | None = None  # of the last run again: this process has its rows
    _load: Load = field(default_factory=lambda: partial(load, opened=Opened()))

    def work(self) -> None:
        """Until all trials are done, and the winner was trained again with other seeds."""
        while self.goes_on():
            with ExitStack() as held:
                asked = self._claim(held)
                if asked is not None:
                    self._train(asked)
                    continue
            trials = self.journal.trials()
            if any(each.state == RUNNING for each in trials):
                time.sleep(PAUSE)
                continue
            left = [each for each in reruns(self.place, self.plan, self.journal) if self._is_left(each)]
            if not left:
                return
            in_turn = nearest_first(left, self._seed, self._is_at_work)
            if not any(self._train_again(each) for each in in_turn):
                time.sleep(PAUSE)

    def _claim(self, held: ExitStack) -> Asked | None:
        """A trial that was killed, or a new one; None where all are done or held by others."""
        with lock(self.place, LOCK, PATIENCE):
            trials = self.journal.trials()
            for each in trials:
                if each.state == RUNNING and self._hold(held, f"{each.number:04d}"):
                    asked = self._taken_up(self.journal.trials()[each.number - 1])
                    if asked is not None:
                        return asked
            if len(trials) >= self.plan.trials:
                return None
            asked = self.journal.begin()
            self._hold(held, f"{asked.number:04d}")
            self.journal.note(asked.number, "began", [0])
            return asked

    def _hold(self, held: ExitStack, name: str) -> bool:
        """Claim something, as long as `held` is open; False where another process has it."""
        if is_held(self.place / CLAIMS, name):
            return False
        try:
            held.enter_context(lock(self.place / CLAIMS, name))
        except EnvironmentFault:
            return False
        return True

    def _taken_up(self, trial: Trial) -> Asked | None:
        """A trial that was killed; None where it is given up, or ended just before it was claimed."""
        if trial.state != RUNNING:
            return None
        began = [*trial.notes.get("began", [])]
        if began.count(trial.evaluations) >= MOST_KILLED:
            often = f"killed {MOST_KILLED} times after evaluation {trial.evaluations}"
            self.journal.fail(trial.number, f"{often}; is the memory full?")
            return None
        asked = self.journal.again(trial.number)
        self.journal.note(trial.number, "began", [*began, trial.evaluations])
        return asked

    def _train(self, asked: Asked) -> None:
        """Train a trial and tell the journal what came of it."""
        try:
            configs = self.plan.configs(asked.chosen)
            value = train_trial(
                trial_path(self.place, asked.number), configs, self.threads, asked, self._load
            )
        except Pruned as error:
            self.journal.prune(asked.number, error.faults[0])
        except (Undefined, *UNUSABLE) as error:
            self.journal.fail(asked.number, reason_of(error))
        except Interrupted:
            self.journal.note(asked.number, "began", [])  # it ended in order: nothing killed it
            raise
        else:
            self.journal.complete(asked.number, value)
        self._thin(self.journal.trials())

    def _thin(self, trials: Sequence[Trial]) -> None:
        """Only the best trials keep their checkpoints, and those at work."""
        best = ranked(trials, larger_is_better=self.journal.larger_is_better)
        kept = {each.number for each in best[: self.plan.settings.keep]}
        for each in trials:
            if each.state != RUNNING and each.number not in kept:
                drop_checkpoints(trial_path(self.place, each.number))

    def _is_left(self, rerun: Rerun) -> bool:
        return rerun.path not in self.given_up and not is_trained(rerun.path, rerun.configs)

    def _is_at_work(self, rerun: Rerun) -> bool:
        return is_held(self.place / CLAIMS, rerun.path.name)

    def _train_again(self, rerun: Rerun) -> bool:
        """Train one of the last runs, unless somebody does; its checkpoints are not kept."""
        with ExitStack() as held:
            if not self._hold(held, rerun.path.name):
                return False
            if self._is_left(rerun):
                self._seed = rerun.seed
                try:
                    train_trial(rerun.path, rerun.configs, self.threads, load=self._load)
                except (Undefined, *UNUSABLE):
                    self.given_up.add(rerun.path)
                drop_checkpoints(rerun.path)
            return True


def nearest_first(
    left: Sequence[Rerun], own: int | None, is_at_work: Callable[[Rerun], bool]
) -> Iterator[Rerun]:
    """Those of the seed whose rows are here, then those of seeds that nobody works on, then the others.

    A seed has rows of its own, which whoever trains on them prepares. Who is at work is asked anew for
    each, since others claim meanwhile.
    """
    waiting = list(left)
    while waiting:
        busy = {each.seed for each in left if is_at_work(each)}
        waiting.sort(key=lambda each: (each.seed != own, each.seed in busy))
        yield waiting.pop(0)


def reason_of(error: BaseException) -> str:
    """Why a trial has no value, on one line."""
    return error.faults[0] if isinstance(error, Told) else "does not fit into the memory"
