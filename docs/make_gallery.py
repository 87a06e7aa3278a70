"""Run every command of docs/gallery.md, which replaces the pictures in docs/gallery/.

    python docs/make_gallery.py

The runs are made in a temporary directory and go with it. One thread, so that the numbers, and with
them the pictures, come out the same again.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "gallery.md"
SHARED = ("configs", "data", "docs")
"""What the commands name by relative paths."""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def commands() -> list[list[str]]:
    """The words of each command of the page, in its order."""
    lines = re.findall(r"^\$ ((?:mlptrain|python) .+)$", PAGE.read_text("utf-8"), re.M)
    return [shlex.split(line) for line in lines]


def main() -> None:
    """Run them; the first one that fails ends it, and what it said is shown."""
    environment = {**os.environ, **dict.fromkeys(THREADS, "1"), "PYTHONPATH": str(ROOT)}
    (ROOT / "docs" / "gallery").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        for name in SHARED:
            Path(place, name).symlink_to(ROOT / name)
        for program, *words in commands():
            sys.stderr.write(f"{program} {shlex.join(words)}\n")
            module = ["-m", "mlptrain"] if program == "mlptrain" else []
            done = subprocess.run(
                [sys.executable, *module, *words],
                cwd=place, env=environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode != 0:
                sys.exit(done.stderr)


if __name__ == "__main__":
    main()
