"""Ratios, wins and ranks of contenders from the files in results/."""

import json
import math
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean

Seeds = dict[str, dict[str, float]]
"""Seed -> figure -> value, of one contender on one table."""


class Contender:
    """What one contender reached on each table and seed."""

    def __init__(self, path: Path) -> None:
        document = json.loads(path.read_text())
        self.name: str = document["name"]
        self.version: str = document["version"]
        self.tables: dict[str, Seeds] = document["tables"]

    def mean(self, table: str, figure: str, seeds: Iterable[str]) -> float:
        """The mean over seeds. An error of 0 counts as half a row, so that ratios exist."""
        found = [self.tables[table][seed] for seed in seeds]
        return fmean(
            max(each[figure], 0.5 / each["rows"]) if figure == "error" else each[figure]
            for each in found
        )

    def cpu(self) -> float:
        """CPU seconds of one seed, all its tables; figures made beside other work have none."""
        of_table = (
            [each["cpu"] for each in seeds.values() if "cpu" in each] for seeds in self.tables.values()
        )
        return sum(map(fmean, of_table))

    def seeds(self) -> int:
        """The most seeds of a table."""
        return max(map(len, self.tables.values()))


def main_figure(values: Seeds, of_classes: str) -> str:
    """What decides on a table: `of_classes` for classes, RMSE for numbers."""
    return "rmse" if "rmse" in next(iter(values.values())) else of_classes


def pairs(a: Contender, b: Contender, figure: str) -> dict[str, tuple[float, float]]:
    """Table -> the two means over the seeds that both have, of the tables that have the figure."""
    found = {}
    for table in sorted(a.tables.keys() & b.tables.keys()):
        seeds = common_seeds([a, b], table)
        if seeds and figure in a.tables[table][seeds[0]]:
            found[table] = (a.mean(table, figure, seeds), b.mean(table, figure, seeds))
    return found


def ratio(of: Iterable[tuple[float, float]]) -> float:
    """Geometric mean of a / b; nan of nothing. Both are figures where less is better."""
    logs = [math.log(max(a, 1e-6) / max(b, 1e-6)) for a, b in of]
    return math.exp(fmean(logs)) if logs else math.nan


def wins(of: Iterable[tuple[float, float]]) -> float:
    """How often a is below b; a tie is half a win."""
    return sum(0.5 if math.isclose(a, b, rel_tol=1e-9) else float(a < b) for a, b in of)


def both_kinds(a: Contender, b: Contender, of_classes: str) -> dict[str, tuple[float, float]]:
    """`pairs` of `of_classes` on the classes and of RMSE on the numbers."""
    return pairs(a, b, of_classes) | pairs(a, b, "rmse")


def common_seeds(contenders: list[Contender], table: str) -> list[str]:
    """The seeds at which all have a result on `table`."""
    return sorted(set.intersection(*(set(each.tables.get(table, ())) for each in contenders)))


def ranks(contenders: list[Contender], of_classes: str) -> tuple[dict[str, float], int]:
    """Mean rank of each (1 is best) over the tables that all have at a seed, and their number."""
    found: dict[str, list[float]] = {each.name: [] for each in contenders}
    tables = [name for name in contenders[0].tables if common_seeds(contenders, name)]
    for table in tables:
        figure = main_figure(contenders[0].tables[table], of_classes)
        seeds = common_seeds(contenders, table)
        values = {each.name: each.mean(table, figure, seeds) for each in contenders}
        for name, own in values.items():
            below = sum(value < own for value in values.values())
            level = sum(value == own for value in values.values())
            found[name].append(below + (level + 1) / 2)
    return {name: fmean(own) if own else math.nan for name, own in found.items()}, len(tables)


def by_seed(a: Contender, b: Contender, figure: str) -> list[float]:
    """The ratio at each seed at which both have all of their common tables."""
    tables = pairs(a, b, figure)
    seeds = [set(common_seeds([a, b], table)) for table in tables]
    return [
        ratio((a.mean(table, figure, [seed]), b.mean(table, figure, [seed])) for table in tables)
        for seed in sorted(set.intersection(*seeds) if seeds else ())
    ]
