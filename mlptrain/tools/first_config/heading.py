"""What a first config says before it begins: how it was made, and what the values leave open."""

from collections.abc import Sequence
from itertools import pairwise

from mlptrain.data.source import as_number, told_apart
from mlptrain.messages import count, printable, some
from mlptrain.tools.first_config.profile import Profile
from mlptrain.tools.first_config.roles import Roles, is_code, is_picture, may_be_an_index

FEW = 3
"""So many columns are named in a comment that is to stay short."""
MOST_NOTES = 6
"""So many columns that are left out get a line each."""
SCHEMA = "mlptrain.schema.json"
"""The file beside a config in which an editor finds the JSON Schema."""
NAMELESS = '""'


def heading(path: str, names: Sequence[str], rows: int, roles: Roles, doubts: Sequence[str]) -> str:
    """The comment above a config."""
    sizes = f"{count(rows, 'row')}, {count(len(names), 'column')}"
    lines = [
        f"A first config for {path}: {sizes}, {count(len(roles.features), 'column')} to learn from.",
        "Written by mlptrain init, which read every value. Read the comments, change what you",
        "know better, then: mlptrain fit CONFIG   and: mlptrain predict RUN NEW_DATA -o FILE",
    ]
    if looks_like_a_row(names):
        lines += [
            f"The header holds numbers: {some(names, FEW)}.",
            "If that is a row of data, write a line of names above it, and run init again.",
        ]
    codes = [
        each.name
        for each in roles.numbers
        if each.kind == "number" and each.whole and 2 < each.different <= 10
    ]
    if codes and not is_picture(roles.numbers):
        lines += [
            f"Whole numbers with few values: {some(codes, FEW)}.",
            "They are treated as quantities. Name codes under data.categorical.columns.",
        ]
    lines += [f"{doubt}." for doubt in doubts]
    lines += [
        f"For an editor that explains and completes every key: mlptrain schema -o {SCHEMA}",
        f"yaml-language-server: $schema={SCHEMA}",
    ]
    return "".join(f"# {printable(line)}\n" for line in lines) + "\n"


def with_line(text: str, line: str) -> str:
    """A config with one more line above it."""
    above, blank, below = text.partition("\n\n")
    return f"{above}\n# {printable(line)}.{blank}{below}"


def looks_like_a_row(names: Sequence[str]) -> bool:
    """Whether most names of columns are numbers, other than a count of the columns.

    >>> looks_like_a_row(["5.1", "3.5", "setosa"]), looks_like_a_row(["0", "1", "2", "y"])
    (True, False)
    """
    numbers = [number for name in names if (number := as_number(name)) is not None]
    steps = {after - before for before, after in pairwise(numbers)}
    return 2 * len(numbers) > len(names) and steps != {1}


def left_out(roles: Roles) -> list[str]:
    """A note on the columns that are not learned from."""
    shown = [f"{name or NAMELESS} ({reason})" for name, reason in roles.ignored.items()]
    more = [f"left out: {len(shown) - MOST_NOTES:,} columns more, with reasons in the config"]
    return [f"left out: {each}" for each in shown[:MOST_NOTES]] + more * (len(shown) > MOST_NOTES)


def doubts_about(roles: Roles, answers: Sequence[Profile]) -> list[str]:
    """What a look at the values leaves open."""
    everything = [*answers, *roles.features]
    points = [each.name for each in everything if each.thousands]
    index = [each.name for each in roles.numbers if may_be_an_index(each)]
    doubts = []
    if points:
        text = "points, read as decimal points, may separate thousands: is 1.234 1234? see data.columns"
        doubts.append(f"{some(points, FEW)}: {text}")
    if index:
        text = "whole numbers, all different, close together or rising: ignore them if they number rows"
        doubts.append(f"{some(index, FEW)}: {text}")
    many = [
        f"{each.name} ({count(each.different, 'value')})" for each in roles.numbers if is_code(each)
    ]
    if many:
        way = "{kind: category, encode: target} in data.columns, categorical: {unseen: zeros}"
        doubts.append(f"{some(many, FEW)}: codes, treated as quantities; or write {way}")
    forms = [each for each in roles.features if each.form]
    doubts += [f"{each.name}: {each.form}, treated as categories: {each.advice}" for each in forms]
    for each in roles.features:
        if each.marks:
            where = f"write data.columns.{each.name}.missing"
            doubts.append(
                f"{each.name}: {each.marks[0]!r} is treated as a category; if it means none, {where}"
            )
    return doubts + [f"{each.name}: {told_apart(each.alike)}" for each in everything if each.alike]
