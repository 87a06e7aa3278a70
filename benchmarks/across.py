"""What cores bring: folds and trials side by side, one run over ranks.

    python benchmarks/scaling.py --across

Folds and sweeps are whole processes on a table of 30,000 rows with a preset of init; kinds of one
figure take turns, and a figure is the median over the turns. Ranks are timed once by `bench --ranks`,
which takes turns within itself. With the usual options it takes about twenty minutes on two cores.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

ROOT = Path(__file__).parent.parent
ROWS, NUMBERS, LEVELS = 30_000, 15, (2, 3, 5, 8, 20)
SHAPES = {
    "784-256-128-10": 128,
    "30-256-256-256-2": 256,
    "3072-1024-1024-10": 256,
    "784-2500-2000-1500-1000-500-10": 128,
}
"""Layers, and the rows of a minibatch of all ranks together; the last has 12 million parameters."""
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS")


def surroundings() -> dict[str, str]:
    """This source tree, and no word to BLAS."""
    kept = {key: value for key, value in os.environ.items() if key not in UNSET}
    return {**kept, "PYTHONPATH": str(ROOT)}


def mlptrain(*arguments: object) -> tuple[float, float, str]:
    """Seconds by the clock and of all cores, and what a command prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    command = [sys.executable, "-m", "mlptrain", *map(str, arguments)]
    done = subprocess.run(command, env=surroundings(), check=False, capture_output=True, text=True)
    taken = time.perf_counter() - started
    if done.returncode:
        sys.exit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return taken, cpu, done.stdout


