"""k-fold cross-validation: k runs, each with another fold of the rows held out.

Every row is held out once, so what the k models say of the rows they did not see says how well a config
does on all rows, and the spread over the folds how far one number can be trusted. Together the k
models are one: the average of what they predict. With `data.time` only what lies before a fold is
learned from, so the rows before the first fold are never held out. Candidates are trained on the same
folds one after another; what their members say of the rows held out decides which of them predict.
"""

import os
import shlex
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from mlptrain.config import Config
from mlptrain.config.folds import held_out
from mlptrain.config.load import configs_of_candidates
from mlptrain.data.opened import Opened
from mlptrain.errors import ConfigError, MLPTrainError
from mlptrain.runs.fold_outcome import FoldOutcome
from mlptrain.runs.fold_results import write_outcomes
from mlptrain.runs.rows_in_memory import Handed
from mlptrain.runs.run import NOT_KEPT, Run
from mlptrain.storage.fold_directory import (
    candidate_of,
    check_room_for_folds,
    clear_folds,
    fold_path,
    some_folds,
)
from mlptrain.storage.lock import lock
from mlptrain.storage.run_directory import make_directory, make_numbered
from mlptrain.storage.run_files import holds_checkpoint
from mlptrain.system.threads import use_threads
from mlptrain.training.build import Load, load


