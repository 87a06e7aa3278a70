"""The kinds of columns: a file for each, and a line in the table."""

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


def kind_for(source: Source, name: str, settings: Settings) -> type[Column]:
    """The kind that the settings name for a column, else the one that it looks like."""
    named = (kind for kind in KINDS.values() if name in kind.named(settings))
    looks_like = (kind for kind in KINDS.values() if kind.takes(source, name))
    return next(named, None) or next(looks_like)
