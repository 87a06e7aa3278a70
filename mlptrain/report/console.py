"""The two streams of the terminal, and how numbers and foreign text are shown on them.

Results go to stdout; progress, notes and logs to stderr. All that is printed goes through here, and
none of it can fail: see `standard_streams`. Text that comes from a file or a user is
stripped of control characters, and never taken for markup.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlptrain.messages import printable
from mlptrain.report.standard_streams import outlet_of
from mlptrain.storage.documents import document_text

UNFOLDED = 500
"""Columns of what is not a terminal."""


def stdout() -> Console:
    """Where results go. Made when needed: tests and pipes exchange the stream."""
    return _console(sys.stdout)


def stderr() -> Console:
    """Where everything else goes."""
    return _console(sys.stderr)


def _console(stream: TextIO) -> Console:
    """As wide as the terminal or as COLUMNS says; in a pipe or a file nothing needs to be folded."""
    if stream.isatty() or "COLUMNS" in os.environ:
        return Console(file=stream, highlight=False)
    return Console(file=stream, highlight=False, soft_wrap=True, width=UNFOLDED)


def write(text: str) -> None:
    """Text as it is, on stdout."""
    sys.stdout.write(text)


def nobody_reads() -> bool:
    """Whether stdout takes no more: who makes results as they are read can stop."""
    sys.stdout.flush()
    outlet = outlet_of(sys.stdout)
    return outlet is not None and outlet.failure is not None


def stdout_is_terminal() -> bool:
    """Whether a person looks at stdout."""
    return sys.stdout.isatty()


def emit_json(document: Mapping[str, Any]) -> None:
    """Exactly one JSON document on stdout; a number that is not finite is null."""
    write(document_text(document))


def plain(text: str) -> Text:
    """Text from outside: no control characters, no markup."""
    return Text(printable(text))


def say(console: Console, text: str) -> None:
    """A line of text that nothing folds: a path in it can be copied, and a pipe reads one line."""
    console.print(plain(text), soft_wrap=True)


def number(value: float | int | None) -> str:
    """Four significant digits; large and whole numbers in full; a dash for what is not defined.

    >>> number(0.97777777), number(1437), number(1.25e-9), number(119_234.5), number(None)
    ('0.9778', '1,437', '1.25e-09', '119,234', '-')
    """
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def size(count: int) -> str:
    """Bytes in the unit that keeps them short.

    >>> size(30040), size(50_000_000), size(2**38), size(2**44)
    ('29.3 KiB', '47.7 MiB', '256.0 GiB', '16.0 TiB')
    """
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, left: int = 1) -> Table:
    """A plain table; the first `left` columns hold words, the others numbers."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for position, column in enumerate(columns):
        made.add_column(plain(column), justify="left" if position < left else "right", overflow="fold")
    for row in rows:
        made.add_row(*(plain(cell) if isinstance(cell, str) else plain(number(cell)) for cell in row))
    return made


def tell(notes: Sequence[str]) -> None:
    """What the user should know, on stderr, a line each."""
    for note in notes:
        say(stderr(), f"note: {note}")
