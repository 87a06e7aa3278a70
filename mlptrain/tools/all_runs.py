"""Every run under some directories, read from its config.yaml and summary.json alone.

Neither the model nor the data are opened, so a hundred runs are listed in a moment, while they are at
work, too. The folds of a cross-validation are one run; each trial of a sweep is one.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlptrain.config.dotted import flat
from mlptrain.config.yaml import read
from mlptrain.errors import CheckpointError, ConfigError, MLPTrainError, StorageError
from mlptrain.storage.documents import read_document
from mlptrain.storage.files import is_there
from mlptrain.storage.fold_directory import SUMMARY, candidate_of, folds_in, some_folds
from mlptrain.storage.lock import LOCK
from mlptrain.storage.run_files import files_in
from mlptrain.storage.state import GOOD, KILLED, RUNNING, read_summary
from mlptrain.system.sums import sum_in_order
from mlptrain.training.combination import Combination
from mlptrain.training.members import combination_in

BROKEN = "broken"
"""The status of a run that cannot be read."""
STATUSES = (*GOOD, RUNNING, KILLED, "pruned", "diverged", BROKEN)
OF_SUMMARY = ("status", "reason", "monitor", "best", "best_epoch", "epochs", "seconds", "parameters")
FACTS = ("run", *OF_SUMMARY, "folds")
"""What is known of every run beside its settings."""


@dataclass(frozen=True)
class KnownRun:
    """A run, or the folds of one.

    facts     by the names of FACTS, and `test.accuracy` for what it reached on its test rows
    settings  by dotted key, with every default
    """

    path: Path
    facts: Mapping[str, Any]
    settings: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        """A fact or a setting; None for what this run does not have."""
        return self.facts.get(key, self.settings.get(key))

    @property
    def name(self) -> str:
        """The directory as it was reached."""
        return str(self.path)

    @property
    def is_broken(self) -> bool:
        """Whether it could not be read; `reason` says why."""
        return bool(self["status"] == BROKEN)


def all_runs(directories: Sequence[Path]) -> list[KnownRun]:
    """The runs in or below each directory, each once. ConfigError for what is no directory."""
    paths: dict[Path, None] = {}
    for directory in directories:
        if not directory.is_dir():
            raise ConfigError(f"{directory}: no such directory; name one that holds runs")
        paths.update(dict.fromkeys(runs_below(directory)))
    if not paths:
        named = ", ".join(map(str, directories))
        raise ConfigError(f"{named}: no run is in it or below; name the directory that `fit` wrote to")
    return [known(path) for path in paths]


def runs_below(directory: Path) -> Iterator[Path]:
    """The directories of runs, in the order of their names; hidden ones and links are not entered.

    Last come directories that cannot be read, which may hold some.
    """
    refused = list[Path]()
    for name, folders, _ in os.walk(directory, onerror=lambda error: refused.append(_named(error))):
        place = Path(name)
        if is_run(place) or is_cross_validation(place):
            folders.clear()
            yield place
        folders[:] = sorted(each for each in folders if not each.startswith("."))
    yield from refused


def _named(error: OSError) -> Path:
    """The directory that could not be read."""
    return Path(error.filename)


def is_run(place: Path) -> bool:
    """Whether a run was begun in it; a config.yaml alone may be one that somebody wrote."""
    files = [each.name for each in files_in(place)]
    return bool(files) and (files != ["config.yaml"] or is_there(place / LOCK))


def is_cross_validation(place: Path) -> bool:
    """Whether it holds folds; a directory that cannot be read holds nothing that could be told."""
    try:
        return bool(folds_in(place))
    except StorageError:
        return False


def known(path: Path) -> KnownRun:
    """What is known of a run; one that cannot be read is broken, and says why."""
    try:
        members = [] if is_run(path) else some_folds(path)
        facts, settings = of_folds(path, members) if members else of_run(path)
    except MLPTrainError as error:
        facts, settings = {"status": BROKEN, "reason": "; ".join(error.faults)}, {}
    return KnownRun(path, {"run": str(path), **facts}, settings)


def of_run(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Facts and settings of one run."""
    summary = read_summary(path)
    document = read(path / "config.yaml").data
    if not isinstance(document, dict):
        raise CheckpointError(f"{path / 'config.yaml'}: holds no config; put the file back")
    facts = {key: summary.get(key) for key in OF_SUMMARY}
    facts["monitor"] = facts["monitor"] or dict(flat(document)).get("train.monitor")
    test = summary.get("test")
    measured = test if isinstance(test, Mapping) else {}
    return {**facts, **{f"test.{name}": value for name, value in measured.items()}}, dict(
        flat(document)
    )


