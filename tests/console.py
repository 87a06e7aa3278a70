"""The console blocks of a page: each command line with what the page shows of its output."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NUMBER = re.compile(r"-?\d+(\.\d+)?(e[-+]?\d+)?")
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


def examples(page: Path) -> list[tuple[str, list[str]]]:
    """Each command with the lines of its output that the page shows; `\\` continues a command."""
    found: list[tuple[str, list[str]]] = []
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in block.replace("\\\n", "").splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def masked(text: str) -> str:
    """Text with a # for each number, and one blank for several: numbers depend on the machine.

    >>> masked("loss   0.3747 (95 %: 0.9 to 1)")
    'loss # (# %: # to #)'
    """
    return re.sub(r" {2,}", " ", NUMBER.sub("#", text))


def figures(text: str) -> list[float]:
    """The numbers of a text."""
    return [float(found[0]) for found in NUMBER.finditer(text)]


def run(command: str, place: Path) -> tuple[int, str]:
    """Exit code and output of a command line in a shell, as a reader types it."""
    bin = str(Path(sys.executable).parent)
    done = subprocess.run(
        ["bash", "-c", f'PATH="{bin}:$PATH"; export COLUMNS=160 OMP_NUM_THREADS=1; {command}'],
        cwd=place, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def differences(page: Path, place: Path) -> Iterator[str]:
    """Run all commands of the page in this directory, and say where it shows something else.

    A line that is shown has to be in the output, in the same order, up to its numbers.
    """
    for command, shown in examples(page):
        code, output = run(command, place)
        fails = any(line.startswith("error: ") for line in shown)
        if (code != 0) != fails:
            yield f"$ {command}\nends with {code}\n{output}"
        rest = masked(output)
        for line in filter(str.strip, shown):
            _, found, rest = rest.partition(masked(line))
            if not found:
                yield f"$ {command}\ndoes not show, there: {line}\n{output}"
                break
