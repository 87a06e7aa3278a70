"""Which runs are shown, in which order, with which columns."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mlptrain.config.dotted import differing
from mlptrain.config.dump import inline
from mlptrain.config.keys import short_key
from mlptrain.config.yaml import TextFault, parse_lines
from mlptrain.errors import ConfigError
from mlptrain.messages import advice
from mlptrain.metrics import larger_is_better
from mlptrain.tools.all_runs import FACTS, KnownRun

WRITTEN = re.compile(r"([^=!<>]+)(!=|<=|>=|=|<|>)(.*)", re.DOTALL)
HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda own, value: bool(own == value),
    "!=": lambda own, value: bool(own != value),
    "<": lambda own, value: bool(own < value),
    "<=": lambda own, value: bool(own <= value),
    ">": lambda own, value: bool(own > value),
    ">=": lambda own, value: bool(own >= value),
}


@dataclass(frozen=True)
class Condition:
    """`optimizer.name=adam`, `train.epochs>=20`, `best<0.1`."""

    key: str
    operator: str
    value: Any

    def holds(self, run: KnownRun) -> bool:
        """Whether it is so of a run; numbers alone have an order."""
        own = run[self.key]
        if self.operator not in ("=", "!=") and not (is_number(own) and is_number(self.value)):
            return False
        return HOLDS[self.operator](own, self.value)


@dataclass(frozen=True)
class RunTable:
    """Runs in their order, and the settings in which they differ."""

    runs: Sequence[KnownRun]
    columns: Sequence[str]
    differing: Sequence[str]

    @property
    def monitors(self) -> list[str]:
        """What decided which epoch is best: one where all runs can be compared by it."""
        return list(dict.fromkeys(run["monitor"] for run in self.runs if run["monitor"]))


def tabulated(
    found: Sequence[KnownRun],
    *,
    where: Sequence[str] = (),
    status: Sequence[str] = (),
    sort: str | None = None,
    columns: str | None = None,
) -> RunTable:
    """The runs for which every condition and one status holds, the best first.

    sort     a fact or a setting, the smallest first, or the largest with `-` before it
    columns  facts and settings with commas between; else the facts that matter and what differs
    """
    known = names(found)
    conditions = [condition(text, known) for text in where]
    order = None if sort is None else checked(sort.removeprefix("-"), known, f"--sort {sort}")
    runs = [
        run
        for run in found
        if all(each.holds(run) for each in conditions) and (not status or run["status"] in status)
    ]
    keys = differing([run.settings for run in runs if not run.is_broken])
    runs = ranked(runs) if order is None else arranged(runs, order, sort != order)
    if columns is not None:
        shown = [checked(each.strip(), known, f"--columns {columns}") for each in columns.split(",")]
        return RunTable(runs, shown, keys)
    monitor = ["monitor"] if len({run["monitor"] for run in runs if run["monitor"]}) > 1 else []
    return RunTable(runs, ["run", *monitor, "best", "best_epoch", *keys, "seconds", "status"], keys)


def names(runs: Iterable[KnownRun]) -> list[str]:
    """Every fact and every setting that a run has."""
    several = list(runs)
    facts = (key for run in several for key in run.facts)
    return list(dict.fromkeys([*FACTS, *facts, *(key for run in several for key in run.settings)]))


def condition(text: str, known: Sequence[str]) -> Condition:
    """A condition as it is written; ConfigError for another form, or a key that no run has."""
    place = f"--where {text}"
    match = WRITTEN.fullmatch(text)
    if match is None:
        raise ConfigError(f"{place}: expected KEY=VALUE, for instance optimizer.name=adam")
    key, operator, word = match.groups()
    try:
        value = parse_lines(word, place).data
    except TextFault as fault:
        raise ConfigError(f"{place}: {fault.what}") from None
    return Condition(checked(key.strip(), known, place), operator, value)


def checked(key: str, known: Sequence[str], place: str) -> str:
    """A fact or a setting that a run has; `optimizer` stands for `optimizer.name`."""
    if key in known:
        return key
    short = short_key(tuple(key.split(".")))
    if short and f"{key}.{short}" in known:
        return f"{key}.{short}"
    raise ConfigError(f"{place}: no run has {key!r}; {advice(key, known)}")


def ranked(runs: Sequence[KnownRun]) -> list[KnownRun]:
    """The best first; runs with another monitor after those before, and last those without a figure."""
    monitors = list(dict.fromkeys(run["monitor"] for run in runs))

    def place(run: KnownRun) -> tuple[bool, int, float]:
        if not is_number(run["best"]):
            return True, monitors.index(run["monitor"]), 0.0
        sign = -1 if larger_is_better(str(run["monitor"])) else 1
        return False, monitors.index(run["monitor"]), sign * run["best"]

    return sorted(runs, key=place)


def arranged(runs: Sequence[KnownRun], key: str, falling: bool) -> list[KnownRun]:
    """By one value: numbers first, then text; last the runs that do not have it."""
    numbers = [run for run in runs if is_number(run[key])]
    others = [run for run in runs if not is_number(run[key]) and run[key] is not None]
    without = [run for run in runs if run[key] is None]
    return [
        *sorted(numbers, key=lambda run: float(run[key]), reverse=falling),
        *sorted(others, key=lambda run: inline(run[key]), reverse=falling),
        *without,
    ]


def is_number(value: object) -> bool:
    """Whether it can be compared by size."""
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)
