"""SIGKILL at random moments of the processes of a sweep, and of who started them: nothing is lost.

MLPTRAIN_SWEEP_KILLS says how often, of 40 trials; MLPTRAIN_SEED chooses other moments.
"""

import json
import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
from runs import command, mlptrain

pytest.importorskip("optuna")
pytestmark = [pytest.mark.chaos, pytest.mark.usefixtures("one_thread")]
KILLS = int(os.environ.get("MLPTRAIN_SWEEP_KILLS", "4"))
SEED = int(os.environ.get("MLPTRAIN_SEED", "0"))
TRIALS = 40 if KILLS >= 12 else 12

EPOCHS = 100
APART = 5 * EPOCHS // KILLS
"""Most epochs between two kills: five trials are never pruned, so all kills come before the end."""

CONFIG = f"""
data: {{train: {{name: moons, points_per_class: 100}}, val: 0.2, test: 0}}
model: {{hidden: [16, 16]}}
train: {{epochs: {EPOCHS}, batch_size: 8, checkpoint_every: {{steps: 50}}}}
sweep:
  seeds: 0
  space:
    optimizer.learning_rate: {{min: 1e-4, max: 1e-1, log: true}}
    model.hidden: [[4], [8, 8]]
"""


def workers_of(place: Path, process: subprocess.Popen) -> list[int]:
    """The processes that hold a trial: each leaves its number in the claim, and the dead do as well."""
    found = {int(text) for each in place.glob("claims/*") if (text := each.read_text().strip())}
    return [pid for pid in found if pid in below(process.pid)]


def below(process: int) -> set[int]:
    """The numbers of the processes that it has started, and these."""
    with suppress(OSError):
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return {int(each) for each in children}.union(*(below(int(each)) for each in children))
    return set()


def epochs_done(place: Path) -> int:
    """The evaluations that all trials have written, which say how far a sweep is on any machine."""
    return sum(path.read_bytes().count(b"\n") for path in place.glob("trials/*/metrics.jsonl"))


def kill_one(chance: random.Random, place: Path, process: subprocess.Popen) -> bool:
    """Kill a worker, or one time in four the process that started it."""
    if chance.random() < 0.25:
        process.kill()
        process.communicate()
        return True
    pids = workers_of(place, process)
    if not pids:
        return False
    with suppress(ProcessLookupError):
        os.kill(chance.choice(pids), signal.SIGKILL)
    return True


def test_kills_lose_no_trial_and_make_none_twice(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_text(CONFIG)
    chance, place, kills = random.Random(SEED), Path("s"), 0
    due = chance.randint(1, APART)
    arguments = command("sweep", "c.yaml", "--trials", TRIALS, "--jobs", 2, "--out", "s", "--quiet")
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    try:
        while (code := process.poll()) != 0:
            time.sleep(0.01)
            if code is not None:
                assert code == -signal.SIGKILL
                process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
            elif kills < KILLS and epochs_done(place) >= due and kill_one(chance, place, process):
                kills += 1
                due = epochs_done(place) + chance.randint(1, APART)
    finally:
        process.kill()
    assert kills == KILLS, "the sweep was over before it was killed often enough"

    ended = mlptrain("sweep", "c.yaml", "--trials", TRIALS, "--out", "s", "--json")
    assert ended.returncode == 0, ended.stderr
    trials = json.loads(ended.stdout)["trials"]
    assert [each["number"] for each in trials] == list(range(1, TRIALS + 1))
    assert {each["state"] for each in trials} <= {"complete", "pruned"}
    for each in trials:
        records = (Path(each["run"]) / "metrics.jsonl").read_text().splitlines()
        epochs = [json.loads(line)["epoch"] for line in records]
        assert epochs == list(range(1, len(epochs) + 1)), "an evaluation was lost, or made twice"
        assert len(epochs) == EPOCHS or each["state"] == "pruned"
    told = [json.loads(line) for line in (place / "journal.log").read_text().splitlines()]
    ended_once = [entry["trial_id"] for entry in told if entry["op_code"] == 6 and entry["state"] != 0]
    assert sorted(ended_once) == list(range(TRIALS))
