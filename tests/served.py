"""What the processes of tests/test_fork_server.py do."""

import os
import signal
import sys
import time


def echo() -> None:
    """Say the number of this process and what is heard; end with what was heard last."""
    print(os.getpid(), os.getppid(), flush=True)
    heard = "0"
    for line in sys.stdin:
        heard = line.strip()
        print(heard, flush=True)
    if heard == "fault":
        raise ValueError("as asked")
    sys.exit(int(heard))


def linger() -> None:
    """Stay a moment when nobody holds the other end of stdin any more."""
    print(os.getpid(), os.getppid(), flush=True)
    sys.stdin.read()
    time.sleep(0.5)


def files() -> None:
    """Say which descriptor signals write to, -1 for none, and which are open."""
    print(signal.set_wakeup_fd(-1), *sorted(map(int, os.listdir("/proc/self/fd"))), flush=True)
    sys.stdin.read()
