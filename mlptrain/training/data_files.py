"""The files of a trained model: where they are now, and whether they are still the same.

The content decides, not the path: a file that was moved is the same file, and a relative path need not
begin where the run was started.
"""

import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from mlptrain.config import Config
from mlptrain.data.dataset import Dataset
from mlptrain.data.handed_over import is_handed_over
from mlptrain.data.load import load_prepared
from mlptrain.data.prepared import Prepared
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.readers.sources import file_fingerprint, is_pair
from mlptrain.data.request import files_of
from mlptrain.errors import DataError, MLPTrainError
from mlptrain.storage.archive import read_archive
from mlptrain.storage.shell_streams import is_stream
from mlptrain.training.build import load, settings_of
from mlptrain.training.checkpoint import Checkpoint
from mlptrain.training.restore import config_of

KEYS = ("train", "target", "val", "test")
"""The settings of `data` that may name a file."""

MOST_PLACES = 8
"""Paths of a file that a checkpoint remembers."""


def files_in(config: Config) -> dict[str, str]:
    """The settings that name a file, with its path."""
    train = config.data.train
    if not isinstance(train, str):
        return {}
    found = {key: getattr(config.data, key) for key in KEYS if key != "target" or is_pair(train)}
    return {
        key: value
        for key, value in found.items()
        if isinstance(value, str) and not is_handed_over(value)
    }


def places_of(config: Config, before: Checkpoint | None = None) -> dict[str, list[str]]:
    """For each setting the absolute paths of its file: where it is, and where it has been."""
    now = {key: _absolute(path) for key, path in files_in(config).items() if not is_stream(path)}
    earlier = {} if before is None else _places(before)
    return {
        key: list(dict.fromkeys([path, *earlier.get(key, [])]))[:MOST_PLACES]
        for key, path in now.items()
    }


def located(config: Config, checkpoint: Checkpoint) -> Config:
    """The config with each file where it is found.

    A path of the checkpoint is tried from the working directory, then each place that the file has
    had. The first that has the content of the training is taken, else the first there is. DataError
    where there is none. A path that is another than in the checkpoint is taken at its word.
    """
    own, moved = files_in(config_of(checkpoint)), {}
    for key, path in files_in(config).items():
        if path != own.get(key):
            continue
        found = _found(checkpoint, key, path) or _found(_last_beside(checkpoint), key, path)
        if found is None:
            raise _gone(checkpoint, key, path)
        if found != path:
            moved[key] = found
    if not moved:
        return config
    return config.model_copy(update={"data": config.data.model_copy(update=moved)})


def _found(checkpoint: Checkpoint, key: str, path: str) -> str | None:
    """The path itself, or a place in the checkpoint."""
    places = {_absolute(each): each for each in reversed([path, *_places(checkpoint).get(key, [])])}
    there = [each for each in reversed(places.values()) if not is_stream(each) and Path(each).is_file()]
    if len(there) < 2:
        return there[0] if there else None
    digest = checkpoint["fingerprint"].get(files_in(config_of(checkpoint)).get(key))
    return next((each for each in there if file_fingerprint(each) == digest), there[0])


def _last_beside(checkpoint: Checkpoint) -> Checkpoint:
    """last.npz of the same run, which knows where a resume found the files."""
    last = Path(checkpoint.path).with_name("last.npz")
    try:
        arrays, document = read_archive(last)
    except MLPTrainError:
        return checkpoint
    return Checkpoint(last, arrays, document)


def _places(checkpoint: Checkpoint) -> dict[str, list[str]]:
    """Checkpoints of version 0.1 have none."""
    return checkpoint["places"] if "places" in checkpoint.document else {}


def _absolute(path: str) -> str:
    try:
        return os.path.abspath(path)
    except OSError:  # the working directory was removed
        return path


def _gone(checkpoint: Checkpoint, key: str, path: str) -> DataError:
    run, been = shlex.quote(str(Path(checkpoint.path).parent)), _places(checkpoint).get(key, [])
    nor = "".join(f", nor {place}" for place in been if place != path)
    found = (
        "was a stream, which is gone; save it to a file, then"
        if is_stream(path)
        else f"no such file{nor}; if it was moved,"
    )
    return DataError(
        f"{path}: {found} mlptrain fit --resume {run} --set data.{key}=FILE keeps its new place"
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
    return data, _warnings(checkpoint, config, data.fingerprint)


def prepared_again(
    config: Config, checkpoint: Checkpoint, fitted: Preprocessing
) -> tuple[Prepared, list[str]]:
    """The same before the inputs are made: rows as they stand in their files; and the warnings."""
    config = located(config, checkpoint)
    prepared, fingerprint = load_prepared(settings_of(config), fitted)
    return prepared, _warnings(checkpoint, config, fingerprint)


def _warnings(checkpoint: Checkpoint, config: Config, now: Mapping[str, str]) -> list[str]:
    changed = changed_sources(checkpoint, config, now)
    return [f"{source}: has changed since the model was trained" for source in changed]
