"""The cache directory: prepared rows in files that any run may use and anybody may delete.

A file is named after the settings that made it and the content of the files it was made from, so
what has changed is never found. It is written under the name `KEY.building`, on which the writer
holds a lock, and renamed when it is complete: two programs that need the same rows make them once.
Whoever uses rows shares a lock on them. Those that nobody uses are removed, the ones used longest ago
first, where all of them would take more space than they leave free.

What is found there is untrusted: a config from anywhere may name the directory. Rows are taken only
from a file of ours that nobody else can write, under the seal of our own key, and with the arrays
that the settings call for. All else is made anew, and what cannot make way is left where it is.
"""

import contextlib
import fcntl
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mlptrain.data.cache.description import Damaged
from mlptrain.data.cache.file_array import ADVICE, OpenFile, refused
from mlptrain.data.cache.rows_file import RowsFile, RowsWriter, check_seal, sealing
from mlptrain.data.cache.secret import own_secret
from mlptrain.errors import StorageError
from mlptrain.storage.files import temporary_beside
from mlptrain.storage.own_directory import OwnDirectory, locked

SUFFIX = ".rows"
BUILDING = ".building"
POLL = 0.05
"""Seconds between two looks at whether another program has finished its rows."""
_NAME = re.compile(r"([0-9a-f]{32})-[0-9a-f]{32}(\.rows|\.building)")

Read = TypeVar("Read")


