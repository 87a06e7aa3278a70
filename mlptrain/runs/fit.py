"""From a config to a run: what `fit` calls, and the start of a program of your own."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal

from mlptrain.config import Config, dump, load_config, resolved
from mlptrain.config.load import Source
from mlptrain.config.overrides import Overrides
from mlptrain.config.schema import InitFrom
from mlptrain.errors import ConfigError
from mlptrain.runs.cross_validation import Folds
from mlptrain.runs.resume import LARGEST_CONFIG
from mlptrain.runs.run import Run
from mlptrain.storage.fold_directory import check_no_folds, check_one_run, some_folds
from mlptrain.storage.reading import read_bytes
from mlptrain.storage.run_directory import make_numbered
from mlptrain.storage.run_files import holds_checkpoint
from mlptrain.storage.shell_streams import is_stream
from mlptrain.training.build import Load, load
from mlptrain.training.experiment import Experiment
from mlptrain.training.record import Progress
from mlptrain.training.trainer import train
from mlptrain.training.warm_start import begin

AUTO = "auto"
"""In place of a run to resume: the one in `out`, and where there is none it begins."""
IN_PLACE = (
    "--resume goes on in place: leave out --out, --init-from and --force; "
    "to begin a run or go on with it: --out DIR --resume auto"
)
NO_WARM_FOLDS = (
    "--folds begins with weights of its own: leave out --init-from, or init_from in the config"
)
NO_CONFIG = "no CONFIG given; name a YAML file, or go on with a run by --resume RUN"


def prepare(
    config: Source | None,
    overrides: Overrides = (),
    *,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    start: InitFrom | None = None,
    force: bool = False,
    threads: int | None = None,
    load: Load = load,
) -> Run:
    """A run that is ready to train: a new one, or one that goes on. `load` loads its data."""
    check_named(out)
    if is_auto(out, resume):
        check_auto(config, force=force)
        going_on = holds_checkpoint(Path(out or ""))
        out, resume, start = (None, out, None) if going_on else (out, None, start)
        force = not going_on and begun_only(Path(out or ""), load_config(config or {}, overrides))
    if resume is not None:
        if out is not None or start is not None or force:
            raise ConfigError(IN_PLACE)
        check_one_run(Path(resume), f", or all: fit CONFIG --folds K --resume {resume}")
        if config is None:
            return Run.resumed(resume, overrides=overrides, threads=threads, load=load)
        return Run.resumed(resume, load_config(config, overrides), threads=threads, load=load)
    if config is None:
        raise ConfigError(NO_CONFIG)
    checked = load_config(config, overrides)
    if start is not None:
        checked = checked.model_copy(update={"init_from": start})
    if out is None:
        place = partial(make_numbered, new_name(config))
    else:
        place = partial(Path, out)
        check_no_folds(place())
    return Run.new(checked, place, force=force, threads=threads, load=load)


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
    check_named(out)
    if config is None:
        raise ConfigError(NO_CONFIG)
    if is_auto(out, resume):
        check_auto(config, force=force)
        out, resume = (None, out) if some_folds(Path(out or "")) else (out, None)
    if resume is not None and (out is not None or force):
        raise ConfigError(IN_PLACE)
    checked = load_config(config, overrides)
    if checked.init_from is not None:
        raise ConfigError(NO_WARM_FOLDS)
    place = Path(resume or out or new_name(config))
    return Folds(
        checked,
        count,
        place,
        force=force,
        resume=resume is not None,
        numbered=resume is None and out is None,
        threads=threads,
    )


def check_named(out: str | Path | None) -> None:
    """ConfigError for an empty name, which would mean the current directory."""
    if out == "":
        raise ConfigError("--out is empty; name a directory, or . for this one")


def is_auto(out: str | Path | None, resume: str | Path | None) -> bool:
    """Whether `--resume auto` is asked for; without --out it is a run directory of that name."""
    return out is not None and resume is not None and str(resume) == AUTO


def check_auto(config: Source | None, *, force: bool) -> None:
    """ConfigError where a run cannot be begun or resumed as it comes."""
    if config is None:
        raise ConfigError(NO_CONFIG)
    if force:
        raise ConfigError("--resume auto never replaces a run: leave out --force")


def begun_only(place: Path, config: Config) -> bool:
    """Whether a run of this config was killed here before its first checkpoint: nothing is lost."""
    kept, metrics = place / "config.yaml", place / "metrics.jsonl"
    if not kept.is_file() or (metrics.is_file() and metrics.stat().st_size):
        return False
    return read_bytes(kept, LARGEST_CONFIG) == dump(resolved(config)).encode()


def dry_run(config: Source | None, overrides: Overrides = ()) -> Experiment:
    """Check everything that `fit` would, build it, and do one step; nothing is written."""
    if config is None:
        raise ConfigError(NO_CONFIG)
    _, experiment, _ = begin(load_config(config, overrides))
    for _ in islice(train(experiment, Progress()), 1):
        pass
    return experiment


def new_name(config: Source) -> Path:
    """runs/NAME-DATE-TIME; another run of the same second may have taken it."""
    name = "run" if isinstance(config, Mapping) or is_stream(config) else Path(config).stem
    return Path("runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
