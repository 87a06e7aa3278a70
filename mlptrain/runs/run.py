"""A run from beginning to end: train, and keep config, metrics and checkpoints in a run directory.

`Run` is one sitting: a new run, or a run that goes on. Iterating over it trains; like `train` it
yields None after a step and a record after an evaluation, when everything due is on the disk.
"""

import shlex
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from mlptrain.config import Config, dump, resolved
from mlptrain.config.overrides import Overrides
from mlptrain.errors import (
    CheckpointError,
    DivergenceError,
    Interrupted,
    MLPTrainError,
    StorageError,
    Told,
)
from mlptrain.runs.join import Join, alone
from mlptrain.runs.resume import agreed_config, check_same_data, noted, rebuilt, take_up, with_history
from mlptrain.runs.saving import Checkpointer, Ruined, events_for, keeper_for, rate_words
from mlptrain.runs.signals import StopRequest, stop_requests
from mlptrain.storage.run_directory import RunDirectory
from mlptrain.storage.state import here
from mlptrain.system.threads import use_threads
from mlptrain.training.baseline import baseline
from mlptrain.training.build import Load, load
from mlptrain.training.checkpoint import Checkpoint
from mlptrain.training.data_files import files_in, located
from mlptrain.training.evaluate import evaluate
from mlptrain.training.experiment import Experiment
from mlptrain.training.linear_model import linear_figures
from mlptrain.training.record import Progress, Record
from mlptrain.training.restore import config_of, network_of
from mlptrain.training.trainer import train
from mlptrain.training.warm_start import begin

MOST_ROLLBACKS = 3
"""With `nonfinite: rollback`, how often a run may go back to its last checkpoint."""
NOT_KEPT = "nothing is kept; out=DIR keeps the run"


