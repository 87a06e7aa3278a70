"""One fold in a process of its own: a line of JSON in says which, lines of JSON out say how it goes.

The process ends in order when the one that began it is gone: its stdin is closed then.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import Any

from mlptrain.config import Config, load_config
from mlptrain.data.dataset import Dataset
from mlptrain.data.handed_on import HandedOn, take_over
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.preprocessing.repairs import Repair, RepairNote
from mlptrain.errors import Interrupted, MLPTrainError
from mlptrain.runs.cross_validation import begun
from mlptrain.runs.fold_outcome import FoldOutcome
from mlptrain.runs.run import Run
from mlptrain.runs.signals import end_in_order
from mlptrain.storage.files import write_all
from mlptrain.system.threads import use_threads
from mlptrain.training.build import load, settings_of

PAUSE = 0.2
"""Seconds between two lines that say how far a run has come."""


class Channel:
    """The pipe to whoever began this process. What anything else prints goes to stderr."""

    def __init__(self) -> None:
        self._descriptor = os.dup(1)
        os.dup2(2, 1)

    def say(self, **message: Any) -> None:
        """One message."""
        write_all(self._descriptor, json.dumps(message).encode() + b"\n")


def main() -> None:
    """Read what to do, and do it."""
    end_in_order()
    channel, task = Channel(), json.loads(sys.stdin.readline())
    try:
        run = _begin(channel, task)
        threading.Thread(target=_end_with_parent, daemon=True).start()
        _train(channel, run)
        with use_threads(run.experiment.threads):
            outcome = FoldOutcome.of(task["number"], run)
        channel.say(outcome=outcome.document())
    except (MLPTrainError, Interrupted) as error:
        channel.say(failure=list(error.faults), error=type(error).__name__)


def _begin(channel: Channel, task: Mapping[str, Any]) -> Run:
    """Build the run; its directory is made when it is known that it can run, and all may begin."""

    def place() -> Path:
        channel.say(ready=True)
        told = sys.stdin.readline()
        if not told:  # whoever began this process has ended
            sys.exit(1)
        return Path(json.loads(told))

    options = {key: task[key] for key in ("resume", "force", "threads")}
    loaded = load if task["rows"] is None else partial(_taken_over, HandedOn(*task["rows"]))
    return begun(load_config(task["config"]), Path(task["path"]), place, load=loaded, **options)


def _taken_over(handed: HandedOn, config: Config, fitted: Preprocessing | None) -> Dataset:
    """The rows that whoever began this process has prepared, or as any run loads them."""
    return take_over(handed, settings_of(config), fitted) or load(config, fitted)


def _train(channel: Channel, run: Run) -> None:
    """Train to the end, saying now and then how far it is."""
    total, told, last = run.experiment.total_steps, 0, 0.0
    channel.say(step=run.progress.step, total=total)
    for _ in run:
        now = time.monotonic()
        if now - last > PAUSE:
            channel.say(step=run.progress.step, total=total)
            last = now
        if len(run.notes) > told:
            channel.say(notes=packed(run.notes[told:]))
            told = len(run.notes)
    channel.say(step=run.progress.step, total=total, notes=packed(run.notes[told:]))


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


def _end_with_parent() -> None:
    """Ask this process to stop when nobody holds the other end of its stdin any more."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
