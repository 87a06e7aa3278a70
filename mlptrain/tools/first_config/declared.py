"""What a first config declares of single columns, and what it leaves to be uncommented."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from mlptrain.config.dump import inline
from mlptrain.data.written import Written
from mlptrain.messages import printable, some
from mlptrain.tools.first_config.bad_cells import BadCells
from mlptrain.tools.first_config.notations import Notated

Comments = dict[tuple[str | int, ...], str]


class Declared(NamedTuple):
    """One column: what would be right if the user agrees, and the lines of the config until then."""

    name: str
    answer: Written
    active: Written | None
    asked: tuple[Written, ...]
    comments: tuple[str, ...]


def of_cells(each: BadCells) -> Declared:
    """Cells that are no numbers: declared missing where everybody writes so, else asked about."""
    written = Written(missing=each.texts)
    if not each.doubtful:
        return Declared(each.name, written, written, (), (each.found,))
    ask = f"{some([repr(text) for text in each.doubtful])} missing? then take off the #; {each.found}"
    return Declared(each.name, written, None, (written,), (ask,))


def of_notation(each: Notated) -> Declared:
    """A notation: declared where the values leave no doubt, else a line to uncomment per reading."""
    read = tuple(f"{each.example} is {number}" for number in each.meanings)
    if not each.is_certain:
        asked = tuple(f"{line}? then take off the #" for line in read)
        return Declared(each.name, each.readings[-1], None, each.readings, asked)
    (written,) = each.readings
    missing = (*written.missing, *each.doubtful)
    answer = Written(**{**asdict(written), "missing": missing})
    return Declared(each.name, answer, written, (), read)


def of_points(name: str) -> Declared:
    """A column of plain numbers whose points may separate thousands: they are decimal points as yet."""
    comment = "1.234 is 1234, not 1.234? then take off the #"
    return Declared(name, Written(decimal="."), None, (Written(thousands="."),), (comment,))


def section(
    declared: Sequence[Declared], codes: Mapping[str, str], comments: Comments
) -> dict[str, Any]:
    """The key `columns` with everything answered, and then the numbers that are codes, and why."""
    if not declared and not codes:
        return {}
    what = ["how the values of these columns are written"] * bool(declared)
    what += ["numbers that stand for categories"] * bool(codes)
    comments[("data", "columns")] = ", and ".join(what)
    for each in declared:
        comments[("data", "columns", each.name)] = each.comments[0]
    columns = {each.name: as_mapping(each.answer) for each in declared}
    for name, why in codes.items():
        columns[name] = columns.get(name, {}) | {"kind": "category"}
        comments[("data", "columns", name)] = why
    return {"columns": columns}


def as_mapping(written: Written) -> dict[str, Any]:
    """What is declared, as a config has it."""
    keys = {key: value for key, value in asdict(written).items() if value not in (None, ())}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in keys.items()}


def asking(text: str, declared: Sequence[Declared], alone: bool) -> str:
    """The config with the lines that are for the user to decide as comments, to be uncommented.

    `alone` where there are no other lines under `columns`.
    """
    lines = text.splitlines(keepends=True)
    start = next((place for place, line in enumerate(lines) if line.startswith("  columns:")), 0)
    for place, each in enumerate(declared, start + 1):
        if each.active != each.answer:
            lines[place] = "".join(_lines(each))
    if alone and declared and all(each.active is None for each in declared):
        lines[start] = f"  # {lines[start].strip()}; take off this # too\n"
    return "".join(lines)


def _lines(each: Declared) -> list[str]:
    asked = [each.active] if each.active is not None else each.asked
    sign = "" if each.active is not None else "# "
    return [
        f"    {sign}{inline({each.name: as_mapping(written)})[1:-1]}  # {printable(comment)}\n"
        for written, comment in zip(asked, each.comments, strict=True)
    ]
