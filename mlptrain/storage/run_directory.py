"""One run on the disk: its config, its metrics, its checkpoints, and who may write them.

    config.yaml     resolved: every default written out
    metrics.jsonl   one record per evaluation, appended
    best.npz        by `monitor`
    last.npz        to resume from
    last-1.npz      the one before, in case the disk loses a bit of the last
    summary.json    that it is at work and where, then how it ended

A run that writes holds a lock from `create` or `open` to `close`. Reading needs none: every file
but metrics.jsonl is replaced as a whole.
"""

import contextlib
import json
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from itertools import count, islice
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from mlptrain.arrays import Array
from mlptrain.errors import CheckpointError, ConfigError, EnvironmentFault, StorageError
from mlptrain.storage.archive import DamagedCheckpoint, read_archive, write_archive
from mlptrain.storage.documents import document_text, finite
from mlptrain.storage.files import (
    is_there,
    predecessor_kept,
    remove_temporaries,
    set_aside,
    storage_error,
    sync_directory,
    write_all,
    write_atomically,
)
from mlptrain.storage.lock import LOCK, lock
from mlptrain.storage.run_files import FILES, check_is_run, check_room, clear, files_in

MOST_OF_ONE_NAME = 10_000
"""Run directories of one name and one second."""


class Loaded(NamedTuple):
    """The content of a checkpoint, and what the user should be told about the search for it."""

    path: Path
    arrays: dict[str, Array]
    document: dict[str, Any]
    notes: tuple[str, ...]


