"""Names from files on a terminal: no escape sequence gets through, and no markup is obeyed.

The names are of columns, classes and files, the ways those of the commands that show them.
"""

import os
import pty
import subprocess
import sys

import pytest
from helpers import changed
from runs import THIRTY, invoke, surroundings, write_config

COLUMN = "pri\x1b[31mce"
CLASS = "\x1b]0;title\x07[bold red]p[/]"
MARKUP = "[link=http://x]q[/link]"
FOLDER = "r\x1b[2Jun[red]"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory with hostile names in a table, and a run on it in a hostile directory."""
    monkeypatch.chdir(tmp_path)
    rows = "".join(f'{a},{a % 3},"{CLASS if a % 2 else MARKUP}"\n' for a in range(40))
    (tmp_path / "rows.csv").write_text(f'"{COLUMN}",b,y\n{rows}', encoding="utf-8")
    data = {"train": "rows.csv", "val": 0.2, "test": 0.2}
    write_config(tmp_path / "table.yaml", changed(THIRTY, {"data": data, "train.epochs": 1}))
    return tmp_path


@pytest.fixture
def fitted(here):
    result = invoke("fit", "table.yaml", "--out", FOLDER)
    assert result.exit_code == 0, result.output
    return result


def is_clean(text):
    """Nothing that a terminal would take for a command."""
    return all(character.isprintable() or character == "\n" for character in text)


def test_fit_prints_no_escape_sequence(fitted):
    assert is_clean(fitted.stdout)
    assert is_clean(fitted.stderr)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["eval", FOLDER],
        ["eval", FOLDER, "--json"],
        ["show", FOLDER],
        ["show", FOLDER, "--config"],
        ["gradcheck", "table.yaml"],
        ["fit", "table.yaml", "--dry-run"],
        ["fit", "table.yaml", "--out", FOLDER],
        ["fit", "--resume", FOLDER, "--json"],
        ["eval", FOLDER, "--data", "gone\x1b[2J.csv"],
        ["predict", FOLDER, "gone\x1b[2J.csv"],
        ["fit", "gone\x1b[2J.yaml"],
        ["fit", "table.yaml", "--set", "modle\x1b[2J=3"],
        ["fit", "table.yaml", "--set", f"data.target={COLUMN}x"],
        ["fit", "table.yaml", "--set", "data.target=pri"],
        ["init", "rows.csv", "--target", "y"],
        ["init", "rows.csv", "--target", "z"],
        ["plot", FOLDER],
        ["schema", FOLDER],
        ["runs", "--csv", FOLDER, "nothing\x1b[2J"],
    ],
    ids=repr,
)
def test_no_command_prints_an_escape_sequence(fitted, arguments):
    result = invoke(*arguments)

    assert result.output
    assert is_clean(result.stdout), result.stdout
    assert is_clean(result.stderr), result.stderr


def test_markup_is_shown_and_not_obeyed(fitted):
    shown = invoke("eval", FOLDER).stdout

    assert MARKUP in shown
    assert "[bold red]p[/]" in shown


def test_json_keeps_the_names_and_escapes_them(fitted):
    import json

    shown = invoke("eval", FOLDER, "--json").stdout

    assert set(json.loads(shown)["classes"]) == {CLASS, MARKUP}


def test_predictions_keep_the_bytes_of_the_names(fitted, here):
    """A pipe gets the data as they are."""
    assert CLASS in invoke("predict", FOLDER, "rows.csv").stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "shown"),
    [(["predict", FOLDER, "rows.csv"], MARKUP), (["runs", "--csv", "."], "r?[2Jun[red]")],
    ids=["predict", "runs"],
)
def test_a_csv_on_a_terminal_has_no_escape_sequence(fitted, here, arguments, shown):
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "mlptrain", *arguments],
        stdout=theirs,
        stderr=subprocess.PIPE,
        env=surroundings(),
    ) as process:
        os.close(theirs)
        printed = b""
        try:
            while part := os.read(ours, 4096):
                printed += part
        except OSError:  # the other end is closed
            pass
        os.close(ours)
    assert process.returncode == 0
    assert shown.encode() in printed
    assert b"\x1b" not in printed
    assert b"\x07" not in printed


def test_an_error_that_quotes_a_class_is_clean(fitted, here):
    (here / "new.csv").write_text(f'"{COLUMN}",b,y\n1,2,"un\x1b[2Jknown"\n', encoding="utf-8")
    result = invoke("eval", FOLDER, "--data", "new.csv")

    assert result.exit_code == 3
    assert is_clean(result.stderr)
