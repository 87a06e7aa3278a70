"""A directory that only its owner can change, and the files in it that nobody else can have written.

Names are looked up in the open directory, so nothing can be put in its place between two calls, and
no link is followed within it.
"""

import contextlib
import errno
import fcntl
import os
import secrets
import stat
import weakref
from pathlib import Path

from mlptrain.errors import StorageError
from mlptrain.storage.files import storage_error, write_all

OTHERS = stat.S_IWGRP | stat.S_IWOTH
_NOT_OURS = (errno.ENOENT, errno.ELOOP, errno.EMLINK, errno.ENXIO, errno.EISDIR, errno.EACCES)
"""What `open` says of what is not there, a link, a socket, a directory, or closed to us."""


def state_directory() -> Path:
    """Where what concerns no single run is kept. StorageError where there is no home."""
    base = Path(os.environ.get("XDG_STATE_HOME", ""))
    if base.is_absolute():
        return base / "mlptrain"
    try:
        return Path.home() / ".local" / "state" / "mlptrain"
    except RuntimeError:
        raise StorageError("no home directory to keep state in; set XDG_STATE_HOME") from None


class OwnDirectory:
    """An open directory of ours. Raises OSError unless something else is said."""

    def __init__(self, path: Path) -> None:
        """Open it, making it where there is none. StorageError where others could change it."""
        self.path = path
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._descriptor)
        found = os.fstat(self._descriptor)
        if found.st_uid != os.geteuid():
            raise StorageError(f"{path}: belongs to another user; name a directory of your own")
        if found.st_mode & OTHERS:
            raise StorageError(
                f"{path}: others can write into it, and so replace what is read; chmod go-w {path}"
            )

    def names(self) -> list[str]:
        """All names in it."""
        return os.listdir(self._descriptor)

    def open(self, name: str, flags: int = os.O_RDONLY) -> int | None:
        """Open an ordinary file of ours that others cannot write; None for anything else, at once."""
        flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
        try:
            descriptor = os.open(name, flags, dir_fd=self._descriptor)
        except OSError as error:
            if error.errno in _NOT_OURS:
                return None
            raise
        found = os.fstat(descriptor)
        ours = found.st_uid == os.geteuid() and not found.st_mode & OTHERS
        if stat.S_ISREG(found.st_mode) and ours:
            return descriptor
        os.close(descriptor)
        return None

    def create(self, name: str) -> int:
        """A new file for us alone; FileExistsError where the name is taken, if only by a link."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(name, flags, 0o600, dir_fd=self._descriptor)

    def write(self, name: str, data: bytes) -> None:
        """Put a file for us alone in place of whatever has the name: whole, or not at all."""
        temporary = f".{name}.{secrets.token_hex(8)}"
        descriptor = self.create(temporary)
        try:
            write_all(descriptor, data)
            os.fsync(descriptor)
            self.replace(temporary, name)  # of two programs at once the later one counts
            self.sync()
        finally:
            os.close(descriptor)
            with contextlib.suppress(FileNotFoundError):
                self.remove(temporary)

    def look(self, name: str) -> os.stat_result:
        """What is known of a file; of a link itself."""
        return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)

    def is_at(self, name: str, descriptor: int) -> bool:
        """Whether the open file has this name."""
        try:
            return os.path.samestat(self.look(name), os.fstat(descriptor))
        except FileNotFoundError:
            return False

    def replace(self, name: str, new: str) -> None:
        """Give a file another name, and replace whatever has it."""
        os.replace(name, new, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def remove(self, name: str) -> None:
        """Remove a file, or a link itself."""
        os.unlink(name, dir_fd=self._descriptor)

    def remove_unlocked(self, name: str, descriptor: int) -> bool:
        """Close a file, and remove it if nobody else holds a lock on it; whether it was removed."""
        try:
            if not locked(descriptor) or not self.is_at(name, descriptor):
                return False
            self.remove(name)
        finally:
            os.close(descriptor)
        return True

    def sync(self) -> None:
        """Bring the names to the disk. Raises StorageError."""
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise storage_error(self.path, "cannot be brought to the disk", error) from error


def locked(descriptor: int) -> bool:
    """Whether the open file could be locked for us alone, at once."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
