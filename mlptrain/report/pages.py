"""What `report` prints: where the page is, and what should be known about its data."""

from collections.abc import Sequence
from pathlib import Path

from mlptrain.report.console import say, stdout, tell
from mlptrain.report.html import write
from mlptrain.report.results import Results


def report(paths: Sequence[Path], out: Path | None) -> None:
    """Write the page, and print the path of the file."""
    runs = [Results(path) for path in paths]
    file = write(runs, out)
    for run in runs:
        tell(run.warnings)
    say(stdout(), str(file))
