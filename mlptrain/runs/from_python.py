"""Training for a program: by a config, or on a file or rows in memory, with settings as arguments."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from mlptrain.config.keys import keywords
from mlptrain.config.load import Source
from mlptrain.config.overrides import Overrides
from mlptrain.config.schema import InitFrom
from mlptrain.data.handed_over import PLACE, HandedOver, handed_over
from mlptrain.errors import ConfigError, MLPTrainError
from mlptrain.inference.model import Model
from mlptrain.runs.cross_validation import Folds
from mlptrain.runs.fit import folds_wanted, prepare, prepare_folds
from mlptrain.runs.rows_in_memory import Handed
from mlptrain.runs.run import Run
from mlptrain.runs.side_by_side import side_by_side
from mlptrain.training.build import load
from mlptrain.training.checkpoint import Checkpoint
from mlptrain.training.members import Members, read_members

IN_MEMORY = Path("(in memory)")
"""In place of the file of a model that none was written for."""

Settings = dict[str, Any]
"""By their dotted keys."""
Ready = partial[Run]
"""Makes a run, with the options of a call, where it is told to: `prepare`."""


class Session(NamedTuple):
    """The options of one call, each as that of `mlptrain fit`."""

    out: str | Path | None = None
    resume: str | Path | None = None
    start: InitFrom | None = None
    force: bool = False
    threads: int | None = None
    jobs: int | None = None

    @property
    def is_kept(self) -> bool:
        """Whether the run stays on the disk."""
        return self.out is not None or self.resume is not None

    def of_run(self) -> dict[str, Any]:
        """Those of `prepare`, but for `out`."""
        return {**self.of_folds(), "start": self.start}

    def of_folds(self) -> dict[str, Any]:
        """Those of `prepare_folds`, but for `out` and `jobs`."""
        return {"resume": self.resume, "force": self.force, "threads": self.threads}


def fit_config(config: Source | None, overrides: Overrides, session: Session) -> Run | Folds:
    """Train by a config, which a run that is resumed brings along."""
    count = folds_wanted(config, overrides, start=session.start, jobs=session.jobs)
    if count is None:
        return _trained(prepare(config, overrides, out=session.out, **session.of_run()))
    options = {**session.of_folds(), "jobs": session.jobs}
    folds = prepare_folds(config, count, overrides, session.out, **options)
    _each_fold(folds)
    return folds


def fit_file(config: Mapping[str, Any], settings: Settings, session: Session) -> Model:
    """The model of a config whose rows are in a file; nothing stays on the disk without `out`."""
    return _model_of(config, settings, session, None)


def handed(X: Any, y: object, weight: object, settings: Settings) -> tuple[Handed, Settings]:
    """The rows of X, and of `val` and `test` among the settings, which then name these."""
    train = handed_over("X", X, y, weight)
    rows = {PLACE.format("X"): train}
    for place, name, part in held_out(settings):
        held, true, weights = (*part, None)[:3] if isinstance(part, tuple) else (part, y, None)
        weights = train.weight if weights is None else weights
        rows[place] = handed_over(name, held, true, weights, like=train)
        settings = {**settings, f"data.{name}": place}
    return Handed(train, rows), settings


AS_USUAL = Session()


def fit_rows(
    X: Any, y: object, weight: object, settings: Settings, session: Session = AS_USUAL
) -> Model:
    """The model of rows in memory; what the settings leave open is as in an empty config."""
    rows, settings = handed(X, y, weight, settings)
    return fit_handed(rows, config_of_rows(rows.train), settings, session)


def fit_handed(rows: Handed, config: Mapping[str, Any], settings: Settings, session: Session) -> Model:
    """The model of rows in memory by a config that names them."""
    return _model_of(config, settings, session, rows)


def dotted(overrides: Overrides) -> Settings:
    """Settings by their dotted keys; from a program they have values, not texts."""
    if isinstance(overrides, Mapping):
        return dict(overrides)
    if overrides:
        raise ConfigError('set: with other arguments, give a mapping such as {"train.epochs": 5}')
    return {}


def words(settings: Mapping[str, Any]) -> Settings:
    """Settings by their dotted keys, from words; deeper keys have double underscores. Sections first.

    >>> words({"learning_rate": 0.1, "optimizer": "sgd", "schedule__epochs": 5})
    {'optimizer': 'sgd', 'optimizer.learning_rate': 0.1, 'schedule.epochs': 5}
    """
    found = {
        tuple(word.split("__")) if "__" in word else keywords().get(word, (word,)): value
        for word, value in settings.items()
    }
    return {".".join(map(str, path)): found[path] for path in sorted(found, key=len)}


def together(overrides: Overrides, settings: Mapping[str, Any]) -> Settings:
    """Both by their dotted keys, sections first: a key of one is not lost where both are given."""
    found = {**dotted(overrides), **words(settings)}
    return {key: found[key] for key in sorted(found, key=lambda key: key.count("."))}


def _trained(run: Run) -> Run:
    for _ in run:
        pass
    return run


def config_of_rows(rows: HandedOver) -> dict[str, Any]:
    """The config of rows that all train, but for those that its default holds out to validate."""
    targets = list(rows.targets) if len(rows.targets) > 1 else rows.targets[0]
    train = PLACE.format("X")
    return {"data": {"train": train, "target": targets, "weight": rows.weight, "test": None}}


def held_out(settings: Settings) -> Iterator[tuple[str, str, Any]]:
    """Validation and test rows that are handed over too: (X, y), (X, y, weight), or X with y in it."""
    for name in ("val", "test"):
        part = settings.get(f"data.{name}")
        if part is not None and not isinstance(part, int | float | str | os.PathLike):
            yield PLACE.format(name), name, part


def _model_of(
    config: Mapping[str, Any], settings: Settings, session: Session, given: Handed | None
) -> Model:
    """The model, whose rows are `given` where they are in no file."""
    count = folds_wanted(config, settings, start=session.start, jobs=session.jobs)
    if count is None:
        ready = partial(
            prepare, config, settings, load=given.load if given else load, **session.of_run()
        )
        return _model(ready, session)
    options = {**session.of_folds(), "jobs": session.jobs, "given": given}
    return _model_of_folds(partial(prepare_folds, config, count, settings, **options), session)


def _model(ready: Ready, session: Session) -> Model:
    """Train and take the best parameters; the directory goes again where none was asked for."""
    if session.is_kept:
        return Model.load(_trained(ready(out=session.out)).directory.path)
    with tempfile.TemporaryDirectory(prefix="mlptrain-") as place:
        run = ready(out=Path(place) / "run")
        run.is_kept = False
        read = Checkpoint.read(_trained(run).directory.path)
    kept = {**read.document, "test": run.test}
    checkpoint = replace(read, path=IN_MEMORY, document=kept, notes=tuple(run.notes))
    return Model(IN_MEMORY, Members((checkpoint,)))


def _model_of_folds(ready: partial[Folds], session: Session) -> Model:
    """Train the folds; what they predict on average is the model."""
    if session.is_kept:
        return Model.load(_each_fold(ready(out=session.out)))
    with tempfile.TemporaryDirectory(prefix="mlptrain-") as place:
        read = read_members(_each_fold(ready(out=Path(place) / "run", is_kept=False)))
    members = tuple(replace(each, path=IN_MEMORY) for each in read.checkpoints)
    return Model(IN_MEMORY, read._replace(checkpoints=members))


def _each_fold(folds: Folds) -> Path:
    """Where the folds are, once all are trained: one after another, or several at a time."""
    if folds.jobs > 1:
        for _ in side_by_side(folds):
            pass
        return folds.directory
    for number, run in folds:
        try:
            _trained(run)
        except MLPTrainError as error:  # raised when the others are done
            folds.failures[number] = error
    return folds.directory