@dataclass(frozen=True)
class Cache:
    """A directory of prepared rows. `always`: asked for by name, so it is used for small data too.

    secret   the key that seals them; None: rows are kept for one run, in a file without a name
    why      why they are
    """

    files: OwnDirectory
    always: bool
    secret: bytes | None
    why: str = ""

    def holds(self, settings: str) -> bool:
        """Whether there are rows that these settings made, of whatever file."""
        return any(found[1] == settings for found in self._named(SUFFIX))

    def find(self, key: str, read: Callable[[RowsFile], Read]) -> Read | None:
        """What `read` makes of the rows of this key; None where there are none, or none of ours.

        `read` raises Damaged for rows that are not those that were wanted.
        """
        name, path = key + SUFFIX, self.files.path / f"{key}{SUFFIX}"
        try:
            descriptor = None if self.secret is None else self.files.open(name)
        except OSError as error:
            raise refused(path, "cannot be read", error) from error
        if descriptor is None or self.secret is None:
            return None
        file = OpenFile(path, descriptor)
        _use(descriptor)
        with contextlib.suppress(Damaged):  # then they are made anew
            check_seal(file, sealing(self.secret, name))
            return read(RowsFile.read(file, _note(f"taken from {path}")))
        return None

    def make(
        self, key: str, write: Callable[[RowsWriter], None], read: Callable[[RowsFile], Read]
    ) -> Read:
        """What `read` makes of new rows, made by `write` unless another program has just done so."""
        name, building, path = key + SUFFIX, key + BUILDING, self.files.path / f"{key}{SUFFIX}"
        why = self.why or self._obstacle(name, building)
        if self.secret is None or why:
            return self._made_alone(write, read, why)
        with self._turn(building) as descriptor:
            found = self.find(key, read)
            if found is not None:
                return found
            self.make_room()
            try:
                write(RowsWriter(descriptor, sealing(self.secret, name)))
                named = self.files.is_at(building, descriptor)  # else somebody has deleted it
                if named:
                    self.files.replace(building, name)
                    self.files.sync()
            except OSError as error:
                raise refused(path, "cannot be written", error) from error
            _use(descriptor)
            note = _note(f"kept in {path}") if named else _alone(f"{path} was deleted meanwhile")
            return read(RowsFile.read(OpenFile(path, os.dup(descriptor)), note))

    def _made_alone(
        self, write: Callable[[RowsWriter], None], read: Callable[[RowsFile], Read], why: str
    ) -> Read:
        """What `read` makes of new rows in a file without a name."""
        file = self.scratch()
        write(RowsWriter(file.descriptor))
        return read(RowsFile.read(file, _alone(why)))

    def _obstacle(self, *names: str) -> str:
        """The directory that has one of these names, in words: no file can take its place."""
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                if stat.S_ISDIR(self.files.look(name).st_mode):
                    return f"{self.files.path / name} is a directory; remove it"
        return ""

    def scratch(self) -> OpenFile:
        """A file without a name, for the time of reading a table. It goes with the process."""
        path = temporary_beside(self.files.path / "table")
        try:
            descriptor = self.files.create(path.name)
            self.files.remove(path.name)
        except OSError as error:
            raise refused(path, "cannot be written", error) from error
        return OpenFile(path, descriptor)

    def tidy(self) -> None:
        """Remove what killed programs left half written: what nobody holds a lock on."""
        with contextlib.suppress(OSError):  # somebody else is tidying up as well
            for found in self._named(BUILDING):
                self._removed(found[0])

    def make_room(self) -> None:
        """Remove rows, used longest ago first, until the others take no more space than is free.

        What another program uses stays, and so does what is not named as rows are, or not ours.
        """
        with contextlib.suppress(OSError):  # somebody else is tidying up as well
            rows = {found[0]: self.files.look(found[0]) for found in self._named(SUFFIX)}
            total = sum(each.st_size for each in rows.values())
            for name in sorted(rows, key=lambda name: (rows[name].st_mtime, name)):
                if total <= free_space(self.files.path):
                    return
                if self._removed(name):
                    total -= rows[name].st_size

    def _named(self, suffix: str) -> list[re.Match[str]]:
        """The names that this program gives, and no others; the first group is the settings' digest."""
        found = map(_NAME.fullmatch, self.files.names())
        return [each for each in found if each is not None and each[2] == suffix]

    def _removed(self, name: str) -> bool:
        """Remove a file of ours that nobody holds a lock on; whether it was removed."""
        descriptor = self.files.open(name, os.O_RDWR)
        return descriptor is not None and self.files.remove_unlocked(name, descriptor)

    @contextlib.contextmanager
    def _turn(self, name: str) -> Iterator[int]:
        """A new file of this name that is ours alone; waits for its holder, and leaves no rest."""
        try:
            descriptor = self._claimed(name)
        except OSError as error:
            raise refused(self.files.path / name, "cannot be written", error) from error
        try:
            yield descriptor
        finally:
            with contextlib.suppress(OSError):  # it has its final name, and this one is nobody's
                if self.files.is_at(name, descriptor):
                    self.files.remove(name)
            os.close(descriptor)

    def _claimed(self, name: str) -> int:
        """A new file under a lock. The holder of one that is there may rename or remove it."""
        while True:
            try:
                descriptor = self.files.create(name)
            except FileExistsError:
                if not self._makes_way(name):
                    time.sleep(POLL)
                continue
            if locked(descriptor) and self.files.is_at(name, descriptor):
                return descriptor
            os.close(descriptor)

    def _makes_way(self, name: str) -> bool:
        """Whether what has this name is gone: what a killed program left, or no file of ours."""
        with contextlib.suppress(FileNotFoundError):
            before = self.files.look(name)
            descriptor = self.files.open(name, os.O_RDWR)
            if descriptor is not None:
                return self.files.remove_unlocked(name, descriptor)
            if os.path.samestat(before, self.files.look(name)):  # else a program has just made it
                self.files.remove(name)
        return True


def open_cache(setting: str) -> Cache | None:
    """The cache of `data.cache`: `auto` is the usual directory, `none` is none, else a directory.

    The usual one is $MLPTRAIN_CACHE, or mlptrain in $XDG_CACHE_HOME, or ~/.cache/mlptrain. Raises
    StorageError for a directory that cannot be made, or that others can change.
    """
    if setting == "none":
        return None
    directory = usual_directory() if setting == "auto" else Path(setting)
    secret, why = None, ""
    try:
        files = OwnDirectory(directory)
    except OSError as error:
        raise refused(directory, "cannot be made", error) from error
    except StorageError as error:
        raise StorageError(f"{error}, {ADVICE}") from None
    try:
        secret = own_secret()
    except StorageError as error:
        why = str(error)
    cache = Cache(files, setting != "auto", secret, why)
    cache.tidy()
    return cache


def free_space(directory: Path) -> int:
    """Bytes that may still be written there."""
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize


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


def _use(descriptor: int) -> None:
    """Share the lock on rows until they are closed, and note that they were used now."""
    with contextlib.suppress(OSError):  # without either they may be removed early, and made anew
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        os.utime(descriptor)


def _note(where: str) -> str:
    return f"prepared rows {where}, which may be deleted at any time"


def _alone(why: str) -> str:
    return f"prepared rows kept for this run alone: {why}"