def table(path: Path) -> None:
    """Two classes, fifteen numbers, five text columns."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((ROWS, NUMBERS))
    codes = [rng.integers(0, levels, ROWS) for levels in LEVELS]
    score = X[:, 0] + X[:, 1] * X[:, 2] + (codes[1] == 1) + rng.standard_normal(ROWS)
    names = [f"x{i}" for i in range(NUMBERS)] + [f"c{i}" for i in range(len(LEVELS))] + ["y"]
    lines = [",".join(names)]
    for row, *levels, found in zip(X, *codes, score > 0, strict=True):
        cells = [f"{value:.6f}" for value in row] + [f"k{level}" for level in levels]
        lines.append(",".join([*cells, "yes" if found else "no"]))
    path.write_text("\n".join(lines) + "\n")


def turns(kinds: dict[str, list[object]], repeats: int, out: Path) -> None:
    """A row for each kind: medians over the turns, and how many times as fast as the first."""
    times = {kind: [] for kind in kinds}
    for _ in range(repeats):
        for kind, arguments in kinds.items():
            shutil.rmtree(out, ignore_errors=True)
            times[kind].append(mlptrain(*arguments, "--out", out, "--quiet")[:2])
    first = None
    for kind, found in times.items():
        taken, cpu = median(t for t, _ in found), median(c for _, c in found)
        first = first or taken
        print(f"| {kind} | {taken:.2f} | {cpu:.2f} | {first / taken:.2f} |", flush=True)


def side_by_side(folder: Path, repeats: int, epochs: int | None) -> None:
    """Folds and a sweep, one and two at a time; `epochs` in place of those of the presets."""
    table(folder / "rows.csv")
    for preset in ("good", "fast"):
        words = ("--target", "y", "--preset", preset, "-o", folder / f"{preset}.yaml")
        mlptrain("init", folder / "rows.csv", *words)
    short = [] if epochs is None else ["--set", f"train.epochs={epochs}"]
    fit = ["fit", folder / "good.yaml", *short]
    rates = ",".join(f"{n / 200}" for n in range(1, 9))
    sweep = ["sweep", folder / "fast.yaml", f"optimizer.learning_rate={rates}", *short]
    sweep += ["--sampler", "grid"]
    print("\n| whole process | seconds | seconds of all cores | times as fast |\n|---|---|---|---|")
    kinds = {
        "folds, 1 job, 1 thread": [*fit, "--jobs", 1, "--threads", 1],
        "folds, 1 job, its own threads": [*fit, "--jobs", 1],
        "folds, 2 jobs": [*fit, "--jobs", 2],
    }
    turns(kinds, repeats, folder / "folds")
    strangers(folder, repeats, short)
    turns({f"sweep, {n} at a time": [*sweep, "--jobs", n] for n in (1, 2)}, repeats, folder / "sweep")


def strangers(folder: Path, repeats: int, short: list[str]) -> None:
    """Two fits that share nothing, at once and in turn: folds and trials cannot gain more than they."""
    fit = [sys.executable, "-m", "mlptrain", "fit", str(folder / "fast.yaml"), "--threads", "1"]
    fit += [*short, "--quiet", "--force"]

    def seconds(count: int) -> float:
        started = time.perf_counter()
        places = [folder / f"stranger{n}" for n in range(count)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": surroundings()}
        jobs = [subprocess.Popen([*fit, "--out", str(each)], **quiet) for each in places]
        if any(job.wait() for job in jobs):
            sys.exit("a fit failed")
        return time.perf_counter() - started

    found = [(seconds(1), seconds(2)) for _ in range(repeats)]
    alone, both = (median(column) for column in zip(*found, strict=True))
    gain = median(2 * one / two for one, two in found)
    print(f"| two fits in turn, 1 thread each | {2 * alone:.2f} | | 1.00 |")
    print(f"| two fits at once, 1 thread each | {both:.2f} | | {gain:.2f} |", flush=True)


def config_of(folder: Path, shape: str, rows: int, rng: np.random.Generator) -> Path:
    """A config of these layers with rows at random, so many in a minibatch."""
    inputs, *hidden, classes = map(int, shape.split("-"))
    X = rng.standard_normal((8 * rows, inputs), dtype=np.float32)
    np.savez(folder / "rows.npz", X=X, y=rng.integers(0, classes, len(X)))
    config = folder / f"{shape}.yaml"
    data = {"train": str(folder / "rows.npz"), "val": 0, "test": 0, "scale": "none"}
    settings = {"data": data, "model": {"hidden": hidden}, "train": {"batch_size": rows}}
    config.write_text(json.dumps(settings))
    return config


def ranks(folder: Path) -> None:
    """Each shape over 1, 2 and 4 ranks."""
    print(
        "\n| layers | rows | ranks | threads each | ms | predicted ms | times as fast |\n"
        + "|---" * 7
        + "|"
    )
    rng = np.random.default_rng(0)
    for shape, rows in SHAPES.items():
        config = config_of(folder, shape, rows, rng)
        steps = json.loads(mlptrain("bench", config, "--ranks", 4, "--json")[2])["steps"]
        for line in steps:
            ms, told = line["measured_ms"], line["predicted_ms"]
            model = "" if told is None else f"{told:.3g}"
            print(
                f"| {shape} | {rows} | {line['ranks']} | {line['threads']} | {ms:.3g} | {model} "
                f"| {line['times_as_fast']:.2f} |",
                flush=True,
            )


def machine() -> str:
    """Processor, cores, kernel of BLAS, load."""
    program = "import numpy, threadpoolctl; print(threadpoolctl.threadpool_info()[0]['architecture'])"
    command = [sys.executable, "-c", program]
    kernel = subprocess.run(command, env=surroundings(), check=True, capture_output=True, text=True)
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    models = [line.split(":", 1)[1].strip() for line in info.splitlines() if "model name" in line]
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return (
        f"{(models or ['?'])[0]}, {os.cpu_count()} cores, kernel {kernel.stdout.strip()}, load {load}"
    )


def main(repeats: int, epochs: int | None) -> None:
    """Print both tables."""
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        side_by_side(Path(folder), repeats, epochs)
        ranks(Path(folder))
    print(f"\nload at the end: {', '.join(f'{each:.1f}' for each in os.getloadavg())}")
