"""What `plot` prints: where the picture is, and what should be known about its data."""

from collections.abc import Sequence
from pathlib import Path

from mlptrain.report.console import say, stdout, tell
from mlptrain.report.plots import write
from mlptrain.report.results import Results


def plot(kind: str, paths: Sequence[Path], out: Path | None) -> None:
    """Draw, write, and print the path of the file."""
    runs = [Results(path) for path in paths]
    file = write(kind, runs, out)
    for run in runs:
        tell(run.warnings)
    say(stdout(), str(file))
