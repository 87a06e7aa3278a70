"""What stands around a picture: its words, and the titles that tell runs apart."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mlptrain.config.dump import inline
from mlptrain.report.plots.canvas import Figure, shown
from mlptrain.report.results import Results

MOST_IN_TITLE = 2
"""Runs that differ in more settings than this are called by their directories."""


class Picture(NamedTuple):
    """A figure and its alternative text."""

    figure: Figure
    words: str


def flat(settings: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and their values.

    >>> dict(flat({"model": {"hidden": [3]}, "seed": 0}))
    {'model.hidden': [3], 'seed': 0}
    """
    for key, value in settings.items():
        here = f"{at}.{key}" if at else str(key)
        if isinstance(value, Mapping) and value:
            yield from flat(value, here)
        else:
            yield here, value


def differing(runs: Sequence[Results]) -> dict[str, list[str]]:
    """The settings that are not the same in all runs, each with its value in every run."""
    tables = [dict(flat(run.settings)) for run in runs]
    keys = list(dict.fromkeys(key for table in tables for key in table))
    values = {key: [inline(table[key]) if key in table else "-" for table in tables] for key in keys}
    return {key: each for key, each in values.items() if len(set(each)) > 1}


def titles(runs: Sequence[Results]) -> list[str]:
    """A short title for each run: `hidden [3]` where few settings differ, else its directory."""
    names = [run.name for run in runs]
    if len(runs) < 2 or not all(run.has_model for run in runs):
        return [shown(name) for name in names]
    differences = differing(runs)
    if not 1 <= len(differences) <= MOST_IN_TITLE:
        return [shown(name) for name in names]
    short = {key: key.rpartition(".")[2] for key in differences}
    return [
        shown(", ".join(f"{short[key]} {values[i]}" for key, values in differences.items()), 40)
        for i in range(len(runs))
    ]
