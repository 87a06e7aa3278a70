"""Which files are a run's, whether a directory holds one, and taking its files away."""

import contextlib
import os
import re
from pathlib import Path

from mlptrain.errors import EnvironmentFault
from mlptrain.storage.files import is_there, storage_error
from mlptrain.storage.lock import LOCK

FILES = ("config.yaml", "metrics.jsonl", "best.npz", "last.npz", "last-1.npz", "summary.json")
"""What a run writes, and only whoever holds its lock."""
EVENTS = "tensorboard"
"""The folder of the event files."""
PICTURES = (
    *("curves", "weights", "boundary", "confusion", "reliability", "calibration", "decisions"),
    *("predictions", "residuals", "histograms"),
)
"""Kinds of pictures: `plot` writes RUN/KIND.png where no file is named."""
_ABOUT = re.compile(
    rf"report\.html|({'|'.join(PICTURES)})\.png|"
    rf"({'|'.join(map(re.escape, FILES))})\.([1-9][0-9]*\.)?corrupt"
)
_EVENT_FILE = re.compile(r"events\.out\.tfevents\..+")


def files_in(path: Path) -> list[Path]:
    """The files of a run that are there; none where there is no run."""
    return [path / name for name in FILES if is_there(path / name)]


def holds_checkpoint(path: Path) -> bool:
    """Whether there is something to resume from; a run that was killed at its beginning has nothing."""
    return any(file.suffix == ".npz" for file in files_in(path))


def check_is_run(path: Path) -> None:
    """EnvironmentFault where a directory holds files with the names of a run's, but no run.

    A config.yaml alone may be one that somebody wrote: a checkpoint or the lock shows that it is a
    run's. To be asked before the lock is taken, which makes it.
    """
    found = files_in(path)
    if found and not (holds_checkpoint(path) or os.path.lexists(path / LOCK)):
        raise EnvironmentFault(
            f"{path}: holds {found[0].name}, but no checkpoint and no {LOCK}, so it is no run and "
            "nothing there is replaced; choose another --out, or move the file"
        )


def check_room(path: Path, *, force: bool) -> None:
    """EnvironmentFault where a run is there that is not to be replaced."""
    found = files_in(path)
    if found and not force:
        raise EnvironmentFault(
            f"{path}: holds a run ({found[0].name}); choose another --out, resume it with --resume, "
            "or replace it with --force"
        )


def clear(path: Path) -> None:
    """Remove the files of a run and what was written about it; nothing else. Raises StorageError."""
    try:
        for file in (*files_in(path), *_about(path), *_events(path / EVENTS)):
            file.unlink()
    except OSError as error:
        raise storage_error(path, "cannot be cleared", error) from error
    if (path / EVENTS).is_dir():
        with contextlib.suppress(OSError):  # whatever else is in it stays
            (path / EVENTS).rmdir()


def _about(path: Path) -> list[Path]:
    """Pages, pictures and damaged checkpoints."""
    return [each for each in path.iterdir() if _ABOUT.fullmatch(each.name)] if path.is_dir() else []


def _events(folder: Path) -> list[Path]:
    """Event files; none in a folder that is elsewhere."""
    if folder.is_symlink() or not folder.is_dir():
        return []
    return [each for each in folder.iterdir() if _EVENT_FILE.fullmatch(each.name)]
