"""Columns by which rows belong together or stand in order of time: a random split is too kind there."""

import re
from typing import Literal

import numpy as np

from mlptrain.data.row_set import every_row
from mlptrain.data.source import MOST_LABELS, Source
from mlptrain.errors import DataError

PERSON = re.compile(
    r"(patient|subject|participant|proband|respondent|individual|person|speaker|donor|animal|household)s?"
    r"([_\s.-]?(id|nr|no|num|number|name|code|key))?",
    re.I,
)
"""Names of what is measured again and again, and is another one in new data."""
ID = re.compile(r"(^|[_\s.-])(id|uuid|guid|key|code|nr|no|number)$|(?-i:[a-z]I[dD]$)", re.I)
TIME = re.compile(r"(date|time|datetime|timestamp|year)", re.I)
FEWEST = 10
"""Fewer groups cannot be shared out to three sets in proportion."""
MANY = 20
"""Fewer different values are those of a category."""
Belonging = Literal["person", "id", "blocks"]
"""By its name, by its name less surely, or because the rows of each value are adjacent."""


def belonging(source: Source, name: str) -> Belonging | None:
    """How a column looks like groups: no blanks, ten values or more, two rows of each on average."""
    kind = source.kind(name)
    named = PERSON.fullmatch(name.strip()) is not None
    if kind not in ("text", "number") or not (kind == "text" or named or ID.search(name)):
        return None
    try:
        levels = source.levels(name, every_row(len(source)))
    except DataError:  # too many labels for a table that is read in pieces
        return None
    if not FEWEST <= len(levels) <= min(len(source) / 2, MOST_LABELS) or source.missing(name).any():
        return None
    if named:
        return "person"
    if len(levels) <= MANY:
        return None
    if ID.search(name):
        return "id"
    codes = source.codes(name, levels, every_row(len(source)))
    return "blocks" if np.count_nonzero(np.diff(codes)) + 1 == len(levels) else None


def orders_rows(source: Source, name: str) -> bool:
    """Whether the rows stand in the order of a date, or of a number that is called a time."""
    kind = source.kind(name)
    if kind != "date" and not (kind == "number" and TIME.fullmatch(name.strip())):
        return False
    if kind == "number" and len(source.inexact(name)):
        return False
    steps = np.diff(source.numbers(name))
    changes = np.count_nonzero(steps)
    return bool(changes + 1 >= FEWEST and ((steps >= 0).all() or (steps <= 0).all()))
