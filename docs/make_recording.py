"""Run the first commands of the README and draw what a terminal shows: docs/recording.svg.

    python docs/make_recording.py

The commands are those between <!-- recording --> and <!-- /recording --> in README.md. They run in a
temporary directory, as a newcomer runs them in a clone. The picture is an SVG that loads nothing.
"""

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "recording.svg"
WIDTH = 84
"""Columns of the terminal: the longest line of the commands still fits."""
FONT = re.compile(r"@font-face \{\{.*?\n    \}\}\n", re.DOTALL)
"""What rich would load from another site."""


def commands() -> list[str]:
    """The command lines of the block, without the prompt."""
    block = (ROOT / "README.md").read_text("utf-8").partition("<!-- recording -->")[2]
    return re.findall(r"^\$ (.+)$", block.partition("<!-- /recording -->")[0], re.MULTILINE)


def outputs(place: Path) -> list[tuple[str, str]]:
    """Each command, run in this directory, with all that it prints."""
    for name in ("configs", "data"):
        (place / name).symlink_to(ROOT / name)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": str(WIDTH), "NO_COLOR": "1"}
    said = []
    for command in commands():
        line = re.sub(r"^mlptrain\b", f"{sys.executable} -m mlptrain", command)
        done = subprocess.run(
            line, shell=True, cwd=place, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            sys.exit(f"{command}\n{done.stdout}")
        said.append((command, done.stdout))
    return said


def drawn(said: list[tuple[str, str]]) -> str:
    """The terminal as SVG."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    for command, output in said:
        console.print(Text("$ ", "bold green") + Text(command, "bold"), soft_wrap=True)
        console.print(Text(output.rstrip("\n"), "dim" if not output.strip() else ""), soft_wrap=True)
    form = FONT.sub("", CONSOLE_SVG_FORMAT).replace("Fira Code, monospace", "monospace")
    picture = console.export_svg(title="From a CSV file to a report", code_format=form, unique_id="r")
    return re.sub(r"[ \t]+$", "", picture, flags=re.MULTILINE)


def main() -> None:
    """Replace the picture."""
    with tempfile.TemporaryDirectory() as place:
        PICTURE.write_text(drawn(outputs(Path(place))), encoding="utf-8")


if __name__ == "__main__":
    main()
