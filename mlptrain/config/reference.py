"""The schema for machines and for people: JSON Schema for editors, Markdown for docs/config.md."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from mlptrain.config.dump import inline
from mlptrain.config.schema import Config

Schema = Mapping[str, Any]

TYPES = {"string": "text", "boolean": "true or false", "null": "null"}
BOUNDS = {"exclusiveMinimum": "> ", "minimum": ">= ", "exclusiveMaximum": "< ", "maximum": "<= "}
LARGEST = 1_000_000
"""Upper bounds from here on only keep nonsense out; the reference does not mention them."""
MANY = 6
BY_NAME = "a name, with options if any"


class _WithoutTitles(GenerateJsonSchema):
    """pydantic would title each key with its own name in capitals."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a config, for editors that complete and check YAML."""
    schema = Config.model_json_schema(schema_generator=_WithoutTitles)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "mlptrain config",
    }


def reference() -> str:
    """Every section and every registry as Markdown tables: what docs/config.md shows."""
    schema = json_schema()
    definitions = schema["$defs"]
    lines = ["## Sections", ""]
    for title, section in _sections(schema, definitions, ""):
        lines += [f"### {title}", "", *_settings(section, definitions), ""]
    lines += ["## Choices by name", ""]
    for key, forms in _choices(schema, definitions, ""):
        lines += [f"### `{key}`", "", *_entries(forms, definitions), ""]
    return "\n".join(lines)


def _sections(section: Schema, definitions: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    yield f"`{path}`" if path else "Top level", section
    for key, setting in section["properties"].items():
        for form in _forms(setting):
            if len(_keys(form, definitions)) > 1:
                yield from _sections(
                    _target(form, definitions), definitions, f"{path}.{key}".lstrip(".")
                )
            for inside, step in (("additionalProperties", ".NAME"), ("items", "[N]")):
                items = form.get(inside, False)
                if isinstance(items, dict) and len(_keys(items, definitions)) >= MANY:
                    here = f"{path}.{key}{step}".lstrip(".")
                    yield from _sections(_target(items, definitions), definitions, here)


def _choices(section: Schema, definitions: Schema, path: str) -> Iterator[tuple[str, list[Schema]]]:
    for key, setting in section["properties"].items():
        here = f"{path}.{key}".lstrip(".")
        forms = list(_forms(setting))
        named = [form for form in forms if "name" in form.get("properties", ())]
        if named:
            yield here, named
        for form in forms:
            if "$ref" in form:
                yield from _choices(_target(form, definitions), definitions, here)


def _settings(section: Schema, definitions: Schema) -> list[str]:
    rows = ["| key | value | default | meaning |", "|---|---|---|---|"]
    for key, setting in section["properties"].items():
        required = key in section.get("required", ())
        default = "required" if required else _default(setting["default"])
        cells = (f"`{key}`", _value(setting, definitions), default, setting["description"])
        rows.append(_row(cells))
    return rows


def _entries(forms: list[Schema], definitions: Schema) -> list[str]:
    rows = ["| name | options (default) | what it is |", "|---|---|---|"]
    for form in forms:
        options = [
            f"`{key}`: {_value(option, definitions)} ({_default(option['default'], empty='none')})"
            if "default" in option
            else f"`{key}`: {_value(option, definitions)} (required)"
            for key, option in form["properties"].items()
            if key != "name"
        ]
        rows.append(_row((f"`{form['title']}`", "<br>".join(options) or "none", form["description"])))
    return rows


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(value: object, empty: str = "its own") -> str:
    return empty if value == {} else f"`{inline(value)}`"


def _forms(setting: Schema) -> Iterator[Schema]:
    """The alternatives of a setting, one by one."""
    for key in ("anyOf", "oneOf"):
        if key in setting:
            for form in setting[key]:
                yield from _forms(form)
            return
    yield setting


def _target(form: Schema, definitions: Schema) -> Schema:
    target: Schema = definitions[form["$ref"].rpartition("/")[2]]
    return target


def _keys(form: Schema, definitions: Schema) -> list[str]:
    """The keys of a form that is a section; none for any other."""
    return list(_target(form, definitions)["properties"]) if "$ref" in form else []


def _value(setting: Schema, definitions: Schema) -> str:
    """What a setting may be, in words: the type of each alternative with its bounds."""
    forms = list(_forms(setting))
    words = [_form(form, definitions) for form in forms]
    if BY_NAME in words:  # the short forms and the list hold the same names
        lists = [word for word in words if word.startswith("a list")]
        words = [TYPES["string"]] * (TYPES["string"] in words) + [BY_NAME, *lists]
    first = list(dict.fromkeys(words))
    last = first.pop()
    return f"{', '.join(first)} or {last}" if first else last


def _form(form: Schema, definitions: Schema) -> str:
    match form:
        case {"enum": words}:
            return ", ".join(f"`{word}`" for word in words)
        case {"const": word}:
            return f"`{word}`"
        case {"$ref": _}:
            keys = _keys(form, definitions)
            return "{" + ", ".join(keys) + "}" if len(keys) < MANY else "a section"
        case {"type": "array", "items": items}:
            return "a list of " + _plural(_value(items, definitions)) + _length(form)
        case {"properties": {"name": _}}:
            return BY_NAME
        case {"type": "object", "additionalProperties": True}:
            return "a mapping"
        case {"type": "object", "additionalProperties": items}:
            return "a mapping to " + _plural(_value(items, definitions))
        case {"type": "integer" | "number" as kind}:
            bounds = [
                sign + inline(form[at])
                for at, sign in BOUNDS.items()
                if form.get(at, LARGEST) < LARGEST
            ]
            word = "whole number" if kind == "integer" else "number"
            return f"{word} {' and '.join(bounds)}".strip()
    return TYPES[form["type"]]


def _plural(words: str) -> str:
    if words == BY_NAME:
        return "these"
    for one, many in (("number", "numbers"), ("text", "texts"), ("a section", "sections")):
        words = words.replace(one, many)
    return words


def _length(form: Schema) -> str:
    least, most = form.get("minItems", 0), form.get("maxItems")
    if most and most < MANY:
        return f" ({least} to {most} of them)"
    return f" (at least {least})" if least else ""
