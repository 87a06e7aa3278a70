"""What a new file has that differs from the one a config was written for."""

from mlptrain.errors import CheckFailed
from mlptrain.report.console import say, stdout
from mlptrain.tools.drift import Drift


def show_drift(found: Drift, path: str) -> None:
    """One line each; CheckFailed with the faults where the file would be refused."""
    for line in found.lines:
        say(stdout(), line)
    if found.refused:
        raise CheckFailed(*found.refused)
    if not found.lines:
        say(stdout(), f"{path}: nothing differs")