@dataclass(repr=False)
class Run:
    """One sitting of a run: what is trained, where it is kept, and how far it has come.

    Iterate over it to train: it yields after each step, a record where one was measured, else None.

    >>> from mlptrain.config import load_config
    >>> xor = {"data": {"train": {"name": "xor", "points_per_class": 20}}, "train": {"epochs": 2}}
    >>> run = Run.new(load_config(xor), lambda: Path("runs/xor"))
    >>> [record["epoch"] for record in run if record is not None]
    [1, 2]
    """

    config: Config
    experiment: Experiment
    directory: RunDirectory
    checkpointer: Checkpointer
    progress: Progress = field(default_factory=Progress)
    notes: list[str] = field(default_factory=list)
    test: dict[str, float | None] | None = None
    beside: dict[str, Mapping[str, float | None] | None] = field(default_factory=dict)
    """Others on the test rows: a `baseline` that reads no column, a `linear` model (of no fold)."""
    summary: dict[str, Any] = field(default_factory=dict)
    started: tuple[str, ...] = ()  # the notes that stay when all others are off: how it began
    rolled_to: int | None = None  # the step of the checkpoint that a rollback last went back to
    is_kept: bool = True  # the directory stays when the run has ended
    goes_on: str = ""  # the command that goes on with it, where it is part of something larger
    already_finished: bool = False  # there was nothing left to do
    _whole: tuple[int, int] = (0, 0)  # steps and updates when parameters and progress last agreed

    @classmethod
    def new(
        cls,
        config: Config,
        place: Callable[[], Path],
        *,
        force: bool = False,
        threads: int | None = None,
        join: Join = alone,
        load: Load = load,
    ) -> Self:
        """Build everything first; `place` makes or names the directory when the config can run."""
        events = events_for(config)
        config, experiment, told = begin(config, threads, load)
        experiment = join(config, experiment)
        directory = RunDirectory.create(place(), force=force)
        try:
            directory.write_config(dump(resolved(config)))
            checkpointer = keeper_for(config, experiment, directory, events)
        except BaseException:
            directory.close()
            raise
        notes = [*told, *experiment.data.notes]
        return cls(config, experiment, directory, checkpointer, notes=notes, started=told)

    @property
    def best(self) -> Path:
        """The checkpoint of the best epoch."""
        return self.directory.best

    @classmethod
    def resumed(
        cls,
        path: str | Path,
        config: Config | None = None,
        overrides: Overrides = (),
        *,
        threads: int | None = None,
        join: Join = alone,
        load: Load = load,
    ) -> Self:
        """Go on from the newest valid checkpoint in `path`.

        `config` and `overrides` may change what the steps already done do not depend on, no other key.
        """
        directory = RunDirectory.open(path)
        try:
            checkpoint = Checkpoint.newest(directory)
            config = located(agreed_config(checkpoint, config, overrides), checkpoint)
            experiment = join(config, rebuilt(checkpoint, config, threads, load))
            check_same_data(checkpoint, config, experiment)
            progress = checkpoint.progress()
            told = take_up(checkpoint, config, experiment, progress)
            checkpointer = keeper_for(config, experiment, directory, events_for(config), checkpoint)
            checkpointer.restore(checkpoint)
            if checkpoint.path != directory.last or files_in(config) != files_in(config_of(checkpoint)):
                checkpointer.saved = None  # last.npz is to be written, with the new places
            directory.write_config(with_history(directory, config, checkpoint))
        except BaseException:
            directory.close()
            raise
        notes = [*checkpoint.notes, *experiment.data.notes, *told]
        notes += noted(checkpoint, experiment, progress)
        run = cls(config, experiment, directory, checkpointer, progress, notes)
        run.started = (*checkpoint.notes, *told)
        run.already_finished = bool(progress.stopped) or progress.step == experiment.total_steps
        return run

    def __repr__(self) -> str:
        if not self.summary:
            step, total = self.progress.step, self.experiment.total_steps
            return f"<Run {self.directory.path}: step {step} of {total}>"
        ended, best = f"{self.summary['status']}: {self.summary['reason']}", self.progress.best
        found = "none" if best is None else f"{best:.6g} at epoch {self.progress.best_epoch}"
        return f"<Run {self.directory.path}: {ended}; best {self.experiment.monitor.key} {found}>"

    def __iter__(self) -> Iterator[Record | None]:
        status, reason, ended = Told.status, "", None
        try:
            with use_threads(self.experiment.threads), stop_requests() as request:
                self.directory.write_summary({**self._summary("running", ""), **here()})
                yield from self._train(request)
                self.test = self._test()
            status = "early_stopped" if self.progress.stopped else "completed"
            reason = self.progress.stopped or f"all {self.experiment.epochs} epochs done"
        except BaseException as error:
            status = error.status if isinstance(error, Told) else Told.status
            reason, ended = self._last_words(error), error
            raise
        finally:
            self._end(status, reason, ended)
        if request.signal is not None:  # nothing was left to stop, but whoever sent it wants an end
            name = request.signal.name
            raise Interrupted(request.signal, f"{name} after the last step: {reason}")

    def _last_words(self, error: BaseException) -> str:
        """Why the run ended; what it has done is saved first, where it is whole."""
        reason = error.faults[0] if isinstance(error, Told) else f"ended by {type(error).__name__}"
        step = self.progress.step
        whole = (step, self.experiment.optimizer.t) == self._whole
        if not whole or step == self.checkpointer.saved or isinstance(error, DivergenceError):
            return reason
        try:
            self.checkpointer.save(self.progress)
        except MLPTrainError as refused:
            return f"{reason}; {refused.faults[0]}"
        return f"{reason} after step {step}: saved"

    def _end(self, status: str, reason: str, ended: BaseException | None) -> None:
        """Write the summary, and let others in. What ended the run is not hidden by a full disk."""
        self.checkpointer.close()
        self.summary = self._summary(status, reason)
        with self.directory:
            try:
                self.directory.write_summary(self.summary)
            except StorageError as error:
                if ended is None:
                    raise
                if isinstance(ended, Told):
                    ended.add(error)

    def _train(self, request: StopRequest) -> Iterator[Record | None]:
        if self.checkpointer.saved is None:
            self.checkpointer.save(self.progress)  # killed from here on, the run can be resumed
        while True:
            self._whole = (self.progress.step, self.experiment.optimizer.t)
            try:
                for record in train(self.experiment, self.progress):
                    self.checkpointer.keep(self.progress, record)
                    self._whole = (self.progress.step, self.experiment.optimizer.t)
                    if request.signal is not None:  # before whoever looks on can fail
                        self._interrupt(request.signal)
                    self._note(record)
                    yield record
                    if request.signal is not None:
                        self._interrupt(request.signal)
                return
            except DivergenceError as error:
                self._roll_back(error)

    def _note(self, record: Record | None) -> None:
        """Say, once, what goes wrong without an end to the run.

        The event files are lost; or the monitor has had no value yet: there is no best without one.
        """
        notes, events = list[str](), self.checkpointer.events
        if events is not None and events.failure:
            notes.append(events.failure)
        if record is not None and self.progress.best is None:
            notes.append(
                f"{self.experiment.monitor.key} is null, not defined on these rows or not finite: "
                "until it has a value no checkpoint is the best, and early stopping waits"
            )
        self.notes += [note for note in notes if note not in self.notes]

    def _interrupt(self, number: signal.Signals) -> None:
        self.checkpointer.save(self.progress)
        step, epoch = self.progress.step, self.progress.step // self.experiment.steps_per_epoch
        command = self.goes_on or f"fit --resume {shlex.quote(str(self.directory.path))}"
        kept = f"saved; resume it with mlptrain {command}" if self.is_kept else NOT_KEPT
        raise Interrupted(number, f"{number.name} after step {step} (epoch {epoch}): {kept}")

    def _rescue(self) -> str:
        """Save the parameters as they stand, where they are finite; says what is on the disk now."""
        if not self.is_kept:
            return NOT_KEPT
        try:
            self.checkpointer.save(self.progress)
        except DivergenceError:  # past saving: `error` says so already
            return f"{self.directory.last} is of an earlier step"
        except StorageError as error:
            return f"step {self.progress.step} cannot be kept: {error.faults[0]}"
        return f"the parameters of step {self.progress.step} are kept in {self.directory.last}"

    def _roll_back(self, error: DivergenceError) -> None:
        """Go back to a checkpoint, at half the rate so far and without the step that failed.

        It is the last one, or one before where the run has failed from that one already.
        """
        failed, rolled = self.progress.step, len(self.progress.poisoned)
        if isinstance(error, Ruined):
            failed -= 1  # counted as done already
        if self.experiment.nonfinite != "rollback" or rolled >= MOST_ROLLBACKS:
            raise DivergenceError(f"{error.faults[0]}; {self._rescue()}") from error
        before = self.progress
        try:
            self.progress = self.checkpointer.go_back(self.rolled_to)
        except (CheckpointError, StorageError) as refused:
            error.add(refused)
            raise error from refused
        self.notes += self.checkpointer.told
        self.progress.rate_factor = before.rate_factor / 2
        self.progress.poisoned = [*before.poisoned, failed]
        self.rolled_to = self.progress.step
        self.notes.append(
            f"{error.faults[0]}; {rate_words(self.progress)}; rolled back to step {self.progress.step}"
        )

    def _test(self) -> dict[str, float | None] | None:
        """Loss and headline of the best parameters on the test rows, where there are any."""
        data = self.experiment.data
        if data.test is None or not self.directory.best.exists():
            return None
        network = network_of(Checkpoint.read(self.directory.best))
        evaluation = evaluate(network, data.test, data.preprocessing)
        whole = self.config.data.fold is None
        linear = linear_figures(self.config, data, data.test) if whole else None
        self.beside = {"baseline": baseline(evaluation), "linear": linear}
        shown = (*self.experiment.headline, network.loss.headline)
        return evaluation.measured(dict.fromkeys(shown))

    def _summary(self, status: str, reason: str) -> dict[str, Any]:
        done = self.checkpointer.summary(self.progress)
        told = {"status": status, "reason": reason, **done, "test": self.test, "notes": self.notes}
        return {**told, "beside": self.beside} if self.beside else told
