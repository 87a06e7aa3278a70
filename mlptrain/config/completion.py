"""What a shell offers after `--set`: the keys of a config and, behind `=`, the words a key takes."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from mlptrain.config.checks import monitored
from mlptrain.config.load import load_config
from mlptrain.config.reference import json_schema
from mlptrain.nn.losses import LOSSES

Schema = dict[str, Any]


def completions(begun: str) -> list[str]:
    """Every KEY=, or KEY=WORD, that begins so.

    >>> completions("train.ep"), completions("model.activation=si")
    (['train.epochs='], ['model.activation=silu', 'model.activation=sigmoid'])
    """
    key, equals, word = begun.partition("=")
    if not equals:
        return [f"{each}=" for each in settings() if each.startswith(begun)]
    return [f"{key}={each}" for each in settings().get(key, ()) if each.startswith(word)]


@cache
def settings() -> dict[str, list[str]]:
    """The words that each dotted key takes; none for one that takes numbers or names."""
    schema = json_schema()
    found = dict[str, list[str]]()
    for key, form in _keys(schema, schema["$defs"], ""):
        words = found.setdefault(key, [])
        words += [word for word in _words(form) if word not in words]
    found["train.monitor"] = _monitors()
    return found


def _monitors() -> list[str]:
    toy = {"train": {"name": "moons"}}
    names = [each for loss in LOSSES for each in monitored(load_config({"data": toy, "loss": loss}))]
    return list(dict.fromkeys(names))


def _keys(section: Schema, definitions: Schema, above: str) -> Iterator[tuple[str, Schema]]:
    """Each key of a section and of those within it, with each form that its value may have."""
    for key, setting in section.get("properties", {}).items():
        for form in _forms(setting, definitions):
            yield above + key, form
            yield from _keys(form, definitions, f"{above}{key}.")


def _forms(setting: Schema, definitions: Schema) -> Iterator[Schema]:
    """The alternatives of a setting, one by one."""
    if "$ref" in setting:
        setting = definitions[setting["$ref"].rpartition("/")[2]]
    alternatives = setting.get("anyOf") or setting.get("oneOf")
    if alternatives is None:
        yield setting
    else:
        for each in alternatives:
            yield from _forms(each, definitions)


def _words(form: Schema) -> list[str]:
    kind = form.get("type")
    if kind == "boolean":
        return ["true", "false"]
    words = ["null"] if kind == "null" else form.get("enum", [form["const"]] if "const" in form else [])
    return [str(word) for word in words]
