"""What must not change between the sittings of a run: the config and the data."""

from collections.abc import Iterator, Mapping
from typing import Any

from mlptrain.config import Config, resolved
from mlptrain.errors import CheckpointError
from mlptrain.training.checkpoint import Checkpoint
from mlptrain.training.experiment import Experiment
from mlptrain.training.restore import config_of

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
    changed = [
        f"{key}: {old!r} in {checkpoint.path}, {new!r} now; a resumed run cannot change it"
        for key, old, new in _differences(resolved(own), resolved(config))
        if not key.startswith(MAY_CHANGE)
    ]
    if changed:
        raise CheckpointError(*changed)
    return config


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
