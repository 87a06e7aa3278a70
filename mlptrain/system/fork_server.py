"""Processes that begin at once: a server imports what they need, and forks itself for each of them.

To import it takes up to a second of a core, more than a fold of a small table. Whoever asks may have
threads, locks and open files, which a fork would copy; the server has one thread, and few files.
"""

import gc
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from io import FileIO
from typing import NamedTuple

from mlptrain.system.own_process import command

FORKS = sys.platform != "darwin"
"""Where not, each process imports for itself: a fork loses threads that libraries of macOS start."""
CODE = 4
"""Bytes of an exit code."""
FAILED = 1
"""The exit code of a process that could not begin."""
CALLS = 512
"""Calls that are read at a time, one byte each: that a process has ended."""


class Child(NamedTuple):
    """A process, as whoever asked for it sees it: its streams, and where its exit code comes from."""

    stdin: FileIO
    stdout: FileIO
    ended: FileIO
    server: subprocess.Popen[bytes]

    def wait(self) -> int:
        """Its exit code, or the number of the signal that ended it, negative.

        Where its server has ended before it, nobody knows: that of the server, once both are gone.
        """
        self.stdin.close()
        self.stdout.close()
        with self.ended:
            code = self.ended.read(CODE)
        return int.from_bytes(code, signed=True) if code else self.server.wait()


class ForkServer:
    """Starts processes that run a function of a module, and nothing before it.

    descriptors   files that they inherit
    also          other modules that they need, where they are installed
    """

    def __init__(
        self, module: str, function: str, descriptors: Sequence[int] = (), also: Sequence[str] = ()
    ) -> None:
        self._words, self._descriptors = (module, function, *also), descriptors
        self._process, self._front = self._begun()

    def _begun(self) -> tuple[subprocess.Popen[bytes], socket.socket]:
        front, far = socket.socketpair()
        with far:
            process = subprocess.Popen(
                command(__name__, serve.__name__, str(far.fileno()), str(int(FORKS)), *self._words),
                stdin=subprocess.DEVNULL,
                pass_fds=(far.fileno(), *self._descriptors),
                process_group=0,  # Ctrl-C on a terminal is for the process in front
            )
        return process, front

    def start(self) -> Child:
        """Another process; it begins as soon as the server has imported what it needs."""
        (their_in, stdin), (stdout, their_out), (ended, their_end) = os.pipe(), os.pipe(), os.pipe()
        theirs = [their_in, their_out, their_end]
        try:
            try:
                socket.send_fds(self._front, [b"+"], theirs)
            except (BrokenPipeError, ConnectionResetError):  # the server has been killed
                self.close()
                self._process, self._front = self._begun()
                socket.send_fds(self._front, [b"+"], theirs)
        finally:
            for each in theirs:
                os.close(each)
        return Child(FileIO(stdin, "w"), FileIO(stdout), FileIO(ended), self._process)

    def close(self) -> None:
        """Start no more. Those that are at work go on, but nobody will know their exit codes."""
        self._front.close()
        self._process.terminate()
        self._process.wait()


def serve(descriptor: str, forks: str, module: str, function: str, *also: str) -> None:
    """Start a process for each request, and tell how each ends, until nobody can ask any more.

    The first of three descriptors of a request is the stdin of the process, the second its stdout, and
    its exit code goes to the third.
    """
    work = imported(module, function, also) if forks == "1" else None
    front, codes = socket.socket(fileno=int(descriptor)), dict[int, int]()
    front.set_inheritable(False)
    woken, wakes = woken_by_ends()
    while True:
        ready, _, _ = select.select([front.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, CALLS)
            tell_ends(codes)
        if front.fileno() not in ready:
            continue
        said, descriptors, *_ = socket.recv_fds(front, 1, 3)
        if not said:
            front.close()
            return
        stdin, stdout, ended = descriptors
        try:
            pid = os.fork() if work else executed(module, function, stdin, stdout)
        except OSError as error:  # too many processes, or no memory
            os.write(2, f"error: no other process can begin: {error.strerror}\n".encode())
            tell(ended, FAILED)
        else:
            if work and not pid:
                settle(stdin, stdout, [front.detach(), woken, wakes, *codes.values()])
                return work()  # and then Python ends as ever, with the exit code of this process
            codes[pid] = ended
            os.set_inheritable(ended, False)  # open here, and there as long as the process lives
        os.close(stdin)
        os.close(stdout)


def imported(module: str, function: str, also: Sequence[str]) -> Callable[[], None]:
    """The function, with all that it needs: none of it garbage, and no search for some writes there."""
    gc.disable()
    for each in also:
        with suppress(ImportError):  # it is said where it is needed
            import_module(each)
    work: Callable[[], None] = getattr(import_module(module), function)
    gc.freeze()
    gc.enable()
    return work


def woken_by_ends() -> tuple[int, int]:
    """A descriptor that can be read from when a process of this one has ended, and its other end."""
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)  # one that is ignored wakes nobody
    return woken, wakes


def tell_ends(codes: dict[int, int]) -> None:
    """Tell the exit codes of the processes that have ended, each where it is waited for."""
    while codes:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        tell(codes.pop(pid), os.waitstatus_to_exitcode(status))


def tell(ended: int, code: int) -> None:
    """Tell an exit code, whether or not somebody waits for it."""
    with suppress(BrokenPipeError):
        os.write(ended, code.to_bytes(CODE, signed=True))
    os.close(ended)


def settle(stdin: int, stdout: int, others: Sequence[int]) -> None:
    """Take the place of a process of its own: these streams, and nothing of the server's."""
    signal.set_wakeup_fd(-1)  # whether or not a fork has done so: with asyncio in 3.12 it has
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for each in others:
        os.close(each)
    for each, place in ((stdin, 0), (stdout, 1)):
        os.dup2(each, place)
        os.close(each)


def executed(module: str, function: str, stdin: int, stdout: int) -> int:
    """The number of a new process that imports for itself."""
    words = command(module, function)
    streams = [(os.POSIX_SPAWN_DUP2, stdin, 0), (os.POSIX_SPAWN_DUP2, stdout, 1)]
    return os.posix_spawn(words[0], words, os.environ, file_actions=streams)
