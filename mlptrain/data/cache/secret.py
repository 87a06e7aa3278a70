"""The user's own key, with which prepared rows are sealed: a stranger's rows do not carry it.

32 random bytes in `cache.key`, for the eyes of the owner alone, in $XDG_STATE_HOME/mlptrain or
~/.local/state/mlptrain. Whoever removes it lets all rows be made anew, and nothing else.
"""

import os
import secrets
import stat

from mlptrain.errors import StorageError
from mlptrain.storage.files import storage_error
from mlptrain.storage.own_directory import OwnDirectory, state_directory

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
    """A new key, unless something has its name."""
    if NAME in directory.names():
        return
    directory.write(NAME, secrets.token_bytes(SIZE))
