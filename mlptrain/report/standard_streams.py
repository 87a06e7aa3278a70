"""stdin, stdout and stderr as they may be: closed, full, or with nobody at the other end.

A program that trains for hours must not end because nobody reads what it says. So what a stream cannot
take is dropped, whoever writes it; at the end, a result that was lost decides the exit code.
"""

import errno
import io
import os
import select
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from mlptrain.messages import folded

UNLIMITED = 100_000
"""Columns of what is not a terminal."""

USUAL = 80
"""Columns of a terminal that does not know how many it has."""

LOST = 6
"""The exit code where a result could not be written: that of every failure of input or output."""


class Outlet(io.RawIOBase):
    """A descriptor that takes everything: what it cannot write is dropped, and `failure` says why."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.failure: OSError | None = None  # the first one

    def writable(self) -> bool:
        """Yes."""
        return True

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether it is a terminal, and still there."""
        return os.isatty(self._descriptor)

    def write(self, data: Any, /) -> int:
        """How many bytes were taken; all of them where the system takes none."""
        try:
            return self._written(data)
        except OSError as error:
            self.failure = self.failure or error
            return memoryview(data).nbytes

    def _written(self, data: Any) -> int:
        while True:
            try:
                return os.write(self._descriptor, data)
            except BlockingIOError:  # another process that shares the pipe has made it so
                select.select([], [self._descriptor], [])

    @property
    def full(self) -> OSError | None:
        """The failure, unless there is just nobody left who reads: the pipe or the terminal is gone."""
        error = self.failure
        if error is None or error.errno in (errno.EPIPE, errno.ECONNRESET):
            return None
        is_device = stat.S_ISCHR(os.fstat(self._descriptor).st_mode)
        return None if error.errno == errno.EIO and is_device else error


def width(stream: TextIO) -> int:
    """The columns of the terminal, or what COLUMNS says; without a limit in a pipe or a file."""
    wanted = os.environ.get("COLUMNS", "")
    if wanted.isdigit() and int(wanted):
        return int(wanted)
    if not stream.isatty():
        return UNLIMITED
    try:
        return os.get_terminal_size(stream.fileno()).columns or USUAL
    except OSError:  # it is gone
        return USUAL


def complain(fault: str) -> None:
    """The line of an error, on stderr. Paths in it stay whole."""
    for line in folded(f"error: {fault}", width(sys.stderr)):
        sys.stderr.write(f"{line}\n")


def outlet_of(stream: TextIO) -> Outlet | None:
    """The outlet behind a stream of text; None where it is none of ours."""
    raw = getattr(getattr(stream, "buffer", None), "raw", None)
    return raw if isinstance(raw, Outlet) else None


@contextmanager
def guarded_streams() -> Iterator[None]:
    """From here to the end of the process no write to stdout or stderr fails, and none is closed.

    SystemExit with 0 becomes 6 where a result could not be written to stdout. A reader that has seen
    enough (`| head`), a terminal that is gone and a stream that was closed from the beginning are no
    failures.
    """
    for descriptor in range(3):
        _fill(descriptor)
    if sys.stdin is None:
        nothing = io.BufferedReader(io.FileIO(0, closefd=False))
        sys.stdin = io.TextIOWrapper(nothing, encoding="utf-8")
    sys.stdout = _guarded(sys.stdout, line_buffering=False)
    sys.stderr = _guarded(sys.stderr, line_buffering=True)
    try:
        yield
    except SystemExit as end:
        sys.stdout.flush()
        outlet = outlet_of(sys.stdout)
        if not end.code and outlet is not None and outlet.full is not None:
            why = outlet.full.strerror
            sys.stderr.write(f"error: stdout: cannot be written: {why}; the result is incomplete\n")
            raise SystemExit(LOST) from end
        raise


def _fill(descriptor: int) -> None:
    """Open a closed descriptor on nothing: the next file would take its place, and get its lines."""
    try:
        os.fstat(descriptor)
    except OSError:
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, descriptor)
        os.set_inheritable(descriptor, True)
        if nothing != descriptor:
            os.close(nothing)


def _guarded(stream: TextIO | None, *, line_buffering: bool) -> TextIO:
    """The same stream behind an outlet; Python has None where it was closed."""
    if stream is None:
        nowhere = Outlet(os.open(os.devnull, os.O_WRONLY))
        return io.TextIOWrapper(io.BufferedWriter(nowhere), encoding="utf-8")
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(Outlet(stream.fileno())),
        encoding=stream.encoding,
        errors=stream.errors,
        newline="\n",
        line_buffering=line_buffering or stream.isatty(),
    )
