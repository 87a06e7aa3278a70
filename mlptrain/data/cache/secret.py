"""The user's own key, with which prepared rows are sealed: a stranger's rows do not carry it.

32 random bytes in `cache.key`, for the eyes of the owner alone, in $XDG_STATE_HOME/mlptrain or
~/.local/state/mlptrain. Whoever removes it lets all rows be made anew, and nothing else.
"""

import contextlib
import os
import secrets
import stat
from pathlib import Path

from mlptrain.errors import StorageError
from mlptrain.storage.files import storage_error, write_all
from mlptrain.storage.own_directory import OwnDirectory

NAME = "cache.key"
SIZE = 32


def own_secret() -> bytes:
    """The key, made where there is none. StorageError where it cannot be kept, or is not private."""
    path = state_directory() / NAME
    try:
        directory = OwnDirectory(path.parent)
        found = _read(directory)
        if found is None:
            _make(directory)
            found = _read(directory)
    except OSError as error:
        raise storage_error(path, "cannot be made or read", error) from error
    if found is None:
        raise StorageError(f"{path}: not a private file of {SIZE} bytes of yours; remove it")
    return found


def state_directory() -> Path:
    """Where what concerns no single run is kept. StorageError where there is no home."""
    base = Path(os.environ.get("XDG_STATE_HOME", ""))
    if base.is_absolute():
        return base / "mlptrain"
    try:
        return Path.home() / ".local" / "state" / "mlptrain"
    except RuntimeError:
        raise StorageError("no home directory to keep a key in; set XDG_STATE_HOME") from None


def _read(directory: OwnDirectory) -> bytes | None:
    """The key; None unless it is whole, and closed to all others."""
    descriptor = directory.open(NAME)
    if descriptor is None:
        return None
    try:
        mode = os.fstat(descriptor).st_mode
        content = os.read(descriptor, SIZE + 1)
    finally:
        os.close(descriptor)
    private = not mode & (stat.S_IRWXG | stat.S_IRWXO)
    return content if private and len(content) == SIZE else None


def _make(directory: OwnDirectory) -> None:
    """A new key, unless something has its name. It has that name only once it is whole."""
    if NAME in directory.names():
        return
    temporary = f".{NAME}.{secrets.token_hex(8)}"
    descriptor = directory.create(temporary)
    try:
        write_all(descriptor, secrets.token_bytes(SIZE))
        os.fsync(descriptor)
        directory.replace(temporary, NAME)  # of two programs at once the later one counts
        directory.sync()
    finally:
        os.close(descriptor)
        with contextlib.suppress(FileNotFoundError):
            directory.remove(temporary)
