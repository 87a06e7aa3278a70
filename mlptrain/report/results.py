"""What pictures and pages read of a run: its records, its best model, and the rows it was made from.

Numbers come from the functions that `eval` uses. Everything is read when it is first asked for:
curves need neither the model nor the data.
"""

import shlex
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.config import Config, resolved
from mlptrain.config.yaml import read
from mlptrain.data.dataset import Dataset, Rows
from mlptrain.data.prepared import Prepared
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.source import RowNumbers, Source
from mlptrain.errors import ConfigError
from mlptrain.inference.evaluation_report import EvaluationReport, last_split, splits
from mlptrain.inference.explain.of_run import HeldOutRows, held_out_rows
from mlptrain.inference.model import Model
from mlptrain.report.console import number, say, stdout
from mlptrain.report.notes import tell
from mlptrain.storage.documents import LARGEST, parsed
from mlptrain.storage.fold_directory import check_one_run
from mlptrain.storage.reading import read_bytes
from mlptrain.storage.state import read_summary
from mlptrain.training.data_files import data_again, prepared_again
from mlptrain.training.evaluate import Evaluation
from mlptrain.training.linear_model import linear_evaluation

HISTOGRAMS = "histograms"
"""The key of a line of metrics.jsonl."""

Values = Mapping[str, Any]


class Results:
    """A run directory, read only."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        check_one_run(self.path)
        if not (self.path / "metrics.jsonl").is_file():
            raise ConfigError(f"{path}: holds no run; name the directory that `fit` wrote")
        self.warnings: list[str] = []  # what was found out about the data when they were read

    @property
    def name(self) -> str:
        """The name of the directory."""
        return self.path.resolve().name

    @cached_property
    def _lines(self) -> list[Values]:
        return read_lines(self.path / "metrics.jsonl")

    @property
    def records(self) -> list[Values]:
        """The lines of metrics.jsonl, without histograms."""
        return [{k: v for k, v in line.items() if k != HISTOGRAMS} for line in self._lines]

    @property
    def histograms(self) -> list[Values]:
        """Step and layers of each line that has histograms."""
        found = [line for line in self._lines if HISTOGRAMS in line]
        return [{"step": line.get("step"), "layers": line[HISTOGRAMS]} for line in found]

    @cached_property
    def summary(self) -> Values:
        """The content of summary.json, with the status that holds now."""
        return read_summary(self.path)

    @property
    def has_model(self) -> bool:
        """Whether there is a best checkpoint: a run that diverged at once has none."""
        return (self.path / "best.npz").is_file()

    @cached_property
    def model(self) -> Model:
        """The model of best.npz."""
        return Model.load(self.path)

    @property
    def config(self) -> Config:
        """The config that the model was trained with."""
        return self.model.config

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """The same with every default, as plain dicts and lists; from config.yaml without a model."""
        if self.has_model:
            return resolved(self.config)
        settings: Mapping[str, Any] = read(self.path / "config.yaml").data
        return settings

    @property
    def best_record(self) -> Values | None:
        """The record of the best epoch."""
        if not self.has_model:
            return None
        record = self.model.checkpoint["record"]
        return record if isinstance(record, dict) else None

    @cached_property
    def dataset(self) -> Dataset:
        """The run's own data as its network sees them."""
        return self._loaded(self.config, self.model.preprocessing)

    @cached_property
    def own_units(self) -> Dataset:
        """The same rows in the same order, in the units of their file."""
        plain = {"scale": "none", "scale_target": "none", "transform": None}
        data = self.config.data.model_copy(update=plain)
        return self._loaded(self.config.model_copy(update={"data": data}))

    def _loaded(self, config: Config, fitted: Preprocessing | None = None) -> Dataset:
        data, self.warnings = data_again(config, self.model.checkpoint, fitted)
        return data

    @property
    def split(self) -> str:
        """The rows that are looked at."""
        return last_split(self.dataset)

    @property
    def rows(self) -> Rows:
        """The rows of that split."""
        return splits(self.dataset)[last_split(self.dataset)]

    @property
    def rows_in_own_units(self) -> Rows:
        """The rows of that split in the units of their file."""
        return splits(self.own_units)[last_split(self.dataset)]

    @property
    def places(self) -> NDArray[np.integer]:
        """Their places in the training file, from 0; none where they are those of another file."""
        places = getattr(self.dataset.partition, last_split(self.dataset))
        return np.asarray(places[:])

    @property
    def source(self) -> Any:
        """The file, or the toy set, that these rows are from."""
        own = self.settings["data"][self.split]
        return own if isinstance(own, str) else self.settings["data"]["train"]

    @property
    def measured_on(self) -> str:
        """What was measured on which rows, as a caption."""
        return f"Best checkpoint on the {len(self.rows):,} {self.split} rows"

    @property
    def commands(self) -> str:
        """What repeats the run."""
        return f"mlptrain fit {shlex.quote(str(self.path / 'config.yaml'))}"

    @cached_property
    def evaluation(self) -> Evaluation:
        """The best model on the rows of that split."""
        return self.model.evaluation(self.rows)

    @cached_property
    def held_out(self) -> HeldOutRows:
        """These rows as they stand in their file, with the members that predict them."""
        return held_out_rows(self.model)

    @property
    def own_rows(self) -> tuple[Source, RowNumbers]:
        """The source of these rows, and the place of each in it."""
        (part,) = self.held_out.subject.parts
        return part.source, np.asarray(part.rows)

    @cached_property
    def prepared(self) -> Prepared:
        """The rows of every split as they stand in their files."""
        made, self.warnings = prepared_again(
            self.config, self.model.checkpoint, self.model.preprocessing
        )
        return made

    @property
    def overflows(self) -> bool:
        """Whether the scores of these rows are not finite: then there is no class and no mistake."""
        return not np.isfinite(self.evaluation.scores).all()

    @cached_property
    def evaluation_report(self) -> EvaluationReport:
        """Everything that `eval` says about them."""
        return EvaluationReport.of(self.model, self.split, self.evaluation)

    def linear(self, names: Sequence[str]) -> Mapping[str, float | None]:
        """These metrics of a linear model on the same rows and columns; nothing where there is none."""
        found = linear_evaluation(self.config, self.dataset, self.rows)
        return {} if found is None else found.metrics(names)

    def stated(self, *names: str) -> str:
        """Metrics in words: `accuracy 0.9722`."""
        values = self.evaluation_report.measured
        known = [(name, values[name]) for name in names if values.get(name) is not None]
        return ", ".join(f"{name} {number(value)}" for name, value in known)


def place_for(runs: Sequence[Results], out: Path | None, name: str) -> Path:
    """The file to write about runs: `out`, else RUN/name; several runs have no place in common."""
    if out is None and len(runs) > 1:
        raise ConfigError(f"{len(runs)} runs have no directory in common; name the file with -o FILE")
    return out or runs[0].path / name


def tell_written(file: Path, runs: Sequence[Results]) -> None:
    """What was found out about the runs, and the path of the file about them."""
    for run in runs:
        tell(run.warnings)
    say(stdout(), str(file))


def read_lines(path: Path) -> list[Values]:
    """One JSON object per line. A run at work may be in the middle of its last line: it is left out."""
    lines = read_bytes(path, LARGEST).split(b"\n")[:-1]
    return [parsed(f"{path}:{number}", line) for number, line in enumerate(lines, 1)]
