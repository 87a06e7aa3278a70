"""Tables on the terminal, no wider than it is.

A table that is too wide is set closer first. Then the columns go that its caller can spare, in the
order named. What is still too wide goes on below, with the first column again. Of a word that is
longer than its place the middle is left out; numbers stay whole.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from mlptrain.messages import columns_of, printable, shortened
from mlptrain.report.console import number

WIDE, CLOSE = 3, 2
"""Between two columns of a table; CLOSE where WIDE is too much for the terminal."""


@dataclass(frozen=True)
class Column:
    """What stands below each other: the heading first. A cell may have several lines."""

    cells: tuple[str, ...]
    words: bool  # set flush left, and cut where it must be

    @property
    def width(self) -> int:
        """How many columns of the terminal it takes."""
        return max(columns_of(line) for cell in self.cells for line in cell.split("\n"))

    def within(self, room: int) -> "Column":
        """The same in at most `room` columns; numbers are never longer."""
        lines = ([shortened(line, room) for line in cell.split("\n")] for cell in self.cells)
        return Column(tuple("\n".join(each) for each in lines), self.words)


def print_table(
    console: Console,
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    words: Collection[str] = (),
    spare: Sequence[str] = (),
) -> None:
    """A plain table: the first column and those in `words` hold words, the others numbers.

    spare  the columns it can do without, the first one first
    """
    columns = [
        Column((text(name), *(text(row[i]) for row in rows)), i == 0 or name in words)
        for i, name in enumerate(names)
    ]
    for name in spare:
        if total(columns, CLOSE) > console.width:
            columns = [each for each in columns if each.cells[0] != name]
    gap = WIDE if total(columns, WIDE) <= console.width else CLOSE
    for i, panel in enumerate(panels(*columns, gap=gap, room=console.width)):
        if i:
            console.print()
        console.print(drawn(panel, gap))


def text(cell: Any) -> str:
    """A cell as it is shown: a number as all are, foreign text without control characters."""
    if not isinstance(cell, str):
        return number(cell)
    return "\n".join(map(printable, cell.split("\n")))


def total(columns: Sequence[Column], gap: int) -> int:
    """What they take side by side."""
    return sum(each.width for each in columns) + gap * (len(columns) - 1)


def panels(first: Column, *others: Column, gap: int, room: int) -> Iterator[list[Column]]:
    """The first column with as many of the others as fit, then again with those that follow.

    The first one is cut where it takes more than half and another column needs the place.
    """
    largest = max((each.width for each in others), default=0)
    first = first.within(max(room // 2, room - gap - largest))
    panel = [first]
    for column in (each.within(room - gap - first.width) for each in others):
        if len(panel) > 1 and total([*panel, column], gap) > room:
            yield panel
            panel = [first]
        panel.append(column)
    yield panel


def drawn(columns: Sequence[Column], gap: int) -> Table:
    """The table as it is printed."""
    sides = (0, 1) if gap == WIDE else (0, 1, 0, 0)
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=sides)
    for column in columns:
        justify: JustifyMethod = "left" if column.words else "right"
        made.add_column(Text(column.cells[0]), justify=justify, no_wrap=True)
    for row in zip(*(column.cells[1:] for column in columns), strict=True):
        made.add_row(*map(Text, row))  # stripped already, and never markup
    return made
