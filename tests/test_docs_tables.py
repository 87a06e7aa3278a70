"""docs/tables.md: every command on the page is run, and what it shows of the output is true."""

import re
import shlex
from pathlib import Path

import pytest
from console import examples
from runs import ROOT, invoke

PAGE = ROOT / "docs" / "tables.md"
NUMBER = re.compile(r"\d+(\.\d+)?")


def masked(text: str) -> str:
    """Text with a # for each number: those depend on the machine in their last digits."""
    return NUMBER.sub("#", text)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_every_command_of_the_page_does_what_the_page_shows(tmp_path: Path, monkeypatch):
    for folder in ("data", "configs"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.chdir(tmp_path)
    for command, shown in examples(PAGE):
        program, *arguments = shlex.split(command)
        assert program == "mlptrain"
        result = invoke(*arguments)
        output = masked(result.stdout + result.stderr)
        fails = any(line.startswith("error: ") for line in shown)
        assert (result.exit_code != 0) == fails, f"{command}\n{result.stderr}"
        for line in shown:
            assert masked(line) in output, f"{command}\n{output}"


def test_the_page_shows_the_three_commands_and_the_folds():
    words = {command.split()[1] for command, _ in examples(PAGE)}
    assert words == {"init", "fit", "predict", "eval"}
    assert any("--folds" in command for command, _ in examples(PAGE))
