"""Event files, read back by TensorBoard's own reader; and what happens where the writer is missing."""

import sys

import pytest
from runs import THIRTY, faults, invoke, records, write_config

from mlptrain.events import tag

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


def test_training_and_validation_share_a_chart():
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
    assert "pip install 'mlptrain[tensorboard]'" in faults(result)[0]
    assert not (tmp_path / "run").exists()
