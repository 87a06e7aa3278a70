"""What a first config makes of each column of the table, in one row."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mlptrain.data.source import Kind
from mlptrain.messages import count
from mlptrain.tools.first_config.profile import Profile
from mlptrain.tools.first_config.roles import Roles

LEFT_OUT = "left out"
"""The role of a column that is not learned from."""


class Row(NamedTuple):
    """A column, what it holds, how many blanks it has, what becomes of it, and why."""

    name: str
    kind: Kind
    blanks: int
    role: str
    reason: str


def overview(
    answers: Sequence[Profile], columns: Sequence[Profile], split: Mapping[str, str], roles: Roles
) -> tuple[Row, ...]:
    """The targets, and then every column that was looked at; `split` has those that split the rows."""
    rows = [_row(each, "target", _values(each)) for each in answers]
    of_split = {name: f"splits the rows: {key}" for key, name in split.items()}
    categories = {each.name for each in roles.texts}
    features = {each.name for each in roles.features}
    for each in columns:
        name = each.name
        if name in roles.ignored:
            rows.append(_row(each, LEFT_OUT, roles.ignored[name]))
        elif name not in features:
            rows.append(_row(each, "split", of_split.get(name, "")))
        elif name in categories:
            why = f"; {roles.codes[name]}" if name in roles.codes else ""
            rows.append(_row(each, "category", _values(each) + why))
        else:
            rows.append(_row(each, "date" if each.kind == "date" else "number", _values(each)))
    return tuple(rows)


def _row(column: Profile, role: str, reason: str) -> Row:
    return Row(column.name, column.kind, column.blanks, role, reason)


def _values(column: Profile) -> str:
    """How many different values there are, and their range."""
    different = count(column.different, "value")
    has_range = column.kind == "number" and not column.inexact
    return f"{different}, {column.low:.4g} to {column.high:.4g}" if has_range else different
