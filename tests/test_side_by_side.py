"""Several folds at a time, in as many processes: the same bits, none takes others along."""

import json
import os
import signal
import subprocess
import time
from collections import deque
from pathlib import Path

import pytest
from runs import command, invoke, mlptrain, outcome, surroundings, write_config
from tables import write

from mlptrain.errors import EnvironmentFault
from mlptrain.runs import side_by_side
from mlptrain.runs.fit import prepare_folds
from mlptrain.storage.run_directory import RunDirectory
from mlptrain.system.fork_server import ForkServer

pytestmark = pytest.mark.slow

PATIENCE = 120
"""Seconds: on a busy machine processes take long to start."""
ROWS = [[(i * 37 % 11) / 10, (i * 17 % 7) / 3, "ab"[i * i % 3 % 2]] for i in range(60)]


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("side")
    table = write(folder / "rows.csv", ["u", "v", "kind"], ROWS)
    data = {"train": str(table), "target": "kind"}
    model = {"hidden": [5], "dropout": 0.2}
    return write_config(
        folder / "config.yaml", {"data": data, "model": model, "train": {"epochs": 60, "folds": 3}}
    )


@pytest.fixture(scope="module")
def one_by_one(config) -> Path:
    out = config.parent / "one"
    assert mlptrain("fit", config, "--jobs", 1, "--out", out, "--quiet").returncode == 0
    return out


def same(out: Path, other: Path) -> None:
    for number in (1, 2, 3):
        assert outcome(out / f"fold-{number}") == outcome(other / f"fold-{number}")
    assert (out / "out_of_fold.csv").read_bytes() == (other / "out_of_fold.csv").read_bytes()
    found = [json.loads((each / "folds.json").read_text()) for each in (out, other)]
    assert found[0]["metrics"] == found[1]["metrics"]
    assert found[0]["out_of_fold"] == found[1]["out_of_fold"]


def test_several_at_a_time_give_the_same_bits_as_one_after_another(config, one_by_one, tmp_path):
    result = mlptrain("fit", config, "--jobs", 3, "--out", tmp_path / "run")
    assert result.returncode == 0, result.stderr
    same(tmp_path / "run", one_by_one)
    lines = result.stderr.splitlines()
    assert lines[0] == "3 folds, 3 at a time"
    assert sorted(line[:18] for line in lines[1:]) == [f"fold {n}: completed," for n in (1, 2, 3)]


@pytest.fixture
def started(config):
    """Starts folds side by side; ends what a failed test has left at work."""
    jobs = list[subprocess.Popen[str]]()

    def start(*options: object) -> subprocess.Popen[str]:
        words = command("fit", config, "--jobs", 3, *options, "--quiet")
        pipe = subprocess.PIPE
        jobs.append(subprocess.Popen(words, env=surroundings(), text=True, stdout=pipe, stderr=pipe))
        return jobs[-1]

    yield start
    for job in jobs:
        job.kill()
        job.communicate()


def at_work(out: Path, number: int) -> int:
    """The process of a fold, once it has saved something."""
    fold, until = out / f"fold-{number}", time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            if (fold / "metrics.jsonl").stat().st_size:
                return json.loads((fold / "summary.json").read_text())["pid"]
        except (OSError, KeyError, ValueError):
            pass
        time.sleep(0.005)
    raise AssertionError("it has not begun")


LONG = ("--set", "train.epochs=100000000", "--set", "train.checkpoint_every={steps: 20}")


def test_a_fold_that_is_killed_takes_no_other_along_and_is_resumed(
    config, started, one_by_one, tmp_path
):
    out = tmp_path / "run"
    job = started("--out", out)
    os.kill(at_work(out, 2), signal.SIGKILL)
    _, said = job.communicate(timeout=PATIENCE)
    assert job.returncode == 2, said
    assert said.startswith(
        "error: fold 2: its process was ended by SIGKILL; resume it with mlptrain fit "
    )
    for number in (1, 3):
        assert outcome(out / f"fold-{number}") == outcome(one_by_one / f"fold-{number}")
    result = mlptrain("fit", config, "--jobs", 2, "--resume", out, "--quiet")
    assert result.returncode == 0, result.stderr
    same(out, one_by_one)


