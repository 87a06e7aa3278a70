"""The directory of a k-fold run: fold-1 ... fold-k, each a run of its own, and what comes of all.

With candidates those of each have its name before them: wide-fold-1 and so on.
"""

import os
import re
from pathlib import Path

from mlptrain.errors import CheckpointError, ConfigError, EnvironmentFault
from mlptrain.messages import LISTED, count
from mlptrain.storage.files import storage_error
from mlptrain.storage.run_directory import RunDirectory
from mlptrain.storage.run_files import check_is_run, check_room, clear, files_in, holds_checkpoint

SUMMARY = "folds.json"
PREDICTIONS = "out_of_fold.csv"
_FOLD = re.compile(r"(?:([a-z0-9_]{1,40})-)?fold-([1-9][0-9]{0,8})")


def fold_path(directory: Path, number: int, candidate: str = "") -> Path:
    """Where the run of a fold is kept; folds are counted from 1."""
    return directory / f"{candidate}{'-' if candidate else ''}fold-{number}"


def candidate_of(fold: Path) -> str:
    """The candidate whose fold is kept there; "" where there are no candidates."""
    match = _FOLD.fullmatch(fold.name)
    return (match and match[1]) or ""


def folds_in(directory: Path) -> list[Path]:
    """The runs of folds that are there, in their order. A link is none. Raises StorageError."""
    try:
        matches = {each: _FOLD.fullmatch(each.name) for each in directory.iterdir()}
    except OSError as error:
        raise storage_error(directory, "cannot be read", error) from error
    numbers = {
        path: (match[1] or "", int(match[2]))
        for path, match in matches.items()
        if match and path.is_dir() and not path.is_symlink() and files_in(path)
    }
    return sorted(numbers, key=lambda path: numbers[path])


def some_folds(directory: Path) -> list[Path]:
    """The same of a directory that is no run itself; none of anything else."""
    return folds_in(directory) if os.path.isdir(directory) and not files_in(directory) else []


def checkpoint_of(path: str | Path) -> Path:
    """The file that a path on the command line means: a run directory stands for its best.npz.

    ConfigError for a directory that holds several runs, or none; CheckpointError for a run without a
    best.npz.
    """
    path = Path(path)
    if not path.is_dir():
        return path
    check_one_run(path)
    best, last = path / "best.npz", path / "last.npz"
    if os.path.lexists(best):
        return best
    if not files_in(path):
        raise ConfigError(f"{path}: holds no run; name the directory that `fit` wrote")
    if not os.path.lexists(last):
        raise CheckpointError(f"{path}: holds no checkpoint; train it, or name another run")
    raise CheckpointError(
        f"{path}: has no best.npz: {_no_best(path)}; for the parameters of its last step name {last}"
    )


def _no_best(path: Path) -> str:
    """Why a run has no best checkpoint."""
    try:
        evaluated = (path / "metrics.jsonl").stat().st_size > 0
    except OSError:
        evaluated = False
    if evaluated:
        return "train.monitor was not a finite number in any evaluation"
    return "it has not been evaluated yet"


def runs_in(directory: Path) -> list[Path]:
    """The runs that are directly in a directory which is none itself. Raises StorageError."""
    if not directory.is_dir() or files_in(directory):
        return []
    try:
        inside = sorted(each for each in directory.iterdir() if each.is_dir() and not each.is_symlink())
        return [each for each in inside if files_in(each) or folds_in(each)]
    except OSError as error:
        raise storage_error(directory, "cannot be read", error) from error


def check_one_run(path: Path, advice: str = "") -> None:
    """ConfigError for a directory that holds several runs: folds of one config, or any."""
    if not some_folds(path) and (runs := runs_in(path)):
        holds = f"holds {count(len(runs), 'run')}"
        newest = sorted(runs, key=lambda each: each.stat().st_mtime, reverse=True)
        names = ", ".join(map(str, newest[:LISTED]))
        more = f" and {len(newest) - LISTED} more" if len(newest) > LISTED else ""
        raise ConfigError(
            f"{path}: {holds}: name one of them, here with the newest first: {names}{more}"
        )
    if folds := some_folds(path):
        raise ConfigError(
            f"{path}: holds the runs of several folds ({_named(folds)}): "
            f"name one of them, such as {folds[0]}{advice}"
        )


def check_no_folds(path: Path) -> None:
    """EnvironmentFault for such a directory: a run in it would be taken for all there is."""
    if folds := some_folds(path):
        found = f"{path}: holds the runs of several folds ({_named(folds)})"
        raise EnvironmentFault(f"{found}; choose another --out, or delete them")


def _named(folds: list[Path]) -> str:
    return folds[0].name if len(folds) == 1 else f"{folds[0].name} … {folds[-1].name}"


def check_room_for_folds(directory: Path, *, force: bool) -> None:
    """EnvironmentFault where folds would replace something that `force` does not allow."""
    found = files_in(directory)
    if found and not holds_checkpoint(directory) and folds_in(directory):
        raise EnvironmentFault(
            f"{directory}: holds {found[0].name} beside folds, which is none of theirs and would be "
            "replaced; move the file, or choose another --out"
        )
    check_is_run(directory)
    check_room(directory, force=force)
    if os.path.lexists(directory / SUMMARY) and not force:
        raise EnvironmentFault(
            f"{directory}: holds a run ({SUMMARY}); choose another --out, or replace it with --force"
        )


def clear_folds(directory: Path, keep: Path) -> None:
    """Remove the runs that are in a directory, all but one: what --force does. Its lock is held.

    Only the files that a run writes, and the directories of folds that are empty then.
    """
    for path in folds_in(directory):
        if path != keep:
            RunDirectory(path).remove()
    clear(directory)
    for name in (SUMMARY, PREDICTIONS):
        try:
            os.unlink(directory / name)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise storage_error(directory / name, "cannot be removed", error) from error
