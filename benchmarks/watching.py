"""What `mlptrain watch` costs the run that it watches: examples per second beside it and without.

    python benchmarks/watching.py

One fit of the network of configs/digits.yaml goes on all the time, and so does the watch. In every
other window of time its page is asked for as often as a browser asks, in the windows between by nobody.
The order is AB BA AB ..., a ratio is that of two windows side by side, and quoted are the median and
its 95 % interval over the pairs. A browser that draws the curves is a third process and not in it.
"""

import argparse
import contextlib
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
PROGRAM = [sys.executable, "-m", "mlptrain"]
LONG = ["--set", "train.epochs=1000000", "--set", "train.early_stopping=null"]
WARM_UP = 10.0
SETTLE = 1.0
"""Seconds after each change that count for neither."""


@contextlib.contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command of the program at work, ended at last."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    options = {"cwd": ROOT, "env": environment, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([*PROGRAM, *arguments], **options) as process:
        try:
            yield process
        finally:
            process.terminate()


def lines(metrics: Path) -> int:
    """Epochs that are done: a record for each."""
    with metrics.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def window(metrics: Path, seconds: float, url: str | None) -> float:
    """Epochs per second; `url` is asked once a second."""

    def wait(span: float) -> None:
        end = time.perf_counter() + span
        while (left := end - time.perf_counter()) > 0:
            if url:
                with urllib.request.urlopen(url) as answer:
                    answer.read()
            time.sleep(min(1.0, left))

    wait(SETTLE)
    before, begun = lines(metrics), time.perf_counter()
    wait(seconds)
    span = time.perf_counter() - begun
    return (lines(metrics) - before) / span


def interval(ratios: list[float]) -> tuple[float, float]:
    """The middle 95 % of the medians of 2,000 samples with replacement."""
    drawn = random.Random(0)
    medians = sorted(median(drawn.choices(ratios, k=len(ratios))) for _ in range(2000))
    return medians[50], medians[1949]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=5.0, help="of a window")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = f"{folder}/run"
        metrics = Path(run) / "metrics.jsonl"
        with started("fit", str(ROOT / "configs/digits.yaml"), "--out", run, "--quiet", *LONG):
            while not metrics.exists():
                time.sleep(0.1)
            time.sleep(WARM_UP)
            with started("watch", run) as watch:
                url = watch.stdout.readline().strip() + "data"
                ratios, rates = [], []
                for number in range(options.pairs):
                    order = [url, None] if number % 2 else [None, url]
                    rate = {each: window(metrics, options.seconds, each) for each in order}
                    rates.append(rate[None])
                    ratios.append(rate[url] / rate[None])
                    print(f"{number}: {rate[None]:.2f} {rate[url]:.2f}", file=sys.stderr)
    low, high = interval(ratios)
    print(
        f"{platform.processor() or platform.machine()}, {platform.release()}, {os.cpu_count()} cores: "
        f"{median(rates):.1f} epochs/s without, beside a watch {median(ratios):.3f} times as many "
        f"({low:.3f} to {high:.3f}, {options.pairs} pairs of {options.seconds:g} s)"
    )


if __name__ == "__main__":
    main()
