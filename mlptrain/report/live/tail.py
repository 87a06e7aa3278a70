"""What runs have written so far, read from where the last look ended.

A run is not asked and does not know: nothing here can slow or end it.
"""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlptrain.errors import ConfigError, MLPTrainError
from mlptrain.report.live.closeup import Closeup
from mlptrain.report.live.digits import rounded
from mlptrain.report.results import HISTOGRAMS
from mlptrain.storage.documents import parsed
from mlptrain.storage.fold_directory import some_folds
from mlptrain.storage.reading import open_file
from mlptrain.storage.state import RUNNING, read_summary
from mlptrain.tools.all_runs import BROKEN, runs_below

MOST_RUNS = 12
"""Runs that are followed at a time, the newest."""
MOST_CLOSE = 3
"""As many runs, or fewer, are shown with what their networks say."""
MOST_POINTS = 400
"""Points of a curve, evenly spaced; the last one is always among them."""
OF_LAYERS = ("update_ratio", "dead")

Values = Mapping[str, Any]


class Tail:
    """One run: its records as numbers, and how it stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.status, self.reason = "", ""
        self.closeup = Closeup(path)
        self._begin()

    def _begin(self) -> None:
        self._place, self._end = 0, b""
        self.records: list[dict[str, Any]] = []

    def look(self) -> None:
        """Read what was added; all again where the file is not what it was."""
        try:
            summary = read_summary(self.path)
            self.status, self.reason = str(summary.get("status")), str(summary.get("reason"))
            for line in self._added():
                self.records.append(slim(parsed(str(self.path / "metrics.jsonl"), line)))
        except MLPTrainError as error:
            self.status, self.reason = BROKEN, "; ".join(error.faults)

    def _added(self) -> list[bytes]:
        """The whole lines behind the place that was read last.

        A run that is resumed cuts its metrics and writes on: then the last line that was read, which
        has a time in it, is no longer where it was.
        """
        try:
            file = open_file(self.path / "metrics.jsonl")
        except (FileNotFoundError, IsADirectoryError):
            self._begin()
            return []
        with file:
            file.seek(self._place - len(self._end))
            if file.read(len(self._end)) != self._end:
                self._begin()
                file.seek(0)
            added = file.readall()
        whole = added[: added.rfind(b"\n") + 1]
        lines = whole.splitlines(keepends=True)
        self._place += len(whole)
        self._end = lines[-1] if lines else self._end
        return lines

    @property
    def is_running(self) -> bool:
        """Whether more is to come."""
        return self.status == RUNNING

    def document(self, name: str, *, close: bool) -> dict[str, Any]:
        """Its curves, thinned, and how it stands; `close`: and what its network says."""
        shown = thinned(self.records)
        keys = dict.fromkeys(key for record in shown for key in record if key != HISTOGRAMS)
        layers = dict.fromkeys(name for record in shown for name in record.get(HISTOGRAMS, ()))
        logged = [record for record in shown if HISTOGRAMS in record]
        return {
            "name": name,
            "status": self.status,
            "reason": self.reason,
            "network": self.closeup.document() if close else None,
            "series": {key: [record.get(key) for record in shown] for key in keys},
            "logged": {key: [each.get(key) for each in logged] for key in ("epoch", "step")},
            "layers": {
                name: {
                    key: [each[HISTOGRAMS].get(name, {}).get(key) for each in logged]
                    for key in OF_LAYERS
                }
                for name in layers
            },
        }


def thinned(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """So many that a page can draw them.

    >>> [each["step"] for each in thinned([{"step": n} for n in range(3)])]
    [0, 1, 2]
    """
    every = math.ceil(len(records) / MOST_POINTS) or 1
    return records[(len(records) - 1) % every :: every]


def slim(record: Values) -> dict[str, Any]:
    """The numbers of a record; of the histograms of each layer only what is one number."""
    kept: dict[str, Any] = {key: rounded(value) for key, value in record.items() if is_number(value)}
    logged = record.get(HISTOGRAMS)
    if isinstance(logged, Mapping):
        kept[HISTOGRAMS] = {
            name: {key: rounded(layer[key]) for key in OF_LAYERS if is_number(layer.get(key))}
            for name, layer in logged.items()
            if isinstance(layer, Mapping)
        }
    return kept


def is_number(value: object) -> bool:
    """A number; null is left out, as it was not finite."""
    return isinstance(value, int | float) and not isinstance(value, bool)


class Watched:
    """A run, the folds of one, or every run below a directory, as they come."""

    def __init__(self, place: Path) -> None:
        if not place.is_dir():
            raise ConfigError(f"{place}: no such directory; name a run, or a directory of runs")
        self.place = place
        self.more = 0
        self._tails: dict[Path, Tail] = {}

    def look(self) -> list[Tail]:
        """The newest runs, each read up to now."""
        paths = sorted(self._runs(), key=changed)[-MOST_RUNS:]
        self._tails = {path: self._tails.get(path) or Tail(path) for path in sorted(paths)}
        for tail in self._tails.values():
            tail.look()
        return list(self._tails.values())

    def _runs(self) -> list[Path]:
        found = [path for run in runs_below(self.place) for path in members(run)]
        self.more = max(0, len(found) - MOST_RUNS)
        return found

    def names(self, tails: list[Tail]) -> Iterator[str]:
        """Each as it is called below the place; the place itself by its own name."""
        for tail in tails:
            yield str(tail.path.relative_to(self.place)) if tail.path != self.place else str(self.place)


def members(run: Path) -> list[Path]:
    """The folds of a run, or the run."""
    try:
        return some_folds(run) or [run]
    except MLPTrainError:
        return [run]


def changed(run: Path) -> float:
    """When its metrics were written last; what has none comes first."""
    try:
        return (run / "metrics.jsonl").stat().st_mtime
    except OSError:
        return 0.0
