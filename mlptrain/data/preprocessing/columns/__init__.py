"""The kinds of columns: a file for each, and a line in the table."""

from collections.abc import Sequence

from mlptrain.data.preprocessing.columns.category import Category
from mlptrain.data.preprocessing.columns.column import Column
from mlptrain.data.preprocessing.columns.date_parts import DateParts
from mlptrain.data.preprocessing.columns.embedded import Embedded
from mlptrain.data.preprocessing.columns.number import Number
from mlptrain.data.preprocessing.columns.signed import Signed
from mlptrain.data.preprocessing.columns.target_encoded import TargetEncoded
from mlptrain.data.settings import Settings
from mlptrain.data.source import Source

KINDS: dict[str, type[Column]] = {
    "category": Category,
    "signed": Signed,
    "embedding": Embedded,
    "target": TargetEncoded,
    "number": Number,
    "date_parts": DateParts,
}
"""Each by the `type` that it has in a checkpoint; the first that takes a column has it."""


def kinds_for(source: Source, names: Sequence[str], settings: Settings) -> dict[str, type[Column]]:
    """Of each column the kind that the settings name, else the one that it looks like."""
    said = {name: kind for kind in reversed(KINDS.values()) for name in kind.named(settings)}
    return {name: said.get(name) or _looks_like(source, name) for name in names}


def _looks_like(source: Source, name: str) -> type[Column]:
    return next(kind for kind in KINDS.values() if kind.takes(source, name))
