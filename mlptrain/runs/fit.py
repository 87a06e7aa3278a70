"""From a config to a run: what `fit` calls, and the start of a program of your own."""

import sys
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal

from mlptrain.config import Config, dump, load_config, resolved
from mlptrain.config.folds import held_out
from mlptrain.config.load import Source, configs_of_candidates
from mlptrain.config.overrides import Overrides
from mlptrain.config.schema import InitFrom
from mlptrain.errors import ConfigError
from mlptrain.runs.cross_validation import Folds
from mlptrain.runs.join import Join, alone
from mlptrain.runs.resume import LARGEST_CONFIG
from mlptrain.runs.rows_in_memory import Handed
from mlptrain.runs.run import Run
from mlptrain.storage.fold_directory import check_no_folds, check_one_run, some_folds
from mlptrain.storage.reading import read_bytes
from mlptrain.storage.run_directory import make_numbered
from mlptrain.storage.run_files import holds_checkpoint
from mlptrain.storage.shell_streams import is_stream
from mlptrain.system.installation import is_python
from mlptrain.system.threads import cores
from mlptrain.training.build import Load, load
from mlptrain.training.data_files import files_in
from mlptrain.training.experiment import Experiment
from mlptrain.training.record import Progress
from mlptrain.training.trainer import train
from mlptrain.training.warm_start import begin

START = 0.6
"""Seconds of one core until a process takes its first step. Two of them pay when they halve more."""
AUTO = "auto"
"""In place of a run to resume: the one in `out`, and where there is none it begins."""
IN_PLACE = (
    "--resume goes on in place: leave out --out, --init-from and --force; "
    "to start or resume a run: --out DIR --resume auto"
)
NO_WARM_FOLDS = (
    "--folds begins with weights of its own: leave out --init-from, or init_from in the config"
)
NO_CONFIG = "no CONFIG given; name a YAML file, or resume a run with --resume RUN"


def prepare(
    config: Source | None,
    overrides: Overrides = (),
    *,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    start: InitFrom | None = None,
    force: bool = False,
    threads: int | None = None,
    join: Join = alone,
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
            return Run.resumed(resume, overrides=overrides, threads=threads, load=load, join=join)
        return Run.resumed(
            resume, load_config(config, overrides), threads=threads, load=load, join=join
        )
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
    return Run.new(checked, place, force=force, threads=threads, load=load, join=join)


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


def folds_wanted(
    config: Source | None,
    overrides: Overrides = (),
    given: int | None = None,
    *,
    start: InitFrom | None = None,
    jobs: int | None = None,
) -> int | None:
    """How many folds to train: as many as are given, else as `train.folds` says; None: no folds.

    ConfigError for what goes with folds only, or with none.
    """
    count = load_config(config, overrides).train.folds if given is None and config else given
    if count is None and jobs is not None:
        raise ConfigError("--jobs: trains several folds at a time; add --folds K")
    if count is not None and start is not None:
        raise ConfigError(NO_WARM_FOLDS)
    return count


def jobs_for(config: Config, count: int, jobs: int | None, given: Handed | None = None) -> int:
    """How many folds to train at a time: as many as there are cores, where nobody says.

    Of rows in memory one at a time where they are over before a process would have started.
    """
    streams = [path for path in files_in(config).values() if is_stream(path)]
    if streams and jobs not in (None, 1):
        raise ConfigError(
            f"--jobs {jobs}: {streams[0]} is a stream, which one process reads; save it to a file"
        )
    if not is_python(sys.executable) and jobs not in (None, 1):
        raise ConfigError(f"jobs={jobs}: this program has no Python to train beside it; leave out jobs")
    short = jobs is None and given is not None and count * given.seconds(config) < 2 * START
    alone = streams or short or not is_python(sys.executable)
    return 1 if alone else min(count, jobs or cores())


def prepare_folds(
    config: Source | None,
    count: int,
    overrides: Overrides = (),
    out: str | Path | None = None,
    resume: str | Path | None = None,
    *,
    force: bool = False,
    threads: int | None = None,
    jobs: int | None = 1,
    given: Handed | None = None,
    is_kept: bool = True,
) -> Folds:
    """k folds, ready to train: by iterating over them, or as many at a time as `jobs` says.

    `given` has the rows where they are in no file; `is_kept` says whether the directory stays.
    """
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
    return Folds(
        checked,
        count,
        Path(resume or out or new_name(config)),
        force=force,
        resume=resume is not None,
        numbered=resume is None and out is None,
        threads=threads,
        jobs=jobs_for(checked, count, jobs, given),
        given=given,
        is_kept=is_kept,
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


def dry_run(config: Source | None, overrides: Overrides = (), folds: int | None = None) -> Experiment:
    """Check everything that `fit` would, build it, and do one step; nothing is written."""
    if config is None:
        raise ConfigError(NO_CONFIG)
    first, *others = configs_of_candidates(load_config(config, overrides)).values()
    for other in others:
        _tried(other, folds)
    return _tried(first, folds)


def _tried(config: Config, folds: int | None) -> Experiment:
    _, experiment, _ = begin(config if folds is None else held_out(config, 1, folds))
    for _ in islice(train(experiment, Progress()), 1):
        pass
    return experiment


def new_name(config: Source) -> Path:
    """runs/NAME-DATE-TIME; another run of the same second may have taken it."""
    name = "run" if isinstance(config, Mapping) or is_stream(config) else Path(config).stem
    return Path("runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