class RunDirectory:
    """Write access to a run directory; `create` and `open` make one, `with` or `close` ends it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.yaml"
        self.metrics = path / "metrics.jsonl"
        self.best = path / "best.npz"
        self.last = path / "last.npz"
        self.previous = path / "last-1.npz"
        self.summary = path / "summary.json"
        with contextlib.ExitStack() as held:
            held.enter_context(lock(path))
            remove_temporaries(path, FILES)
            self._lock = held.pop_all()

    @classmethod
    def create(cls, path: str | Path, *, force: bool) -> Self:
        """Begin a run in `path`, which is made if it is not there.

        `force` removes the files of a run that is there and what was written about it, and no other
        file: do first what can fail for another reason. Raises EnvironmentFault if a run is there or
        at work, ConfigError if `path` is not a directory, StorageError if the system refuses.
        """
        path = Path(path)
        check_is_run(path)
        make_directory(path)
        run = cls(path)
        try:
            check_room(path, force=force)
            clear(path)
        except BaseException:
            run.close()
            raise
        return run

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Go on with the run in `path`. Raises ConfigError if there is none, else as `create`."""
        path = Path(path)
        if not files_in(path):
            raise ConfigError(
                f"{path}: holds no run; check the path, or leave out --resume; "
                "to begin where there is none: --out DIR --resume auto"
            )
        return cls(path)

    def close(self) -> None:
        """Let others in. Twice does no harm."""
        self._lock.close()

    def remove(self) -> None:
        """Remove the run, and its directory where nothing else is in it. Raises StorageError."""
        clear(self.path)
        with contextlib.suppress(OSError):  # no file of a run is left in it
            (self.path / LOCK).unlink()
            self.path.rmdir()
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def write_config(self, text: str) -> None:
        """Keep the resolved config. Raises StorageError."""
        write_atomically(self.config, [text.encode()])

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Keep the summary, with null for a number that is not finite. Raises StorageError."""
        write_atomically(self.summary, [document_text(summary).encode()])

    def append_metrics(self, record: Mapping[str, Any]) -> None:
        """Add one line, with null for a number that is not finite; all of it, or StorageError."""
        line = json.dumps(finite(record), allow_nan=False).encode() + b"\n"
        with self._open_metrics() as descriptor:
            before = os.fstat(descriptor).st_size
            try:
                write_all(descriptor, line)
            except OSError:
                with contextlib.suppress(OSError):  # half a line; a resume would cut it off, too
                    os.ftruncate(descriptor, before)
                raise

    def metrics_length(self) -> int:
        """The bytes of metrics.jsonl: what a checkpoint records and `truncate_metrics` takes."""
        with self._open_metrics() as descriptor:
            return os.fstat(descriptor).st_size

    def truncate_metrics(self, length: int) -> None:
        """Drop the records that were written after a checkpoint.

        Raises CheckpointError if the file is shorter than the checkpoint says, StorageError.
        """
        with self._open_metrics() as descriptor:
            size = os.fstat(descriptor).st_size
            if size < length:
                raise CheckpointError(
                    f"{self.metrics}: has {size} bytes, {length} when the checkpoint was saved; "
                    "put it back, or begin a new run with --init-from"
                )
            os.ftruncate(descriptor, length)

    @contextlib.contextmanager
    def _open_metrics(self) -> Iterator[int]:
        """metrics.jsonl for appending; never through a link, which could lead out of here."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            descriptor = os.open(self.metrics, flags, 0o666)
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise StorageError(f"{self.metrics}: not an ordinary file; remove it")
                yield descriptor
            finally:
                os.close(descriptor)
        except OSError as error:
            raise storage_error(self.metrics, "cannot be written", error) from error

    def save(
        self,
        name: Literal["best", "last"],
        arrays: Mapping[str, Array],
        document: Mapping[str, Any],
        *,
        finite: Collection[str] = (),
    ) -> None:
        """Write best.npz or last.npz; until it is whole, the file before it stays.

        Raises as `write_archive`. The metrics reach the disk first: a checkpoint never counts
        records that a power cut can still take away.
        """
        with self._open_metrics() as descriptor:
            os.fsync(descriptor)
        if name == "best":
            write_archive(self.best, arrays, document, finite=finite)
        else:
            with predecessor_kept(self.last, self.previous):
                write_archive(self.last, arrays, document, finite=finite)

    def newest_valid(self) -> Loaded:
        """The newest checkpoint that can be read: last.npz, else the newer of last-1.npz and best.npz.

        A damaged last.npz or last-1.npz is set aside under a name that ends in `.corrupt`, and the
        notes say so; best.npz stays where it is. One that the system refuses to read (StorageError),
        or that is newer than this program, is an error: it may be perfectly good. Raises
        CheckpointError, also if none is left.
        """
        notes: list[str] = []
        found = self._read(self.last, notes)
        if found is None:
            others = (self._read(path, notes) for path in (self.previous, self.best))
            found = max((each for each in others if each), key=_steps, default=None)
            if found is None:
                raise CheckpointError(
                    *notes, f"{self.path}: holds no checkpoint to resume from; begin a new run"
                )
            notes.append(f"{found.path}: used instead of last.npz")
        return found._replace(notes=tuple(notes))

    def _read(self, path: Path, notes: list[str]) -> Loaded | None:
        """A checkpoint of this run; None where there is none, and a note where it is damaged.

        What is damaged is read once more: a fault that passes must not cost a good file its name.
        """
        if not is_there(path):
            return None
        with contextlib.suppress(DamagedCheckpoint):
            return Loaded(path, *read_archive(path), ())
        try:
            return Loaded(path, *read_archive(path), ())
        except DamagedCheckpoint as error:
            notes += error.faults
        if path != self.best:
            notes.append(f"{path}: set aside as {set_aside(path).name}")
        return None

    def discard_newer(self, kept: Path) -> None:
        """Remove last.npz, and last-1.npz, up to the checkpoint that is kept. Raises StorageError."""
        for path in (self.last, self.previous):
            if path == kept:
                return
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise storage_error(path, "cannot be removed", error) from error


def _steps(loaded: Loaded) -> int:
    """How far a checkpoint is; what says nothing is taken for the beginning."""
    progress = loaded.document.get("progress")
    steps = progress.get("step") if isinstance(progress, Mapping) else None
    return steps if isinstance(steps, int) else 0


def make_directory(path: Path, *, exist_ok: bool = True) -> None:
    """Make a directory and those above it. ConfigError for a file in the way, else StorageError."""
    made = [each for each in (path, *path.parents) if not os.path.lexists(each)] or [path]
    try:
        path.mkdir(parents=True, exist_ok=exist_ok)
    except (FileExistsError, NotADirectoryError) as error:
        if path.is_dir():
            raise
        raise ConfigError(f"{path}: not a directory; choose another one (--out)") from error
    except OSError as error:
        raise storage_error(path, "cannot be made", error) from error
    for each in made:  # a name is in the directory above
        sync_directory(each.parent)


def make_numbered(path: Path) -> Path:
    """Make `path`, or where that is taken path-2, path-3 …: it belongs to whoever made it."""
    names = (path.with_name(f"{path.name}-{number}") for number in count(2))
    for made in (path, *islice(names, MOST_OF_ONE_NAME)):
        with contextlib.suppress(FileExistsError):
            make_directory(made, exist_ok=False)
            return made
    raise EnvironmentFault(f"{path}: is taken, and so are all of its numbers; choose another --out")
