"""Every command of these pages is run, and what they show of the output is true."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
from console import differences, examples, masked
from runs import ROOT

from mlptrain.config import json_schema

DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    *(DOCS / f"{name}.md" for name in ("student", "analyst", "night", "examples")),
]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A directory with what a clone has, and what a page is not to write into."""
    for folder in ("configs", "data", "docs"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_does_what_the_page_shows(page, clone):
    assert list(differences(page, clone)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_commands(page):
    assert any(command.startswith("mlptrain ") for command, _ in examples(page))


@pytest.mark.slow
def test_the_recording_of_the_readme_is_current(tmp_path):
    place = DOCS / "make_recording.py"
    spec = importlib.util.spec_from_file_location("make_recording", place)
    assert spec is not None
    assert spec.loader is not None
    recorder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recorder)
    fresh = recorder.drawn(recorder.outputs(tmp_path))
    assert words(fresh) == words(recorder.PICTURE.read_text(encoding="utf-8"))


def words(picture: str) -> list[str]:
    """The text of an SVG, without its numbers."""
    return [masked(line) for line in re.findall(r">([^<>\n]+)</text>", picture)]


def test_the_recording_loads_nothing():
    picture = (DOCS / "recording.svg").read_text(encoding="utf-8")
    assert "url(http" not in picture
    assert "@import" not in picture
    assert (DOCS / "recording.svg").stat().st_size < 60_000


KEY = re.compile(r"`((?:data|model|optimizer|regularization|train|schedule)(?:\.\w+)+)`")


def known(key: str) -> bool:
    """Whether the schema has the key; an option of a choice by name is looked for in every choice."""
    schema = json_schema()
    section, *path = key.split(".")
    node = schema["properties"][section]
    for name in path:
        options = [at[name] for at in properties(node, schema["$defs"]) if name in at]
        if not options:
            return False
        node = {"anyOf": options}
    return True


def properties(node: Any, definitions: Any) -> list[Any]:
    """What is in a node, whichever of its forms it takes."""
    if "$ref" in node:
        return properties(definitions[node["$ref"].rpartition("/")[2]], definitions)
    forms = [*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())]
    return [
        node.get("properties", {}),
        *(each for form in forms for each in properties(form, definitions)),
    ]


@pytest.mark.parametrize("name", ["coming-from", "faq", "index", "large-data", "night-runs"])
def test_a_key_that_a_page_names_exists(name):
    keys = set(KEY.findall((DOCS / f"{name}.md").read_text(encoding="utf-8")))
    assert {key for key in keys if not known(key)} == set()
