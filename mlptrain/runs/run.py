"""A run from beginning to end: train, and keep config, metrics and checkpoints in a run directory.

`Run` is one sitting: a new run, or a run that goes on. Iterating over it trains; like `train` it
yields None after a step and a record after an evaluation, when everything due is on the disk.
"""

import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from mlptrain.config import Config, dump, resolved
from mlptrain.errors import CheckpointError, DivergenceError, Interrupted, MLPTrainError, StorageError
from mlptrain.messages import count
from mlptrain.runs.resume import agreed_config, check_same_data
from mlptrain.runs.saving import Checkpointer, Ruined
from mlptrain.runs.signals import StopRequest, stop_requests
from mlptrain.runs.tensorboard import EventFiles
from mlptrain.storage.archive import read_archive
from mlptrain.storage.run_directory import RunDirectory
from mlptrain.system.environment import differences, environment
from mlptrain.system.threads import use_threads
from mlptrain.training.build import build, interval
from mlptrain.training.checkpoint import Checkpoint, restore_network
from mlptrain.training.evaluate import evaluate
from mlptrain.training.experiment import Experiment
from mlptrain.training.record import Progress, Record
from mlptrain.training.restore import network_of
from mlptrain.training.trainer import train

MOST_ROLLBACKS = 3
"""With `nonfinite: rollback`, how often a run may go back to its last checkpoint."""

Status = Literal["completed", "early_stopped", "interrupted", "diverged"]