@pytest.mark.parametrize(("cores", "most"), [(2, 3), (4, 2)])
def test_a_process_trains_one_fold_after_the_other_and_another_takes_over_when_it_is_killed(
    cores, most, config, one_by_one, tmp_path, monkeypatch
):
    """Of three folds on two cores the last begins with the others."""
    monkeypatch.setattr(side_by_side, "cores", lambda: cores)
    began, start = [], ForkServer.start

    def counted(server):
        began.append(server)
        return start(server)

    monkeypatch.setattr(ForkServer, "start", counted)
    out = tmp_path / "all"
    deque(side_by_side.side_by_side(prepare_folds(config, 3, out=out, jobs=2)), maxlen=0)
    assert len(began) == most
    same(out, one_by_one)

    began.clear()
    out = tmp_path / "killed"
    folds = prepare_folds(config, 3, out=out, jobs=1)
    all_news = side_by_side.side_by_side(folds)
    assert next(all_news).number == 1
    os.kill(at_work(out, 1), signal.SIGKILL)
    with pytest.raises(EnvironmentFault, match="fold 1: its process was ended by SIGKILL; resume it"):
        deque(all_news, maxlen=0)
    assert len(began) == 2
    assert sorted(folds.outcomes) == [2, 3]
    for number in (2, 3):
        assert outcome(out / f"fold-{number}") == outcome(one_by_one / f"fold-{number}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_every_fold_when_it_is_saved(started, tmp_path, number):
    out = tmp_path / "run"
    job = started("--out", out, *LONG)
    processes = [at_work(out, fold) for fold in (1, 2, 3)]
    job.send_signal(number)
    _, said = job.communicate(timeout=PATIENCE)
    assert job.returncode == 128 + number, said
    name = signal.Signals(number).name
    assert said == (
        f"error: {name}: every fold is saved; "
        f"resume it with mlptrain fit CONFIG --folds 3 --resume {out}\n"
    )
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
    for fold in (1, 2, 3):
        summary = json.loads((out / f"fold-{fold}" / "summary.json").read_text())
        assert summary["status"] == "interrupted"


def test_nobody_is_left_at_work_when_the_one_in_front_is_killed(started, tmp_path):
    out = tmp_path / "run"
    job = started("--out", out, *LONG)
    processes = [at_work(out, fold) for fold in (1, 2, 3)]
    job.kill()
    job.communicate()
    until = time.monotonic() + 30
    while any(Path(f"/proc/{each}").exists() for each in processes) and time.monotonic() < until:
        time.sleep(0.01)
    with RunDirectory.open(out / "fold-1"):
        summary = json.loads((out / "fold-1" / "summary.json").read_text())
    assert summary["status"] == "interrupted"


def test_a_config_that_cannot_run_is_said_once_and_replaces_nothing(config, one_by_one):
    before = sorted(one_by_one.iterdir())
    options = ("--folds", 61, "--out", one_by_one, "--force", "--jobs", 2)
    result = mlptrain("fit", config, *options)
    assert result.returncode == 2
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert errors == ["error: data.fold: 61 folds of 60 rows: at most one fold per row"]
    assert sorted(one_by_one.iterdir()) == before


def test_force_replaces_the_folds_that_are_there(config, tmp_path):
    out = tmp_path / "run"
    assert mlptrain("fit", config, "--out", out, "--quiet", "--jobs", 2).returncode == 0
    options = ("--folds", 2, "--jobs", 2, "--out", out, "--quiet")
    assert mlptrain("fit", config, *options).returncode == 2
    assert mlptrain("fit", config, *options, "--force").returncode == 0
    assert not (out / "fold-3").exists()
    assert invoke("show", out).exit_code == 0
