"""`fit --ranks N`: start the ranks of an MPI job on this machine, and say how it ended."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from mlptrain.errors import EnvironmentFault, Interrupted, RankFault
from mlptrain.runs.signals import STOPPING
from mlptrain.storage.files import write_all
from mlptrain.system.installation import install_command

LAUNCHER = "mpiexec"
RULE = b"=" * 80
"""How MPICH frames what it says of a rank that was killed; we say it in one line."""
LOST = 255
"""What it ends with where a rank was killed while all were starting; no command of ours does."""


def launch(count: int, arguments: Sequence[str]) -> int:
    """Run this command line on so many ranks; its exit code. RankFault where a rank was killed."""
    process = subprocess.Popen(
        command(count, arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        process_group=0,  # Ctrl-C on a terminal reaches the ranks once: from here
    )
    asked = list[int]()

    def pass_on(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        process.send_signal(number)

    for number in STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, pass_on)
    framed, code = passed_on(process), process.wait()
    killed = framed or code == LOST
    if killed and asked:
        name = signal.Signals(asked[0]).name
        raise Interrupted(
            asked[0], f"{name}: all ranks are ended; go on with fit --resume RUN, if it began"
        )
    if killed:
        raise RankFault(
            f"a rank was ended by {name_of(code)}, and all others with it: the last checkpoint is "
            "valid, go on with fit --resume RUN"
        )
    return code


def command(count: int, arguments: Sequence[str]) -> list[str]:
    """The command line that starts so many ranks; EnvironmentFault where there is no launcher."""
    beside = Path(sys.executable).with_name(LAUNCHER)
    launcher = str(beside) if beside.exists() else shutil.which(LAUNCHER)
    if launcher is None:
        install = install_command("mpi")
        raise EnvironmentFault(f"--ranks needs mpi4py and an MPI library; {install}")
    return [launcher, "-n", str(count), sys.executable, "-m", "mlptrain", *arguments]


def output_of(count: int, arguments: Sequence[str]) -> bytes:
    """What so many ranks print."""
    done = subprocess.run(
        command(count, arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False
    )
    return done.stdout


def passed_on(process: subprocess.Popen[bytes]) -> bool:
    """Pass on what the ranks print; whether the launcher says in the end that one was killed."""
    assert process.stdout is not None
    blank, killed = b"", False
    for line in process.stdout:
        killed = killed or line.startswith(RULE)
        if killed:
            continue
        if line == b"\n":
            blank += line  # one stands before the rule
            continue
        write_all(1, blank + line)
        blank = b""
    if blank and not killed:
        write_all(1, blank)
    return killed


def name_of(code: int) -> str:
    """The signal that MPICH gives as exit code, by its name."""
    try:
        return signal.Signals(os.WTERMSIG(code)).name
    except ValueError:
        return f"a fault (exit code {code})"
