"""Keeping a run on the disk: what is written after a step, and when.

Metrics are appended at once. Checkpoints follow `train.checkpoint_every`: an interval in steps is kept
exactly; one in epochs is put off while saving would take more than its share of the time. best.npz is
always written just before last.npz, so that the two never disagree.
"""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from mlptrain.arrays import Array
from mlptrain.config import Config, resolved
from mlptrain.errors import CheckpointError, DivergenceError
from mlptrain.runs.tensorboard import EventFiles
from mlptrain.storage.run_directory import RunDirectory
from mlptrain.storage.run_files import EVENTS
from mlptrain.training.build import interval
from mlptrain.training.checkpoint import (
    Checkpoint,
    arrays_of,
    constants_of,
    document_of,
    parameter_names,
    restore_training,
)
from mlptrain.training.data_files import places_of
from mlptrain.training.experiment import Experiment, Interval
from mlptrain.training.record import Progress, Record

ADVICE = "lower optimizer.learning_rate, lengthen schedule.warmup or set train.clip_norm"


SHARE = 0.02
"""Saving may take this share of the time."""

FIRST = 1.0
"""Seconds before the first save: a run that is over by then is saved at its end."""


class Pace:
    """Remembers what the last save cost, and allows the next one when that has been earned back."""

    def __init__(self) -> None:
        self._next = time.perf_counter() + FIRST

    def allows(self) -> bool:
        """Whether a save now keeps saving within its share."""
        return time.perf_counter() >= self._next

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Around a save: measures it."""
        started = time.perf_counter()
        yield
        ended = time.perf_counter()
        self._next = max(self._next, ended + (ended - started) / SHARE)


class Ruined(DivergenceError):
    """The step just done left a network that is not finite: it is to blame, and not the next one."""


class Snapshot(NamedTuple):
    """A checkpoint that is not on the disk yet."""

    arrays: dict[str, Array]
    document: dict[str, Any]


@dataclass
class Checkpointer:
    """Writes the metrics and checkpoints of one experiment into its run directory."""

    directory: RunDirectory
    experiment: Experiment
    config: Mapping[str, Any]  # resolved
    every: Interval
    places: Mapping[str, Sequence[str]]  # of the data files
    record: Record | None = None  # the last one
    pace: Pace = field(default_factory=Pace)
    pending: Snapshot | None = None  # the best parameters, until they are written
    saved: int | None = None  # the steps done when the last checkpoint was written
    events: EventFiles | None = None  # for TensorBoard, where they are asked for
    told: tuple[str, ...] = ()  # what the last search for a checkpoint to go back to came upon

    def keep(self, progress: Progress, record: Record | None) -> None:
        """What is due after a step."""
        if record is not None:
            self.record = record
            self.directory.append_metrics(record.line())
            if self.events is not None:
                self.events.write(self.directory.path / EVENTS, record.values)
        due = self.every.due(progress.step, self.experiment.steps_per_epoch)
        # What a rollback goes back to must not depend on the clock.
        exactly = self.every.unit == "steps" or self.experiment.nonfinite == "rollback"
        ended = progress.step == self.experiment.total_steps or progress.stopped
        is_best = record is not None and record.is_best
        if ended and record is not None and not math.isfinite(record["train_loss"] or 0.0):
            raise Ruined(f"{self._after(progress)}: {self._ruin()} is not finite; {ADVICE}")
        if ended or (due and (exactly or self.pace.allows())):
            self.save(progress, is_best=is_best)
        elif is_best:
            best = self._best(progress)
            copies = {name: array.copy() for name, array in best.arrays.items()}
            self.pending = Snapshot(copies, best.document)

    def save(self, progress: Progress, *, is_best: bool = False) -> None:
        """Write best.npz, if there is a new best, and then last.npz."""
        with self.pace.saving():
            now = Snapshot(arrays_of(self.experiment), self._document(progress))
            best = self._best(progress, now) if is_best else self.pending
            if best is not None:
                self._write(progress, "best", best)
                self.pending = None
            self._write(progress, "last", now)
        self.saved = progress.step

    def go_back(self, spent: int | None = None) -> Progress:
        """Restore the newest checkpoint, and drop the metrics that were written after it.

        From that of step `spent` the run has failed before: then an older one, if there is any.
        """
        checkpoint = Checkpoint.newest(self.directory)
        # One note alone says that last.npz is not there: a rollback before has removed it.
        self.told = checkpoint.notes if len(checkpoint.notes) > 1 else ()
        older = self._older(spent) if checkpoint.progress().step == spent else None
        self.pending = None
        self.close()  # the next event file begins where the checkpoint was written
        if older is None:
            return self.restore(checkpoint)
        self.directory.discard_newer(Path(older.path))  # they count metrics that will be dropped
        progress = self.restore(older)
        self._keep_best(progress)
        return progress

    def _older(self, spent: int | None) -> Checkpoint | None:
        """The newest checkpoint of a step before `spent`."""
        for path in (self.directory.previous, self.directory.best):
            with suppress(CheckpointError):
                checkpoint = Checkpoint.read(path)
                if spent is not None and checkpoint.progress().step < spent:
                    return checkpoint
        return None

    def _keep_best(self, progress: Progress) -> None:
        """best.npz may be of a step that is done anew: it stays the best until a better one comes."""
        if self.directory.best.exists():
            best = Checkpoint.read(self.directory.best).progress()
            progress.best, progress.best_epoch = best.best, best.best_epoch

    def close(self) -> None:
        """Nothing more will be kept, for now."""
        if self.events is not None:
            self.events.close()

    def summary(self, progress: Progress) -> dict[str, Any]:
        """How far the run has come, for summary.json."""
        return {
            "run": str(self.directory.path),
            "epochs": progress.step // self.experiment.steps_per_epoch,
            "steps": progress.step,
            "monitor": self.experiment.monitor.key,
            "best": progress.best,
            "best_epoch": progress.best_epoch,
            "metrics": dict(self.record.values) if self.record else {},
            "test": None,
            "rollbacks": len(progress.poisoned),
            "seconds": progress.seconds,
            "parameters": int(self.experiment.network.parameters.values.size),
            "init_from": self.config["init_from"],
        }

    def restore(self, checkpoint: Checkpoint) -> Progress:
        """Put network, optimizer, metrics and last record back to where the checkpoint was written."""
        restore_training(self.experiment, checkpoint)
        self.directory.truncate_metrics(checkpoint["metrics_bytes"])
        values = checkpoint["record"]
        self.record = None if values is None else Record(values, is_best=False)
        progress = checkpoint.progress()
        self.saved = progress.step
        return progress

    def _best(self, progress: Progress, now: Snapshot | None = None) -> Snapshot:
        """What best.npz holds of a record that is the best: what stands, or the averages of it."""
        averaged = self.record is not None and self.record.averaged
        if now is not None and not averaged:
            return now
        arrays = arrays_of(self.experiment, averaged=averaged)
        return Snapshot(arrays, self._document(progress, averaged=averaged))

    def _write(self, progress: Progress, name: Literal["best", "last"], snapshot: Snapshot) -> None:
        finite = parameter_names(self.experiment.network)
        try:
            self.directory.save(name, snapshot.arrays, snapshot.document, finite=finite)
        except DivergenceError as error:
            raise Ruined(f"{self._after(progress)}: {error.faults[0]}") from error

    def _ruin(self) -> str:
        """The first parameter that is not finite; none may be, and the loss still overflow."""
        broken = (
            each for each in self.experiment.network.parameters if not np.isfinite(each.value).all()
        )
        return next((each.name for each in broken), "the training loss")

    def _after(self, progress: Progress) -> str:
        """Where the run stands: the step just done, and its epoch."""
        return f"step {progress.step} (epoch {-(-progress.step // self.experiment.steps_per_epoch)})"

    @cached_property
    def _constants(self) -> dict[str, Any]:
        """Made when first needed: by then the number of threads is set."""
        return constants_of(self.experiment, self.config, self.places)

    def _document(self, progress: Progress, *, averaged: bool = False) -> dict[str, Any]:
        values = self.record.values if self.record else None
        length = self.directory.metrics_length()
        return document_of(
            self._constants, self.experiment, progress, values, length, averaged=averaged
        )


def keeper_for(
    config: Config,
    experiment: Experiment,
    directory: RunDirectory,
    events: EventFiles | None,
    before: Checkpoint | None = None,
) -> Checkpointer:
    """What writes the run, at the interval that the config asks for."""
    every, places = interval(config.train.checkpoint_every), places_of(config, before)
    return Checkpointer(directory, experiment, resolved(config), every, places, events=events)


def events_for(config: Config) -> EventFiles | None:
    """The event files, where the config asks for them; EnvironmentFault where none can be written."""
    return EventFiles() if config.train.tensorboard else None


def rate_words(progress: Progress) -> str:
    """At what rate a run goes on that was rolled back."""
    return f"the learning rate is {progress.rate_factor:g} times that of the config"
