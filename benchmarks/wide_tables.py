"""Tables of many columns: what `init` and loading take, beside reading the file with polars alone.

    python benchmarks/wide_tables.py

Each is a whole process, start-up included, and paired with one that reads the same file; the bounds are
3 times polars for `init` on 10,000 columns of 150 rows, and 5 times for loading 60,000 of 30.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl

ROOT = Path(__file__).parent.parent
POLARS = "import polars, sys; polars.read_csv(sys.argv[1], infer_schema_length=None)"
LOAD = """
import sys
from mlptrain.config import load_config
from mlptrain.training.build import load
load(load_config({"data": {"train": sys.argv[1], "target": "y", "val": 0.2, "test": 0}}))
"""


def write(path: Path, rows: int, columns: int) -> None:
    """Normal numbers of three decimals, and a class of two of them."""
    X = np.random.default_rng(0).normal(size=(rows, columns)).round(3)
    y = np.where(X[:, 0] + X[:, 1] > 0, "yes", "no")
    pl.DataFrame({**{f"x{j}": X[:, j] for j in range(columns)}, "y": y}).write_csv(path)


def seconds(command: list[str]) -> float:
    """Wall time of a process; a failure ends the benchmark."""
    started = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, *command], check=True, env=environment, capture_output=True)
    return time.perf_counter() - started


def compare(name: str, ours: list[str], path: Path, rounds: int) -> None:
    """Run the two in turn after a warm-up, and print a row of the table."""
    polars = ["-c", POLARS, str(path)]
    seconds(polars)
    pairs = [(seconds(ours), seconds(polars)) for _ in range(rounds)]
    ratios = sorted(first / second for first, second in pairs)
    times = [median(column) for column in zip(*pairs, strict=True)]
    spread = f"{ratios[0]:.1f} to {ratios[-1]:.1f}"
    print(f"| {name} | {times[0]:.2f} | {times[1]:.2f} | {median(ratios):.2f} | {spread} |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    print(f"{platform.machine()}, Linux {platform.release()}, {os.cpu_count()} cores\n")
    print("| process | seconds | polars | ratio | between |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wide.csv"
        write(path, 150, 10_000)
        init = [
            "-m",
            "mlptrain",
            "init",
            str(path),
            "--target",
            "y",
            "-o",
            f"{folder}/a.yaml",
            "--force",
        ]
        compare("`init`, 150 x 10,000", init, path, rounds)
        write(path, 30, 60_000)
        compare("loading, 30 x 60,000", ["-c", LOAD, str(path)], path, rounds)


if __name__ == "__main__":
    main()
