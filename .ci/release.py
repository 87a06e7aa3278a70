"""Build sdist and wheel into dist/, and try the wheel as a newcomer would: `make release`.

The wheel goes into an environment of its own, far from the checkout, so that nothing is found here by
accident: it trains, evaluates and predicts there. Needs `build`, which is in the extra dev.
"""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"

CONFIG = """\
data: {train: {name: moons, points_per_class: 100}, val: 0.2, test: 0.2}
optimizer: {name: adam, learning_rate: 0.03}
train: {epochs: 20, batch_size: 20}
"""
LARGEST = 3_000_000
"""Bytes of the wheel; half of it are the 5,000 digits of data/mnist5k.npz."""
ROWS = "x0,x1\n0,1\n1,-0.5\n"
"""The top of the upper moon, class 0, and the bottom of the lower one, class 1."""


def version() -> str:
    """What mlptrain/version.py says; the CHANGELOG must have a heading for it, with its date."""
    number: str = runpy.run_path(str(ROOT / "mlptrain/version.py"))["__version__"]
    heading = rf"^## \[{re.escape(number)}\] - \d{{4}}-\d\d-\d\d$"
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    demand(re.search(heading, changelog, re.MULTILINE), f"CHANGELOG.md has no heading for {number}")
    return number


def build(number: str) -> Path:
    """Make both archives; the wheel is built from the sdist, so the sdist is whole."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", str(DIST), str(ROOT), cwd=ROOT)
    names = {path.name for path in DIST.iterdir()}
    wheel = f"mlptrain-{number}-py3-none-any.whl"
    expected = {f"mlptrain-{number}.tar.gz", wheel}
    demand(names == expected, f"dist/ holds {sorted(names)}, expected {sorted(expected)}")
    return DIST / wheel


def check_contents(wheel: Path, number: str) -> None:
    """The package with py.typed, the examples with their data, and nothing else: no tests."""
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        said = archive.read(f"mlptrain-{number}.dist-info/METADATA").decode()
    beyond = re.findall(r"\]\((?!https?://|#)[^)\s]+\)", said)
    demand(not beyond, f"links of the README that lead nowhere on an index: {beyond}")
    here = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "mlptrain").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    here |= {
        f"mlptrain/examples/{path.relative_to(ROOT).as_posix()}"
        for folder in ("configs", "data")
        for path in (ROOT / folder).iterdir()
        if path.suffix not in (".py", "")
    }
    size = wheel.stat().st_size
    demand(size < LARGEST, f"the wheel has {size:,} bytes, more than {LARGEST:,}")
    demand("mlptrain/py.typed" in held, "the wheel has no mlptrain/py.typed")
    demand(held == here, f"the wheel and mlptrain/ differ in {sorted(held ^ here)}")


def try_out(wheel: Path, number: str, folder: Path) -> None:
    """Install it into a clean environment; train, evaluate and predict in a directory of its own."""
    venv.create(folder / "env", with_pip=True)
    python, work = folder / "env/bin/python", folder / "work"
    run(str(python), "-m", "pip", "install", "-q", str(wheel), cwd=folder)
    work.mkdir()
    (work / "moons.yaml").write_text(CONFIG)
    (work / "new.csv").write_text(ROWS)
    mlptrain = str(folder / "env/bin/mlptrain")

    where = run(str(python), "-c", "import mlptrain; print(mlptrain.__file__)", cwd=work)
    demand(Path(where.strip()).is_relative_to(folder), f"imported {where.strip()}, not the wheel")
    said = run(mlptrain, "--version", cwd=work)
    demand(number in said.split(), f"--version says {said.strip()}, not {number}")
    run(mlptrain, "fit", "moons.yaml", "--out", "run", "--quiet", cwd=work)
    accuracy = json.loads(run(mlptrain, "eval", "run", "--json", cwd=work))["accuracy"]
    demand(accuracy >= 0.8, f"the moons end at a test accuracy of {accuracy}")
    rows = run(mlptrain, "predict", "run", "new.csv", cwd=work).splitlines()
    demand(rows[1:] == ["0", "1"], f"predicted {rows}")

    run(mlptrain, "init", "--example", "digits", cwd=work)
    run(mlptrain, "fit", "digits.yaml", "--out", "digits", "--quiet", cwd=work)
    accuracy = json.loads(run(mlptrain, "eval", "digits", "--json", cwd=work))["accuracy"]
    demand(accuracy >= 0.97, f"the example digits ends at a test accuracy of {accuracy}")


def run(*command: str, cwd: Path) -> str:
    """What a command prints; its errors go to the terminal, and end this script."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    ended = subprocess.run(command, cwd=cwd, env=environment, stdout=subprocess.PIPE, text=True)
    demand(ended.returncode == 0, f"{' '.join(command)}\n{ended.stdout}")
    return ended.stdout


def demand(holds: object, otherwise: str) -> None:
    """End with 1 and a sentence where something does not hold."""
    if not holds:
        sys.exit(f"error: {otherwise}")


def main() -> None:
    """Build, look, try."""
    number = version()
    wheel = build(number)
    check_contents(wheel, number)
    with tempfile.TemporaryDirectory() as folder:
        try_out(wheel, number, Path(folder))
    print(
        f"dist/{wheel.name} and its sdist are whole; the wheel trains, predicts, and has its examples"
    )


if __name__ == "__main__":
    main()