def of_folds(directory: Path, folds: Sequence[Path]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The folds of a run as one: means of their figures, the sum of their seconds.

    Of candidates those count of which the model consists; while none is chosen there is no figure.
    """
    each = {path: of_run(path) for path in folds}
    facts = [fact for fact, _ in each.values()]
    settings = {
        key: value for key, value in each[folds[0]][1].items() if not key.startswith("data.fold.")
    }
    names = list(dict.fromkeys(map(candidate_of, folds)))
    wanted = each[folds[0]][1].get("data.fold.of")
    wanted = wanted * len(names) if isinstance(wanted, int) else len(folds)
    chosen, used = combination_below(directory), names
    if chosen is not None:
        settings = dict(flat(chosen.config))
        used = [part.name for part in chosen.used]
    figures = {
        name: means_of([each[path][0] for path in folds if candidate_of(path) == name]) for name in used
    }
    best: dict[str, Any] = {"best": None}
    if len(used) == 1:
        (best,) = figures.values()
    elif chosen is not None:
        best = {"best": mean_over_folds(directory, facts[0]["monitor"])}
    seconds = [fact["seconds"] for fact in facts if fact["seconds"] is not None]
    sizes = [
        next(each[path][0]["parameters"] for path in folds if candidate_of(path) == name)
        for name in used
    ]
    together = {
        **state_of(facts, wanted),
        "monitor": facts[0]["monitor"],
        **best,
        "seconds": sum(seconds) if seconds else None,
        "parameters": sum(sizes) if None not in sizes else None,
        "folds": len(folds) // len(names),
    }
    return together, {**settings, "data.fold": None}


def combination_below(directory: Path) -> Combination | None:
    """How the candidates of a run count; None where it has none, or while they are at work."""
    file = directory / SUMMARY
    return combination_in(file, read_document(file)) if file.is_file() else None


def means_of(facts: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """The means of what folds reached, by their monitor and on test rows."""
    return {key: mean([fact.get(key) for fact in facts]) for key in ("best", *tests_of(facts[0]))}


def mean_over_folds(directory: Path, monitor: object) -> Any:
    """Of several candidates together: what folds.json says of the metric that each was watched by."""
    metrics = read_document(directory / SUMMARY).get("metrics")
    metric = str(monitor).partition("_")[2]
    found = metrics.get(metric) if isinstance(metrics, Mapping) else None
    return found.get("mean") if isinstance(found, Mapping) else None


def tests_of(facts: Mapping[str, Any]) -> list[str]:
    """The keys of what was reached on test rows."""
    return [key for key in facts if key.startswith("test.")]


def mean(values: Sequence[Any]) -> float | None:
    """Of numbers; None where one is missing."""
    numbers = [each for each in values if isinstance(each, int | float)]
    return sum_in_order(numbers) / len(numbers) if len(numbers) == len(values) else None


def state_of(facts: Sequence[Mapping[str, Any]], wanted: Any) -> dict[str, Any]:
    """The state of the first fold that is not at its end, else of the first."""
    for number, fact in enumerate(facts, 1):
        if fact["status"] not in GOOD:
            return {"status": fact["status"], "reason": f"fold {number}: {fact['reason']}"}
    if isinstance(wanted, int) and len(facts) < wanted:
        return {"status": KILLED, "reason": f"{len(facts)} of {wanted} folds were begun"}
    return {"status": facts[0]["status"], "reason": facts[0]["reason"]}
