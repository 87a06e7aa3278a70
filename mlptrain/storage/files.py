"""Files that are whole or not there: writing atomically, reading without hanging, one lock.

Everything the program keeps goes through `write_atomically`, so a crash, a full disk or a kill
leaves either the old content or the new, never half of one. The system calls are made directly
(`os.open`, `os.write` ...), because each of them can fail and the tests make each of them fail.
"""

import contextlib
import errno
import fcntl
import io
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from mlptrain.errors import EnvironmentFault, StorageError

LOCK = ".lock"
CHUNK = 1 << 20
_TEMPORARY = re.compile(r"\..+\.tmp-([1-9][0-9]{0,6})-[0-9a-f]{8}")
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
    return path.with_name(f".{path.name}.tmp-{os.getpid()}-{secrets.token_hex(4)}")


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
    sync_directory(path.parent)


def _write_new(path: Path, parts: Iterable[bytes | memoryview]) -> None:
    """Write a file that must not exist yet, down to the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    try:
        for part in parts:
            write_all(descriptor, part)
        os.fsync(descriptor)  # before the rename, or a power cut can leave an empty file behind it
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


def remove_stale_temporaries(directory: str | Path) -> list[Path]:
    """Remove what killed processes left half written; returns what was removed.

    Only names that `temporary_beside` gives, and only if the process in the name has ended. Our own
    number counts as ended: call this at the start, before the first write. Raises StorageError.
    """
    removed = []
    try:
        for path in sorted(Path(directory).iterdir()):
            match = _TEMPORARY.fullmatch(path.name)
            if match and not _runs_elsewhere(int(match[1])):
                path.unlink(missing_ok=True)
                removed.append(path)
    except OSError as error:
        raise storage_error(directory, "cannot be tidied up", error) from error
    return removed


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


def open_regular(path: str | Path) -> io.FileIO:
    """Open an ordinary file for reading; StorageError, at once, for anything else.

    O_NONBLOCK, because opening a FIFO would wait for a writer for ever. The check is on the opened
    descriptor, so nothing can be swapped in between. Symbolic links are followed: `latest.npz` is
    often one, what it leads to is checked like any file, and reading changes nothing.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        raise storage_error(path, "cannot be read", error) from error
    except ValueError as error:
        raise StorageError(f"{str(path)!r}: cannot be the name of a file: {error}") from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = "a directory" if stat.S_ISDIR(mode) else "a device, pipe or socket"
        raise StorageError(f"{path}: is {kind}; name an ordinary file")
    return io.FileIO(descriptor)


def read_bytes(path: str | Path, limit: int) -> bytes:
    """The content of an ordinary file of at most `limit` bytes. Raises StorageError."""
    chunks, size = [], 0
    with open_regular(path) as file:
        try:
            while chunk := file.read(CHUNK):
                chunks.append(chunk)
                size += len(chunk)
                if size > limit:
                    raise StorageError(
                        f"{path}: is larger than {limit} bytes; check that it is the right file"
                    )
        except OSError as error:
            raise storage_error(path, "cannot be read", error) from error
    return b"".join(chunks)


NO_LOCKS = (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK)
"""What a file system without locks answers."""


@contextlib.contextmanager
def lock(directory: str | Path) -> Iterator[None]:
    """Hold a directory for this process alone.

    The lock is the kernel's, on an open file, so it ends with the process however that ends. The
    file itself stays, since removing it would let two processes lock two files of one name.
    Raises EnvironmentFault if another process holds it, StorageError if it cannot be made.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(Path(directory) / LOCK, flags, 0o666)
    except OSError as error:
        raise storage_error(directory, "cannot be locked", error) from error
    try:
        _acquire(descriptor, directory)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, directory: str | Path) -> None:
    """Take the lock and leave our process number in the file, for the message to others."""
    try:
        _lock(descriptor)
        os.ftruncate(descriptor, 0)
        write_all(descriptor, b"%d\n" % os.getpid())
    except BlockingIOError as error:
        found = re.fullmatch(rb"([0-9]{1,7})\n", os.read(descriptor, 16))
        holder = f"process {int(found[1])}" if found else "another process"
        raise EnvironmentFault(
            f"{directory}: in use by {holder}; wait until it ends, or choose another directory"
        ) from error
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise storage_error(directory, "cannot be locked", error) from error
        why = f"its file system has no locks ({error.strerror})"
        raise StorageError(f"{directory}: {why}; choose a directory on another one") from error


def _lock(descriptor: int) -> None:
    """flock, or where the file system has none (Lustre, some NFS and FUSE) a POSIX lock."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
