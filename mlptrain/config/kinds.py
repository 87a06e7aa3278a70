"""What a key may hold when it may hold several kinds of thing: `val: 0.1`, `val: x.csv`, `val: null`.

pydantic tries the members of a union one by one and reports every failure. Here the kind of the value
as YAML writes it (number, text, list, ...) decides which member is meant, so one wrong value is one
fault, and its message is about what was meant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, Strict
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core import core_schema as core

NAMES = {
    "truth": "true or false",
    "number": "a number",
    "text": "text",
    "list": "a list",
    "mapping": "a mapping",
    "null": "null",
}
KIND_OF_SCHEMA = {
    "bool": "truth",
    "int": "number",
    "float": "number",
    "str": "text",
    "literal": "text",
    "list": "list",
    "tuple": "list",
    "none": "null",
}
"""The kind of value that a core schema takes; all others take mappings."""


def kind(value: object) -> str:
    """The kind of a value: what YAML would call it. A section or a choice, once built, is a mapping."""
    match value:
        case None:
            return "null"
        case bool():
            return "truth"
        case int() | float():
            return "number"
        case str():
            return "text"
        case Sequence():
            return "list"
    return "mapping"


@dataclass(frozen=True)
class Kinds:
    """Marks a union whose member is chosen by the kind of the value: `Annotated[A | B, Kinds()]`.

    `meaning` says what is expected, where "a number, text or null" would not say enough.
    """

    meaning: str = ""

    def __get_pydantic_core_schema__(self, union: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        members: dict[str, CoreSchema] = {}
        for member in get_args(union):
            schema = handler.generate_schema(strictly(member))
            members[_kind_taken(schema)] = schema
            if any(isinstance(mark, ShortFor) for mark in get_args(member)):
                members["text"] = schema
        names = [NAMES[name] for name in members]
        return core.tagged_union_schema(
            {tag(name): schema for name, schema in members.items()},
            discriminator=lambda value: tag(kind(value)),
            custom_error_type="wrong_kind",
            custom_error_message="wrong kind",
            custom_error_context={"expected": self.meaning or " or ".join(names)},
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        forms = handler(schema)["oneOf"]
        return {"anyOf": [form for at, form in enumerate(forms) if form not in forms[:at]]}


@dataclass(frozen=True)
class ShortFor:
    """Marks a mapping that may be written as the text of its most important key.

    With `ShortFor("name")`, `adam` is short for `{name: adam}`.
    """

    key: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core.no_info_before_validator_function(self.expand, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        long = handler(schema)
        words: list[str] = []
        for form in long.get("oneOf", [handler.resolve_ref_schema(long)]):
            if not set(form.get("required", ())) - {self.key}:
                key = form["properties"][self.key]
                words += key.get("enum", [key.get("const")])
        return {"anyOf": [{"enum": words}, long]}

    def expand(self, value: object) -> object:
        """The long form of `value`, which may be either."""
        return {self.key: value} if isinstance(value, str) else value


def strictly(annotation: Any) -> Any:
    """`annotation` as pydantic is to check it: unions by kind, any sequence as a tuple.

    Lets the signatures of the mathematics speak plain Python typing.
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        base, *bounds = arguments
        return Annotated[strictly(base), *bounds]
    if origin in (Union, UnionType):
        return Annotated[annotation, Kinds()]
    if origin in (Sequence, tuple, list):
        # Strict pydantic wants a tuple for a tuple; what YAML delivers is a list.
        items: Any = strictly(arguments[0])
        return Annotated[tuple[items, ...], Strict(False)]
    return NoneType if annotation is None else annotation


def tag(name: str) -> str:
    """The tag of a union member. The mark tells it from any key when a fault's path is shown."""
    return "|" + name


def is_tag(step: object) -> bool:
    """Whether a step of pydantic's path is the tag of a union member, not a key of the user."""
    return isinstance(step, str) and step.startswith("|")


def _kind_taken(schema: Any) -> str:
    while schema["type"].startswith(("function", "default")):
        schema = schema["schema"]
    return KIND_OF_SCHEMA.get(schema["type"], "mapping")
