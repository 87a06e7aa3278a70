"""What saving costs: one checkpoint of 40 MB, and the share of a run at the default interval.

    python benchmarks/saving.py

The bounds are 0.3 s for the checkpoint, fsync and hashes included, and 2 % of a run that lasts as
long as that of configs/digits.yaml. The time is that of this machine and its disk: TMPDIR says which.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import mlptrain
from mlptrain.runs.fit import prepare
from mlptrain.runs.saving import Checkpointer

DIGITS = Path(__file__).parent.parent / "configs" / "digits.yaml"
FORTY_MB = {
    "data": {"train": {"name": "moons"}},
    "model": {"hidden": [1800, 1800]},
    "train": {"epochs": 1, "eval_every": 1},
}
TIMES = 9


class Watch:
    """Adds up what `Checkpointer.save` takes."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        real = Checkpointer.save

        def save(checkpointer, progress, *, is_best=False):
            started = time.perf_counter()
            real(checkpointer, progress, is_best=is_best)
            self.seconds.append(time.perf_counter() - started)

        Checkpointer.save = save


def one_checkpoint(place: Path) -> None:
    """The median of some saves of last.npz alone, with Adam: three arrays for each parameter."""
    run = prepare(FORTY_MB, out=place / "large", threads=1)
    for _ in run:
        break
    times = []
    for _ in range(TIMES):
        started = time.perf_counter()
        run.checkpointer.save(run.progress)
        times.append(time.perf_counter() - started)
    size = run.directory.last.stat().st_size / 1e6
    run.directory.close()
    print(
        f"one checkpoint of {size:.1f} MB: {statistics.median(times):.3f} s (at most {max(times):.3f})"
    )


def share_of_a_run(place: Path, watch: Watch, settings: dict[str, object], runs: int) -> None:
    """The median over some runs at the default interval."""
    shares = []
    for number in range(runs):
        watch.seconds.clear()
        started = time.perf_counter()
        out = place / f"{len(settings)}-{number}"
        run = mlptrain.fit(DIGITS, set=settings, out=out)
        whole, saving = time.perf_counter() - started, sum(watch.seconds)
        shares.append(saving / whole)
    print(
        f"digits, {run.summary['epochs']} epochs, {whole:.2f} s: {len(watch.seconds)} saves take "
        f"{saving:.4f} s; the share is {100 * statistics.median(shares):.2f} % (median of {runs})"
    )


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        one_checkpoint(place)
        watch = Watch()
        share_of_a_run(place, watch, {}, runs=9)
        share_of_a_run(place, watch, {"train.epochs": 300, "train.early_stopping": None}, runs=1)


if __name__ == "__main__":
    sys.exit(main())
