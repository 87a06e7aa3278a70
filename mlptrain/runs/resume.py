"""What must not change between the sittings of a run: the config and the data."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlptrain.config import Config, dump, resolved
from mlptrain.config.dump import inline
from mlptrain.errors import CheckpointError
from mlptrain.storage.files import read_bytes
from mlptrain.storage.run_directory import RunDirectory
from mlptrain.training.checkpoint import Checkpoint
from mlptrain.training.experiment import Experiment
from mlptrain.training.record import Progress
from mlptrain.training.restore import config_of

CHANGED = "# changed"
"""How the comments begin that say so in the config.yaml of a run."""
JUMP = 1.5
"""A learning rate so many times that of the step before is worth a note."""
LARGEST_CONFIG = 1 << 20
"""Bytes of a config.yaml that are read."""

MAY_CHANGE = (
    *("train.epochs", "train.checkpoint_every", "train.nonfinite"),
    *("train.log_histograms", "train.tensorboard"),
    *("data.cache", "data.image_shape"),
)
"""Keys that leave the steps already done as they are. More epochs lengthen the schedule from now on."""


def agreed_config(checkpoint: Checkpoint, config: Config | None) -> Config:
    """The config to go on with; CheckpointError naming every key that may not change."""
    own = config_of(checkpoint)
    if config is None:
        return own
    if config.init_from is None or own.init_from == config.init_from.model_copy(
        update={"sha256": own.init_from and own.init_from.sha256}
    ):
        config = config.model_copy(update={"init_from": own.init_from})  # where it began is past
    changed = [
        f"{key}: {old!r} in {checkpoint.path}, {new!r} now; a resumed run cannot change it"
        for key, old, new in _differences(resolved(own), resolved(config))
        if not key.startswith(MAY_CHANGE)
    ]
    if changed:
        raise CheckpointError(*changed)
    return config


def check_not_fewer(config: Config, experiment: Experiment, progress: Progress) -> None:
    """CheckpointError where fewer epochs are asked for than are done."""
    done = progress.step / experiment.steps_per_epoch
    if config.train.epochs < done:
        raise CheckpointError(
            f"train.epochs: {config.train.epochs}, but {done:.4g} are done: a run only goes forward: "
            "ask for more, or begin a new run"
        )


def stretched(checkpoint: Checkpoint, experiment: Experiment) -> tuple[str, ...]:
    """A note where more epochs make the learning rate jump: they stretch the schedule."""
    before, now = config_of(checkpoint).train.epochs, experiment.epochs
    step, per_epoch = checkpoint.progress().step, experiment.steps_per_epoch
    if before == now or not 0 < step < experiment.total_steps:
        return ()
    rate = experiment.optimizer.learning_rate
    last = rate * experiment.schedule(step - 1, before * per_epoch, per_epoch)
    coming = rate * experiment.schedule(step, experiment.total_steps, per_epoch)
    if coming <= JUMP * last:
        return ()
    return (
        f"train.epochs: {before} became {now}, which stretches the schedule: the learning rate goes "
        f"from {last:.3g} to {coming:.3g}",
    )


def with_history(directory: RunDirectory, config: Config, checkpoint: Checkpoint) -> str:
    """What goes into config.yaml: a comment for each change so far, and the config as it is now."""
    step = checkpoint.progress().step
    lines = [
        f"{CHANGED} after step {step}: {key} from {inline(old)} to {inline(new)}"
        for key, old, new in _differences(resolved(config_of(checkpoint)), resolved(config))
    ]
    return "".join(f"{line}\n" for line in (*changes_in(directory.path), *lines)) + dump(
        resolved(config)
    )


def changes_in(path: Path) -> list[str]:
    """The comments in the config.yaml of a run that say what was changed on the way."""
    if not (path / "config.yaml").exists():
        return []
    text = read_bytes(path / "config.yaml", LARGEST_CONFIG).decode("utf-8", "replace")
    return [line for line in text.splitlines() if line.startswith(CHANGED)]


def _differences(old: Any, new: Any, at: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {**old, **new}:
            inner = f"{at}.{key}" if at else str(key)
            yield from _differences(old.get(key), new.get(key), inner)
    elif old != new:
        yield at, old, new


def check_same_data(checkpoint: Checkpoint, experiment: Experiment) -> None:
    """CheckpointError for every file that is not the one the run was started with."""
    changed = [
        f"{source}: has changed since {checkpoint.path} was written; a run goes on with the same "
        "data only: put the file back, or begin a new run with --init-from"
        for source in checkpoint.changed_sources(experiment.data.fingerprint)
    ]
    if changed:
        raise CheckpointError(*changed)
