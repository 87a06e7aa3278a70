"""The cache directory: prepared rows in files that any run may use and anybody may delete.

A file is named after the settings that made it and the content of the files it was made from, so
what has changed is never found. It is written under the name `KEY.building`, on which the writer
holds a lock, and renamed when it is complete: two programs that need the same rows make them once.
Whoever uses rows shares a lock on them. Those that nobody uses are removed, the ones used longest ago
first, where all of them would take more space than they leave free.
"""

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mlptrain.data.cache.file_array import ADVICE, OpenFile, refused
from mlptrain.data.cache.rows_file import Damaged, RowsFile, RowsWriter
from mlptrain.errors import StorageError
from mlptrain.storage.files import sync_directory, temporary_beside

SUFFIX = ".rows"
BUILDING = ".building"
POLL = 0.05
"""Seconds between two looks at whether another program has finished its rows."""
_NAME = re.compile(r"[0-9a-f]{32}-[0-9a-f]{32}\.rows")


@dataclass(frozen=True)
class Cache:
    """A directory of prepared rows. `always`: asked for by name, so it is used for small data too."""

    directory: Path
    always: bool

    def holds(self, settings: str) -> bool:
        """Whether there are rows that these settings made, of whatever file."""
        return next(self.directory.glob(f"{settings}-*{SUFFIX}"), None) is not None

    def find(self, key: str) -> RowsFile | None:
        """The rows of this key, checked; None where there are none or they are damaged."""
        try:
            descriptor = os.open(self._path(key), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise refused(self._path(key), "cannot be read", error) from error
        file = OpenFile(self._path(key), descriptor)
        _use(descriptor)
        with contextlib.suppress(Damaged):  # then they are made anew
            found = RowsFile.read(file)
            found.verify()
            return found
        return None

    def make(self, key: str, write: Callable[[RowsWriter], None]) -> RowsFile:
        """The rows of this key, made by `write` unless another program has just done so."""
        path, temporary = self._path(key), self.directory / f"{key}{BUILDING}"
        with _locked(temporary) as descriptor:
            found = self.find(key)
            if found is None:
                self.make_room()
                try:
                    os.ftruncate(descriptor, 0)
                    write(RowsWriter(descriptor))
                    os.replace(temporary, path)
                except OSError as error:
                    raise refused(path, "cannot be written", error) from error
                sync_directory(self.directory)
                _use(descriptor)
                found = RowsFile.read(OpenFile(path, os.dup(descriptor)))
        return found

    def scratch(self) -> OpenFile:
        """A file without a name, for the time of reading a table. It goes with the process."""
        path = temporary_beside(self.directory / "table")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            os.unlink(path)
        except OSError as error:
            raise refused(path, "cannot be written", error) from error
        return OpenFile(path, descriptor)

    def tidy(self) -> None:
        """Remove what killed programs left half written: what nobody holds a lock on."""
        for path in self.directory.glob(f"*{BUILDING}"):
            _removed(path)

    def make_room(self) -> None:
        """Remove rows, used longest ago first, until the others take no more space than is free.

        What another program uses stays, and so does what is not named as rows are.
        """
        with contextlib.suppress(OSError):  # somebody else is tidying up as well
            rows = [path for path in self.directory.iterdir() if _NAME.fullmatch(path.name)]
            found = {path: path.lstat() for path in rows}
            total = sum(each.st_size for each in found.values())
            for path in sorted(rows, key=lambda path: found[path].st_mtime):
                if total <= free_space(self.directory):
                    return
                if _removed(path):
                    total -= found[path].st_size

    def _path(self, key: str) -> Path:
        return self.directory / f"{key}{SUFFIX}"


def open_cache(setting: str) -> Cache | None:
    """The cache of `data.cache`: `auto` is the usual directory, `none` is none, else a directory.

    The usual one is $MLPTRAIN_CACHE, or mlptrain in $XDG_CACHE_HOME, or ~/.cache/mlptrain.
    """
    if setting == "none":
        return None
    directory = usual_directory() if setting == "auto" else Path(setting)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise refused(directory, "cannot be made", error) from error
    cache = Cache(directory, always=setting != "auto")
    cache.tidy()
    return cache


def free_space(directory: Path) -> int:
    """Bytes that may still be written there."""
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize


def _removed(path: Path) -> bool:
    """Remove a file that nobody holds a lock on; whether it was removed."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(path)
        finally:
            os.close(descriptor)
    except OSError:  # in use, or already gone
        return False
    return True


def _use(descriptor: int) -> None:
    """Share the lock on rows until they are closed, and note that they were used now."""
    with contextlib.suppress(OSError):  # without either they may be removed early, and made anew
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        os.utime(descriptor)


def usual_directory() -> Path:
    """Where prepared rows are kept unless the config says otherwise."""
    if own := os.environ.get("MLPTRAIN_CACHE"):
        return Path(own)
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "mlptrain"
    try:
        return Path.home() / ".cache" / "mlptrain"
    except RuntimeError:
        raise StorageError(
            f"no home directory to keep prepared rows in: set MLPTRAIN_CACHE, {ADVICE}"
        ) from None


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    """An open file of this name that is ours alone; waits for its holder, and leaves no rest."""
    descriptor = _acquired(path)
    try:
        yield descriptor
    finally:
        with contextlib.suppress(OSError):  # it has its final name, and this one is nobody's
            if _is_at(path, descriptor):
                os.unlink(path)
        os.close(descriptor)


def _acquired(path: Path) -> int:
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise refused(path, "cannot be written", error) from error
        try:
            # the holder may rename or remove the file that we wait for, and go on using it
            while _is_at(path, descriptor):
                if _lock(descriptor) and _is_at(path, descriptor):
                    return descriptor
                time.sleep(POLL)
            os.close(descriptor)
        except FileNotFoundError:
            os.close(descriptor)
        except OSError as error:
            os.close(descriptor)
            raise refused(path, "cannot be locked", error) from error
        except BaseException:
            os.close(descriptor)
            raise


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether the open file still has this name. Raises FileNotFoundError if no file has."""
    return os.stat(path).st_ino == os.fstat(descriptor).st_ino


def _lock(descriptor: int) -> bool:
    """Whether the file could be locked at once."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
