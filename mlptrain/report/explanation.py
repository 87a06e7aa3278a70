"""What `explain` prints: tables of columns, how predictions depend on them, and pictures of both."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from mlptrain.inference.explain.contributions import Contributions, RowExplanation
from mlptrain.inference.explain.effects import Effect
from mlptrain.inference.explain.explanation import Explanation
from mlptrain.inference.explain.importance import Importance, Interval
from mlptrain.inference.explain.of_run import Explained
from mlptrain.report.console import emit_json, number, say, stdout
from mlptrain.report.notes import tell
from mlptrain.report.plots import save_explanation
from mlptrain.report.sparkline import sparkline
from mlptrain.report.tables import print_table

MOST = 30
"""Columns in a table; --json has all."""
CURVES, FLAT = 3, 0.2
"""Outputs shown for each column, none of them if it moves by less than a fifth of another."""


def show(found: Explained, out: Path | None, *, as_json: bool) -> None:
    """Tables, or JSON; and a picture, where one is asked for."""
    tell(found.notes)
    if out is not None:
        save_explanation(found.said, out)
    if as_json:
        emit_json({"checkpoint": found.checkpoint, **found.said.document()})
    elif isinstance(found.said, Explanation):
        show_columns(stdout(), found.checkpoint, found.said)
    else:
        show_row(stdout(), found.checkpoint, found.said)


def show_columns(out: Console, checkpoint: str, said: Explanation) -> None:
    """The columns, the groups, the effects and what is striking."""
    of = "" if said.rows == said.of_rows else f" of {said.of_rows:,}"
    say(out, f"{checkpoint} on {said.rows:,}{of} rows ({said.split})")
    figures = f"loss {number(said.loss)}, {said.measure.name} {number(said.value)}"
    say(out, f"{figures}; how much worse each becomes where a column is shuffled:")
    print_importances(out, "column", said.columns, said.measure.name)
    if said.groups:
        out.print()
        print_importances(out, "columns that go together", said.groups, said.measure.name)
    say(out, "+-: 95 % confidence, for other rows and other shuffles")
    print_effects(out, said.effects)
    for remark in said.remarks():
        say(out, remark)


def print_importances(out: Console, what: str, found: Sequence[Importance], metric: str) -> None:
    """A row for each, the largest first."""
    rows = [
        (each.name, *cells(each.loss), *cells(each.metric), "" if each.matters else "chance")
        for each in found[:MOST]
    ]
    names = (what, "loss", "+-", metric if metric != "loss" else "metric", "+- ", "")
    print_table(out, names, rows, words=("",), spare=("",))
    if len(found) > MOST:
        say(out, f"... and {len(found) - MOST:,} more: see --json")


def cells(interval: Interval | None) -> tuple[str, str]:
    """The mean, and how far the interval reaches to each side."""
    if interval is None:
        return "-", "-"
    return signed(interval.mean, 3), rounded(interval.high - interval.mean, 2)


def rounded(value: float, digits: int) -> str:
    """A number as elsewhere, in fewer digits.

    >>> rounded(41_234.5, 2), rounded(0.03456, 2)
    ('41,000', '0.035')
    """
    return number(float(f"{value:.{digits}g}"))


def signed(value: float, digits: int) -> str:
    """The same with its sign."""
    return f"{'+' if value > 0 else ''}{rounded(value, digits)}"


def print_effects(out: Console, found: Sequence[Effect]) -> None:
    """Of each column the course of the mean prediction from its lowest value to its highest."""
    rows = [row for each in found for row in courses(each)]
    if rows:
        out.print()
        print_table(
            out,
            ("mean prediction", "of", "from", "to", "course", "lowest", "highest"),
            rows,
            words=("of", "from", "to", "course"),
            spare=("to", "from"),
        )


def courses(effect: Effect) -> list[tuple[str, ...]]:
    """A row for each of the outputs that move most."""
    reach = {name: float(np.ptp(curve)) for name, curve in effect.partial.items()}
    moving = [name for name in reach if reach[name] >= FLAT * max(reach.values())]
    most = sorted(sorted(moving, key=lambda name: -reach[name])[:CURVES], key=list(reach).index)
    at = effect.shown if effect.shown is not None else [number(float(value)) for value in effect.at]
    return [
        (
            effect.column,
            output,
            at[0],
            at[-1],
            sparkline(curve.tolist(), 16),
            number(float(curve.min())),
            number(float(curve.max())),
        )
        for output, curve in ((name, effect.partial[name]) for name in most)
    ]


def show_row(out: Console, checkpoint: str, said: RowExplanation) -> None:
    """The prediction of a row, and what each column adds to it."""
    predicted = ", ".join(f"{name} {number(value)}" for name, value in said.predicted.items())
    say(out, f"{checkpoint}, row {said.row:,}: {predicted}")
    for each in said.outputs:
        out.print()
        print_contributions(out, said, each)


def print_contributions(out: Console, said: RowExplanation, found: Contributions) -> None:
    """The largest contributions, and a sum that comes out."""
    ordered = found.in_order()
    rows = [(name, said.values.get(name, ""), signed(value, 4)) for name, value in ordered[:MOST]]
    rest = sum(value for _, value in ordered[MOST:])
    rows += [(f"{len(ordered) - MOST:,} more", "", signed(rest, 4))] if len(ordered) > MOST else []
    print_table(out, ("column", "value", found.of), rows, words=("value",))
    say(
        out,
        f"mean row {number(found.baseline)}, this row {number(found.value)}: the difference of "
        f"{number(found.value - found.baseline)} is their sum, but for {found.residual:.2g}",
    )