@dataclass
class Run:
    """One sitting of a run: what is trained, where it is kept, and how far it has come."""

    config: Config
    experiment: Experiment
    directory: RunDirectory
    checkpointer: Checkpointer
    progress: Progress = field(default_factory=Progress)
    notes: list[str] = field(default_factory=list)
    test: dict[str, float | None] | None = None
    summary: dict[str, Any] = field(default_factory=dict)
    rolled_to: int | None = None  # the step of the checkpoint that a rollback last went back to
    goes_on: str = ""  # the command that goes on with it, where it is part of something larger

    @classmethod
    def new(
        cls,
        config: Config,
        out: str | Path,
        *,
        force: bool = False,
        init_from: Checkpoint | None = None,
        threads: int | None = None,
    ) -> Self:
        """Build everything first, so that nothing is replaced for a config that cannot run."""
        events = events_for(config)
        experiment = build(config, threads)
        if init_from is not None:
            restore_network(experiment.network, init_from)
        directory = RunDirectory.create(out, force=force)
        directory.write_config(dump(resolved(config)))
        checkpointer = keeper_for(config, experiment, directory, events)
        return cls(config, experiment, directory, checkpointer, notes=list(experiment.data.notes))

    @property
    def best(self) -> Path:
        """The checkpoint of the best epoch."""
        return self.directory.best

    @classmethod
    def resumed(
        cls, path: str | Path, config: Config | None = None, *, threads: int | None = None
    ) -> Self:
        """Go on with the run in `path`, from its newest valid checkpoint.

        `config`, if given, may differ from the run's own in what does not change the steps already
        done; CheckpointError names every key that does.
        """
        directory = RunDirectory.open(path)
        try:
            loaded = directory.newest_valid()
            checkpoint = Checkpoint(str(loaded.path), loaded.arrays, loaded.document)
            config = agreed_config(checkpoint, config)
            experiment = build(config, threads)
            check_same_data(checkpoint, experiment)
            checkpointer = keeper_for(config, experiment, directory, events_for(config))
            progress = checkpointer.restore(checkpoint)
            directory.write_config(dump(resolved(config)))
        except BaseException:
            directory.close()
            raise
        use_threads(experiment.threads)  # what the run will have, not what the process began with
        changed = differences(checkpoint["environment"], environment())
        notes = [*loaded.notes, *experiment.data.notes]
        notes += [f"{each}: the same bits cannot be promised" for each in changed]
        if progress.poisoned:
            notes.append(f"rolled back {count(len(progress.poisoned), 'time')}: {rate_words(progress)}")
        return cls(config, experiment, directory, checkpointer, progress, notes)

    def __iter__(self) -> Iterator[Record | None]:
        status: Status = "interrupted"
        reason, ended = "ended by an error", None
        use_threads(self.experiment.threads)
        try:
            with stop_requests() as request:
                yield from self._train(request)
            self.test = self._test()
            status = "early_stopped" if self.progress.stopped else "completed"
            reason = self.progress.stopped or f"all {self.experiment.epochs} epochs done"
        except MLPTrainError as error:
            status = "diverged" if isinstance(error, DivergenceError) else "interrupted"
            reason, ended = error.faults[0], error
            raise
        finally:
            self._end(status, reason, ended)

    def _end(self, status: Status, reason: str, ended: MLPTrainError | None) -> None:
        """Write the summary, and let others in. What ended the run is not hidden by a full disk."""
        self.checkpointer.close()
        self.summary = self._summary(status, reason)
        with self.directory:
            try:
                self.directory.write_summary(self.summary)
            except StorageError as error:
                if ended is None:
                    raise
                ended.add(error)

    def _train(self, request: StopRequest) -> Iterator[Record | None]:
        if self.experiment.nonfinite == "rollback" and self.progress.step == 0:
            self.checkpointer.save(self.progress)  # something to go back to
        while True:
            try:
                for record in train(self.experiment, self.progress):
                    self.checkpointer.keep(self.progress, record)
                    self._note_undefined(record)
                    yield record
                    if request.signal is not None:
                        self._interrupt(request.signal)
                return
            except DivergenceError as error:
                self._roll_back(error)

    def _note_undefined(self, record: Record | None) -> None:
        """Say so, once, where the monitor has had no value yet: there is no best without one."""
        key = self.experiment.monitor.key
        note = (
            f"{key} is null, not defined on these rows or not finite: until it has a value no "
            "checkpoint is the best, and early stopping waits"
        )
        if record is not None and self.progress.best is None and note not in self.notes:
            self.notes.append(note)

    def _interrupt(self, number: signal.Signals) -> None:
        self.checkpointer.save(self.progress)
        step, epoch = self.progress.step, self.progress.step // self.experiment.steps_per_epoch
        raise Interrupted(
            number,
            f"{number.name} after step {step} (epoch {epoch}): saved; "
            f"go on with mlptrain {self.goes_on or f'fit --resume {self.directory.path}'}",
        )

    def _rescue(self) -> str:
        """Save the parameters as they stand, where they are finite; says what is on the disk now."""
        try:
            self.checkpointer.save(self.progress)
        except DivergenceError:  # past saving: `error` says so already
            if self.directory.last.exists():
                return f"{self.directory.last} is of an earlier step"
            return "no step before it was saved"
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
        self.progress.rate_factor = before.rate_factor / 2
        self.progress.poisoned = [*before.poisoned, failed]
        self.rolled_to = self.progress.step
        self.notes.append(
            f"{error.faults[0]}; {rate_words(self.progress)}; rolled back to step {self.progress.step}"
        )

    def _test(self) -> dict[str, float | None] | None:
        """Loss and usual metric of the best parameters on the test rows, where there are any."""
        data = self.experiment.data
        if data.test is None or not self.directory.best.exists():
            return None
        arrays, document = read_archive(self.directory.best)
        network = network_of(Checkpoint(str(self.directory.best), arrays, document))
        evaluation = evaluate(network, data.test, data.preprocessing)
        usual = "accuracy" if network.loss.classifies else "rmse"
        return {"loss": evaluation.data_loss(), **evaluation.metrics([usual])}

    def _summary(self, status: Status, reason: str) -> dict[str, Any]:
        progress = self.progress
        return {
            "status": status,
            "reason": reason,
            "run": str(self.directory.path),
            "epochs": progress.step // self.experiment.steps_per_epoch,
            "steps": progress.step,
            "monitor": self.experiment.monitor.key,
            "best": progress.best,
            "best_epoch": progress.best_epoch,
            "metrics": dict(self.checkpointer.record.values) if self.checkpointer.record else {},
            "test": self.test,
            "rollbacks": len(progress.poisoned),
            "seconds": progress.seconds,
            "parameters": int(self.experiment.network.parameters.values.size),
            "notes": self.notes,
        }


def rate_words(progress: Progress) -> str:
    """At what rate a run goes on that was rolled back."""
    return f"the learning rate is {progress.rate_factor:g} times that of the config"


def keeper_for(
    config: Config, experiment: Experiment, directory: RunDirectory, events: EventFiles | None
) -> Checkpointer:
    """What writes the run, at the interval that the config asks for."""
    every = interval(config.train.checkpoint_every)
    return Checkpointer(directory, experiment, resolved(config), every, events=events)


def events_for(config: Config) -> EventFiles | None:
    """The event files, where the config asks for them; EnvironmentFault where none can be written."""
    return EventFiles() if config.train.tensorboard else None
