"""k-fold cross-validation: k runs, each with another fold of the rows held out.

Every row is held out once, so the k test sets together say how well a config does on all rows, and
the spread over the folds says how far one number can be trusted. With `data.time` only what lies before
a fold is learned from, so the rows before the first fold are never held out.
"""

import csv
import io
import os
import shlex
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mlptrain.config import Config
from mlptrain.config.schema import Fold
from mlptrain.data.preprocessing.flag_target import FlagTarget
from mlptrain.errors import ConfigError, StorageError
from mlptrain.inference.model import Model
from mlptrain.runs.run import Run
from mlptrain.storage.documents import document_text, finite
from mlptrain.storage.files import write_file
from mlptrain.storage.fold_directory import (
    PREDICTIONS,
    SUMMARY,
    check_room_for_folds,
    clear_folds,
    fold_path,
    some_folds,
)
from mlptrain.storage.lock import lock
from mlptrain.storage.run_directory import make_directory, make_numbered
from mlptrain.storage.run_files import holds_checkpoint
from mlptrain.system.threads import use_threads


@dataclass(repr=False)
class Folds:
    """k runs of one config. Iterating yields each run, ready to train, and keeps what comes of it.

    config      its `test` is set aside: the fold that is held out is the test set
    directory   fold-1 ... fold-k, folds.json and out_of_fold.csv go there
    force       replaces the runs that are there
    resume      goes on with them: a fold that is done stays, one that was interrupted is resumed
    numbered    takes another number behind the name of the directory where there is one already
    summary     what folds.json holds, once all folds are done
    """

    config: Config
    count: int
    directory: Path
    force: bool = False
    resume: bool = False
    numbered: bool = False
    threads: int | None = None
    measured: list[dict[str, float | None]] = field(default_factory=list)  # loss and metrics
    runs: list[dict[str, Any]] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    rows: dict[int, list[object]] = field(default_factory=dict)  # by number in the file, from 1
    summary: dict[str, Any] = field(default_factory=dict)
    _held: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        if self.resume:
            if not some_folds(self.directory):
                raise ConfigError(
                    f"{self.directory}: holds no folds; check the path, or leave out --resume"
                )
            return
        if self.numbered:
            return
        check_room_for_folds(self.directory, force=self.force)

    def __repr__(self) -> str:
        return f"<Folds {self.directory}: {len(self.measured)} of {self.count} done>"

    def __iter__(self) -> Generator[Run]:
        """Train each run before asking for the next. Until the end nobody else may write there."""
        with self._held:
            if self.resume:
                self._held.enter_context(lock(self.directory))
            for number in range(1, self.count + 1):
                run = self._run(number)
                place = shlex.quote(str(self.directory))
                run.goes_on = f"fit CONFIG --folds {self.count} --resume {place}"
                yield run
                with use_threads(run.experiment.threads):
                    self._keep(number, run)
            self._write()

    def _run(self, number: int) -> Run:
        """The run of a fold: the one that is there, where there is something to go on with."""
        path = fold_path(self.directory, number)
        if os.path.islink(path):
            raise ConfigError(f"{path}: is a symbolic link, which is never followed here; remove it")
        config = held_out(self.config, number, self.count)
        if self.resume and holds_checkpoint(path):
            return Run.resumed(path, config, threads=self.threads)
        force = self.force or self.resume
        run = Run.new(config, partial(self._place, number), force=force, threads=self.threads)
        if self.force and number == 1:  # by now it is known that the config can run
            try:
                clear_folds(self.directory, keep=run.directory.path)
            except BaseException:
                run.directory.close()
                raise
        return run

    def _place(self, number: int) -> Path:
        """The directory of a fold; with the first one comes that of all, and its lock."""
        if number == 1 and not self.resume:
            if self.numbered:
                self.directory = make_numbered(self.directory)
            make_directory(self.directory)
            self._held.enter_context(lock(self.directory))
        return fold_path(self.directory, number)

    def _keep(self, number: int, run: Run) -> None:
        """Evaluate the best parameters of a run on the rows that it has not seen."""
        data = run.experiment.data
        if data.test is None:
            raise StorageError(f"{run.directory.path}: holds no fold out; begin again with --force")
        model = Model.load(run.directory.path)
        evaluation = model.evaluation(data.test)
        self.measured.append(evaluation.measured())
        kept = ("run", "status", "monitor", "best", "best_epoch", "seconds")
        self.runs.append({key: run.summary[key] for key in kept})
        predicted, truth = evaluation.predictions(), evaluation.truth()
        targets = model.preprocessing.targets
        self.header = ["row", "fold", *targets, *(f"predicted_{name}" for name in targets)]
        target = model.preprocessing.target
        if isinstance(target, FlagTarget):
            self.header += [f"proba_{name}" for name in targets]
            answers = [*target.decided(truth), *target.decided(predicted), *predicted.T.tolist()]
            cells = [list(row) for row in zip(*answers, strict=True)]
        elif model.preprocessing.classes is None:
            cells = np.hstack([truth, predicted]).tolist()
        else:
            names = model.preprocessing.classes
            winners = predicted.argmax(axis=1)
            cells = [[names[y], names[c]] for y, c in zip(truth, winners, strict=True)]
            if model.network.loss.gives_probabilities:
                self.header += [f"proba_{name}" for name in names]
                cells = [[*two, *p] for two, p in zip(cells, predicted.tolist(), strict=True)]
        places = (data.partition.test[:] + 1).tolist()
        self.rows.update((row, [number, *each]) for row, each in zip(places, cells, strict=True))

    def _write(self) -> None:
        self.summary = {
            "folds": self.count,
            "rows": len(self.rows),
            "metrics": spread(self.measured),
            "runs": self.runs,
        }
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows([row, *cells] for row, cells in sorted(self.rows.items()))
        write_file(self.directory / PREDICTIONS, [text.getvalue().encode()])
        write_file(self.directory / SUMMARY, [document_text(self.summary).encode()])


def held_out(config: Config, number: int, count: int) -> Config:
    """The config with one of `count` folds held out in place of its own test rows."""
    if config.data.split_column is not None:
        raise ConfigError("--folds: data.split_column gives one split; for folds write it as null")
    fold = Fold(number=number, of=count)
    data = config.data.model_copy(update={"fold": fold, "test": None})
    return config.model_copy(update={"data": data})


def spread(values: list[dict[str, float | None]]) -> dict[str, dict[str, Any]]:
    """Mean and standard deviation (n - 1) of each metric over the folds in which it is defined.

    >>> spread([{"accuracy": 0.5}, {"accuracy": 1.0}])["accuracy"]["mean"]
    0.75
    """
    table = {}
    for name in values[0]:
        each = [finite(fold[name]) for fold in values]
        defined = np.array([value for value in each if value is not None])
        table[name] = {
            "mean": float(defined.mean()) if len(defined) else None,
            "std": float(defined.std(ddof=1)) if len(defined) > 1 else None,
            "values": each,
        }
    return table
