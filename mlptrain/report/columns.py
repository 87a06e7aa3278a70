"""What `init` makes of the columns of a table, on the terminal."""

from collections import Counter
from collections.abc import Sequence

from mlptrain.messages import count
from mlptrain.report.console import say, stderr
from mlptrain.report.tables import print_table
from mlptrain.tools.first_config.overview import Row

MOST = 30
"""So many columns are shown: of more, those that are no plain numbers come first."""
NAMES = ("column", "kind", "blanks", "role", "why")


def show_columns(rows: Sequence[Row]) -> None:
    """One line each, on stderr; what is left over is counted by role."""
    if len(rows) > MOST:
        rows = sorted(rows, key=lambda row: (row.role == "number", row.role != "target"))
    shown, rest = rows[:MOST], Counter(row.role for row in rows[MOST:])
    cells = [(name or '""', kind, f"{blanks:,}", role, why) for name, kind, blanks, role, why in shown]
    print_table(stderr(), NAMES, cells, words=("kind", "role", "why"))
    if rest:
        by_role = ", ".join(f"{number:,} {role}" for role, number in rest.items())
        say(stderr(), f"and {count(rest.total(), 'column')} more: {by_role}")
