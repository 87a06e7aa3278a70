"""Averages of weights are kept where they gain; a run ends when its time is up, and can go on."""

import numpy as np
import pytest
from helpers import TOY, changed
from runs import finish, invoke, records

from mlptrain.inference.model import Model
from mlptrain.runs.fit import prepare
from mlptrain.storage.archive import read_archive
from mlptrain.training.evaluate import evaluate

pytestmark = pytest.mark.usefixtures("one_thread")

JUMPY = {
    "optimizer": {"name": "sgd", "learning_rate": 4.0},
    "train": {"epochs": 6, "batch_size": 8, "average": {"ema": 0.8}},
}
"""A rate that throws the weights about: there the average is the better one."""


@pytest.fixture
def jumpy(tmp_path):
    run = prepare(changed(TOY, JUMPY), out=tmp_path / "run")
    finish(run)
    return run


def test_the_best_checkpoint_predicts_with_the_averages_where_they_gain(jumpy):
    lines = records(jumpy.directory.path)
    best = min(min(line["train_loss"], line["average_train_loss"]) for line in lines)
    model = Model.load(jumpy.best)

    loss = evaluate(model.network, jumpy.experiment.measured, model.preprocessing).data_loss()

    assert best in [line["average_train_loss"] for line in lines]
    assert jumpy.progress.best == best == pytest.approx(loss, rel=1e-12)


def test_a_checkpoint_holds_both_so_that_a_run_can_go_on_from_either(jumpy):
    best, _ = read_archive(jumpy.best)
    last, _ = read_archive(jumpy.directory.last)

    assert {"layer1.W", "raw.layer1.W"} <= best.keys()
    assert {"layer1.W", "average.layer1.W"} <= last.keys()
    assert "average.layer1.W" not in best


def test_averages_that_gain_nothing_are_not_kept(tmp_path):
    smooth = {"train": {"epochs": 3, "batch_size": 8, "average": {"ema": 0.999}}}
    run = prepare(changed(TOY, smooth), out=tmp_path / "run")
    finish(run)
    plain = prepare(changed(TOY, {"train": {"epochs": 3, "batch_size": 8}}), out=tmp_path / "plain")
    finish(plain)

    kept, expected = (read_archive(each.best)[0] for each in (run, plain))
    for name in ("layer1.W", "layer2.b"):  # the averages lag behind weights that still get better
        np.testing.assert_array_equal(kept[name], expected[name])


def test_a_run_ends_when_its_time_is_up_and_goes_on_with_more(tmp_path):
    whole = prepare(TOY, out=tmp_path / "whole")
    finish(whole)
    run = prepare(changed(TOY, {"train.max_minutes": 1e-9}), out=tmp_path / "run")
    finish(run)
    place = run.directory.path
    again = invoke("fit", "--resume", place)
    steps = [line["step"] for line in records(place)]
    more = invoke("fit", "--resume", place, "--set", "train.max_minutes=60")

    assert steps == [1]
    assert run.summary["status"] == "early_stopped"
    assert run.summary["reason"] == "train.max_minutes: 1e-09 are over; raise it to go on"
    assert (again.exit_code, more.exit_code) == (0, 0)
    assert "train.max_minutes: 1e-09 are over; raise it to go on" in again.stderr
    assert [line["step"] for line in records(place)] == [1, 8]
    for name, array in read_archive(run.directory.last)[0].items():
        np.testing.assert_array_equal(array, read_archive(whole.directory.last)[0][name])
