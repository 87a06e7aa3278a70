"""What `exercise` prints: the list, the file that was written, the verdict."""

from collections.abc import Sequence
from pathlib import Path

from mlptrain.errors import CheckFailed
from mlptrain.report.console import say, stdout
from mlptrain.report.tables import print_table
from mlptrain.tools.exercise import Exercise, Verdict


def show_list(exercises: Sequence[Exercise]) -> None:
    """A line for each exercise."""
    print_table(
        stdout(),
        ("number", "exercise", "file"),
        [_row(each) for each in exercises],
        words=("exercise", "file"),
    )


def _row(task: Exercise) -> tuple[str, str, str]:
    return str(task.number), task.title, task.file


def show_start(task: Exercise, file: Path) -> None:
    """What to do next."""
    out = stdout()
    say(out, f"{file}: {task.title}")
    say(out, f"complete it, then: mlptrain exercise check {task.number} {file}")


def show_verdict(task: Exercise, verdict: Verdict) -> None:
    """What is right; CheckFailed with what is not."""
    out = stdout()
    for line in verdict.right:
        say(out, f"right: {line}")
    if not verdict.passed:
        raise CheckFailed(*(f"exercise {task.number}: {line}" for line in verdict.wrong))
    say(out, f"exercise {task.number}, {task.title}: done")
