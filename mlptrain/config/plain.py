"""Values from Python as YAML would have delivered them, so that a dict and a file mean the same."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from mlptrain.config.faults import shown
from mlptrain.config.yaml import MAX_LEVELS, UNPRINTABLE
from mlptrain.errors import ConfigError


def plain(value: object, place: str, level: int = 0) -> Any:
    """Paths become text, tuples and arrays lists, NumPy's numbers Python's; `place` is for errors.

    >>> plain({"hidden": (100, np.int64(10))}, "config")
    {'hidden': [100, 10]}
    """
    if level > MAX_LEVELS:
        raise ConfigError(f"{place}: nested more than {MAX_LEVELS} levels deep")
    match value:
        case Mapping():
            return {key: plain(item, place, level + 1) for key, item in value.items()}
        case list() | tuple():
            return [plain(item, place, level + 1) for item in value]
        case np.ndarray() | np.generic():
            return value.tolist()
        case os.PathLike():
            return os.fspath(value)
        case str() if UNPRINTABLE.search(value):
            raise ConfigError(f"{place}: a control character in {shown(value)}; delete it")
    return value
