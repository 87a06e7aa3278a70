"""Whole processes: what a user waits for, start-up included.

    python benchmarks/processes.py --torch-python TORCH/bin/python

Each line pairs two commands, run in turn, A B A B …; quoted are the medians and the median of the
pairwise ratios. The PyTorch script does the work of configs/digits.yaml: the same data, split sizes,
network, loss, optimizer, schedule, batches and epochs, and an evaluation per epoch.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
DIGITS = ROOT / "configs" / "digits.yaml"


def seconds(command: list[str]) -> float:
    """Wall time of a process; a failure ends the benchmark."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled already
    started = time.perf_counter()
    subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True)
    return time.perf_counter() - started


def compare(name: str, a: list[str], b: list[str], rounds: int) -> None:
    """Run the two in turn after one warm-up of each, and print a row of the table."""
    seconds(a), seconds(b)
    pairs = [(seconds(a), seconds(b)) for _ in range(rounds)]
    times = [1e3 * median(column) for column in zip(*pairs, strict=True)]
    ratio = median(first / second for first, second in pairs)
    print(f"| {name} | {times[0]:.0f} | {times[1]:.0f} | {ratio:.2f} | {1 / ratio:.1f} |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--torch-python", default=os.environ.get("TORCH_PYTHON", sys.executable))
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    program = [sys.executable, "-m", "mlptrain"]
    print("| A against B | A ms | B ms | A / B | B / A |")
    print("|---|---|---|---|---|")
    compare(
        "`mlptrain --help` against `python -c 'import numpy'`",
        [*program, "--help"],
        [sys.executable, "-c", "import numpy"],
        options.rounds,
    )
    with tempfile.TemporaryDirectory() as folder:
        fit = [*program, "fit", str(DIGITS), "--out", f"{folder}/run", "--force", "--quiet"]
        peer = [options.torch_python, str(ROOT / "benchmarks" / "peers" / "torch_digits.py")]
        compare("digits, whole process, against PyTorch", fit, peer, options.rounds)
        compare(
            "digits, whole process, against `import torch` alone",
            fit,
            [options.torch_python, "-c", "import torch"],
            options.rounds,
        )


if __name__ == "__main__":
    main()
