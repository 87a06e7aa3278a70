"""What saving costs: a third of a second for a large network.

The least of several measurements counts, since a machine may be busy. `python benchmarks/saving.py`
prints the medians, and the share of a run that saving takes.
"""

import time

import pytest

from mlptrain.runs.fit import prepare

pytestmark = [pytest.mark.chaos, pytest.mark.usefixtures("one_thread")]

FORTY_MB = {
    "data": {"train": {"name": "moons"}},
    "model": {"hidden": [1800, 1800]},
    "train": {"epochs": 1, "eval_every": 1},
}
"""With Adam, three arrays for each of 3.3 million parameters."""


def test_a_checkpoint_of_40_mb_costs_at_most_a_third_of_a_second(tmp_path):
    run = prepare(FORTY_MB, out=tmp_path / "run")
    next(iter(run))
    times = []
    for _ in range(9):
        started = time.perf_counter()
        run.checkpointer.save(run.progress)
        times.append(time.perf_counter() - started)
    run.directory.close()

    assert run.directory.last.stat().st_size == pytest.approx(40e6, rel=0.05)
    assert min(times) <= 0.3
