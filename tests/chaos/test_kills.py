"""SIGKILL at random moments of a run that saves at every step: nothing is lost, ever.

MLPTRAIN_KILLS says how often; `make chaos` kills 200 times. MLPTRAIN_SEED chooses other moments.
"""

import json
import os
import random
import shutil
import time

import pytest
from helpers import changed
from runs import THIRTY, finish, invoke, mlptrain, outcome, running, write_config

from mlptrain.runs.fit import prepare
from mlptrain.storage.archive import read_archive
from mlptrain.storage.fold_directory import some_folds

pytestmark = [pytest.mark.chaos, pytest.mark.usefixtures("one_thread")]
KILLS = int(os.environ.get("MLPTRAIN_KILLS", "8"))
SEED = int(os.environ.get("MLPTRAIN_SEED", "0"))
LONGEST = 0.4
"""Seconds after which a process is killed at the latest; it saves some thirty times in them."""

CHANGES = {
    "train.epochs": 30,
    "train.eval_every": {"steps": 7},
    "model": {"hidden": [6, 5], "dropout": 0.2, "norm": "batch"},
    "optimizer.learning_rate": 0.005,
}
CONFIG = changed(THIRTY, {**CHANGES, "train.checkpoint_every": {"steps": 1}})


def wait_for_lock(run, process):
    """Until the process holds the run directory; what it does from then on may be cut anywhere."""
    lock = run / ".lock"
    while process.poll() is None and not (lock.exists() and lock.read_text() == f"{process.pid}\n"):
        time.sleep(0.001)


def best_so_far(path):
    """The best value that a checkpoint knows of; None where there is no file. It must be readable."""
    return read_archive(path)[1]["progress"]["best"] if path.exists() else None


def check(run, best_before):
    """After a kill: every file is readable, and the best parameters are those of the best value."""
    best, last = best_so_far(run / "best.npz"), best_so_far(run / "last.npz")
    best_so_far(run / "last-1.npz")
    if last is not None:  # None also at step 0
        assert best is not None
        assert best <= last, "best.npz is written before last.npz, so it is never behind"
    if best_before is not None:
        assert best is not None
        assert best <= best_before, "a best was lost"
    return best


def arguments(run, config):
    """Go on with the run, or begin it again where it was killed before its first checkpoint."""
    if (run / "last.npz").exists() or (run / "best.npz").exists():
        return ["fit", "--resume", run]
    return ["fit", config, "--out", run, "--force"]


def test_no_kill_loses_anything(tmp_path):
    moments = random.Random(SEED)
    config = write_config(tmp_path / "kills.yaml", CONFIG)
    expected = finish(prepare(changed(THIRTY, CHANGES), out=tmp_path / "whole"))
    number, kills, best = 0, 0, None
    while kills < KILLS:
        run = tmp_path / str(number)
        with running(*arguments(run, config), "--quiet") as process:
            wait_for_lock(run, process)
            time.sleep(moments.uniform(0, LONGEST))
            process.kill()
            code = process.wait(timeout=30)
            assert code in (0, -9), f"kill {kills}: {process.stderr.read()}"
        if code == 0:
            assert outcome(run) == expected, f"kill {kills}"
            number, best = number + 1, None
        else:
            best = check(run, best)
            kills += 1

    run = tmp_path / str(number)
    done = mlptrain(*arguments(run, config), "--quiet")
    assert done.returncode == 0, done.stderr
    assert outcome(run) == expected
    assert not list(tmp_path.rglob("*.corrupt"))
    assert not list(run.glob(".*.tmp-*"))


def folds_outcome(run):
    """What comes of all folds, timings and places aside."""
    summary = json.loads((run / "folds.json").read_text())
    for each in summary["runs"]:
        del each["seconds"], each["run"]
    return summary, (run / "out_of_fold.csv").read_bytes()


def test_no_kill_changes_what_comes_of_folds(tmp_path):
    """A kill for every twenty of the others; each hits another fold, or the gap between two."""
    moments = random.Random(SEED)
    config = write_config(tmp_path / "folds.yaml", changed(CONFIG, {"data.test": 0}))
    begin = ["fit", config, "--folds", 3, "--quiet"]
    assert mlptrain(*begin, "--out", tmp_path / "whole").returncode == 0
    run = tmp_path / "run"
    for kill in range(max(2, KILLS // 20)):
        words = ["--resume", run] if some_folds(run) else ["--out", run, "--force"]
        with running(*begin, *words) as process:
            newest = run / f"fold-{min(1 + kill // 2, 3)}"
            wait_for_lock(newest, process)
            time.sleep(moments.uniform(0, LONGEST))

    done = mlptrain(*begin, "--resume", run)
    assert done.returncode == 0, done.stderr
    assert folds_outcome(run) == folds_outcome(tmp_path / "whole")


def test_no_kill_changes_what_comes_of_candidates(tmp_path):
    """Ten kills, and fifty where there are two hundred of the others: in any fold of any candidate."""
    moments = random.Random(SEED)
    candidates = [
        {"name": "wide", "model": {"hidden": [9]}},
        {"name": "bins", "data": {"numeric": "piecewise"}},
    ]
    more = {"data.val": 0, "data.test": 0.2, "train.folds": 2, "candidates": candidates}
    more |= {
        "train.epochs": 6,
        "combine": "greedy",
        "calibration": "temperature",
        "decision": {"metric": "f1"},
    }
    config = write_config(tmp_path / "candidates.yaml", changed(CONFIG, more))
    begin = ["fit", config, "--quiet"]
    done = invoke(*begin, "--jobs", 1, "--out", tmp_path / "whole")
    assert done.exit_code == 0, done.stderr
    run, kills = tmp_path / "run", 0
    while kills < max(10, KILLS // 4):
        words = ["--resume", run] if some_folds(run) else ["--out", run, "--force"]
        with running(*begin, *words, "--jobs", 1 + kills % 2) as process:
            wait_for_lock(run, process)
            time.sleep(moments.uniform(0, 2 * LONGEST))
            process.kill()
            process.wait(timeout=30)
        kills += 1
        if (run / "folds.json").exists():
            assert folds_outcome(run) == folds_outcome(tmp_path / "whole"), f"kill {kills}"
            shutil.rmtree(run)

    words = ["--resume", run] if some_folds(run) else ["--out", run, "--force"]
    done = invoke(*begin, *words, "--jobs", 2)
    assert done.exit_code == 0, done.stderr
    assert folds_outcome(run) == folds_outcome(tmp_path / "whole")
