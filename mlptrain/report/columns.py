"""What `init` makes of the columns of a table, on the terminal."""

from collections import Counter
from collections.abc import Sequence

from mlptrain.messages import columns_of, count, printable, shortened
from mlptrain.report.console import lines_of, say, stderr, stderr_is_terminal
from mlptrain.report.tables import WIDE, print_table
from mlptrain.tools.first_config.overview import Row

MOST = 30
"""So many columns are shown: of more, those that are no plain numbers come first."""
LONGEST, LEAST = 24, 12
"""Of a name so much is shown, and a line of a reason has at least so much."""
USUAL = 80
"""How wide the lines are that go into a pipe or a file: somebody reads them in the end."""
NAMES = ("column", "kind", "blanks", "role", "why")


def show_columns(rows: Sequence[Row]) -> None:
    """A row each, on stderr, its reason on several lines; what is left over is counted by role."""
    if len(rows) > MOST:
        rows = sorted(rows, key=lambda row: (row.role == "number", row.role != "target"))
    shown, rest = rows[:MOST], Counter(row.role for row in rows[MOST:])
    first = [
        (shortened(printable(name) or '""', LONGEST), str(kind), f"{blanks:,}", role)
        for name, kind, blanks, role, _ in shown
    ]
    widths = [max(map(columns_of, each)) for each in zip(NAMES, *first, strict=False)]
    wide = stderr().width if stderr_is_terminal() else min(stderr().width, USUAL)
    room = max(wide - sum(widths) - WIDE * len(widths), LEAST)
    reasons = ["\n".join(lines_of(row.reason, room)) for row in shown]
    cells = [(*each, reason) for each, reason in zip(first, reasons, strict=True)]
    print_table(stderr(), NAMES, cells, words=("kind", "role", "why"))
    if rest:
        by_role = ", ".join(f"{number:,} {role}" for role, number in rest.items())
        say(stderr(), f"and {count(rest.total(), 'column')} more: {by_role}")
