"""A function of ours in a process of its own: how Python is called."""

import os
import sys

PROGRAM = """
import gc, os, sys
gc.disable()
sys.path[:] = sys.argv[1].split(os.pathsep)
from {module} import {function}
gc.freeze()
gc.enable()
{function}(*sys.argv[2:])
"""
"""Nothing that is imported is garbage: not to look for it saves a tenth of the time to import it."""


def command(module: str, function: str, *arguments: str) -> list[str]:
    """The command line; the function gets the arguments as text.

    The process imports what this one would, and nothing of where it stands or of the environment.
    """
    program = PROGRAM.format(module=module, function=function)
    return [sys.executable, "-I", "-c", program, os.pathsep.join(sys.path), *arguments]
