"""The table that grows while a run trains: a row for each evaluation, as many columns as fit."""

from collections.abc import Sequence

from mlptrain.report.console import number
from mlptrain.training.experiment import Experiment
from mlptrain.training.record import Record

GAP = 2
NARROWEST = 9
"""A number has its place here even where its heading is shorter: `1.234e-05`."""
NAMES = {"learning_rate": "rate", "examples_per_second": "examples/s"}


class EpochTable:
    """Rows of a record's values, a star behind the best one so far.

    In a terminal too narrow for all, the columns go in this order: examples/s, rate, the metric and
    the loss of the training rows. metrics.jsonl has them.
    """

    def __init__(self, experiment: Experiment, room: int) -> None:
        metric = experiment.headline[0]
        spare = ["examples_per_second", "learning_rate", f"train_{metric}", "train_loss"]
        monitor = experiment.monitor.key
        keys = ["epoch", "learning_rate", "train_loss", f"train_{metric}"]
        if experiment.data.val is not None:
            keys += ["val_loss", f"val_{metric}"]
        self.keys = [*keys, *[monitor] * (monitor not in keys), "examples_per_second"]
        for key in (each for each in spare if each != monitor):
            if self.width > room:
                self.keys.remove(key)

    @property
    def width(self) -> int:
        """How many columns of the terminal a line takes, with its star."""
        return sum(width_of(key) + GAP for key in self.keys)

    def heading(self) -> str:
        """The names of the columns."""
        return self._line([NAMES.get(key, key) for key in self.keys])

    def row(self, record: Record) -> str:
        """The values of a record."""
        return self._line([cell(record, key) for key in self.keys]) + " *" * record.is_best

    def _line(self, cells: Sequence[str]) -> str:
        return (" " * GAP).join(
            each.rjust(width_of(key)) for each, key in zip(cells, self.keys, strict=True)
        )


def width_of(key: str) -> int:
    """Of the heading, or of a number."""
    return 5 if key == "epoch" else max(len(NAMES.get(key, key)), NARROWEST)


def cell(record: Record, key: str) -> str:
    """One value of a record; in few digits where all of them would not fit."""
    value = record[key]
    if key == "examples_per_second" and value:
        value = round(value)
    shown = number(value)
    return shown if value is None or len(shown) <= width_of(key) else f"{value:.4g}"
