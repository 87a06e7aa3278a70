"""JSON documents: what JSON cannot hold becomes null."""

import json
import math
from collections.abc import Mapping
from typing import Any


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
