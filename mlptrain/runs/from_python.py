"""What a program calls: `mlptrain.fit`, with rows and settings as arguments, or with a config."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Literal, overload

from mlptrain.config import Config
from mlptrain.config.keys import keywords
from mlptrain.config.load import Source
from mlptrain.config.overrides import Overrides
from mlptrain.data.dataset import Dataset
from mlptrain.data.handed_over import PLACE, HandedOver, handed_over, load_handed_over
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.errors import ConfigError
from mlptrain.inference.model import Model
from mlptrain.runs.cross_validation import Folds
from mlptrain.runs.fit import folds_wanted, prepare, prepare_folds, start_from
from mlptrain.runs.run import Run
from mlptrain.runs.side_by_side import side_by_side
from mlptrain.training.build import settings_of
from mlptrain.training.checkpoint import Checkpoint
from mlptrain.training.members import Members, read_members

IN_MEMORY = Path("(in memory)")
"""In place of the file of a model that none was written for."""
NO_Y = "y is missing: give the values of the target, or the name of its column: fit(X, 'price')"

Settings = dict[str, Any]
"""By their dotted keys."""
Ready = partial[Run]
"""Makes a run, with the options of a call, where it is told to: `prepare`."""


@overload
def fit(
    X: Source | None = None,
    y: None = None,
    *,
    set: Overrides = (),
    out: str | Path | None = None,
    resume: str | Path | None = None,
    init_from: str | Path | None = None,
    refit_preprocessing: bool = False,
    head: Literal["keep", "new"] = "keep",
    force: bool = False,
    threads: int | None = None,
    jobs: int | None = None,
    **settings: Any,
) -> Run | Folds: ...


@overload
def fit(
    X: object,
    y: object,
    *,
    weight: object = None,
    set: Overrides = (),
    out: str | Path | None = None,
    resume: str | Path | None = None,
    init_from: str | Path | None = None,
    refit_preprocessing: bool = False,
    head: Literal["keep", "new"] = "keep",
    force: bool = False,
    threads: int | None = None,
    jobs: int | None = None,
    **settings: Any,
) -> Model: ...


def fit(
    X: Any = None,
    y: object = None,
    *,
    weight: object = None,
    set: Overrides = (),
    out: str | Path | None = None,
    resume: str | Path | None = None,
    init_from: str | Path | None = None,
    refit_preprocessing: bool = False,
    head: Literal["keep", "new"] = "keep",
    force: bool = False,
    threads: int | None = None,
    jobs: int | None = None,
    **settings: Any,
) -> Run | Folds | Model:
    """Train on rows and return the model; or by a config, a YAML file or a dict, and return the run.

    X is a data frame, a dict of columns, a list of dicts, an array (N, D) or a file; y a column of it,
    or values.
    Settings are keys of the config by their own words, or by dotted keys in `set`; the other arguments
    are options of `mlptrain fit`. Rows leave no file behind without `out`. See docs/python.md.

    >>> sizes, kinds = [1.0, 2.0, 8.0, 9.0] * 5, ["cat", "cat", "dog", "dog"] * 5
    >>> model = fit({"size": sizes, "kind": kinds}, "kind", epochs=20, learning_rate=0.1)
    >>> model.predict({"size": [1.5, 8.5]}).tolist()
    ['cat', 'dog']
    >>> fit({"data": {"train": {"name": "xor"}}}, epochs=2, out="runs/xor").summary["status"]
    'completed'
    """
    start = start_from(init_from, refit_preprocessing=refit_preprocessing, head=head)
    options = {"resume": resume, "start": start, "force": force, "threads": threads}
    if y is not None:
        return _on_rows(X, y, weight, _together(set, settings), out, jobs, options)
    if (X is not None and not isinstance(X, str | os.PathLike | Mapping)) or weight is not None:
        raise ConfigError(NO_Y)
    overrides = _together(set, settings) if settings else set
    return _by_config(X, overrides, out, jobs, options)


def _by_config(
    config: Source | None,
    overrides: Overrides,
    out: str | Path | None,
    jobs: int | None,
    options: Mapping[str, Any],
) -> Run | Folds:
    count = folds_wanted(config, overrides, start=options["start"], jobs=jobs)
    if count is None:
        return _trained(prepare(config, overrides, out=out, **options))
    rest = {key: value for key, value in options.items() if key != "start"}
    folds = prepare_folds(config, count, overrides, out, jobs=jobs, **rest)
    for _ in side_by_side(folds) if folds.jobs > 1 else chain.from_iterable(folds):
        pass
    return folds


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


def _together(overrides: Overrides, settings: Mapping[str, Any]) -> Settings:
    """Both by their dotted keys, sections first: a key of one is not lost where both are given."""
    found = {**dotted(overrides), **words(settings)}
    return {key: found[key] for key in sorted(found, key=lambda key: key.count("."))}


def _trained(run: Run) -> Run:
    for _ in run:
        pass
    return run


def _on_rows(
    X: Any,
    y: object,
    weight: object,
    settings: Settings,
    out: str | Path | None,
    jobs: int | None,
    options: Mapping[str, Any],
) -> Model:
    """The model of rows that are handed over, or of a file."""
    if isinstance(X, str | os.PathLike):
        document = {"data": {"train": os.fspath(X), "target": y, "weight": weight}}
        return Model.load(_by_config(document, settings, out, jobs, options).best)
    train = handed_over("X", X, y, weight)
    rows, document = {PLACE.format("X"): train}, config_of_rows(train)
    for place, name, part in held_out(settings):
        held, true, weights = (*part, None)[:3] if isinstance(part, tuple) else (part, y, None)
        weights = train.weight if weights is None else weights
        rows[place] = handed_over(name, held, true, weights, like=train)
        settings = {**settings, f"data.{name}": place}
    load, count = (
        partial(_load, rows),
        folds_wanted(document, settings, start=options["start"], jobs=jobs),
    )
    if count is None:
        return _model(partial(prepare, document, settings, load=load, **options), out)
    rest = {key: value for key, value in options.items() if key != "start"}
    ready = partial(prepare_folds, document, count, settings, jobs=jobs, given=load, **rest)
    return _model_of_folds(ready, out)


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


def _load(rows: Mapping[str, HandedOver], config: Config, fitted: Preprocessing | None) -> Dataset:
    return load_handed_over(rows, settings_of(config), fitted)


def _model(ready: Ready, out: str | Path | None) -> Model:
    """Train and take the best parameters; the directory goes again where none was asked for."""
    if out is not None or ready.keywords["resume"] is not None:
        return Model.load(_trained(ready(out=out)).directory.path)
    with tempfile.TemporaryDirectory(prefix="mlptrain-") as place:
        run = ready(out=Path(place) / "run")
        run.is_kept = False
        read = Checkpoint.read(_trained(run).directory.path)
    kept = {**read.document, "test": run.test}
    checkpoint = replace(read, path=IN_MEMORY, document=kept, notes=tuple(run.notes))
    return Model(IN_MEMORY, Members((checkpoint,)))


def _model_of_folds(ready: partial[Folds], out: str | Path | None) -> Model:
    """Train one fold after another; what they predict on average is the model."""
    if out is not None or ready.keywords["resume"] is not None:
        return Model.load(_each_fold(ready(out=out)))
    with tempfile.TemporaryDirectory(prefix="mlptrain-") as place:
        read = read_members(_each_fold(ready(out=Path(place) / "run"), is_kept=False))
    members = tuple(replace(each, path=IN_MEMORY) for each in read.checkpoints)
    return Model(IN_MEMORY, read._replace(checkpoints=members))


def _each_fold(folds: Folds, *, is_kept: bool = True) -> Path:
    """Where the folds are, once all are trained."""
    for run in folds:
        run.is_kept = is_kept
        _trained(run)
    return folds.directory
