"""Event files, read back by TensorBoard itself; and what happens where the writer is missing."""

import contextlib
import errno
import importlib.util
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from urllib.parse import urlencode

import pytest
from runs import THIRTY, faults, invoke, records, write_config

from mlptrain.runs import tensorboard as tensorboard_files
from mlptrain.runs.tensorboard import tag
from mlptrain.system.installation import install_command

ON = ("--set", "train.tensorboard=true")


@pytest.fixture
def read():
    """TensorBoard's own reader: the scalars of a folder, by tag."""
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    module = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator",
        reason="tensorboard is not installed",
    )

    def scalars(folder):
        accumulator = module.EventAccumulator(str(folder))
        accumulator.Reload()
        return {each: accumulator.Scalars(each) for each in accumulator.Tags()["scalars"]}

    return scalars


def test_every_value_of_every_record_is_a_scalar(tmp_path, read):
    run = tmp_path / "run"
    config = write_config(tmp_path / "c.yaml", THIRTY)
    assert invoke("fit", config, *ON, "--out", run, "--quiet").exit_code == 0
    found = read(run / "tensorboard")
    for key in ("train_loss", "val_accuracy", "learning_rate", "grad_norm"):
        shown = [(each.step, each.value) for each in found[tag(key)]]
        written = [(each["step"], pytest.approx(each[key], rel=1e-6)) for each in records(run)]
        assert shown == written


@contextlib.contextmanager
def tensorboard(folder, log):
    """TensorBoard's server at work on a folder: a function that asks it for a document."""
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder)]
    options = ["--host", "127.0.0.1", "--port", "0", "--load_fast", "false"]
    with log.open("w") as output:
        server = subprocess.Popen([*command, *options], stdout=output, stderr=subprocess.STDOUT)
    browser = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(path, **query):
        with browser.open(f"{address(server, log)}{path}?{urlencode(query)}", timeout=20) as answer:
            return json.load(answer)

    try:
        yield ask
    finally:
        server.terminate()
        server.wait(timeout=20)


def address(server, log):
    """Where the server listens, as soon as it says so."""
    for _ in range(600):
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
        if found:
            return found[0]
        assert server.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.mark.slow
@pytest.mark.skipif(
    not all(importlib.util.find_spec(each) for each in ("tensorboard", "tensorboardX")),
    reason="tensorboard or tensorboardX is not installed",
)
def test_tensorboard_serves_the_curves_of_a_run(tmp_path):
    run = tmp_path / "runs" / "thirty"
    config = write_config(tmp_path / "c.yaml", THIRTY)
    assert invoke("fit", config, *ON, "--out", run, "--quiet").exit_code == 0

    with tensorboard(tmp_path / "runs", tmp_path / "log") as ask:
        end = time.monotonic() + 30
        while not (tags := ask("/data/plugin/scalars/tags")) and time.monotonic() < end:
            time.sleep(0.1)  # it reads the files in a thread of its own
        name = "thirty/tensorboard"
        curve = ask("/data/plugin/scalars/scalars", run=name, tag="loss/val")

    assert {"loss/train", "loss/val", "accuracy/val", "training/learning_rate"} <= set(tags[name])
    assert [(step, value) for _, step, value in curve] == [
        (each["step"], pytest.approx(each["val_loss"], rel=1e-6)) for each in records(run)
    ]


def test_training_and_validation_share_a_chart():
    assert (tag("data_loss"), tag("grad_norm")) == ("loss/data", "training/grad_norm")
    assert tag("train_loss").partition("/")[0] == tag("val_loss").partition("/")[0] == "loss"


def test_a_resumed_run_shows_each_step_once(tmp_path, read):
    run = tmp_path / "run"
    config = write_config(tmp_path / "c.yaml", THIRTY)
    invoke("fit", config, *ON, "--out", run, "--quiet")
    longer = ("--set", "train.epochs=5")
    assert invoke("fit", config, *ON, *longer, "--resume", run, "--quiet").exit_code == 0
    steps = [each.step for each in read(run / "tensorboard")["loss/train"]]
    assert steps == [each["step"] for each in records(run)]


def test_without_tensorboardx_nothing_is_begun(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    config = write_config(tmp_path / "c.yaml", THIRTY)
    result = invoke("fit", config, *ON, "--out", tmp_path / "run", "--quiet")
    assert result.exit_code == 2
    assert install_command("tensorboard") in faults(result)[0]
    assert not (tmp_path / "run").exists()


def no_space(descriptor, data):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("obstacle", ["file", "link", "full"])
def test_event_files_that_cannot_be_written_end_no_run_and_lead_nowhere_else(
    tmp_path, obstacle, monkeypatch
):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    config = write_config(tmp_path / "c.yaml", THIRTY)
    run, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
    for folder in (run, elsewhere):
        folder.mkdir()
    events = run / "tensorboard"
    if obstacle == "file":
        events.write_text("mine")
    elif obstacle == "link":
        events.symlink_to(elsewhere)
    else:
        events.mkdir()
        monkeypatch.setattr(tensorboard_files, "write_all", no_space)
    result = invoke("fit", config, *ON, "--out", run)

    assert result.exit_code == 0
    assert result.stderr.count(f"note: {events}: no more events are written: ") == 1
    assert len(records(run)) > 1
    assert (run / "best.npz").is_file()
    assert list(elsewhere.iterdir()) == []


def test_a_zero_is_a_value_and_what_is_undefined_is_none(tmp_path):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    files = tensorboard_files.EventFiles()
    files.write(tmp_path / "tensorboard", {"step": 1, "val_accuracy": 0.0, "val_roc_auc": None})
    files.close()
    (file,) = (tmp_path / "tensorboard").iterdir()

    assert b"accuracy/val" in file.read_bytes()
    assert b"roc_auc/val" not in file.read_bytes()
