"""What pictures and pages read of a run of folds: its members, their average, the rows held out."""

import shlex
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.config import Config
from mlptrain.data.dataset import Dataset, Rows
from mlptrain.data.prepared import Prepared
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.source import RowNumbers, Source
from mlptrain.inference.evaluation_report import OUT_OF_FOLD
from mlptrain.inference.model import Model
from mlptrain.inference.out_of_fold import OutOfFold, out_of_fold
from mlptrain.report.results import Results, Values
from mlptrain.storage.documents import read_document
from mlptrain.storage.fold_directory import SUMMARY, candidate_of, some_folds
from mlptrain.training.evaluate import Evaluation


class FoldResults(Results):
    """The directory of all folds, read only. Its rows are those that were held out: all of the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.warnings = []
        self.members = [Results(fold) for fold in some_folds(path)]

    @property
    def records(self) -> list[Values]:
        """None of its own: each member has some."""
        return []

    @cached_property
    def summary(self) -> Values:
        """The content of folds.json; nothing while the folds are at work."""
        file = self.path / SUMMARY
        return read_document(file) if file.is_file() else {}

    @property
    def has_model(self) -> bool:
        """Whether each member has a best checkpoint, and it is known how candidates count."""
        at_end = bool(self.summary) or not any(candidate_of(fold) for fold in some_folds(self.path))
        return at_end and all(member.has_model for member in self.members)

    @cached_property
    def model(self) -> Model:
        """The average of the members."""
        return Model.load(self.path)

    @cached_property
    def settings(self) -> Values:
        """The config that trains all of them, with every default."""
        return self.model.settings

    @property
    def best_record(self) -> Values | None:
        """None of its own."""
        return None

    @property
    def histograms(self) -> list[Values]:
        """None of its own."""
        return []

    @property
    def dataset(self) -> Dataset:
        """All rows of the file, in its units."""
        return self.own_units

    def _loaded(self, config: Config, fitted: Preprocessing | None = None) -> Dataset:
        whole = config.data.model_copy(update={"val": None, "test": None})
        return super()._loaded(config.model_copy(update={"data": whole}), fitted)

    @cached_property
    def _out_of_fold(self) -> OutOfFold:
        return out_of_fold(self.model)

    @property
    def split(self) -> str:
        """What stands for the name of a split."""
        return OUT_OF_FOLD

    @property
    def rows(self) -> Rows:
        """Every row that was held out, without inputs."""
        return self._out_of_fold.evaluation.rows

    @property
    def places(self) -> NDArray[np.integer]:
        """The places of these rows in the file, from 0."""
        return self._out_of_fold.places

    @property
    def source(self) -> Any:
        """The file, or the toy set, that these rows are from."""
        return self.settings["data"]["train"]

    @property
    def own_rows(self) -> tuple[Source, RowNumbers]:
        """The source of these rows, and the place of each in it."""
        return self.held_out.subject.parts[0].source, self.places.astype(np.intp)

    @property
    def prepared(self) -> Prepared:
        """That of the first member: its training rows, and those that it held out."""
        return self.members[0].prepared

    def linear(self, names: Sequence[str]) -> Mapping[str, float | None]:
        """Those metrics that `fit` has kept of linear models of the same folds."""
        kept = self.summary.get("linear") or {}
        return {name: kept[name] for name in names if name in kept}

    @property
    def measured_on(self) -> str:
        """What was measured on which rows, as a caption."""
        return f"{len(self.rows):,} rows, each predicted by the member that did not see it"

    @property
    def commands(self) -> str:
        """What repeats the run."""
        shown = f"mlptrain show {shlex.quote(str(self.path))} --config > config.yaml"
        return f"{shown}\nmlptrain fit config.yaml"

    @property
    def rows_in_own_units(self) -> Rows:
        """The same rows in the units of their file."""
        own = self.own_units
        where = np.searchsorted(own.partition.train[:], self.places)
        return Rows(own.train.inputs[where], own.train.y[where])

    @cached_property
    def evaluation(self) -> Evaluation:
        """Each row by the member that did not see it."""
        return self._out_of_fold.evaluation


def results_of(path: str | Path) -> Results:
    """A run, or a run of folds."""
    path = Path(path)
    return FoldResults(path) if some_folds(path) else Results(path)


def one_by_one(runs: Sequence[Results]) -> list[Results]:
    """The runs, with its members in the place of each run of folds."""
    return [each for run in runs for each in (run.members if isinstance(run, FoldResults) else [run])]
