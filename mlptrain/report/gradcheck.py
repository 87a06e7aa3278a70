"""The outcome of a gradient check: a row for each tensor. How to read it: docs/gradcheck.md."""

from collections.abc import Iterable, Sequence

from mlptrain.errors import CheckFailed
from mlptrain.messages import count, some
from mlptrain.report.console import emit_json, say, stdout
from mlptrain.report.tables import print_table
from mlptrain.tools.gradcheck import TOLERANCE, Row

MOST_NAMED = 3
MOST_KINKS = 10
"""So many tensors with kinks are listed below the table; --json has all."""


def show(rows: Iterable[Row], *, as_json: bool, whole: bool) -> None:
    """Print the rows that failed, or all; CheckFailed, with a line for each that failed, if any did."""
    rows = list(rows)
    failed = [row for row in rows if not row.passed]
    if as_json:
        emit_json(document(rows))
    else:
        print_rows(rows if whole else failed)
        for line in (*notes(rows), verdict(rows, failed)):
            say(stdout(), line)
    if failed:
        raise CheckFailed(*complaints(failed))


def print_rows(rows: Sequence[Row]) -> None:
    """The network stands above the table where it is only one, else in front of its tensors."""
    networks, parts = [row.network for row in rows], [row.part for row in rows]
    words: dict[str, list[str]] = {}
    if len(set(networks)) > 1:
        words["network"] = without_repeats(networks)
    elif networks:
        say(stdout(), networks[0])
    if len(set(parts)) > 1:
        words["loss"] = without_repeats(parts)
    words["tensor"] = [row.tensor for row in rows]
    numbers = {
        "error": [short(row.max_relative_error) for row in rows],
        "complex": [second(row) for row in rows],
        "how": [row.how for row in rows],
        "verdict": [mark(row) for row in rows],
    }
    columns = words | numbers
    if rows:
        cells = list(zip(*columns.values(), strict=True))
        flush_left = [*words, "how", "verdict"]
        print_table(stdout(), tuple(columns), cells, words=flush_left, spare=("how", "complex"))


def without_repeats(names: Sequence[str]) -> list[str]:
    """A name only where it is not that of the line above."""
    return ["" if i and name == names[i - 1] else name for i, name in enumerate(names)]


def short(value: float | None) -> str:
    """Two digits of a relative error.

    >>> short(1.242e-07), short(0.0), short(None)
    ('1.2e-07', '0', '-')
    """
    return "-" if value is None else "0" if value == 0 else f"{value:.1e}"


def second(row: Row) -> str:
    """The error against the complex step, with a ~ where it passes a node by differences."""
    return short(row.complex_error) + ("~" if row.differenced and row.complex_error is not None else "")


def mark(row: Row) -> str:
    """Whether a row passed, and whether kinks kept entries from being judged."""
    if not row.passed:
        return "FAILED"
    if row.rounded:
        return "ok, rounding"
    if row.kinks:
        return "ok, kinks" if row.entries_checked else "kinks"
    return "ok"


def notes(rows: Sequence[Row]) -> list[str]:
    """What stands below the table: where kinks were met, and which nodes take no complex numbers."""
    kinked = [row for row in rows if row.kinks]
    several = len({row.network for row in rows}) > 1
    lines = [kink_note(row, several=several) for row in kinked[:MOST_KINKS]]
    if len(kinked) > MOST_KINKS:
        lines.append(f"kinks in {len(kinked) - MOST_KINKS} more tensors: --json names them")
    rounded = [row for row in rows if row.rounded and row.passed]
    lines += [rounding_note(row, several=several) for row in rounded[:MOST_KINKS]]
    if len(rounded) > MOST_KINKS:
        lines.append(f"rounding in {len(rounded) - MOST_KINKS} more tensors: --json names them")
    if not several:
        lines += [silent_note(row) for row in rows if row.silent_units]
    names = dict.fromkeys(name for row in rows for name in row.differenced)
    if names:
        which = "nodes without complex numbers" if several else ", ".join(names)
        lines.append(f"~ the complex step passes {which} by differences")
    return lines


def rounding_note(row: Row, *, several: bool) -> str:
    """The line for a tensor whose differences were rounded off."""
    where = place(row) if several else within(row)
    return (
        f"rounding, not an error: {where}: differences of so large a loss are too coarse, the complex "
        f"step agrees to {short(row.complex_error)}"
    )


