"""docs/gallery.md: every picture is there, is made by one command, and every command would run."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from mlptrain.cli import cli

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "gallery.md").read_text(encoding="utf-8")
COMMANDS = [shlex.split(line)[1:] for line in re.findall(r"^\$ (mlptrain .+)$", PAGE, re.MULTILINE)]
DRAWN = re.findall(
    r"^\$ python (docs/lecture_pictures.py) (\w+) (docs/gallery/\S+)$", PAGE, re.MULTILINE
)
WIDEST = 1600
"""Pixels: on a page of 900 the letters of 14 are then 8 high."""
SHOWN = re.findall(r"!\[.+\]\((gallery/[\w.-]+)\)", PAGE)
TRACES = [words for words in COMMANDS if words[0] == "trace"]


def made(words):
    """The files that a command writes into docs/."""
    return [word.removeprefix("docs/") for word in words if word.startswith("docs/")]


def test_every_picture_that_is_shown_exists_and_no_other_does():
    assert sorted(SHOWN) == sorted(f"gallery/{path.name}" for path in (DOCS / "gallery").iterdir())


def test_every_picture_is_made_by_one_command():
    plotted = [file for words in COMMANDS for file in made(words)]
    drawn = [file.removeprefix("docs/") for _, _, file in DRAWN]

    assert sorted(plotted + drawn) == sorted(SHOWN)
    assert len(DRAWN) == PAGE.count("\n$ python ")


def test_the_pictures_are_small():
    assert sum(path.stat().st_size for path in (DOCS / "gallery").iterdir()) < 2_000_000


def test_a_picture_is_not_wider_than_what_can_be_read_on_a_page():
    first = {path.name: path.read_text("utf-8")[:2000] for path in (DOCS / "gallery").glob("*.svg")}
    widths = {
        name: float(re.findall(r'<svg[^>]* width="([\d.]+)', text)[0]) for name, text in first.items()
    }

    assert {name: width for name, width in widths.items() if width > WIDEST} == {}


@pytest.mark.parametrize("words", COMMANDS, ids=shlex.join)
def test_a_command_is_understood(words):
    command = cli.get_command(cli.make_context("mlptrain", [], resilient_parsing=True), words[0])

    assert command is not None
    command.make_context(words[0], words[1:])  # reads all arguments; raises where one is wrong


def test_a_run_is_made_before_it_is_drawn():
    runs = set()
    for words in COMMANDS:
        named = {word for word in words if word.startswith("runs/")}
        assert words[0] == "fit" or named <= runs
        runs |= named


@pytest.mark.parametrize("words", TRACES, ids=shlex.join)
def test_a_number_in_a_caption_stands_in_the_circuit(words):
    picture = words[-1].removeprefix("docs/")
    (caption,) = re.findall(rf"!\[(.+)\]\({picture}\)", PAGE)
    drawn = set(re.findall(r"-?\d+(?:\.\d+)?", (DOCS / picture).read_text("utf-8")))

    assert set(re.findall(r"-?\d+(?:\.\d+)?", caption)) <= drawn


@pytest.mark.parametrize("words", TRACES, ids=shlex.join)
def test_a_circuit_is_current(words, tmp_path):
    fresh = tmp_path / "fresh.svg"

    ended = CliRunner().invoke(cli, [*words[:-1], str(fresh)])

    assert ended.exit_code == 0, ended.output
    assert fresh.read_bytes() == (DOCS.parent / words[-1]).read_bytes()
