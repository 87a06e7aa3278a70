"""How cost and memory grow: time per epoch with rows, time per step with layers, memory of a step.

    python benchmarks/scaling.py
    python benchmarks/scaling.py --across    (folds, trials and ranks side by side: across.py)

Every figure comes from a process of its own; times are medians of five. Linear growth means a
constant last column.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import across

ROOT = Path(__file__).parent.parent
ROWS = (10_000, 100_000, 1_000_000)
LAYERS = (1, 2, 4, 8)
RUNS = 5
FEATURES, CLASSES, BATCH = 30, 2, 256


def experiment(rows: int, hidden: list[int], batch: int) -> object:
    """A classifier of random rows, built as `fit` builds it."""
    import tempfile

    import numpy as np

    from mlptrain.config import load_config
    from mlptrain.training.build import build

    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/data.npz"
        X = rng.standard_normal((rows, FEATURES), dtype=np.float32)
        np.savez(path, X=X, y=rng.integers(0, CLASSES, rows))
        settings = {
            "data": {"train": path, "val": 0, "test": 0, "scale": "none"},
            "model": {"hidden": hidden},
            "train": {"batch_size": batch, "epochs": 4},
        }
        return build(load_config(settings), threads=1)


def epoch(rows: int) -> float:
    """Microseconds per row of one epoch, evaluation included; the median of three."""
    from mlptrain.training.record import Progress
    from mlptrain.training.trainer import train

    built = experiment(rows, [64], BATCH)
    times, started = [], time.perf_counter()
    for record in train(built, Progress()):
        if record is not None:
            now = time.perf_counter()
            times.append(now - started)
            started = now
    return 1e6 * median(times[1:]) / rows


def step(layers: int) -> float:
    """Milliseconds of a step with so many hidden layers of 256 units."""
    import numpy as np

    from mlptrain.training.record import Progress
    from mlptrain.training.trainer import take_step

    built, progress = experiment(5 * BATCH, [256] * layers, BATCH), Progress()
    rows = np.arange(BATCH)
    times = []
    for _ in range(300):
        started = time.perf_counter()
        take_step(built, progress, rows, 1e-4)
        times.append(time.perf_counter() - started)
    return 1e3 * median(times[50:])


def memory(batch: int) -> dict[str, float]:
    """MB: the peak of the process over what it had before the network, and what it should need."""
    import numpy as np

    from mlptrain.training.record import Progress
    from mlptrain.training.trainer import take_step

    small = experiment(2 * batch, [8], batch)  # everything is imported and the data are there
    take_step(small, Progress(), np.arange(batch), 1e-4)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    hidden = [1024, 1024, 1024]
    built = experiment(2 * batch, hidden, batch)
    take_step(built, Progress(), np.arange(batch), 1e-4)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    parameters = built.network.parameters.values.nbytes / 2**20
    activations = 4 * batch * (FEATURES + sum(hidden) + CLASSES) / 2**20
    return {"rise": peak, "parameters_and_state": 4 * parameters, "activations": activations}


def typical(what: str, size: int) -> float:
    """The median of several measurements."""
    return median(measured(what, size) for _ in range(RUNS))


def measured(what: str, size: int) -> object:
    """Run one measurement in a process of its own, on one thread."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--measure", what, str(size)]
    done = subprocess.run(command, check=True, env=environment, capture_output=True, text=True)
    return json.loads(done.stdout)


def main() -> None:
    """Print three tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--measure", nargs=2)
    parser.add_argument("--across", action="store_true")
    parser.add_argument("--repeats", type=int, default=3, help="turns, with --across")
    parser.add_argument("--epochs", type=int, help="of each, with --across; else those of the presets")
    options = parser.parse_args()
    if options.across:
        across.main(options.repeats, options.epochs)
        return
    if options.measure:
        what, size = options.measure
        print(json.dumps({"epoch": epoch, "step": step, "memory": memory}[what](int(size))))
        return
    print("| rows | µs per row and epoch |\n|---|---|")
    for rows in ROWS:
        print(f"| {rows:,} | {typical('epoch', rows):.3f} |", flush=True)
    print("\n| hidden layers of 256 | ms per step | ms per added layer |\n|---|---|---|")
    before = None
    for layers in LAYERS:
        now = typical("step", layers)
        added = "" if before is None else f"{(now - before[1]) / (layers - before[0]):.3f}"
        print(f"| {layers} | {now:.3f} | {added} |", flush=True)
        before = (layers, now)
    print("\n| batch | rise MB | parameters and state MB | activations once MB |\n|---|---|---|---|")
    for batch in (256, 4096):
        found = measured("memory", batch)
        shown = [found[key] for key in ("rise", "parameters_and_state", "activations")]
        print(f"| {batch:,} | " + " | ".join(f"{value:.0f}" for value in shown) + " |", flush=True)


if __name__ == "__main__":
    main()
