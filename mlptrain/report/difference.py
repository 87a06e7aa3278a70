"""What differs between two runs: a table for each part, or one JSON document."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from mlptrain.config.dump import inline
from mlptrain.report.console import emit_json, number, say, stderr, stdout
from mlptrain.report.tables import print_table
from mlptrain.tools.difference import PARTS, Difference, Side
from mlptrain.tools.run_table import is_number

DIGITS = 12
"""Of a fingerprint, on the terminal."""


def show(left: Side, right: Side, found: Sequence[Difference]) -> None:
    """A table for each part that differs, and a line for those that do not."""
    for each in (left, right):
        if each.data is None:
            say(
                stderr(),
                f"note: {each.path}: keeps no checkpoint, which would tell data and environment",
            )
    out = stdout()
    for part, several in groupby(found, lambda each: each.part):
        rows = [(each.key, cell(each.left, part), cell(each.right, part)) for each in several]
        names = [str(left.path), str(right.path)]
        print_table(out, (part, *names), rows, words=names)
        out.print()
    parts = [part for part in PARTS if left.part(part) is not None and right.part(part) is not None]
    if same := [part for part in parts if part not in {each.part for each in found}]:
        say(out, f"the same: {', '.join(same)}")


def cell(value: Any, part: str) -> str:
    """A value as YAML has it, figures in four digits, the beginning of a fingerprint."""
    if value is None and part != "config":
        return "-"
    if part == "data":
        return str(value)[:DIGITS]
    if isinstance(value, str):
        return value
    return number(value) if is_number(value) and part == "figures" else inline(value)


def show_json(left: Side, right: Side, found: Sequence[Difference]) -> None:
    """By part and key the values of both; null for a part that cannot be compared."""
    document: dict[str, Any] = {"left": str(left.path), "right": str(right.path)}
    for part in PARTS:
        comparable = left.part(part) is not None and right.part(part) is not None
        of_part = {each.key: [each.left, each.right] for each in found if each.part == part}
        document[part] = of_part if comparable else None
    emit_json(document)
