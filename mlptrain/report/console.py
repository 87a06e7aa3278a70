"""The two streams of the terminal, and how numbers and foreign text are shown on them.

Results go to stdout; progress, notes and logs to stderr. All that is printed goes through here, and
none of it can fail: see `standard_streams`. Text that comes from a file or a user is
stripped of control characters, and never taken for markup. No line is longer than the terminal, and
none ends within a word or a number.
"""

import sys
from collections.abc import Mapping
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from mlptrain.messages import folded, printable, shortened
from mlptrain.report.standard_streams import outlet_of, width
from mlptrain.storage.documents import document_text


def stdout() -> Console:
    """Where results go. Made when needed: tests and pipes exchange the stream."""
    return _console(sys.stdout)


def stderr() -> Console:
    """Where everything else goes."""
    return _console(sys.stderr)


def _console(stream: TextIO) -> Console:
    """As wide as the terminal or as COLUMNS says; in a pipe or a file nothing needs to be folded."""
    return Console(file=stream, highlight=False, soft_wrap=not stream.isatty(), width=width(stream))


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


def stderr_is_terminal() -> bool:
    """Whether a person looks at stderr."""
    return sys.stderr.isatty()


def emit_json(document: Mapping[str, Any]) -> None:
    """Exactly one JSON document on stdout; a number that is not finite is null."""
    write(document_text(document))


def plain(text: str) -> Text:
    """Text from outside: no control characters, no markup."""
    return Text(printable(text))


def say(console: Console, text: str) -> None:
    """A line of text, on several lines where the terminal is narrower; a pipe reads one line.

    Of a word that is longer than the terminal, such as a path, the middle is left out.
    """
    for line in lines_of(text, console.width):
        console.print(Text(line), soft_wrap=True)


def lines_of(text: str, room: int) -> list[str]:
    """Text in lines of at most `room` columns, between whose words they end."""
    words = (shortened(word, room - 2) for word in printable(text).split(" "))
    return folded(" ".join(words), room)


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
