"""From runs to a file."""

from collections.abc import Sequence
from pathlib import Path

from mlptrain.errors import ConfigError
from mlptrain.report.fold_results import FoldResults, results_of
from mlptrain.report.html import compare, folds, sections
from mlptrain.report.html.page import page
from mlptrain.report.html.sweep import of_sweep
from mlptrain.report.results import Results, tell_written
from mlptrain.storage.files import write_file
from mlptrain.sweeps.place import holds_sweep
from mlptrain.tools.all_runs import runs_below

PAGE = "report.html"


def report(paths: Sequence[Path], out: Path | None) -> None:
    """Write a page about one run or one sweep, or one that compares several runs.

    A directory that holds runs stands for all of them. Where no file is named it is report.html in the
    directory that is.
    """
    if out is None and len(paths) > 1:
        raise ConfigError(f"{len(paths)} runs have no directory in common; name the file with -o FILE")
    file = checked(out or paths[0] / PAGE)
    if len(paths) == 1 and holds_sweep(paths[0]):
        write_file(file, [of_sweep(paths[0]).encode()])
        tell_written(file, [])
        return
    runs = list(dict.fromkeys(run for path in paths for run in meant(path)))
    if len(runs) == 1:
        run = results_of(runs[0])
        write_file(file, [of_one(run).encode()])
        tell_written(file, [run])
        return
    write_file(file, [of_several(runs).encode()])
    tell_written(file, [])


def meant(path: Path) -> list[Path]:
    """A run itself, or all that are in or below a directory."""
    return (list(runs_below(path)) if path.is_dir() else []) or [path]


def checked(file: Path) -> Path:
    """The file, if its name is that of a page."""
    if file.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"-o {file}: a report is written as .html; choose this suffix")
    return file


def of_one(run: Results) -> str:
    """A page about one run."""
    kind = folds if isinstance(run, FoldResults) else sections
    return page(run.name, kind.outcome(run), list(kind.sections(run)))


def of_several(runs: Sequence[Path]) -> str:
    """A page that compares runs."""
    return page(f"{len(runs)} runs compared", [], list(compare.sections(runs)))
