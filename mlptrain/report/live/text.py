"""Runs in the terminal while they train: a block of curves for each."""

import time

from rich.live import Live
from rich.text import Text

from mlptrain.report.console import lines_of, number, say, stdout, stdout_is_terminal
from mlptrain.report.live.tail import Tail, Watched
from mlptrain.report.sparkline import summary

EVERY = 1.0
"""Seconds between two looks."""


def watch_text(watched: Watched) -> None:
    """Show the runs until all have ended, or until Ctrl-C; where nobody looks, once."""
    if not stdout_is_terminal():
        for line in state(watched, watched.look(), stdout().width):
            say(stdout(), line)
        return
    console = stdout()
    try:
        with Live(console=console, auto_refresh=False) as live:
            while True:
                tails = watched.look()
                lines = state(watched, tails, console.width)
                live.update(Text("\n".join(lines)), refresh=True)
                if tails and not any(tail.is_running for tail in tails):
                    return
                time.sleep(EVERY)
    except KeyboardInterrupt:  # how it is meant to end
        return


def state(watched: Watched, tails: list[Tail], room: int) -> list[str]:
    """Of each run how it stands, then its curves."""
    if not tails:
        return lines_of(f"{watched.place}: no run yet", room)
    lines: list[str] = []
    for tail, name in zip(tails, watched.names(tails), strict=True):
        epoch = tail.records[-1].get("epoch") if tail.records else None
        lines += lines_of(f"{name}: {tail.status}, epoch {number(epoch)}: {tail.reason}", room)
        lines += [f"  {line}" for line in summary(tail.records, room - 2)]
    if watched.more:
        lines += lines_of(f"and {watched.more} older runs", room)
    return lines
