"""From runs to a file."""

from collections.abc import Sequence
from pathlib import Path

from mlptrain.errors import ConfigError
from mlptrain.report.fold_results import FoldResults, results_of
from mlptrain.report.html import compare, folds, sections
from mlptrain.report.html.page import page
from mlptrain.report.html.sweep import of_sweep
from mlptrain.report.results import Results, place_for, tell_written
from mlptrain.storage.files import write_file
from mlptrain.sweeps.place import holds_sweep

PAGE = "report.html"


def report(paths: Sequence[Path], out: Path | None) -> None:
    """Write a page about one run or one sweep, or one that compares several runs.

    Where no file is named it is report.html in the directory of the run or the sweep.
    """
    if len(paths) == 1 and holds_sweep(paths[0]):
        file = checked(out or paths[0] / PAGE)
        write_file(file, [of_sweep(paths[0]).encode()])
        tell_written(file, [])
        return
    runs = [results_of(path) for path in paths]
    file = checked(place_for(runs, out, PAGE))
    write_file(file, [(of_one(runs[0]) if len(runs) == 1 else of_several(runs)).encode()])
    tell_written(file, runs)


def checked(file: Path) -> Path:
    """The file, if its name is that of a page."""
    if file.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"-o {file}: a report is written as .html; choose this suffix")
    return file


def of_one(run: Results) -> str:
    """A page about one run."""
    kind = folds if isinstance(run, FoldResults) else sections
    return page(run.name, kind.outcome(run), list(kind.sections(run)))


def of_several(runs: Sequence[Results]) -> str:
    """A page that compares runs."""
    names = ", ".join(run.name for run in runs)
    return page(f"{len(runs)} runs compared", [names], list(compare.sections(runs)))
