"""The files of a trained model: where they are now, and whether they are still the same.

A path in a config begins in the directory that the run was started in. The content decides, not the
path: a file that was moved is the same file.
"""

import contextlib
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from mlptrain.config import Config, load_config
from mlptrain.data.dataset import Dataset
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.readers.sources import file_fingerprint, is_pair
from mlptrain.data.request import files_of
from mlptrain.errors import ConfigError, DataError
from mlptrain.training.build import load
from mlptrain.training.checkpoint import Checkpoint
from mlptrain.training.restore import config_of

KEYS = ("train", "target", "val", "test")
"""The settings of `data` that may name a file."""


def files_in(config: Config) -> dict[str, str]:
    """The settings that name a file, with its path."""
    train = config.data.train
    if not isinstance(train, str):
        return {}
    found = {key: getattr(config.data, key) for key in KEYS if key != "target" or is_pair(train)}
    return {key: value for key, value in found.items() if isinstance(value, str)}


def located(config: Config, checkpoint: Checkpoint) -> Config:
    """The config with each file where it is found.

    A path is tried from the working directory, then from the one that the run was started in, then
    as config.yaml of the run has it; the first with the content of the training is taken, else the
    first there is. DataError where there is none.
    """
    own, moved = files_in(config_of(checkpoint)), dict[str, str]()
    for key, path in files_in(config).items():
        there = [each for each in _candidates(checkpoint, key, path) if Path(each).is_file()]
        if not there:
            raise _gone(checkpoint, key, path)
        digest = checkpoint["fingerprint"].get(own.get(key))
        same = (each for each in there if file_fingerprint(each) == digest)
        found = there[0] if len(there) == 1 else next(same, there[0])
        if found != path:
            moved[key] = found
    if not moved:
        return config
    return config.model_copy(update={"data": config.data.model_copy(update=moved)})


def _candidates(checkpoint: Checkpoint, key: str, path: str) -> list[str]:
    """Where a file may be, each place once."""
    paths = [path]
    with contextlib.suppress(ConfigError):  # there is none, or it is not that of a run
        kept = load_config(Path(checkpoint.path).parent / "config.yaml")
        paths.append(files_in(kept).get(key, path))
    started = _directory(checkpoint)
    places = (place for each in paths for place in (each, str(Path(started, each))))
    found: dict[Path, str] = {}
    for place in places:
        found.setdefault(Path(place).absolute(), place)
    return list(found.values())


def _directory(checkpoint: Checkpoint) -> str:
    """Where the run was started; checkpoints of version 0.1 do not say."""
    return str(checkpoint["directory"]) if "directory" in checkpoint.document else ""


def _gone(checkpoint: Checkpoint, key: str, path: str) -> DataError:
    started, run = _directory(checkpoint), shlex.quote(str(Path(checkpoint.path).parent))
    neither = f", nor in {started}" if started and not Path(path).is_absolute() else ""
    return DataError(
        f"{path}: no such file{neither}; if it was moved, "
        f"mlptrain fit --resume {run} --set data.{key}=FILE keeps its new place"
    )


def changed_sources(checkpoint: Checkpoint, config: Config, now: Mapping[str, str]) -> list[str]:
    """The files of `config` whose content (`now`, by name) is not that of the training."""
    before = checkpoint["fingerprint"]
    pairs = list(zip(_read(config), _read(config_of(checkpoint)), strict=False))
    named = {new for new, _ in pairs}
    pairs += [(source, source) for source in now if source not in named]
    return list(dict.fromkeys(new for new, old in pairs if now.get(new) != before.get(old)))


def _read(config: Config) -> Iterator[str]:
    data = config.data
    if isinstance(data.train, str):
        target = data.target if isinstance(data.target, str) else None
        yield from files_of(data.train, target, data.val, data.test)


def data_again(
    config: Config, checkpoint: Checkpoint, fitted: Preprocessing | None = None
) -> tuple[Dataset, list[str]]:
    """The data that a model was trained on, and a warning for each file that has changed since."""
    config = located(config, checkpoint)
    data = load(config, fitted)
    changed = changed_sources(checkpoint, config, data.fingerprint)
    return data, [f"{source}: has changed since the model was trained" for source in changed]
