"""A fitted preprocessing as JSON, and back, trusting nothing that is read.

A checkpoint is untrusted input: pydantic holds every value against the type of its field, and
anything else is one CheckpointError. Columns and target have their kind under `type`.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, field, fields, is_dataclass, make_dataclass
from functools import cache, reduce
from operator import or_
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from mlptrain.data.preprocessing.columns import KINDS
from mlptrain.data.preprocessing.flag_target import FlagTarget
from mlptrain.data.preprocessing.number_target import NumberTarget
from mlptrain.data.preprocessing.targets import TARGETS
from mlptrain.data.written import Reading
from mlptrain.errors import CheckpointError

STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


def to_stored(preprocessing: Any) -> dict[str, Any]:
    """Every field as JSON values."""
    columns = [_with_type(column, KINDS) for column in preprocessing.columns]
    target = _with_type(preprocessing.target, TARGETS)
    return {**_values(preprocessing), "columns": columns, "target": target}


def from_stored(preprocessing: Any, document: Any) -> dict[str, Any]:
    """The arguments of the class `preprocessing`; CheckpointError where they cannot come from it."""
    try:
        read = _adapter(preprocessing, tuple(KINDS.items())).validate_json(json.dumps(document))
    except ValidationError as error:
        raise _wrong(_where(error)) from None
    columns = tuple(_of_type(column, KINDS) for column in read.columns)
    values = {**vars(read), "columns": columns, "target": _of_type(read.target, TARGETS)}
    _consistent(**values)
    return values


def _values(item: Any) -> dict[str, Any]:
    values = {field.name: getattr(item, field.name) for field in fields(item)}
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    """A value of a field as JSON has it: tuples become lists, at any depth."""
    if is_dataclass(value):
        return _plain(_values(value))
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if type(value) is tuple else value


def _with_type(item: Any, kinds: Mapping[str, type]) -> dict[str, Any]:
    (name,) = (name for name, kind in kinds.items() if kind is type(item))
    return {"type": name, **_values(item)}


def _of_type(item: Any, kinds: Mapping[str, type]) -> Any:
    values = dict(vars(item))
    return kinds[values.pop("type")](**values)


@cache
def _adapter(preprocessing: Any, kinds: tuple[tuple[str, type], ...]) -> TypeAdapter[Any]:
    columns = tuple.__class_getitem__((_one_of(dict(kinds)), ...))
    return TypeAdapter(_grown_form(preprocessing, columns=columns, target=_one_of(TARGETS)))


def _one_of(kinds: Mapping[str, type]) -> Any:
    forms = (_grown_form(kind, type=Literal[name]) for name, kind in kinds.items())
    return Annotated[reduce(or_, forms), Field(discriminator="type")]


def form(kind: type, **more: Any) -> Any:
    """A dataclass with the fields of `kind`, all of them needed, and with more, or with other types."""
    return _made(kind, more, {})


def _grown_form(kind: type, **more: Any) -> Any:
    """The same, but what has a default may be absent: older versions did not have the field."""
    defaults = {
        each.name: field(default=each.default, default_factory=each.default_factory)
        for each in fields(kind)
        if each.default is not MISSING or each.default_factory is not MISSING
    }
    return _made(kind, more, defaults)


def _made(kind: type, more: Mapping[str, Any], defaults: Mapping[str, Any]) -> Any:
    types, names = get_type_hints(kind, include_extras=True), [each.name for each in fields(kind)]
    typed = {name: types[name] for name in names} | dict(more)
    namespace = {"__pydantic_config__": STRICT, **defaults}
    return make_dataclass(kind.__name__, typed.items(), namespace=namespace, kw_only=True)


def _consistent(
    columns: Any, target: Any, inputs: Any, transform: Any, reading: Reading, **_: Any
) -> None:
    """CheckpointError where fields that are right one by one do not fit together."""
    names = [column.name for column in columns]
    if isinstance(target, NumberTarget):
        if not len(target.columns) == len(target.mean) == len(target.std) > 0:
            raise _wrong("target")
        if min(target.std) <= 0:
            raise _wrong("target.std")
        if not len(target.low) == len(target.high) in (0, len(target.columns)):
            raise _wrong("target.low")
    elif isinstance(target, FlagTarget):
        if not len(target.columns) == len(target.values) > 0 or any(a == b for a, b in target.values):
            raise _wrong("target.values")
    elif len(set(target.classes)) != len(target.classes) or len(target.classes) < 2:
        raise _wrong("target.classes")
    odd = [place for place, column in enumerate(columns) if not column.is_consistent()]
    if odd:
        raise _wrong(f"columns[{odd[0]}]")
    expected = ["r", "theta"] if transform else list(inputs)
    if names != expected or len(set(names)) != len(names) or not names:
        raise _wrong("columns")
    for name, written in reading.columns.items():
        if faults := written.faults():
            raise _wrong(f"reading.columns.{name}.{faults[0][0]}")


def _where(error: ValidationError) -> str:
    """The place of the first fault as one would write it: `columns[0].center`."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = first["loc"][:-1] if first["type"] == "unexpected_keyword_argument" else first["loc"]
    tag = {"columns": 2, "target": 1}.get(str(place[0])) if place else None
    steps = [step for depth, step in enumerate(place) if depth != tag]
    written = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return written.removeprefix(".") or "the whole"


def _wrong(where: str) -> CheckpointError:
    return CheckpointError(f"preprocessing: {where}: not as this program writes it")
