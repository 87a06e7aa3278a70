"""Files that are whole or not there: writing atomically.

Everything the program keeps goes through `write_atomically`, so a crash, a full disk or a kill
leaves either the old content or the new, never half of one. The system calls are made directly
(`os.open`, `os.write` ...), because each of them can fail and the tests make each of them fail.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from mlptrain.errors import StorageError

CHUNK = 1 << 20
UNFINISHED = set[Path]()
"""Temporary files of this process: a signal that ends it takes them away."""
_TEMPORARY = re.compile(r"\.(.+)\.tmp-([1-9][0-9]{0,6})-[0-9a-f]{8}")
LONGEST = 200
"""Bytes of a name that a temporary file repeats; 255 is what most file systems take."""
_NO_DIRECTORY_SYNC = (errno.EINVAL, errno.ENOTSUP)
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)
_ADVICE = {
    errno.ENOSPC: "free some space, or write to another disk",
    errno.EDQUOT: "free some space, or write to another disk",
    errno.EFBIG: "raise the limit on the size of a file (ulimit -f)",
    errno.EACCES: "check the permissions",
    errno.EPERM: "check the permissions",
    errno.EROFS: "choose a directory that can be written to",
    errno.ENOENT: "check the path",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOTDIR: "check the path",
    errno.ELOOP: "check the symbolic links in the path",
}


def storage_error(path: str | Path, what: str, error: OSError) -> StorageError:
    """The one line for a refusal of the operating system: path, what failed, why, what to do."""
    advice = _ADVICE.get(error.errno or 0, "check the disk and try again")
    return StorageError(f"{path}: {what}: {error.strerror or error}; {advice}")


def temporary_beside(path: Path) -> Path:
    """A name for an unfinished file, in the same directory: a rename must not cross file systems.

    The process number tells whether it is stale. The random part keeps a file left behind by a
    killed process of the same number (common in containers) from blocking every later save.
    """
    return path.with_name(f".{_stem(path.name)}.tmp-{os.getpid()}-{secrets.token_hex(4)}")


def _stem(name: str) -> str:
    """The name of a file within that of its temporary: itself, or a digest where that is too long."""
    written = os.fsencode(name)
    return name if len(written) <= LONGEST else hashlib.sha256(written).hexdigest()


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write every byte: the system may take fewer at a time."""
    rest = memoryview(data)
    while len(rest):
        rest = rest[os.write(descriptor, rest) :]


def write_atomically(path: str | Path, parts: Iterable[bytes | memoryview]) -> None:
    """Make `path` hold `parts`, one after the other; until the end it holds what it held before.

    Raises StorageError if the system refuses any step; the temporary file is gone then.
    """
    path = Path(path)
    temporary = temporary_beside(path)
    UNFINISHED.add(temporary)
    try:
        _write_new(temporary, parts)
        os.replace(temporary, path)  # a symbolic link at `path` is replaced, not followed
    except BaseException as error:
        # Should even this fail, the file is cleared away at the next start. The first error counts.
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        if isinstance(error, OSError):
            raise storage_error(path, "cannot be written, what was there stays", error) from error
        raise
    finally:
        UNFINISHED.discard(temporary)
    sync_directory(path.parent)


def to_disk(descriptor: int) -> None:
    """Bring the bytes of a file to the disk. On macOS fsync leaves them in the cache of the drive."""
    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is not None:
        with contextlib.suppress(OSError):  # a file system that has no such call
            fcntl.fcntl(descriptor, full)
            return
    os.fsync(descriptor)


def _write_new(path: Path, parts: Iterable[bytes | memoryview]) -> None:
    """Write a file that must not exist yet, down to the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    try:
        for part in parts:
            write_all(descriptor, part)
        to_disk(descriptor)  # before the rename, or a power cut can leave an empty file behind it
    finally:
        os.close(descriptor)


def sync_directory(directory: Path) -> None:
    """Bring the names in a directory to the disk. Raises StorageError."""
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        # Some network file systems have no such call for a directory; then there is nothing to do.
        if error.errno not in _NO_DIRECTORY_SYNC:
            raise storage_error(directory, "cannot be brought to the disk", error) from error


@contextlib.contextmanager
def predecessor_kept(path: Path, predecessor: Path) -> Iterator[None]:
    """Keep what `path` holds now under a second name, once it has been replaced.

    A hard link costs no second write, and `path` is never absent. The link becomes `predecessor`
    only afterwards, so that a failed save leaves both as they were. File systems without hard links
    keep no predecessor. Raises StorageError.
    """
    spare = temporary_beside(path)
    linked = True
    try:
        os.link(path, spare, follow_symlinks=False)
    except OSError as error:
        if error.errno not in (errno.ENOENT, *_NO_LINKS):
            raise storage_error(path, "cannot be kept while it is replaced", error) from error
        linked = False
    try:
        yield
        if linked:
            os.replace(spare, predecessor)
    except OSError as error:
        raise storage_error(predecessor, "cannot be written", error) from error
    finally:
        with contextlib.suppress(OSError):  # a leftover goes at the next start
            os.unlink(spare)


def set_aside(path: Path) -> Path:
    """Rename a damaged file to the first free `NAME.corrupt`, `NAME.2.corrupt` ... (StorageError)."""
    target, number = path.with_name(f"{path.name}.corrupt"), 1
    while os.path.lexists(target):
        number += 1
        target = path.with_name(f"{path.name}.{number}.corrupt")
    try:
        os.rename(path, target)
    except OSError as error:
        raise storage_error(path, "cannot be set aside", error) from error
    return target


def write_file(path: str | Path, parts: Iterable[bytes | memoryview]) -> None:
    """Write a file that somebody asked for; what killed processes left of it goes first.

    Raises as `write_atomically`.
    """
    with contextlib.suppress(OSError):  # no reason not to write
        for temporary, name, process in _temporaries(Path(path).parent):
            if name == _stem(Path(path).name) and not _runs_elsewhere(process):
                temporary.unlink(missing_ok=True)
    write_atomically(path, parts)


def remove_temporaries(directory: str | Path, ours: Collection[str]) -> list[Path]:
    """Remove what killed processes left half written; returns what was removed.

    Only names that `temporary_beside` gives. Those of the files that are `ours` alone to write, since
    we hold the lock, whatever process they name: its number may live elsewhere, or be another's by
    now. Any other only if its process has ended. Our own number counts as ended: call this at the
    start, before the first write. Raises StorageError.
    """
    removed = []
    try:
        for path, name, process in _temporaries(Path(directory)):
            if name in ours or not _runs_elsewhere(process):
                path.unlink(missing_ok=True)
                removed.append(path)
    except OSError as error:
        raise storage_error(directory, "cannot be tidied up", error) from error
    return removed


def _temporaries(directory: Path) -> list[tuple[Path, str, int]]:
    """Each temporary file that is there, the name of what it was to become, and its process."""
    matches = [(path, _TEMPORARY.fullmatch(path.name)) for path in sorted(directory.iterdir())]
    return [(path, match[1], int(match[2])) for path, match in matches if match]


def _runs_elsewhere(process: int) -> bool:
    """Whether another process has this number now; one that we may not signal does."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return process != os.getpid()


def is_there(path: str | Path) -> bool:
    """Whether anything has this name, if only a link. StorageError where the system cannot say."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise storage_error(path, "cannot be looked at", error) from error
    return True
