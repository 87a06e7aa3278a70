"""What must not change between the sittings of a run, the config and the data; and what may."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlptrain.config import Config, dump, load_config, resolved
from mlptrain.config.dump import inline
from mlptrain.config.overrides import Overrides
from mlptrain.errors import CheckpointError, ConfigError
from mlptrain.messages import count
from mlptrain.runs.same_meaning import check_same_meaning
from mlptrain.runs.saving import rate_words
from mlptrain.storage.reading import read_bytes
from mlptrain.storage.run_directory import RunDirectory
from mlptrain.system.environment import differences, environment
from mlptrain.system.ranks import launched_here
from mlptrain.system.threads import cores, from_environment, use_threads
from mlptrain.training.build import Load, build, schedule_for
from mlptrain.training.checkpoint import Checkpoint
from mlptrain.training.data_files import changed_sources, files_in
from mlptrain.training.experiment import Experiment
from mlptrain.training.record import Progress
from mlptrain.training.restore import config_of
from mlptrain.training.trainer import time_is_up

CHANGED = "# changed"
"""How the comments begin that say so in the config.yaml of a run."""
LARGEST_CONFIG = 1 << 20
"""Bytes of a config.yaml that are read."""

MAY_CHANGE = (
    *("train.epochs", "train.early_stopping", "train.checkpoint_every", "train.nonfinite"),
    *("train.log_histograms", "train.tensorboard", "train.max_minutes"),
    *("data.cache", "data.image_shape"),
)
"""Keys that leave the steps already done as they are. More epochs lengthen the schedule from now on."""

SHOWN = 3
"""Settings that are named where a config.yaml was changed."""

JUMP = 0.1
"""A relative change of the learning rate from one step to the next that is worth a note."""


def agreed_config(checkpoint: Checkpoint, config: Config | None, overrides: Overrides = ()) -> Config:
    """The config to go on with; CheckpointError naming every key that may not change.

    Without `config` it is the run's own with the overrides. Files may be elsewhere now: whether they
    are the same is asked by `check_same_data`.
    """
    own = config_of(checkpoint)
    if config is None:
        config = load_config(checkpoint["config"], overrides)
    if config.init_from is None or own.init_from == config.init_from.model_copy(
        update={"sha256": own.init_from and own.init_from.sha256}
    ):
        config = config.model_copy(update={"init_from": own.init_from})  # where it began is past
    moved = {f"data.{key}" for key in files_in(own).keys() & files_in(config).keys()}
    changed = [
        f"{key}: {old!r} in {checkpoint.path}, {new!r} now; a resumed run cannot change it"
        for key, old, new in changes_between(resolved(own), resolved(config))
        if not key.startswith(MAY_CHANGE) and key not in moved
    ]
    if changed:
        raise CheckpointError(*changed)
    return config


def rebuilt(checkpoint: Checkpoint, config: Config, threads: int | None, load: Load) -> Experiment:
    """The experiment of a run that goes on, with as many threads as it had."""
    fitted = checkpoint.preprocessing() if config.init_from else None
    return build(config, threads or threads_before(checkpoint), load(config, fitted))


def threads_before(checkpoint: Checkpoint) -> int | None:
    """As many threads as the run had, where the environment says nothing: other threads, other bits.

    No more than there are cores for here. None where the checkpoint does not say it.
    """
    blas = checkpoint["environment"].get("blas")
    each = [library for library in blas if isinstance(library, dict)] if isinstance(blas, list) else []
    said = [library.get("threads") for library in each]
    found = [threads for threads in said if type(threads) is int and threads > 0]
    if not found or from_environment() is not None:
        return None
    return min(*found, max(1, cores() // launched_here()))


def noted(checkpoint: Checkpoint, experiment: Experiment, progress: Progress) -> list[str]:
    """A note on each part of the machine and its libraries that has changed, and on rollbacks."""
    with use_threads(experiment.threads):  # what the run will have, not the process now
        changed = differences(checkpoint["environment"], environment())
    notes = [f"{each}: the same bits cannot be promised" for each in changed]
    return notes + _rolled_back(progress)


def with_history(directory: RunDirectory, config: Config, checkpoint: Checkpoint) -> str:
    """What goes into config.yaml: a comment for each change so far, and the config as it is now."""
    step = checkpoint.progress().step
    lines = [
        f"{CHANGED} after step {step}: {key} from {inline(old)} to {inline(new)}"
        for key, old, new in changes_between(resolved(config_of(checkpoint)), resolved(config))
    ]
    return "".join(f"{line}\n" for line in (*changes_in(directory.path), *lines)) + dump(
        resolved(config)
    )


def _edited(checkpoint: Checkpoint, config: Config) -> list[str]:
    """A note where config.yaml asks for what neither the checkpoint nor `config` has: it is not read.

    Somebody has edited it, or a sitting with other settings was killed before it saved.
    """
    file = checkpoint.path.with_name("config.yaml")
    if not file.exists():
        return []
    try:
        written = resolved(load_config(file))
    except ConfigError:
        return [f"{file}: is no config any more; the run goes on with the one in {checkpoint.path}"]
    ignored = {key for key, _, _ in changes_between(resolved(config), written)}
    wanted = [
        f"--set {shlex.quote(f'{key}={inline(new)}')}"
        for key, _, new in changes_between(resolved(config_of(checkpoint)), written)
        if key in ignored
    ]
    if not wanted:
        return []
    more = f" and {len(wanted) - SHOWN} more" if len(wanted) > SHOWN else ""
    return [
        f"{file}: differs from {checkpoint.path}, with whose config the run goes on; to change that: "
        f"{' '.join(wanted[:SHOWN])}{more}"
    ]


def changes_in(path: Path) -> list[str]:
    """The comments in the config.yaml of a run that say what was changed on the way."""
    if not (path / "config.yaml").exists():
        return []
    text = read_bytes(path / "config.yaml", LARGEST_CONFIG).decode("utf-8", "replace")
    return [line for line in text.splitlines() if line.startswith(CHANGED)]


def changes_between(old: Any, new: Any, at: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every setting that differs between two configs: its dotted key, the old value, the new one."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {**old, **new}:
            inner = f"{at}.{key}" if at else str(key)
            yield from changes_between(old.get(key), new.get(key), inner)
    elif old != new:
        yield at, old, new


def check_same_data(checkpoint: Checkpoint, config: Config, experiment: Experiment) -> None:
    """CheckpointError for every file whose content is not that with which the run was started.

    Also where the same files have other columns, classes or scaling than in the checkpoint.
    """
    changed = [
        f"{source}: has changed since {checkpoint.path} was written; a run goes on with the same "
        "data only: put the file back, or begin a new run with --init-from"
        for source in changed_sources(checkpoint, config, experiment.data.fingerprint)
    ]
    if changed:
        raise CheckpointError(*changed)
    check_same_meaning(checkpoint, experiment)


def take_up(
    checkpoint: Checkpoint, config: Config, experiment: Experiment, progress: Progress
) -> list[str]:
    """Let a run that had ended go on where it was given more to do; notes on what that means.

    CheckpointError for fewer epochs than are done.
    """
    return _edited(checkpoint, config) + _go_on(checkpoint, config, experiment, progress)


def _go_on(
    checkpoint: Checkpoint, config: Config, experiment: Experiment, progress: Progress
) -> list[str]:
    own = config_of(checkpoint)
    if experiment.total_steps < progress.step:
        done = -(-progress.step // experiment.steps_per_epoch)
        raise CheckpointError(
            f"train.epochs: {config.train.epochs} now, but {checkpoint.path} has done {done}; steps "
            f"cannot be undone: ask for {done} or more, or begin a new run"
        )
    longer = config.train.epochs > own.train.epochs
    stopping = experiment.early_stopping
    if progress.stopped and (stopping is None or progress.stale < stopping.patience):
        progress.stopped = None
    elif progress.stopped and longer:
        return [
            f"the run was stopped early, so more epochs change nothing: to go on, raise "
            f"train.early_stopping.patience above {progress.stale}, or set train.early_stopping=null"
        ]
    if experiment.out_of_time(progress.seconds) and progress.step < experiment.total_steps:
        progress.stopped = time_is_up(experiment)
        return [f"the run has taken {progress.seconds / 60:.3g} minutes: {progress.stopped}"]
    return _jump(own, config, experiment, progress)


def _jump(own: Config, config: Config, experiment: Experiment, progress: Progress) -> list[str]:
    """A note where another number of epochs makes the learning rate jump.

    Compared is the rate of the last step done with what the new schedule has for that step.
    """
    step, per_epoch = progress.step, experiment.steps_per_epoch
    if step == 0 or config.train.epochs == own.train.epochs or step == experiment.total_steps:
        return []
    scale = experiment.optimizer.learning_rate * progress.rate_factor
    before = scale * schedule_for(own)(step - 1, own.train.epochs * per_epoch, per_epoch)
    instead, after = (
        scale * experiment.schedule(each, experiment.total_steps, per_epoch)
        for each in (step - 1, step)
    )
    if abs(instead - before) <= JUMP * max(instead, before):
        return []
    return [
        f"train.epochs {own.train.epochs} → {config.train.epochs} stretches the schedule "
        f"{config.schedule.name}: the learning rate jumps from {before:.3g} to {after:.3g}"
    ]


def _rolled_back(progress: Progress) -> list[str]:
    """A note on a run that went back to a checkpoint before, as `nonfinite: rollback` does."""
    times = len(progress.poisoned)
    return [f"rolled back {count(times, 'time')}: {rate_words(progress)}"] if times else []
