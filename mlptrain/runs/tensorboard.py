"""Event files for TensorBoard: the records of a run, a scalar for each value.

The home of tensorboardX, an extra. Look at the files with `tensorboard --logdir runs`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlptrain.errors import EnvironmentFault
from mlptrain.system.installation import install_command

LEFT_OUT = ("epoch", "step", "seconds")
"""Values of a record that are clocks themselves."""


class EventFiles:
    """The event files of one run. A run that goes on, or back, begins a new file.

    The first event of a file tells TensorBoard to forget what other files say about its step and
    later ones: records that a resume or a rollback has made void.
    """

    def __init__(self) -> None:
        try:
            import tensorboardX
        except ImportError as error:
            raise EnvironmentFault(
                "train.tensorboard needs tensorboardX, which is not installed; "
                f"{install_command('tensorboard')}, or leave the key out"
            ) from error
        self._open = tensorboardX.SummaryWriter
        self._writer: Any = None

    def write(self, folder: Path, values: Mapping[str, float | int | None]) -> None:
        """Add one record; what is not finite is left out."""
        step = values["step"]
        if self._writer is None:
            number = len(list(folder.glob("events.*")))  # files of one second need names of their own
            self._writer = self._open(str(folder), purge_step=step, filename_suffix=f".{number:04d}")
        for key, value in values.items():
            if key not in LEFT_OUT and value is not None:
                self._writer.add_scalar(tag(key), value, step)
        self._writer.flush()

    def close(self) -> None:
        """End the file. Twice does no harm, and a later record begins a new one."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def tag(key: str) -> str:
    """The name of a curve: training and validation share a chart where they share a group.

    >>> tag("val_accuracy"), tag("train_loss"), tag("learning_rate")
    ('accuracy/val', 'loss/train', 'training/learning_rate')
    """
    split, _, metric = key.partition("_")
    return f"{metric}/{split}" if split in ("train", "val", "data") else f"training/{key}"
