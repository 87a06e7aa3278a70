"""Folds in a process of their own, one after the other.

A line of JSON in says which is next, lines of JSON out say how it goes. The process ends in order when
it is asked to, or when the one that began it is gone: its stdin is closed then.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple
from functools import partial
from pathlib import Path
from queue import SimpleQueue
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
    """The pipes to whoever began this process. What anything else prints goes to stderr."""

    def __init__(self) -> None:
        self._descriptor = os.dup(1)
        os.dup2(2, 1)
        self._told = SimpleQueue[Any]()
        threading.Thread(target=self._listen, daemon=True).start()

    def say(self, **message: Any) -> None:
        """One message; where nobody is left to read it, this process is about to be stopped."""
        with suppress(BrokenPipeError):
            write_all(self._descriptor, json.dumps(message).encode() + b"\n")

    def hear(self) -> Any:
        """The next message to this process, waited for."""
        return self._told.get()

    def _listen(self) -> None:
        """Until nobody holds the other end any more: then ask this process to stop."""
        for line in sys.stdin:
            self._told.put(json.loads(line))
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


def main() -> None:
    """Train the folds that this process is told to, until it is stopped."""
    end_in_order()
    channel = Channel()
    while True:
        task = channel.hear()
        try:
            channel.say(outcome=_trained(channel, task).document())
        except MLPTrainError as error:
            channel.say(failure=list(error.faults), error=type(error).__name__)
        except Interrupted as error:
            channel.say(failure=list(error.faults), error=type(error).__name__)
            return


def _trained(channel: Channel, task: Mapping[str, Any]) -> FoldOutcome:
    """What comes of one fold."""
    run = _begin(channel, task)
    _train(channel, run)
    with use_threads(run.experiment.threads):
        return FoldOutcome.of(task["number"], run)


def _begin(channel: Channel, task: Mapping[str, Any]) -> Run:
    """Build the run; its directory is made when it is known that it can run, and all may begin."""

    def place() -> Path:
        channel.say(ready=True)
        return Path(channel.hear())

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
