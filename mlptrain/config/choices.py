"""A choice by name from a registry, whose options are the entry's own signature.

`optimizer: {name: adam, learning_rate: 1e-3}` picks the entry `adam` of a table of classes or
functions; the other keys are its keyword-only parameters, whose annotations say the types and bounds
and whose defaults are the defaults. Nothing is written twice: a new entry is one line in its table.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, get_type_hints

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core import core_schema as core

from mlptrain.config.kinds import strictly, tag
from mlptrain.config.option_words import words_on

Table = Mapping[str, Callable[..., Any]]

REQUIRED = inspect.Parameter.empty
STRICT = core.CoreConfig(strict=True, allow_inf_nan=False)


@dataclass(frozen=True)
class Choice:
    """An entry picked from a registry, with all its options: `name` and `options()`."""

    name: str
    given: Mapping[str, Any] = field(default_factory=dict)

    def options(self) -> dict[str, Any]:
        """Every option of the entry, defaults included, as keyword arguments for it."""
        return dict(self.given)


@dataclass(frozen=True)
class Option:
    """One option of an entry: a type with bounds, and a default unless it is required."""

    annotation: Any
    default: Any = REQUIRED


@dataclass(frozen=True, eq=False)
class Named:
    """Marks a `Choice` with its table: `Annotated[Choice, Named("an optimizer", OPTIMIZERS, "adam")]`.

    what     what the table holds, with its article, for messages
    default  the name that a mapping without `name` stands for; None: `name` is required
    common   options that every entry has besides its own
    """

    what: str
    table: Table
    default: str | None = None
    common: Mapping[str, Option] = field(default_factory=dict)

    @cached_property
    def options(self) -> dict[str, dict[str, Option]]:
        """The options of each entry of the table."""
        return {name: options_of(entry) | dict(self.common) for name, entry in self.table.items()}

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        entries = {name: self._mapping(name, handler) for name in self.table}
        union = core.tagged_union_schema(
            {tag(name): schema for name, schema in entries.items()},
            discriminator=self._name_in,
            custom_error_type="no_choice",
            custom_error_message="no such entry",
            custom_error_context={"what": self.what, "names": ", ".join(self.table)},
        )
        written = core.plain_serializer_function_ser_schema(_mapping_of)
        return core.no_info_after_validator_function(_choice, union, serialization=written)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        forms = handler(schema)["oneOf"]
        for (name, entry), form in zip(self.table.items(), forms, strict=True):
            form["title"] = name
            form["description"] = first_sentence(entry)
            for key, option in form["properties"].items():
                words = form["description"] if key == "name" else words_on(name, key)
                option.update({"description": words} if words else {})
        return {"oneOf": forms}

    def _mapping(self, name: str, handler: GetCoreSchemaHandler) -> CoreSchema:
        key: CoreSchema = core.literal_schema([name])
        if name == self.default:
            key = core.with_default_schema(key, default=name)
        fields = {"name": core.typed_dict_field(key, required=name != self.default)}
        for word, option in self.options[name].items():
            schema = handler.generate_schema(strictly(option.annotation))
            if option.default is not REQUIRED:
                # Checked like any other value: a default outside its own bounds is our mistake.
                schema = core.with_default_schema(schema, default=option.default, validate_default=True)
            required = option.default is REQUIRED
            fields[word] = core.typed_dict_field(schema, required=required)
        return core.typed_dict_schema(fields, extra_behavior="forbid", config=STRICT)

    def _name_in(self, value: object) -> str | None:
        """The tag of the entry that a mapping asks for; None where it names none."""
        name = value.get("name", self.default) if isinstance(value, Mapping) else None
        return tag(name) if isinstance(name, str) else None


def options_of(entry: Callable[..., Any]) -> dict[str, Option]:
    """The keyword-only parameters of a class or function, with their annotations and defaults."""
    parameters = inspect.signature(entry).parameters.values()
    named = [parameter for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
    if not named:
        return {}
    function = entry.__init__ if isinstance(entry, type) else entry  # type: ignore[misc]
    hints = get_type_hints(function, include_extras=True)
    return {one.name: Option(hints[one.name], one.default) for one in named}


def first_sentence(entry: Callable[..., Any]) -> str:
    """The first line of the entry's docstring, without the local gradient: what it computes."""
    line = (inspect.getdoc(entry) or "").partition("\n")[0]
    return " ".join(line.partition("local:")[0].split())


def _choice(values: dict[str, Any]) -> Choice:
    return Choice(values.pop("name"), values)


def _mapping_of(choice: Choice) -> dict[str, Any]:
    return {"name": choice.name, **choice.given}
