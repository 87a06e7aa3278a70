"""From runs to a file."""

from collections.abc import Sequence
from pathlib import Path

from mlptrain.errors import ConfigError
from mlptrain.report.console import say, stdout, tell
from mlptrain.report.html import compare, sections
from mlptrain.report.html.page import page
from mlptrain.report.results import Results
from mlptrain.storage.files import write_atomically


def write(runs: Sequence[Results], out: Path | None) -> Path:
    """Write a page about one run, or one that compares several; RUN/report.html by default."""
    file = out or default_file(runs)
    if file.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"-o {file}: a report is written as .html; choose this suffix")
    write_atomically(file, [of_one(runs[0]) if len(runs) == 1 else of_several(runs)])
    return file


def default_file(runs: Sequence[Results]) -> Path:
    """In the run directory; several runs have none in common."""
    if len(runs) > 1:
        raise ConfigError(f"{len(runs)} runs have no directory in common; name the file with -o FILE")
    return runs[0].path / "report.html"


def of_one(run: Results) -> bytes:
    """A page about one run."""
    return page(run.name, sections.outcome(run), list(sections.sections(run))).encode()


def of_several(runs: Sequence[Results]) -> bytes:
    """A page that compares runs."""
    title = f"{len(runs)} runs compared"
    return page(title, [", ".join(run.name for run in runs)], list(compare.sections(runs))).encode()


def report(paths: Sequence[Path], out: Path | None) -> None:
    """Write the page, and print the path of the file."""
    runs = [Results(path) for path in paths]
    file = write(runs, out)
    for run in runs:
        tell(run.warnings)
    say(stdout(), str(file))
