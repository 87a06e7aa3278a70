"""Loads and trains on large tables, and prints speed and peak memory as Markdown.

    python benchmarks/table_loading.py --directory /tmp

It writes tables of 1, 2 and 4 million rows there (up to 7 GB, deleted at the end). Every measurement
is a process of its own: time from after the imports on, peak memory from its first instruction.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from tables import machine, table

COLUMNS = 30
BYTES_A_ROW = 600
"""What a measurement writes and holds for a row, in the page cache and in memory."""
FROM_FILE = ("from a file, made", "from a file, found")
HERE = Path(__file__)


def write_million(path: str) -> dict[str, Any]:
    """A CSV of a million rows: 30 normal numbers with all their digits, and a class."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(0)
    with open(path, "wb") as file:
        for part in range(20):
            X = rng.normal(size=(50_000, COLUMNS))
            y = np.where(X[:, 0] + X[:, 1] * X[:, 2] > 0, "yes", "no")
            columns = {f"x{j}": X[:, j] for j in range(COLUMNS)}
            pl.DataFrame({**columns, "y": y}).write_csv(file, include_header=part == 0)
    return {}


def run_polars(path: str) -> dict[str, Any]:
    """The yardstick: read_csv, and the numbers as a float32 matrix."""
    import numpy as np
    import polars as pl

    seconds = stopwatch()
    X = pl.read_csv(path).drop("y").to_numpy().astype(np.float32)
    return {"load": seconds(), "rows": len(X), "versions": {"polars": pl.__version__}}


def run_load(path: str) -> dict[str, Any]:
    """Load and preprocess, the rows in memory."""
    import polars  # noqa: F401 - imported by both before the clock starts

    from mlptrain.config import load_config
    from mlptrain.training.build import load

    config = load_config({"data": {"train": path, "val": 0, "test": 0.2}})
    seconds = stopwatch()
    data = load(config)
    loaded = seconds()
    dict(data.fingerprint)
    return {"load": loaded, "rows": len(data.train), "hashed": seconds()}


def run_fit(path: str, cache: str) -> dict[str, Any]:
    """One epoch of training, from loading to the last evaluation."""
    from mlptrain.config import load_config
    from mlptrain.training.build import build
    from mlptrain.training.record import Progress
    from mlptrain.training.trainer import train

    config = {
        "data": {"train": path, "target": "y", "cache": cache},
        "model": {"hidden": [64]},
        "train": {"epochs": 1, "batch_size": 256},
    }
    seconds = stopwatch()
    experiment = build(load_config(config))
    loaded = seconds()
    for _ in train(experiment, Progress()):
        pass
    return {"load": loaded, "train": seconds() - loaded}


def stopwatch() -> Callable[[], float]:
    """Seconds since this call."""
    start = time.perf_counter()
    return lambda: time.perf_counter() - start


def peak_memory() -> float:
    """The most memory this process has held at a time, in MB (of 10^6 bytes): VmHWM."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def measure(cache: str, *command: str) -> dict[str, Any]:
    """Run one measurement in a process of its own."""
    environment = {**os.environ, "MLPTRAIN_CACHE": cache, "OPENBLAS_NUM_THREADS": "1"}
    child = [sys.executable, str(HERE), "--run", *command]
    done = subprocess.run(child, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    print(" ".join(command), {k: v for k, v in found.items() if k != "versions"}, file=sys.stderr)
    return found


def multiply(million: Path, path: Path, times: int) -> None:
    """The same rows several times over: the time to read them is that of so many rows."""
    with path.open("wb") as out, million.open("rb") as file:
        header = file.readline()
        out.write(header)
        for _ in range(times):
            file.seek(len(header))
            shutil.copyfileobj(file, out, 1 << 20)
        os.fsync(out.fileno())  # or the system writes it while the clock runs


def speed(million: str, cache: str, rounds: int) -> tuple[str, dict[str, Any]]:
    """Loading against polars and NumPy, in turns, so that a slow minute hits both."""
    rows, ratios, last = list[list[str]](), list[float](), dict[str, Any]()
    for number in range(rounds):
        last, ours = measure(cache, "polars", million), measure(cache, "load", million)
        ratios.append(ours["load"] / last["load"])
        seconds = (last["load"], ours["load"], ours["hashed"])
        rows.append([str(number + 1), *(f"{each:.2f}" for each in seconds), f"{ratios[-1]:.2f}"])
    rows.append(["median", "", "", "", f"{median(ratios):.2f}"])
    head = ["round", "read_csv + NumPy, s", "load, s", "load and fingerprint, s", "load / read_csv"]
    return table(head, rows), last


def touch(directory: Path, millions: int) -> None:
    """Write and delete a file of the size that the next measurement needs.

    A virtual machine may get a page of memory from its host when it is first touched, which took ten
    times as long as to write to one that it has.
    """
    path = directory / "touched"
    with path.open("wb") as file:
        for _ in range(BYTES_A_ROW * millions):
            file.write(bytes(1_000_000))
    path.unlink()


def memory(million: Path, cache: str, most: int, rounds: int) -> str:
    """One epoch in memory, then from a file, made and found, for tables of growing length."""
    sizes = [n for n in (1, 2, 4, 8, 16) if n <= most]
    found: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for millions in sizes[1:]:
        multiply(million, million.with_name(f"{millions}.csv"), millions)
    for _ in range(rounds):
        for millions in sizes:
            kept = f"{cache}/{millions}"
            for where in ("in memory", *FROM_FILE) if millions == 1 else FROM_FILE:
                touch(million.parent, millions)
                setting = kept if where in FROM_FILE else "auto"
                path = str(million.with_name(f"{millions}.csv"))
                found.setdefault((millions, where), []).append(measure(cache, "fit", path, setting))
            shutil.rmtree(kept)
    rows = list[list[str]]()
    for where in ("in memory", *FROM_FILE):
        for millions in sizes:
            if runs := found.get((millions, where)):
                load, train = (median(run[key] for run in runs) for key in ("load", "train"))
                both = median(run["load"] + run["train"] for run in runs) / millions
                cells = [f"{number:.2f}" for number in (load, train, both)]
                peak = max(run["peak"] for run in runs)
                rows.append([f"{millions} million, {where}", *cells, f"{peak:.0f}"])
    head = ["rows", "load, s", "one epoch, s", "both per million rows, s", "peak memory, MB"]
    return table(head, rows)


def run(command: Sequence[str]) -> None:
    """A measurement, in its own process: one line of JSON."""
    name, *arguments = command
    runs: dict[str, Callable[..., dict[str, Any]]] = {
        "write": write_million,
        "polars": run_polars,
        "load": run_load,
        "fit": run_fit,
    }
    print(json.dumps({**runs[name](*arguments), "peak": peak_memory()}))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--directory", default=tempfile.gettempdir(), help="where tables are written")
    parser.add_argument("--rounds", type=int, default=5, help="of each measurement")
    parser.add_argument("--millions", type=int, default=4, help="rows of the longest table, up to 16")
    parser.add_argument("--run", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run(options.run)
        return
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        million, cache = Path(directory, "1.csv"), f"{directory}/cache"
        measure(cache, "write", str(million))
        first, last = speed(str(million), cache, options.rounds)
        second = memory(million, cache, options.millions, options.rounds)
    print("\n\n".join([machine([last], load), first, second]))


if __name__ == "__main__":
    main()
