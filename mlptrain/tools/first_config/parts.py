"""How the rows are split: at random, by groups, or by time; and what a random split would hide.

A column with the name of a person or the like (patient, subject_id) is the group. Other columns of
groups, and a column in whose order the rows stand, are offered as a comment: only the user knows
whether new rows come from the same stores, or are later than these.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mlptrain.config import dump
from mlptrain.data.source import Source
from mlptrain.errors import ConfigError
from mlptrain.messages import count, printable
from mlptrain.tools.belonging import belonging, orders_rows
from mlptrain.tools.first_config.profile import Profile

MEMORY = "a random split tests on values that training has seen"
AHEAD = "a random split trains on what comes after the test rows"


@dataclass(frozen=True)
class Parts:
    """Keys of `data` with their columns: those that are written, and those that are offered.

    reasons   of each key
    """

    chosen: dict[str, str] = field(default_factory=dict)
    offered: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def notes(self) -> list[str]:
        """What to tell of it."""
        told = [f"{name}: {self.reasons[key]} (data.{key})" for key, name in self.chosen.items()]
        return told + [
            f"{name}: {self.reasons[key]}, uncomment data.{key}" for key, name in self.offered.items()
        ]

    def with_offers(self, text: str) -> str:
        """The config with the offers as comments, to be uncommented, behind the line of `test`."""
        lines = text.splitlines(keepends=True)
        place = next(number for number, line in enumerate(lines) if line.startswith("  test:")) + 1
        offers = [
            f"  # {dump({key: name}).strip()}  # {printable(self.reasons[key])}, uncomment this\n"
            for key, name in self.offered.items()
        ]
        return "".join([*lines[:place], *offers, *lines[place:]])


def choose_parts(
    source: Source, profiles: Sequence[Profile], group: str | None, time: str | None
) -> Parts:
    """As the options --group and --time say, else as the columns look."""
    if group is not None and time is not None:
        raise ConfigError("--group and --time: one of the two decides about the parts")
    names = [each.name for each in profiles]
    for option, name in (("--group", group), ("--time", time)):
        if name is not None and name not in names:
            raise ConfigError(f"{option} {name}: is the target")
    if group is not None:
        return Parts({"group": group}, {}, {"group": _of_group(profiles, group)})
    if time is not None:
        return Parts({"time": time}, {}, {"time": "train is before val, and val before test"})
    return _as_it_looks(source, profiles)


def _as_it_looks(source: Source, profiles: Sequence[Profile]) -> Parts:
    found = {each.name: belonging(source, each.name) for each in profiles if each.name}
    persons = [name for name, kind in found.items() if kind == "person"]
    if persons:
        return Parts({"group": persons[0]}, {}, {"group": _of_group(profiles, persons[0])})
    groups = [name for name, kind in found.items() if kind is not None]
    times = [each.name for each in profiles if each.is_number and orders_rows(source, each.name)]
    offered, reasons = dict[str, str](), dict[str, str]()
    if groups:
        (one,) = (each for each in profiles if each.name == groups[0])
        values = count(one.different, "value")
        offered["group"] = groups[0]
        reasons["group"] = f"{values}, and {MEMORY}: if rows of one value belong together"
    if times:
        offered["time"] = times[0]
        reasons["time"] = f"the rows are in this order, and {AHEAD}: if you predict later rows"
    return Parts({}, offered, reasons)


def _of_group(profiles: Sequence[Profile], name: str) -> str:
    (one,) = (each for each in profiles if each.name == name)
    values = f"{count(one.different, 'value')} in {count(one.rows, 'row')}"
    return f"{values}; all rows of one value stay together, because {MEMORY}; not a feature"
