"""The cache directory: prepared rows in files that any run may use and anybody may delete.

A file is named after the settings that made it and the content of the files it was made from, so
what has changed is never found. It is written under the name `KEY.building`, on which the writer
holds a lock, and renamed when it is complete: two programs that need the same rows make them once.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mlptrain.data.file_array import ADVICE, OpenFile, refused
from mlptrain.data.rows_file import Damaged, RowsFile, RowsWriter
from mlptrain.errors import StorageError
from mlptrain.files import sync_directory, temporary_beside

SUFFIX = ".rows"
BUILDING = ".building"


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
        with contextlib.suppress(Damaged):  # then they are made anew
            found = RowsFile.read(OpenFile(self._path(key), descriptor))
            found.verify()
            return found
        return None

    def make(self, key: str, write: Callable[[RowsWriter], None]) -> RowsFile:
        """The rows of this key, made by `write` unless another program has just done so."""
        path, temporary = self._path(key), self.directory / f"{key}{BUILDING}"
        with _locked(temporary) as descriptor:
            found = self.find(key)
            if found is None:
                try:
                    os.ftruncate(descriptor, 0)
                    write(RowsWriter(descriptor))
                    os.replace(temporary, path)
                except OSError as error:
                    raise refused(path, "cannot be written", error) from error
                sync_directory(self.directory)
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
            with contextlib.suppress(OSError):  # in use, or already gone
                descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.unlink(path)
                finally:
                    os.close(descriptor)

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
            if os.stat(path).st_ino == os.fstat(descriptor).st_ino:
                os.unlink(path)
        os.close(descriptor)


def _acquired(path: Path) -> int:
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise refused(path, "cannot be written", error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # the holder before us may have renamed or removed the file that we waited for
            if os.stat(path).st_ino == os.fstat(descriptor).st_ino:
                return descriptor
            os.close(descriptor)
        except FileNotFoundError:
            os.close(descriptor)
        except OSError as error:
            os.close(descriptor)
            raise refused(path, "cannot be locked", error) from error
        except BaseException:
            os.close(descriptor)
            raise
