"""The schema as others see it: JSON Schema for editors, Markdown for the docs."""

import re
from collections.abc import Iterator

import pytest

from mlptrain.config import load_config, resolved
from mlptrain.config.option_words import WORDS
from mlptrain.config.reference import json_schema, reference
from mlptrain.data.readers.toy import TOYS
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.initializers import INITIALIZERS
from mlptrain.nn.losses import LOSSES
from mlptrain.optim import OPTIMIZERS
from mlptrain.optim.schedules import SCHEDULES

SCHEMA = json_schema()


def accepts(schema, value) -> bool:
    """A judge of its own, for the part of JSON Schema that is used here."""
    if "$ref" in schema:
        return accepts(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], value)
    if "anyOf" in schema:
        return any(accepts(form, value) for form in schema["anyOf"])
    if "oneOf" in schema:
        return sum(accepts(form, value) for form in schema["oneOf"]) == 1
    return all(_rules(schema, value))


def _rules(schema, value) -> Iterator[bool]:
    if "enum" in schema:
        yield value in schema["enum"]
    if "const" in schema:
        yield value == schema["const"]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match schema.get("type"):
        case "null":
            yield value is None
        case "boolean":
            yield isinstance(value, bool)
        case "integer":
            yield isinstance(value, int) and is_number
        case "number":
            yield is_number
        case "string":
            yield isinstance(value, str)
        case "array":
            yield isinstance(value, list)
            yield isinstance(value, list) and all(accepts(schema["items"], item) for item in value)
        case "object":
            yield isinstance(value, dict) and set(schema.get("required", ())) <= set(value)
            for key, item in value.items() if isinstance(value, dict) else ():
                known = schema.get("properties", {}).get(key, schema.get("additionalProperties", False))
                yield known is not False and accepts(known, item)
    if is_number:
        yield value >= schema.get("minimum", value)
        yield value <= schema.get("maximum", value)
        yield value > schema.get("exclusiveMinimum", value - 1)
        yield value < schema.get("exclusiveMaximum", value + 1)


def test_it_says_which_dialect_it_is():
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["title"] == "mlptrain config"


@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"optimizer": "sgd", "loss": {"name": "hinge", "class_weights": {"a": 2}}},
        {"model": {"hidden": [], "activation": ["relu", {"name": "leaky_relu", "slope": 0.1}]}},
        {"optimizer": {"learning_rate": 0.1}},
        {"train": {"eval_every": {"steps": 3}, "early_stopping": {"patience": 3}}},
        {"data": {"train": {"name": "spiral"}, "val": "x.csv", "missing": "mean"}},
    ],
)
def test_an_editor_accepts_what_we_accept(sections):
    data = {"data": {"train": "x.csv"}} | sections
    # The pair of activations has no pair of layers; that is a matter between keys.
    if "model" not in sections:
        assert accepts(SCHEMA, resolved(load_config(data)))

    assert accepts(SCHEMA, data)


@pytest.mark.parametrize(
    "sections",
    [
        {"optimizer": "adma"},
        {"optimizer": {"name": "sgd", "beta1": 0.9}},
        {"optimizer": {"name": "adam", "learning_rate": 0}},
        {"data": {}},
        {"sede": 1},
        {"train": {"epochs": True}},
        {"model": {"hidden": [0]}},
        {"regularization": None},
    ],
)
def test_an_editor_refuses_what_we_refuse(sections):
    assert not accepts(SCHEMA, {"data": {"train": "x.csv"}} | sections)


def test_every_key_has_a_description_and_a_default():
    sections = [SCHEMA, *SCHEMA["$defs"].values()]
    lacking = [
        key
        for section in sections
        for key, setting in section["properties"].items()
        if not setting.get("description")
        or ("default" not in setting and key not in section["required"])
    ]

    assert lacking == []


def test_no_key_is_titled_with_its_own_name():
    assert "title" not in SCHEMA["properties"]["seed"]


def test_the_reference_has_every_entry_of_every_registry():
    text = reference()
    tables = (TOYS, INITIALIZERS, LOSSES, ACTIVATIONS, OPTIMIZERS, SCHEDULES)

    assert [name for table in tables for name in table if f"| `{name}` |" not in text] == []


def test_the_reference_has_every_key():
    text = reference()
    keys = [key for section in SCHEMA["$defs"].values() for key in section["properties"]]

    assert [key for key in keys if f"`{key}`" not in text and "{" + key + "}" not in text] == []


def test_the_reference_says_type_bounds_default_and_meaning():
    assert "| `dropout` | number >= 0 and < 1 | `0.0` | probability that" in reference()
    assert "| `sgd` | `learning_rate`: number > 0 (`0.01`)<br>`rate_factors`: " in reference()


def test_every_row_of_a_table_has_as_many_cells_as_its_header():
    tables = re.findall(r"(?:^\|.*\n)+", reference() + "\n", re.MULTILINE)
    widths = [{len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()} for table in tables]

    assert len(tables) == 21
    assert widths == [{5}] * 15 + [{4}] * 6


def properties(schema, path="") -> Iterator[tuple[str, dict]]:
    """Every property of a schema, however deep, by the way to it."""
    if isinstance(schema, list):
        for i, each in enumerate(schema):
            yield from properties(each, f"{path}[{i}]")
    elif isinstance(schema, dict):
        for key, each in schema.items():
            if key == "properties":
                yield from ((f"{path}.{name}", prop) for name, prop in each.items())
            yield from properties(each, f"{path}.{key}")


def test_every_property_has_a_description():
    assert [path for path, each in properties(SCHEMA) if not each.get("description")] == []
    options = [each["description"] for path, each in properties(SCHEMA) if ".oneOf[" in path]
    assert len(options) > 100


def test_every_word_on_an_option_is_in_use():
    described = {each["description"] for _, each in properties(SCHEMA)}
    assert set(WORDS.values()) <= described
