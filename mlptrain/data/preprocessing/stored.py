"""Fitted columns and targets as JSON, and back, trusting nothing that is read.

A checkpoint is untrusted input: every value is held against the type of its field, and anything
else is one CheckpointError.
"""

import dataclasses
import sys
from typing import Any, get_args

from mlptrain.data.preprocessing.columns import (
    Category,
    Column,
    Missing,
    Number,
)
from mlptrain.data.preprocessing.targets import ClassTarget, NumberTarget, Target
from mlptrain.errors import CheckpointError

COLUMNS = {"number": Number, "category": Category}
TARGETS = {"classes": ClassTarget, "numbers": NumberTarget}
NAMES = {kind: name for name, kind in (COLUMNS | TARGETS).items()}


LARGEST = sys.float_info.max
"""Comparing works for every int and for NaN, converting does not."""


def to_stored(item: Column | Target) -> dict[str, Any]:
    """A fitted column or target as JSON values, with its class under `type`."""
    values = {
        field.name: list(value) if isinstance(value := getattr(item, field.name), tuple) else value
        for field in dataclasses.fields(item)
    }
    return {"type": NAMES[type(item)], **values}


def from_stored(document: Any) -> dict[str, Any]:
    """The arguments of `Preprocessing`, checked."""
    keys = ("inputs", "transform", "missing", "columns", "target", "weight")
    _object(document, "preprocessing", keys)
    inputs = _value(document["inputs"], tuple[str, ...], "inputs")
    columns = document["columns"]
    if not isinstance(columns, list) or not columns:
        raise _wrong("columns")
    read = {
        "inputs": inputs,
        "transform": _one_of(document["transform"], (None, "polar"), "transform"),
        "missing": _one_of(document["missing"], get_args(Missing), "missing"),
        "columns": tuple(_item(c, COLUMNS, f"columns[{i}]") for i, c in enumerate(columns)),
        "target": _item(document["target"], TARGETS, "target"),
        "weight": None if document["weight"] is None else _value(document["weight"], str, "weight"),
    }
    _consistent(read)
    return read


def _consistent(read: dict[str, Any]) -> None:
    target, columns = read["target"], read["columns"]
    if isinstance(target, NumberTarget):
        if not len(target.columns) == len(target.mean) == len(target.std) > 0:
            raise _wrong("target")
        if min(target.std) <= 0:
            raise _wrong("target.std")
    elif len(set(target.classes)) != len(target.classes) or len(target.classes) < 2:
        raise _wrong("target.classes")
    names = [column.name for column in columns]
    expected = ["r", "theta"] if read["transform"] else list(read["inputs"])
    if names != expected or len(set(names)) != len(names):
        raise _wrong("columns")


def _item(document: Any, classes: dict[str, Any], where: str) -> Any:
    _object(document, where, ("type",))
    kind = classes.get(document["type"]) if isinstance(document["type"], str) else None
    if kind is None:
        raise _wrong(f"{where}.type")
    fields = dataclasses.fields(kind)
    _object(document, where, ("type", *(field.name for field in fields)))
    return kind(
        **{f.name: _value(document[f.name], f.type, f"{where}.{f.name}") for f in fields},
    )


def _object(document: Any, where: str, keys: tuple[str, ...]) -> None:
    """An object that has these keys; more keys than these are wrong, save where `type` is asked."""
    if not isinstance(document, dict) or not set(keys) <= set(document):
        raise _wrong(where)
    if keys != ("type",) and set(keys) != set(document):
        raise _wrong(where)


def _value(value: Any, wanted: Any, where: str) -> Any:
    """The value as the type of a field asks for it."""
    if wanted is float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
            raise _wrong(where)
        return float(value)
    if wanted in (str, bool):
        if not isinstance(value, wanted):
            raise _wrong(where)
        return value
    if wanted in (tuple[str, ...], tuple[float, ...]):
        if not isinstance(value, list):
            raise _wrong(where)
        return tuple(_value(v, get_args(wanted)[0], f"{where}[{i}]") for i, v in enumerate(value))
    return _one_of(value, get_args(wanted), where)


def _one_of(value: Any, choices: tuple[Any, ...], where: str) -> Any:
    if not isinstance(value, str | None) or value not in choices:
        raise _wrong(where)
    return value


def _wrong(where: str) -> CheckpointError:
    return CheckpointError(f"preprocessing: {where}: not as this program writes it")
