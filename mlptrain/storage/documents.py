"""JSON documents: what JSON cannot hold becomes null, and only objects are read."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlptrain.errors import CheckpointError
from mlptrain.storage.reading import read_bytes

LONGEST = 300
"""Digits of a whole number; a float has up to 309."""
LARGEST = 256 * 1024 * 1024
"""Bytes of metrics.jsonl and its like."""


def finite(value: Any) -> Any:
    """`value` with None for every number that is not finite.

    >>> finite({"loss": math.inf, "metrics": (1.0, math.nan)})
    {'loss': None, 'metrics': [1.0, None]}
    """
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def document_text(document: Mapping[str, Any]) -> str:
    """A document over several lines, for files and for `--json`."""
    return json.dumps(finite(document), indent=2, allow_nan=False) + "\n"


def read_document(path: Path) -> dict[str, Any]:
    """One JSON object."""
    return parsed(str(path), read_bytes(path, LARGEST))


def whole(digits: str) -> int | float:
    """A whole number; infinite if no float is as large, which nothing that compares it expects."""
    return int(digits) if len(digits) < LONGEST else float(digits)


def parsed(place: str, text: bytes) -> dict[str, Any]:
    """A JSON object; CheckpointError for anything else.

    >>> parsed("x", b'{"epochs": 1' + 400 * b"0" + b"}")
    {'epochs': inf}
    """
    try:
        value = json.loads(text, parse_int=whole)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise CheckpointError(f"{place}: not a JSON object; put the file back, or train again")
    return value
