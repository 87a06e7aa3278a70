"""How far a run has come, on stderr: a bar, and the lines above it."""

import sys
from contextlib import AbstractContextManager
from typing import Any

from tqdm import tqdm


def progress_bar(done: int, total: int, *, hidden: bool = False) -> "tqdm[Any]":
    """A bar over steps, on stderr; it is drawn on a terminal only, and gone when the work ends."""
    return tqdm(
        total=total,
        initial=done,
        unit="step",
        file=sys.stderr,
        leave=False,
        disable=hidden or None,
        mininterval=0.2,
    )


def bar_away() -> AbstractContextManager[None]:
    """Where lines are written to stderr by others: the bar is gone meanwhile, and drawn again after."""
    return tqdm.external_write_mode(file=sys.stderr)


def above_bar(text: str) -> None:
    """A line on stderr, above the bar where there is one."""
    tqdm.write(text, file=sys.stderr)
