"""Settings by their dotted keys, and which of them are not the same everywhere."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlptrain.config.dump import inline

ABSENT = "-"
"""Shown for a setting that a config does not have, such as an option of another optimizer."""


def flat(settings: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and their values.

    >>> dict(flat({"model": {"hidden": [3]}, "seed": 0}))
    {'model.hidden': [3], 'seed': 0}
    """
    for key, value in settings.items():
        here = f"{at}.{key}" if at else str(key)
        if isinstance(value, Mapping) and value:
            yield from flat(value, here)
        else:
            yield here, value


def shown(settings: Mapping[str, Any], key: str) -> str:
    """The value of a dotted key as YAML has it."""
    return inline(settings[key]) if key in settings else ABSENT


def differing(several: Sequence[Mapping[str, Any]]) -> list[str]:
    """The dotted keys whose values are not the same in all of the flat settings, in their order.

    What one does not have is as if it were null, which every option is that nobody asked for.

    >>> differing([{"seed": 1, "a": 2, "c": None}, {"seed": 1, "a": 3, "b": 0}])
    ['a', 'b']
    """
    keys = dict.fromkeys(key for settings in several for key in settings)
    return [key for key in keys if len({inline(settings.get(key)) for settings in several}) > 1]
