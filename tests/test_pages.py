"""Every command of these pages is run, and what they show of the output is true."""

import importlib.util
import re
from pathlib import Path

import pytest
from console import differences, examples, masked
from runs import ROOT

DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    *(DOCS / f"{name}.md" for name in ("student", "analyst", "night", "examples")),
]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A directory with what a clone has, and what a page is not to write into."""
    for folder in ("configs", "data"):
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
