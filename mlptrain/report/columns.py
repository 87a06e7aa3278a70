"""What `init` makes of the columns of a table, on the terminal."""

from collections import Counter
from collections.abc import Sequence

from mlptrain.messages import columns_of, count, printable, shortened
from mlptrain.report.console import say, stderr
from mlptrain.report.tables import WIDE, print_table
from mlptrain.tools.first_config.overview import Row

MOST = 30
"""So many columns are shown: of more, those that are no plain numbers come first."""
LONGEST, LEAST = 24, 12
"""Of a name so much is shown, and of a reason at least so much."""
NAMES = ("column", "kind", "blanks", "role", "why")


def show_columns(rows: Sequence[Row]) -> None:
    """One line each, on stderr; what is left over is counted by role."""
    if len(rows) > MOST:
        rows = sorted(rows, key=lambda row: (row.role == "number", row.role != "target"))
    shown, rest = rows[:MOST], Counter(row.role for row in rows[MOST:])
    first = [
        (shortened(printable(name) or '""', LONGEST), str(kind), f"{blanks:,}", role)
        for name, kind, blanks, role, _ in shown
    ]
    widths = [max(map(columns_of, each)) for each in zip(NAMES, *first, strict=False)]
    room = max(stderr().width - sum(widths) - WIDE * len(widths), LEAST)
    cells = [(*each, beginning(row.reason, room)) for each, row in zip(first, shown, strict=True)]
    print_table(stderr(), NAMES, cells, words=("kind", "role", "why"))
    if rest:
        by_role = ", ".join(f"{number:,} {role}" for role, number in rest.items())
        say(stderr(), f"and {count(rest.total(), 'column')} more: {by_role}")


def beginning(text: str, room: int) -> str:
    """As much of a text as there is room for.

    >>> beginning("an hour, by its name", 9), beginning("short", 9)
    ('an hour,…', 'short')
    """
    while columns_of(text) > room:
        text = text.removesuffix("…")[:-1] + "…"
    return text
