"""Folds in a process of their own, one after the other: what it is told, and what it says."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import Any

from mlptrain.config import Config, load_config
from mlptrain.data.dataset import Dataset
from mlptrain.data.handed_on import HandedOn, take_over
from mlptrain.data.handed_over import is_handed_over
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.preprocessing.repairs import Repair, RepairNote
from mlptrain.errors import Interrupted, MLPTrainError
from mlptrain.runs.cross_validation import begun
from mlptrain.runs.fold_outcome import FoldOutcome
from mlptrain.runs.run import Run
from mlptrain.runs.signals import end_in_order
from mlptrain.runs.worker import Front
from mlptrain.system.threads import use_threads
from mlptrain.training.build import load, settings_of

PAUSE = 0.2
"""Seconds between two lines that say how far a run has come."""


def main() -> None:
    """Train the folds that this process is told to, until it is stopped."""
    end_in_order()
    front = Front()
    while True:
        task = front.hear()
        try:
            front.say(outcome=_trained(front, task).document())
        except MLPTrainError as error:
            front.fail(error)
        except Interrupted as error:
            front.fail(error)
            return


def _trained(front: Front, task: Mapping[str, Any]) -> FoldOutcome:
    """What comes of one fold."""
    run = _begin(front, task)
    _train(front, run)
    with use_threads(run.experiment.threads):
        return FoldOutcome.of(task["number"], run, with_linear=task["with_linear"])


def _begin(front: Front, task: Mapping[str, Any]) -> Run:
    """Build the run; its directory is made when it is known that it can run, and all may begin."""

    def place() -> Path:
        front.say(ready=True)
        return Path(front.hear())

    options = {key: task[key] for key in ("resume", "force", "threads", "is_kept")}
    loaded = load if task["rows"] is None else partial(_taken_over, HandedOn(*task["rows"]))
    return begun(load_config(task["config"]), Path(task["path"]), place, load=loaded, **options)


def _taken_over(handed: HandedOn, config: Config, fitted: Preprocessing | None) -> Dataset:
    """The rows that whoever began this process has prepared, or as any run loads them.

    Those of a program are in no file: where they are not as `fitted`, the run says what has changed.
    """
    taken = take_over(handed, settings_of(config), fitted)
    if taken is None and is_handed_over(config.data.train):
        taken = take_over(handed, settings_of(config), None)
    return taken or load(config, fitted)


def _train(front: Front, run: Run) -> None:
    """Train to the end, saying now and then how far it is."""
    total, told, last = run.experiment.total_steps, 0, 0.0
    front.say(step=run.progress.step, total=total)
    for _ in run:
        now = time.monotonic()
        if now - last > PAUSE:
            front.say(step=run.progress.step, total=total)
            last = now
        if len(run.notes) > told:
            front.say(notes=packed(run.notes[told:]))
            told = len(run.notes)
    front.say(step=run.progress.step, total=total, notes=packed(run.notes[told:]))


def packed(notes: Sequence[str]) -> list[Any]:
    """Notes as JSON values; those on repairs with their parts, to be added up."""
    return [
        [note.rows, *astuple(note.repair)] if isinstance(note, RepairNote) else note for note in notes
    ]


def unpacked(notes: Sequence[Any]) -> tuple[str, ...]:
    """The inverse of `packed`."""
    return tuple(
        note if isinstance(note, str) else RepairNote(note[0], Repair(*note[1:])) for note in notes
    )
