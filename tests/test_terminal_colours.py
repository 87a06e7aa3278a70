"""What is printed reads alike on light and on dark paper: weight alone is set, and no colour."""

import io
import re
import sys

import pytest
from runs import THIRTY, invoke, write_config

from mlptrain.cli import cli

ATTRIBUTES = {0, 1, 2, 3, 4, 22, 23, 24}
"""Plain, bold, faint, italic, underlined, and back: what has no colour of its own."""
COMMANDS = ("eval run", "runs .", "show run", "watch run --text", "fit run.yaml --out again --force")


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self):
        return True


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    place = tmp_path_factory.mktemp("colours")
    write_config(place / "run.yaml", {**THIRTY, "train": {**THIRTY["train"], "epochs": 1}})
    assert invoke("fit", place / "run.yaml", "--out", place / "run").exit_code == 0
    return place


@pytest.fixture
def printed(here, monkeypatch):
    """Run a command on a terminal of every colour; all that it printed."""
    monkeypatch.chdir(here)
    for name, value in {"TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)

    def run(command):
        streams = Terminal(), Terminal()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", streams[0])
            patch.setattr(sys, "stderr", streams[1])
            cli.main(command.split(), standalone_mode=False)
        return "".join(each.getvalue() for each in streams)

    return run


def codes(text):
    """Those of every sequence that says how letters look."""
    found = re.findall(r"\x1b\[([\d;]*)m", text)
    return {int(code or 0) for sequence in found for code in sequence.split(";")}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_colour_is_set_that_a_light_or_a_dark_theme_would_swallow(printed, command):
    text = printed(command)
    assert len(text) > 100
    assert codes(text) <= ATTRIBUTES


def test_a_terminal_is_told_of_the_heads_of_a_table_in_bold(printed):
    assert 1 in codes(printed("eval run"))


def test_no_color_changes_no_word(printed, monkeypatch):
    plain = re.sub(r"\x1b\[[\d;]*m", "", printed("eval run"))
    monkeypatch.setenv("NO_COLOR", "1")
    assert codes(quiet := printed("eval run")) <= ATTRIBUTES
    assert re.sub(r"\x1b\[[\d;]*m", "", quiet) == plain
