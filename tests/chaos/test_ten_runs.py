"""The same run again and again, each in a process of its own: one hash at one thread, one at two.

MLPTRAIN_REPEATS says how often; `make chaos` runs each ten times.
"""

import json
import os
import subprocess

import pytest
from helpers import changed
from runs import THIRTY, command, outcome, surroundings, write_config

from mlptrain.optim.blocks import WORTHWHILE as FOR_THE_UPDATE
from mlptrain.training.thread_choice import SMALL as FOR_THE_PRODUCTS

pytestmark = pytest.mark.chaos
REPEATS = int(os.environ.get("MLPTRAIN_REPEATS", "2"))

LARGE = changed(
    THIRTY,
    {
        "model": {"hidden": [1500, 1400], "dropout": 0.2, "norm": "batch"},
        "train.batch_size": 40,
        "train.epochs": 2,
        "train.clip_norm": 1.0,
        "train.eval_every": 1,
    },
)
"""Four steps of a network that is large enough for two threads, in its products and its updates."""

SMALL = changed(THIRTY, {"model": {"hidden": [6, 5], "dropout": 0.2, "norm": "batch"}})


def hashes(place, config, threads):
    """What distinguishes the runs, one entry if nothing does; and the last summary."""
    file = write_config(place / "config.yaml", config)
    found = set()
    for number in range(REPEATS):
        run = place / f"{threads}-{number}"
        arguments = ["fit", file, "--out", run, "--threads", threads, "--quiet"]
        environment = surroundings()
        del environment["OPENBLAS_NUM_THREADS"]
        environment["PYTHONHASHSEED"] = str(number)
        subprocess.run(
            command(*arguments), env=environment, check=True, capture_output=True, timeout=120
        )
        found.add(json.dumps(outcome(run), sort_keys=True))
        summary = json.loads((run / "summary.json").read_text())
        for name in ("best", "last", "last-1"):
            (run / f"{name}.npz").unlink(missing_ok=True)  # 50 MB each
    return found, summary


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("config", [SMALL, LARGE], ids=["small", "large"])
def test_the_same_run_gives_the_same_bits_every_time(tmp_path, config, threads):
    found, summary = hashes(tmp_path, config, threads)

    assert len(found) == 1
    if config is LARGE:
        assert summary["parameters"] >= FOR_THE_UPDATE
        assert FOR_THE_PRODUCTS <= 1500 * 1400 * 40
