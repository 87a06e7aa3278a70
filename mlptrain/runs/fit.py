"""From a config to a run: what `fit` calls, and the start of a program of your own."""

from collections.abc import Mapping
from datetime import datetime
from itertools import count, islice
from pathlib import Path
from typing import Literal

from mlptrain.config import load_config
from mlptrain.config.load import Source
from mlptrain.config.overrides import Overrides
from mlptrain.config.schema import InitFrom
from mlptrain.errors import ConfigError
from mlptrain.runs.cross_validation import Folds
from mlptrain.runs.run import Run, begin
from mlptrain.storage.fold_directory import check_no_folds, check_one_run
from mlptrain.training.experiment import Experiment
from mlptrain.training.record import Progress
from mlptrain.training.trainer import train

IN_PLACE = "--resume goes on in place: leave out --out, --init-from and --force"
NO_WARM_FOLDS = (
    "--folds begins with weights of its own: leave out --init-from, or init_from in the config"
)
NO_CONFIG = "no CONFIG given; name a YAML file, or go on with a run by --resume RUN"


def fit(
    config: Source | None = None,
    *,
    set: Overrides = (),
    out: str | Path | None = None,
    resume: str | Path | None = None,
    init_from: str | Path | None = None,
    refit_preprocessing: bool = False,
    head: Literal["keep", "new"] = "keep",
    force: bool = False,
    threads: int | None = None,
) -> Run:
    """Train to the end and return the run: `run.best` is its best checkpoint, `run.summary` the result.

    `config` is a YAML file or a dict, `set` overrides settings: {"train.epochs": 5}. The other
    arguments are the options of `mlptrain fit`. Raises the errors of `mlptrain.errors`.
    """
    run = prepare(
        config,
        set,
        out=out,
        resume=resume,
        start=start_from(init_from, refit_preprocessing=refit_preprocessing, head=head),
        force=force,
        threads=threads,
    )
    for _ in run:
        pass
    return run


def prepare(
    config: Source | None,
    overrides: Overrides = (),
    *,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    start: InitFrom | None = None,
    force: bool = False,
    threads: int | None = None,
) -> Run:
    """A run that is ready to train: a new one, or one that goes on."""
    if resume is not None:
        if out is not None or start is not None or force:
            raise ConfigError(IN_PLACE)
        check_one_run(Path(resume), f", or all: fit CONFIG --folds K --resume {resume}")
        if config is None and overrides:
            raise ConfigError("--resume without CONFIG keeps the run's own config: leave out --set")
        settings = None if config is None else load_config(config, overrides)
        return Run.resumed(resume, settings, threads=threads)
    if config is None:
        raise ConfigError(NO_CONFIG)
    checked = load_config(config, overrides)
    if start is not None:
        checked = checked.model_copy(update={"init_from": start})
    place = Path(out or new_directory(config))
    check_no_folds(place)
    return Run.new(checked, place, force=force, threads=threads)


def start_from(
    checkpoint: str | Path | None,
    *,
    refit_preprocessing: bool = False,
    head: Literal["keep", "new"] = "keep",
) -> InitFrom | None:
    """The config key of --init-from and the options that belong to it."""
    if checkpoint is not None:
        preprocessing: Literal["keep", "refit"] = "refit" if refit_preprocessing else "keep"
        return InitFrom(checkpoint=str(checkpoint), preprocessing=preprocessing, head=head)
    if refit_preprocessing or head != "keep":
        raise ConfigError("--refit-preprocessing and --head go with --init-from CHECKPOINT")
    return None


def prepare_folds(
    config: Source | None,
    count: int,
    overrides: Overrides = (),
    out: str | Path | None = None,
    resume: str | Path | None = None,
    *,
    force: bool = False,
    threads: int | None = None,
) -> Folds:
    """k-fold cross-validation, ready to train: iterate over it, and over each run it yields."""
    if config is None:
        raise ConfigError(NO_CONFIG)
    if resume is not None and (out is not None or force):
        raise ConfigError(IN_PLACE)
    checked = load_config(config, overrides)
    if checked.init_from is not None:
        raise ConfigError(NO_WARM_FOLDS)
    place = Path(resume or out or new_directory(config))
    return Folds(checked, count, place, force=force, resume=resume is not None, threads=threads)


def dry_run(config: Source | None, overrides: Overrides = ()) -> Experiment:
    """Check everything that `fit` would, build it, and do one step; nothing is written."""
    if config is None:
        raise ConfigError(NO_CONFIG)
    _, experiment, _ = begin(load_config(config, overrides))
    for _ in islice(train(experiment, Progress()), 1):
        pass
    return experiment


def new_directory(config: Source) -> Path:
    """runs/NAME-DATE-TIME, with a number behind it where that is taken."""
    name = "run" if isinstance(config, Mapping) else Path(config).stem
    path = Path("runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
    if not path.exists():
        return path
    numbered = (path.with_name(f"{path.name}-{number}") for number in count(2))
    return next(each for each in numbered if not each.exists())
