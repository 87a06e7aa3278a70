"""SIGINT and SIGTERM end a run after its step, saved; and two runs never share a directory."""

import json
import platform
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from html import unescape

import pytest
from helpers import changed
from runs import (
    THIRTY,
    faults,
    finish,
    interrupted_at,
    invoke,
    mlptrain,
    outcome,
    running,
    surroundings,
    train_and_signal,
    write_config,
)

from mlptrain.errors import Interrupted
from mlptrain.runs.fit import prepare
from mlptrain.runs.signals import STOPPING, stop_requests
from mlptrain.storage.archive import read_archive

pytestmark = pytest.mark.usefixtures("one_thread")

LONG = changed(THIRTY, {"train.epochs": 600, "train.eval_every": 10})
SAVING = changed(THIRTY, {"train.checkpoint_every": {"steps": 1}})

SLOW = """
import time
from mlptrain.training import trainer
from mlptrain.__main__ import main

take_step = trainer.take_step

def slow(experiment, progress, *others):
    if progress.step == 12:
        print("in step 13", flush=True)
        time.sleep(60)
    return take_step(experiment, progress, *others)

trainer.take_step = slow
main()
"""
"""The command line with a step that takes a minute."""


@contextmanager
def in_step_13(path):
    """A run of `SAVING` in a process of its own, which is in its thirteenth step and stays there."""
    config = write_config(path.with_suffix(".yaml"), SAVING)
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, "fit", config, "--out", path, "--quiet"],
        env=surroundings(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "in step 13\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for_records(run, count, process):
    """Until metrics.jsonl has this many lines."""
    metrics, deadline = run / "metrics.jsonl", time.monotonic() + 30
    while not metrics.exists() or metrics.read_bytes().count(b"\n") < count:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "no record in 30 seconds"
        time.sleep(0.002)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The outcome of LONG in one sitting."""
    return finish(prepare(LONG, out=tmp_path_factory.mktemp("whole") / "run"))


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_process_with_its_code_and_a_checkpoint_to_go_on_from(
    tmp_path, whole, number, code
):
    run = tmp_path / "run"
    config = write_config(tmp_path / "long.yaml", LONG)
    with running("fit", config, "--out", run, "--quiet") as process:
        wait_for_records(run, 3, process)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=30)
    _, document = read_archive(run / "last.npz")
    step = document["progress"]["step"]

    assert process.returncode == code
    assert stdout == ""
    assert stderr == (
        f"error: {number.name} after step {step} (epoch {step // 10}): saved; "
        f"go on with mlptrain fit --resume {run}\n"
    )
    assert 300 <= step < 6000
    assert invoke("fit", "--resume", run).exit_code == 0
    assert outcome(run) == whole


def test_the_summary_says_that_the_run_was_interrupted(tmp_path):
    run = prepare(THIRTY, out=tmp_path / "run")
    interrupted_at(run, 17)

    assert run.summary["status"] == "interrupted"
    assert run.summary["reason"].startswith("SIGINT after step 17")
    assert run.summary["steps"] == 17


@pytest.mark.slow
def test_a_step_is_never_left_half_done(tmp_path):
    with in_step_13(tmp_path / "run") as process:
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)

        assert process.poll() is None


@pytest.mark.slow
@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_the_process_at_once(tmp_path, first, second):
    with in_step_13(tmp_path / "run") as process:
        process.send_signal(first)
        time.sleep(0.05)
        process.send_signal(second)
        process.wait(timeout=2)

    assert process.returncode == -second
    assert read_archive(tmp_path / "run" / "last.npz")[1]["progress"]["step"] == 12


def test_handlers_are_put_back_when_the_run_ends(tmp_path):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted):
        train_and_signal(prepare(THIRTY, out=tmp_path / "run"), 3)

    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_ctrl_c_before_the_training_ends_with_130_too(tmp_path, monkeypatch):
    def loading(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("mlptrain.runs.fit.prepare", loading)
    result = invoke("fit", write_config(tmp_path / "toy.yaml", THIRTY))

    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "interrupted\n")


# --- one directory, one run ---


@pytest.mark.slow
def test_a_run_says_that_it_is_at_work_and_a_killed_one_was_interrupted(tmp_path):
    path = tmp_path / "run"

    def told():
        """What `show`, `eval` and `report` say of it."""
        said = [invoke("show", path), invoke("eval", path), invoke("report", path)]
        assert [each.exit_code for each in said] == [0, 0, 0]
        page = unescape((path / "report.html").read_text())
        return [said[0].stderr, said[1].stderr, page]

    with in_step_13(path) as process:
        summary = json.loads((path / "summary.json").read_text())
        assert summary["status"] == "running"
        assert (summary["host"], summary["pid"]) == (platform.node(), process.pid)
        assert all(f"running: process {process.pid} is at work" in text for text in told())
        process.kill()
        process.wait()
    killed = f"interrupted: killed at work; go on with mlptrain fit --resume {path}"
    assert all(killed in text for text in told())

    summary["host"] = "elsewhere"
    (path / "summary.json").write_text(json.dumps(summary))
    assert all("running: on elsewhere, as far as known" in text for text in told())

    assert invoke("fit", "--resume", path, "--quiet").exit_code == 0
    assert not any("running" in text or "interrupted" in text for text in told())


@pytest.mark.slow
def test_a_second_run_in_a_directory_is_refused_while_the_first_is_at_work(tmp_path):
    path = tmp_path / "run"
    config = write_config(tmp_path / "toy.yaml", SAVING)
    with in_step_13(path) as process:
        taken = {path.name: path.read_bytes() for path in path.iterdir()}
        results = [
            invoke("fit", "--resume", path),
            invoke("fit", config, "--out", path),
            invoke("fit", config, "--out", path, "--force"),
        ]

        assert [result.exit_code for result in results] == [2, 2, 2]
        assert [faults(result) for result in results] == 3 * [
            [
                f"{path}: in use by process {process.pid}; wait until it ends, "
                "or choose another directory"
            ]
        ]
        assert {path.name: path.read_bytes() for path in path.iterdir()} == taken


@pytest.mark.slow
def test_reading_is_allowed_while_a_run_is_at_work(tmp_path):
    with in_step_13(tmp_path / "run"):
        assert invoke("eval", tmp_path / "run", "--split", "val").exit_code == 0
        assert invoke("show", tmp_path / "run").exit_code == 0


@pytest.mark.slow
def test_a_killed_run_leaves_no_lock(tmp_path):
    path = tmp_path / "run"
    with in_step_13(path) as process:
        process.kill()
        process.wait(timeout=10)
        resumed = mlptrain("fit", "--resume", path)

    assert resumed.returncode == 0, resumed.stderr
    assert outcome(path) == finish(prepare(SAVING, out=tmp_path / "whole"))


def test_a_resume_that_is_refused_leaves_no_lock(tmp_path):
    run = interrupted_at(prepare(THIRTY, out=tmp_path / "run"), 5)
    run.directory.close()
    other = write_config(tmp_path / "other.yaml", changed(THIRTY, {"seed": 8}))

    assert invoke("fit", other, "--resume", tmp_path / "run").exit_code == 5
    assert invoke("fit", "--resume", tmp_path / "run").exit_code == 0


@pytest.mark.parametrize("number", STOPPING, ids=lambda each: each.name)
def test_the_first_signal_only_asks_and_a_second_ctrl_c_or_term_is_left_to_the_system(number):
    before = {each: signal.getsignal(each) for each in STOPPING}
    with stop_requests() as request:
        signal.raise_signal(number)
        left = {each for each in STOPPING if signal.getsignal(each) is signal.SIG_DFL}

    assert request.signal is number
    assert left == {signal.SIGINT, signal.SIGTERM}
    assert {each: signal.getsignal(each) for each in STOPPING} == before
    assert set(STOPPING) > {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
