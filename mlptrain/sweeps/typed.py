"""What a sweep tries as it is typed: `a,b`, `1e-4..1e-1:log`, `16..256:step=16`, `0,1e-6..1e-2:log`."""

import re
from typing import Any

from mlptrain.config.scalars import resolve
from mlptrain.config.yaml import TextFault, parse_lines
from mlptrain.sweeps.space import BadSpace

FORMS = "KEY=a,b or KEY=A..B, with :log or :step=S, or KEY=0,A..B"
_NUMBER = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_RANGE = re.compile(rf"(?P<zero>0,)?(?P<low>{_NUMBER})\.\.(?P<high>{_NUMBER})(?P<marks>(?::[^:]*)*)")


def typed(text: str) -> tuple[str, Any]:
    """A key and its values as they are typed, as plain data; BadSpace for what is none.

    >>> typed("optimizer.learning_rate=1e-4..1e-1:log")
    ('optimizer.learning_rate', {'min': 0.0001, 'max': 0.1, 'log': True})
    >>> typed("model.hidden=[64],[128,128]"), typed("model.dropout=0,0.1..0.5")[1]
    (('model.hidden', [[64], [128, 128]]), {'zero_or': {'min': 0.1, 'max': 0.5}})
    """
    key, equals, values = text.partition("=")
    key = key.strip()
    if not equals or not values.strip() or not all(key.split(".")):
        raise BadSpace(f"expected {FORMS}")
    if found := _RANGE.fullmatch(values.replace(" ", "")):
        given = {"min": number(found["low"]), "max": number(found["high"])} | marks(found["marks"])
        return key, {"zero_or": given} if found["zero"] else given
    try:
        return key, parse_lines(f"[{values}]", "").data
    except TextFault as fault:
        raise BadSpace(f"{fault.what}; expected {FORMS}") from fault


def marks(text: str) -> dict[str, Any]:
    """What stands behind a range: `:log`, `:step=S`."""
    given: dict[str, Any] = {}
    for mark in text.split(":")[1:]:
        if mark == "log":
            given["log"] = True
        elif mark.startswith("step="):
            given["step"] = number(mark.removeprefix("step="))
        else:
            raise BadSpace(f"':{mark}' behind the range: expected :log or :step=S")
    return given


def number(word: str) -> Any:
    """A plain word of YAML: a number where it is one; `dimension` tells what is wrong otherwise."""
    try:
        return resolve(word)
    except ValueError as error:
        raise BadSpace(str(error)) from error