def silent_note(row: Row) -> str:
    """The line for a tensor some of whose units have no gradient."""
    units = count(row.silent_units, "unit")
    return (
        f"not seen: {within(row)}: {units} without any gradient on these rows (dead, or weights at 0)"
    )


def within(row: Row) -> str:
    """Part of the loss and tensor, where the network goes without saying."""
    return ", ".join([row.part] * (row.part != "loss") + [row.tensor])


def kink_note(row: Row, *, several: bool) -> str:
    """The line for a tensor some of whose entries lie on a kink."""
    where = place(row) if several else within(row)
    return (
        f"kink, not an error: {where}: {row.unjudged} of {row.unjudged + row.entries_checked} entries "
        f"left out, their steps cross {some(row.kinks, MOST_NAMED)}"
    )


def verdict(rows: Sequence[Row], failed: Sequence[Row]) -> str:
    """One line for all rows."""
    rounded = sum(1 for row in rows if row.rounded and row.passed)
    worst = max((row.max_relative_error for row in rows if not row.rounded), default=0.0)
    unknown = sum(1 for row in rows if not row.entries_checked)
    kinks = f", {unknown} of them on kinks and not judged" if unknown else ""
    kinks += f", {rounded} of them by the complex step alone" if rounded else ""
    largest = f"the largest relative error is {worst:.1e}, tolerance {TOLERANCE:.0e}"
    outcome = (
        f"{len(failed)} of {len(rows)} tensors failed" if failed else f"all {len(rows)} tensors agree"
    )
    return f"{outcome}{kinks}; {largest}"


def place(row: Row) -> str:
    """Network, part of the loss and tensor."""
    part = "" if row.part == "loss" else f", {row.part}"
    return f"{row.network}{part}: {row.tensor}"


def complaints(failed: Sequence[Row]) -> list[str]:
    """A line for each wrong node, one for the networks with it, and one for each other tensor."""
    nodes = {row.node: [each for each in failed if each.node == row.node] for row in failed if row.node}
    networks = [row for row in failed if not row.node]
    explained = [row for row in networks if not nodes.keys().isdisjoint(row.contains)]
    lines = [f"class {node}: {complaint(rows[0])}{others(rows[1:])}" for node, rows in nodes.items()]
    if explained:
        which = "that class" if len(nodes) == 1 else "one of these classes"
        count = len({row.network for row in explained})
        lines.append(f"{len(explained)} tensors of {count} networks with {which} fail as well")
    return lines + [complaint(row) for row in networks if row not in explained]


def others(rows: Sequence[Row]) -> str:
    """How many more tensors of the same node failed."""
    return f" (and in {len(rows)} more of its tensors)" if rows else ""


def complaint(row: Row) -> str:
    """The line for a tensor that failed."""
    error = max(row.max_relative_error, row.complex_error or 0.0)
    units = f" unit {', '.join(map(str, row.wrong_units))}:" if row.wrong_units else ""
    worst = ""
    if row.worst is not None:
        index = ", ".join(map(str, row.worst.index))
        worst = f"; worst at [{index}]: {row.worst.analytic:.7g} and {row.worst.numerical:.7g}"
    return (
        f"{place(row)}:{units} analytic and numerical gradient differ by {error:.1e} (relative), more "
        f"than {TOLERANCE:.0e}{worst}; look at the backward pass that writes it"
    )


def document(rows: Sequence[Row]) -> dict[str, object]:
    """What `--json` prints."""
    return {
        "passed": all(row.passed for row in rows),
        "tolerance": TOLERANCE,
        "rows": [
            {
                "network": row.network,
                "part": row.part,
                "tensor": row.tensor,
                "max_relative_error": row.max_relative_error,
                "complex_step_error": row.complex_error,
                "differenced": list(row.differenced),
                "entries": row.size,
                "entries_checked": row.entries_checked,
                "projections": row.projections,
                "kinks": list(row.kinks),
                "unjudged": row.unjudged,
                "worst": worst_document(row),
                "wrong_units": list(row.wrong_units),
                "silent_units": row.silent_units,
                "rounded": row.rounded,
                "node": row.node,
                "passed": row.passed,
            }
            for row in rows
        ],
    }


def worst_document(row: Row) -> dict[str, object] | None:
    """The entry that agrees least."""
    if row.worst is None:
        return None
    worst = row.worst
    return {"index": list(worst.index), "analytic": worst.analytic, "numerical": worst.numerical}
