"""A process that takes what others leave of the processor."""

import os

LOWEST = 19
"""The lowest priority that there is: on Linux 15 parts of a core where another process has 1,024."""


def yield_to_others() -> None:
    """Give this process the lowest priority; nothing where the system has none."""
    if hasattr(os, "nice"):
        os.nice(LOWEST)
