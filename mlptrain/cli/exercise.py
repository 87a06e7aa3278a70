"""`mlptrain exercise`: write a gate, a loss or an optimizer, and have it judged."""

from pathlib import Path

import click

from mlptrain.report import exercise as report
from mlptrain.tools.exercise import EXERCISES, exercise, judge, start

HELP = {"help_option_names": ["-h", "--help"]}


@click.group(context_settings=HELP)
def command() -> None:
    """Write the backward pass of a gate, a loss or an optimizer; a gradient check judges it.

    The exercises belong to docs/lesson; solutions are in docs/lesson/solutions.

    \b
    Example:
      mlptrain exercise list
      mlptrain exercise start 1
      mlptrain exercise check 1
    """


@command.command("list")
def show() -> None:
    """Print the exercises.

    \b
    Example:
      mlptrain exercise list
    """
    report.show_list(EXERCISES)


@command.command("start")
@click.argument("number", type=int)
def begin(number: int) -> None:
    """Write the file of exercise NUMBER into the current directory.

    \b
    Example:
      mlptrain exercise start 1
    """
    report.show_start(exercise(number), start(number))


@command.command("check")
@click.argument("number", type=int)
@click.argument("file", type=click.Path(path_type=Path), required=False)
def verdict(number: int, file: Path | None) -> None:
    """Run FILE and compare it with exercise NUMBER; ends with 1 where something is wrong.

    The code in FILE is run as it is.

    \b
    Example:
      mlptrain exercise check 1
      mlptrain exercise check 1 exercise_01_multiply.py
    """
    task = exercise(number)
    report.show_verdict(task, judge(task, file or Path(task.file)))
