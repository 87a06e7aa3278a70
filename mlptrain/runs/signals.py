"""Signals that end a run: the first asks it to stop after its step, the second ends it now."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from mlptrain.storage.files import UNFINISHED

STOPPING = (
    signal.SIGINT,  # Ctrl-C
    signal.SIGTERM,  # kill, docker stop, a machine that shuts down
    signal.SIGHUP,  # the terminal or the connection is gone
    signal.SIGUSR1,  # a job scheduler warns before it kills
    signal.SIGXCPU,  # the limit of CPU time is reached; some schedulers send it as their warning
)
INSISTENT = (signal.SIGINT, signal.SIGTERM)
"""The second of these means now. The others come twice by themselves: SIGHUP from the shell and from
the kernel, SIGXCPU with every further second."""


class StopRequest:
    """Whether a signal has asked the run to stop, and which one."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None


@contextlib.contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Catch the signals above while the block runs; a second Ctrl-C or SIGTERM acts as it always did.

    A signal that the parent had ignored (`nohup`, a job in the background of a script) stays ignored.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request  # Python delivers signals to the main thread only
        return
    handlers = {number: signal.getsignal(number) for number in STOPPING}
    # None is a handler that was not set from Python and could not be put back.
    before = {n: each for n, each in handlers.items() if each not in (signal.SIG_IGN, None)}

    def ask(number: int, frame: FrameType | None) -> None:
        request.signal = request.signal or signal.Signals(number)
        for each in INSISTENT:
            if each in before:
                signal.signal(each, signal.SIG_DFL)

    for number in before:
        signal.signal(number, ask)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_in_order() -> None:
    """Let SIGTERM and SIGHUP take away what is half written before they end this process.

    Nothing is unwound: a thread may wait for stdin. A signal that is ignored or caught stays so.
    """

    def end(number: int, frame: FrameType | None) -> None:
        for path in tuple(UNFINISHED):
            with contextlib.suppress(OSError):
                os.unlink(path)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, end)
