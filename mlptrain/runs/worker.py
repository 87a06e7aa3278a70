"""A process that works for this one, and how the two talk: lines of JSON through its stdin and stdout.

Signals of a terminal reach the process in front alone. The other ends in order when it is asked to, or
when the one in front is gone: nobody holds the other end of its stdin then.
"""

import json
import os
import selectors
import signal
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from mlptrain import errors
from mlptrain.errors import Told
from mlptrain.storage.files import write_all
from mlptrain.system.fork_server import ForkServer

Process = TypeVar("Process", bound="WorkerProcess")
PAUSE = 0.5
"""Seconds until a process that waits looks whether a signal has come."""
MOST_AT_ONCE = 1 << 20
"""Bytes that are read at a time."""


class Incoming:
    """Messages that come through a pipe."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._rest = b""

    def messages(self) -> list[Any] | None:
        """Those that have come, waited for; None when nobody holds the other end."""
        part = os.read(self.descriptor, MOST_AT_ONCE)
        *lines, self._rest = (self._rest + part).split(b"\n")
        return [json.loads(line) for line in lines] if part else None


class WorkerProcess:
    """The process, from outside.

    stopped   it was asked to end, or has said why it does
    """

    def __init__(self, server: ForkServer) -> None:
        self.stopped = False
        self._process = server.start()
        self._incoming = Incoming(self._process.stdout.fileno())

    def tell(self, message: Any) -> None:
        """One message, unless it was asked to end; one that has ended is met when it is read."""
        if not self.stopped:
            with suppress(BrokenPipeError):
                write_all(self._process.stdin.fileno(), json.dumps(message).encode() + b"\n")

    def fileno(self) -> int:
        """What can be waited for."""
        return self._incoming.descriptor

    def messages(self) -> list[Mapping[str, Any]] | None:
        """What it has said since; None when it has ended."""
        return self._incoming.messages()

    def stop(self) -> None:
        """Ask it to save and end."""
        if not self.stopped:
            self.tell(None)
            self.stopped = True

    def close(self) -> int:
        """Wait for its end: the exit code, or the number of a signal, negative."""
        return self._process.wait()


class Front:
    """The process in front, from inside. What anything else here prints goes to stderr."""

    def __init__(self) -> None:
        self._descriptor = os.dup(1)
        os.dup2(2, 1)
        self._told = SimpleQueue[Any]()
        threading.Thread(target=self._listen, daemon=True).start()

    def say(self, **message: Any) -> None:
        """One message; where nobody is left to read it, this process is about to be stopped."""
        with suppress(BrokenPipeError):
            write_all(self._descriptor, json.dumps(message).encode() + b"\n")

    def fail(self, error: Told) -> None:
        """An error of ours, which `failure` finds in the message."""
        self.say(failure=list(error.faults), error=type(error).__name__)

    def hear(self) -> Any:
        """The next message to this process, waited for.

        A signal that comes just before the wait does not end it, so there are many short ones.
        """
        while True:
            with suppress(Empty):
                return self._told.get(timeout=PAUSE)

    def _listen(self) -> None:
        """Until it is told to stop, or nobody holds the other end any more: then stop this process."""
        incoming = Incoming(0)
        while (messages := incoming.messages()) is not None and None not in messages:
            for message in messages:
                self._told.put(message)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


def heard(workers: Sequence[Process], seconds: float) -> list[Process]:
    """Those that have said something or have ended, waited for, but no longer than this."""
    with selectors.DefaultSelector() as selector:
        for worker in workers:
            selector.register(worker, selectors.EVENT_READ, worker)
        return [key.data for key, _ in selector.select(seconds)]


def end(server: ForkServer, workers: Sequence[WorkerProcess]) -> None:
    """Let the processes save what they are doing, and wait for them; their server starts no more."""
    for worker in workers:
        worker.stop()
    server.close()
    for worker in workers:
        worker.close()


def failure(message: Mapping[str, Any]) -> Told | None:
    """The error in a message, with what it says; that of a signal is an Interrupted."""
    if "failure" not in message:
        return None
    kind: type[Told] = getattr(errors, message["error"])
    if issubclass(kind, errors.Interrupted):
        return kind(signal.SIGTERM, *message["failure"])
    return kind(*message["failure"])
