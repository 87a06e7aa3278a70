"""What stands around a picture: its words, and the titles that tell runs apart."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mlptrain.config import dotted
from mlptrain.config.dotted import flat
from mlptrain.report.console import number
from mlptrain.report.plots.canvas import Figure, shown
from mlptrain.report.results import Results

SPOKEN = {"data.fold.number": "fold"}
"""Settings whose last key alone does not say what they are."""
MOST_IN_TITLE = 2
"""Runs that differ in more settings than this are called by their directories."""


class Picture(NamedTuple):
    """A figure and its alternative text."""

    figure: Figure
    words: str


def differing(runs: Sequence[Results]) -> dict[str, list[str]]:
    """The settings that are not the same in all runs, each with its value in every run."""
    tables = [dict(flat(run.settings)) for run in runs]
    return {key: [short(table, key) for table in tables] for key in dotted.differing(tables)}


def short(settings: Mapping[str, Any], key: str) -> str:
    """The value of a setting, a float in four digits."""
    value = settings.get(key)
    return number(value) if isinstance(value, float) else dotted.shown(settings, key)


def titles(runs: Sequence[Results]) -> list[str]:
    """A short title for each run: `hidden [3]` where few settings differ, else its directory."""
    names = [run.name for run in runs]
    if len(set(names)) < len(names):
        names = ["/".join(run.path.resolve().parts[-3:]) for run in runs]
    if len(runs) < 2:
        return [shown(name) for name in names]
    differences = differing(runs)
    if not 1 <= len(differences) <= MOST_IN_TITLE:
        return [shown(name) for name in names]
    last = {key: SPOKEN.get(key, key.rpartition(".")[2]) for key in differences}
    return [
        shown(", ".join(f"{last[key]} {values[i]}" for key, values in differences.items()), 40)
        for i in range(len(runs))
    ]