@dataclass(repr=False)
class Folds:
    """k runs of one config, or of each of its candidates, one after the other or several at a time.

    Iterating yields the number of each run and the run, ready to train, and keeps what comes of it;
    `side_by_side` gives them to processes.

    count       k
    config      its `test` is set aside: the fold that is held out is the test set, or where there are
                no validation rows, those
    directory   fold-1 ... fold-k, folds.json and out_of_fold.csv go there
    force       replaces the runs that are there
    resume      goes on with them: a fold that is done stays, one that was interrupted is resumed
    numbered    takes another number behind the name of the directory where there is one already
    jobs        how many folds are trained at a time
    given       the rows of all, where they are in no file
    is_kept     the directory stays when all has ended
    outcomes    what came of a run by its number: 1 ... k of the first candidate, then those of the next
    failures    what went wrong with a run; the others are trained all the same
    summary     what folds.json holds, once all folds are done
    """

    config: Config
    count: int
    directory: Path
    force: bool = False
    resume: bool = False
    numbered: bool = False
    threads: int | None = None
    jobs: int = 1
    given: Handed | None = None
    is_kept: bool = True
    outcomes: dict[int, FoldOutcome] = field(default_factory=dict)
    failures: dict[int, MLPTrainError] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    _held: ExitStack = field(default_factory=ExitStack)
    _opened: Opened = field(default_factory=Opened)

    def __post_init__(self) -> None:
        self.configs = configs_of_candidates(self.config)
        self._names = list(self.configs)
        if self.resume:
            if not some_folds(self.directory):
                raise ConfigError(
                    f"{self.directory}: holds no folds; check the path, or leave out --resume"
                )
            self._check_candidates()
            return
        if self.numbered:
            return
        check_room_for_folds(self.directory, force=self.force)

    def __repr__(self) -> str:
        return f"<Folds {self.directory}: {len(self.outcomes)} of {self.total} done>"

    def _check_candidates(self) -> None:
        """ConfigError for folds of another candidate, which would lie there as if they counted."""
        for fold in some_folds(self.directory):
            if (name := candidate_of(fold)) not in self._names:
                of = f"the candidate {name}, which" if name else "a config without candidates, which"
                raise ConfigError(
                    f"{fold}: is of {of} this config has not; put it back, or move the fold"
                )

    @property
    def total(self) -> int:
        """How many runs there are."""
        return self.count * len(self._names)

    def candidate(self, number: int) -> str:
        """The candidate of a run; "" where there are none."""
        return self._names[(number - 1) // self.count]

    def fold(self, number: int) -> int:
        """Which fold a run holds out."""
        return (number - 1) % self.count + 1

    def is_first(self, number: int) -> bool:
        """Whether a run is of the first candidate: its linear models are shown, whichever is chosen."""
        return number <= self.count

    def label(self, number: int) -> str:
        """What a run is called: `fold 3`, or `wide, fold 3`."""
        name = self.candidate(number)
        return f"{name}{', ' if name else ''}fold {self.fold(number)}"

    def config_of(self, number: int) -> Config:
        """The config of a run."""
        return held_out(self.configs[self.candidate(number)], self.fold(number), self.count)

    @property
    def best(self) -> Path:
        """What stands for the model: the directory of all folds."""
        return self.directory

    @property
    def goes_on(self) -> str:
        """The command that goes on with all of them."""
        return f"fit CONFIG --folds {self.count} --resume {shlex.quote(str(self.directory))}"

    @property
    def way_on(self) -> str:
        """What to do where something has ended it."""
        return f"resume it with mlptrain {self.goes_on}" if self.is_kept else NOT_KEPT

    def __iter__(self) -> Generator[tuple[int, Run]]:
        """Train each run before asking for the next. Until the end nobody else may write there.

        Where a run failed, put its error into `failures`: it is raised when the others are done. So is
        that of a run that cannot begin, but for the first, which ends all.
        """
        with self._held:
            if self.resume:
                self._held.enter_context(lock(self.directory))
            for number in range(1, self.total + 1):
                path = self.path_of(number)
                try:
                    run = self._run(number, path)
                except MLPTrainError as error:
                    if number == 1:  # nothing is known but that the config cannot run
                        raise
                    self.failures[number] = error
                    continue
                run.goes_on = self.goes_on
                yield number, run
                if number not in self.failures:
                    with use_threads(run.experiment.threads):
                        self.outcomes[number] = FoldOutcome.of(
                            self.fold(number), run, with_linear=self.is_first(number)
                        )
            self.end()

    def _run(self, number: int, path: Path) -> Run:
        """The run of a fold: the one that is there, where there is something to go on with."""
        run = begun(
            self.config_of(number),
            path,
            partial(self._place, number),
            resume=self.resume,
            force=self.force,
            threads=self.threads,
            is_kept=self.is_kept,
            load=self.given.load if self.given else partial(load, opened=self._opened),
        )
        if self.force and number == 1:  # by now it is known that the config can run
            try:
                clear_folds(self.directory, keep=run.directory.path)
            except BaseException:
                run.directory.close()
                raise
        return run

    def _place(self, number: int) -> Path:
        """The directory of a fold; with the first one comes that of all, and its lock."""
        if number == 1 and not self.resume:
            self.make()
        return self.path_of(number)

    def path_of(self, number: int) -> Path:
        """Where the run of a fold is kept, which may be there already."""
        path = fold_path(self.directory, self.fold(number), self.candidate(number))
        if os.path.islink(path):
            raise ConfigError(f"{path}: is a symbolic link, which is never followed here; remove it")
        return path

    def make(self) -> None:
        """Make the directory of all folds, and hold its lock."""
        if self.numbered:
            self.directory = make_numbered(self.directory)
        make_directory(self.directory)
        self._held.enter_context(lock(self.directory))

    def hold(self) -> ExitStack:
        """What lets others in again when it is left."""
        if self.resume:
            self._held.enter_context(lock(self.directory))
        return self._held

    def end(self) -> None:
        """Write what came of all folds; raises what went wrong with some, said once for each."""
        if self.failures:
            first = self.failures[min(self.failures)]
            faults = {
                fault: f"{self.label(number)}: {fault}"
                for number, error in sorted(self.failures.items(), reverse=True)
                for fault in error.faults
            }
            everywhere = not self.outcomes and len(faults) == len(first.faults)
            raise type(first)(*(first.faults if everywhere else reversed(faults.values())))
        outcomes = [self.outcomes[number] for number in sorted(self.outcomes)]
        each = {
            name: outcomes[place * self.count :][: self.count] for place, name in enumerate(self._names)
        }
        self.summary = write_outcomes(self.directory, self.config, each)


def begun(
    config: Config,
    path: Path,
    place: Any,
    *,
    resume: bool,
    force: bool,
    threads: int | None,
    is_kept: bool,
    load: Load = load,
) -> Run:
    """The run of one fold, new or as it is there; `place` says where a new one goes."""
    if resume and holds_checkpoint(path):
        run = Run.resumed(path, config, threads=threads, load=load)
    else:
        run = Run.new(config, place, force=force or resume, threads=threads, load=load)
    run.is_kept = is_kept
    return run
