"""A page about more runs than anybody looks at one by one."""

import re
import time
from pathlib import Path

import pytest
from runs import invoke, write_config

pytest.importorskip("optuna")
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]

RUNS, TRIALS = 40, 100
SECONDS, SIZE = 10, 5_000_000
SETTINGS = {
    "data": {"train": {"name": "moons", "points_per_class": 20}, "val": 0.2, "test": 0.2},
    "model": {"hidden": [4]},
    "train": {"epochs": 3},
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    config = write_config(tmp_path / "config.yaml", SETTINGS)
    for number in range(RUNS):
        rate = f"optimizer.learning_rate={0.001 * (number + 1)}"
        done = invoke("fit", config, "--set", rate, "--out", tmp_path / f"runs/{number:02d}", "--quiet")
        assert done.exit_code == 0, done.stderr
    space = "optimizer.learning_rate=1e-4..1e-1:log"
    words = ("--trials", TRIALS, "--sampler", "random", "--set", "sweep.seeds=0", "--quiet")
    done = invoke("sweep", config, space, *words, "--out", tmp_path / "sweep")
    assert done.exit_code == 0, done.stderr
    return tmp_path


def test_forty_runs_and_a_sweep_of_a_hundred_trials_are_one_page(place):
    page = place / "report.html"
    begun = time.process_time()  # a busy machine makes the clock on the wall go faster
    done = invoke("report", place / "runs", place / "sweep", "-o", page)
    seconds = time.process_time() - begun

    assert done.exit_code == 0, done.stderr
    text = page.read_text()
    shown = set(re.findall(r"runs/(\d\d)\b", text))
    assert len(shown) == RUNS
    assert len(set(re.findall(r"sweep/trials/(\d{4})\b", text))) == TRIALS
    assert seconds < SECONDS
    assert page.stat().st_size < SIZE
