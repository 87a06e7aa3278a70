"""Event files for TensorBoard: the records of a run, a scalar for each value.

The home of tensorboardX, an extra, of which only the format is used: its writer has a thread that a
full disk would end without a word. Look at the files with `tensorboard --logdir runs`.
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlptrain.errors import EnvironmentFault
from mlptrain.storage.files import write_all
from mlptrain.system.installation import install_command

LEFT_OUT = ("epoch", "step", "seconds")
"""Values of a record that are clocks themselves."""
PREFIX = "mlptrain"
"""Before the names of files that tensorboardX is to open by us."""


class EventFiles:
    """The event files of one run. A run that goes on, or back, begins a new file.

    The first event of a file tells TensorBoard to forget what other files say about its step and
    later ones: records that a resume or a rollback has made void. A folder that cannot be written to
    ends no run: `failure` says why there are no more events.
    """

    def __init__(self) -> None:
        try:
            import tensorboardX
            from tensorboardX import event_file_writer, record_writer
        except ImportError as error:
            raise EnvironmentFault(
                "train.tensorboard needs tensorboardX, which is not installed; "
                f"{install_command('tensorboard')}, or leave the key out"
            ) from error
        record_writer.register_writer_factory(PREFIX, Inside())
        self._open, self._event = event_file_writer.EventsWriter, tensorboardX.proto.event_pb2
        self._scalar = tensorboardX.summary.scalar
        self._writer: Any = None
        self.failure = ""

    def write(self, folder: Path, values: Mapping[str, float | int | None]) -> None:
        """Add one record; what is not finite is left out."""
        if self.failure:
            return
        try:
            self._write(folder, values)
        except OSError as error:
            why = error.strerror or error
            self.failure = f"{folder}: no more events are written: {why}; the run goes on without"
            self.close()

    def _write(self, folder: Path, values: Mapping[str, float | int | None]) -> None:
        step = values["step"]
        if self._writer is None:
            self._begin(folder, step)
        for key, value in values.items():
            if key not in LEFT_OUT and value is not None:
                self._add(step=step, summary=self._scalar(tag(key), value))
        self._writer.flush()

    def _begin(self, folder: Path, step: float | int | None) -> None:
        """A new file, in a folder that is one: a link could lead out of the run directory."""
        folder.mkdir(exist_ok=True)
        if folder.is_symlink():
            raise OSError("is a symbolic link, which is never followed here")
        number = len(list(folder.glob("events.*")))  # files of one second need names of their own
        self._writer = self._open(f"{PREFIX}:{folder}/events", f".{number:04d}")
        start = self._event.SessionLog(status=self._event.SessionLog.START)
        self._add(step=step, session_log=start)

    def _add(self, **parts: Any) -> None:
        self._writer.write_event(self._event.Event(wall_time=time.time(), **parts))

    def close(self) -> None:
        """End the file. Twice does no harm, and a later record begins a new one."""
        writer, self._writer = self._writer, None
        try:
            if writer is not None:
                writer.close()
        except OSError as error:
            self.failure = self.failure or f"the event file is incomplete: {error.strerror or error}"


class EventFile:
    """A new file, never through a link; nothing of it waits in a buffer, to fail when nobody looks."""

    def __init__(self, path: str) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        self._descriptor = os.open(path, flags, 0o666)

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def write(self, data: bytes) -> None:
        """All of it, or OSError."""
        write_all(self._descriptor, data)

    def flush(self) -> None:
        """It is written already."""

    def close(self) -> None:
        """The end."""
        os.close(self._descriptor)


class Inside:
    """How tensorboardX opens a file whose name begins with PREFIX."""

    def open(self, name: str) -> EventFile:
        """The file, for writing; OSError where something of its name is there."""
        return EventFile(name.removeprefix(f"{PREFIX}:"))

    def directory_check(self, name: str) -> None:
        """The folder already exists."""


def tag(key: str) -> str:
    """The name of a curve: training and validation share a chart where they share a group.

    >>> tag("val_accuracy"), tag("train_loss"), tag("learning_rate")
    ('accuracy/val', 'loss/train', 'training/learning_rate')
    """
    split, _, metric = key.partition("_")
    return f"{metric}/{split}" if split in ("train", "val", "data") else f"training/{key}"
