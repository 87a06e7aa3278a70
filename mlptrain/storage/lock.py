"""One lock for a directory: who holds it may write there, and whether anybody does."""

import contextlib
import errno
import fcntl
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from mlptrain.errors import EnvironmentFault, StorageError
from mlptrain.storage.files import storage_error, write_all

LOCK = ".lock"
NO_LOCKS = (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK)
"""What a file system without locks answers."""
PATIENCE = 0.2
"""Seconds in which a lock may be had that somebody just looks at."""


@contextlib.contextmanager
def lock(directory: str | Path, name: str = LOCK, patience: float = PATIENCE) -> Iterator[None]:
    """Hold a directory, or what `name` stands for in it, for this process alone.

    The lock is the kernel's, on an open file, so it ends with the process however that ends. The
    file itself stays, since removing it would let two processes lock two files of one name.
    Raises EnvironmentFault if another process holds it, StorageError if it cannot be made.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(Path(directory) / name, flags, 0o666)
    except OSError as error:
        raise storage_error(directory, "cannot be locked", error) from error
    try:
        _acquire(descriptor, directory, patience)
        yield
    finally:
        os.close(descriptor)


def _lock_soon(descriptor: int, patience: float) -> None:
    """Take a lock that is free, or is so in `patience` seconds; BlockingIOError where it is not."""
    end = time.monotonic() + patience
    while True:
        try:
            return _lock(descriptor)
        except BlockingIOError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def _lock(descriptor: int) -> None:
    """flock, or where the file system has none (Lustre, some NFS and FUSE) a POSIX lock."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _acquire(descriptor: int, directory: str | Path, patience: float) -> None:
    """Take the lock and leave our process number in the file, for the message to others."""
    try:
        _lock_soon(descriptor, patience)
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


def is_held(directory: Path, name: str = LOCK) -> bool:
    """Whether a process holds the lock of a directory. One that cannot be looked at is taken as held.

    It is asked for and given back at once: whoever wants it at that moment waits for it (`lock`).
    """
    try:
        descriptor = os.open(directory / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
