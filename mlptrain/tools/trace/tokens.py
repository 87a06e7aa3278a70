"""The words of an expression: numbers, names, symbols, and one for its end."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mlptrain.errors import ConfigError

NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
NAME = r"[A-Za-z_][A-Za-z0-9_]*"
SYMBOL = r"\*\*|\.T\b|[-+*/^@(),;=\[\]:]"
TOKEN = re.compile(rf"(?P<number>{NUMBER})|(?P<name>{NAME})|(?P<symbol>{SYMBOL})")
SPACE = re.compile(r"[ \t\r\n]*")

SHOWN = 40
"""So many characters of what a user wrote are repeated in a message."""


@dataclass(frozen=True)
class Token:
    """A piece of the text; columns count from 1."""

    kind: str  # number, name, symbol or end
    text: str
    column: int

    def __str__(self) -> str:
        return f"'{self.text[:SHOWN]}'" if self.text else "the end"


def tokens(text: str) -> Iterator[Token]:
    """The tokens of `text`; ConfigError at the first character that belongs to none.

    >>> [token.text for token in tokens("2.5 * x**-1e3")]
    ['2.5', '*', 'x', '**', '-', '1e3', '']
    """
    at = _skip(text, 0)
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            raise fault(at + 1, f"no expression has {text[at]!r} in it; delete it")
        yield Token(str(found.lastgroup), found[0], at + 1)
        at = _skip(text, found.end())
    yield Token("end", "", at + 1)


def fault(column: int, message: str) -> ConfigError:
    """What is wrong with the expression at a column."""
    return ConfigError(f"expression:{column}: {message}")


def _skip(text: str, at: int) -> int:
    """Where the next token begins."""
    space = SPACE.match(text, at)
    return space.end() if space else at
