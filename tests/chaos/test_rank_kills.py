"""SIGKILL at random moments of a rank, or of the whole job: it ends, nothing is lost, the bits stay.

MLPTRAIN_RANK_KILLS says how often; MLPTRAIN_SEED chooses other moments.
"""

import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
from helpers import TOY, changed
from runs import command, finish, surroundings, write_config

from mlptrain.runs.fit import prepare
from mlptrain.training.checkpoint import Checkpoint

pytest.importorskip("mpi4py")
pytestmark = pytest.mark.chaos
KILLS = int(os.environ.get("MLPTRAIN_RANK_KILLS", "3"))
SEED = int(os.environ.get("MLPTRAIN_SEED", "0"))
LONGEST = 90
"""Seconds after which a job that was hit must be at its end: a silent rank is given up after 30."""

CONFIG = changed(
    TOY,
    {
        **{"data.train.points_per_class": 60, "data.val": 0.2, "model.dropout": 0.2},
        **{"model.hidden": [200, 100], "train.clip_norm": 1.0},  # two slices
        "optimizer": {"name": "adam", "learning_rate": 0.01},
        "train": {"epochs": 150, "batch_size": 16, "shards": 4, "checkpoint_every": {"steps": 5}},
    },
)


def processes_of(run: Path) -> dict[int, bool]:
    """The processes of the job that writes into `run`, and whether each is a rank."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(run).encode() in (place / "cmdline").read_bytes().split(b"\0"):
                found[int(place.name)] = b"\0PMI_RANK=" in b"\0" + (place / "environ").read_bytes()
    return found


def hit(chance: random.Random, run: Path) -> bool:
    """Kill one rank, or one time in four all processes; False where there is no rank yet."""
    found = processes_of(run)
    ranks = [pid for pid, is_rank in found.items() if is_rank]
    if not ranks:
        return False
    for pid in found if chance.random() < 0.25 else [chance.choice(ranks)]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return True


def bits(run: Path) -> dict[str, bytes]:
    """Parameters and state of the last step, and the best parameters."""
    files = (Checkpoint.read(run / name).arrays for name in ("last.npz", "best.npz"))
    return {
        f"{n}.{key}": array.tobytes() for n, each in enumerate(files) for key, array in each.items()
    }


def stays_empty(run: Path) -> bool:
    """Whether the last process of a job is gone soon."""
    until = time.monotonic() + LONGEST
    while processes_of(run) and time.monotonic() < until:
        time.sleep(0.05)
    return not processes_of(run)


def test_no_kill_of_a_rank_or_a_job_loses_anything_or_changes_a_bit(tmp_path):
    config = write_config(tmp_path / "c.yaml", CONFIG)
    finish(prepare(CONFIG, out=tmp_path / "whole"))
    expected, chance, number, kills = bits(tmp_path / "whole"), random.Random(SEED), 0, 0
    words = command("fit", config, "--out", tmp_path / "unhurt", "--ranks", 2, "--quiet")
    began = time.monotonic()
    subprocess.run(words, env=surroundings(), check=True)
    usual = time.monotonic() - began  # much longer on a busy machine, and most of it is the start
    while True:
        run, ranks = tmp_path / f"run-{number}", chance.randint(2, 4)
        options = ("--out", run, "--resume", "auto", "--ranks", ranks, "--quiet")
        with subprocess.Popen(
            command("fit", config, *options), env=surroundings(), stderr=subprocess.PIPE, text=True
        ) as job:
            wanted = time.monotonic() + chance.uniform(0, usual)
            while kills < KILLS and job.poll() is None:
                if time.monotonic() > wanted and hit(chance, run):
                    kills += 1
                    break
                time.sleep(0.01)
            _, told = job.communicate(timeout=None if kills == KILLS else LONGEST)
        assert job.returncode in (0, 6, -signal.SIGKILL), told
        assert stays_empty(run), f"kill {kills}: a rank is left"
        for name in ("last.npz", "best.npz"):
            if (run / name).exists():
                Checkpoint.read(run / name)
        if job.returncode == 0:
            assert bits(run) == expected, f"kill {kills}"
            if kills == KILLS:
                return
            number += 1
