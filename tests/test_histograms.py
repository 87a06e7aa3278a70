"""Histograms of a step: what they count, and that they follow a run through thick and thin."""

import json

import numpy as np
import pytest
from helpers import TOY, changed
from runs import THIRTY, invoke, records, timeless, write_config

from mlptrain.config import load_config
from mlptrain.training.build import build
from mlptrain.training.histograms import (
    BINS,
    histogram,
    histograms,
    ratio,
)
from mlptrain.training.record import Progress
from mlptrain.training.trainer import train


def first_step(**changes):
    """The histograms of the first step, and the experiment after it."""
    settings = {"train.eval_every": {"steps": 1}, "train.log_histograms": True, **changes}
    experiment = build(load_config(changed(TOY, settings)))
    record = next(train(experiment, Progress()))
    return record.histograms, experiment


def test_every_value_is_in_one_bin():
    found = histogram(np.linspace(-1, 3, 1000))
    assert (found["low"], found["high"], sum(found["counts"])) == (-1, 3, 1000)
    assert len(found["counts"]) == BINS


def test_equal_values_have_no_spread():
    assert histogram(np.full(5, 2.0))["low"] == histogram(np.full(5, 2.0))["high"] == 2.0


def test_what_is_not_finite_is_left_out():
    assert sum(histogram(np.array([np.nan, np.inf, 1.0, 2.0]))["counts"]) == 2


def test_the_ratio_is_that_of_the_lengths():
    assert ratio(np.array([0.3, 0.4]), np.array([[30.0, 40.0]])) == pytest.approx(0.01)
    assert ratio(np.array([1.0]), np.zeros(3)) is None


def test_each_layer_has_its_activations_gradients_and_update():
    layers, _ = first_step()
    assert list(layers) == ["layer1", "layer2", "layer3"]
    assert sum(layers["layer1"]["activations"]["counts"]) == 8 * 5  # rows of a batch times units
    assert sum(layers["layer2"]["gradients"]["counts"]) == 5 * 4


def test_the_update_of_plain_gradient_descent_is_rate_times_gradient():
    layers, experiment = first_step()
    weight = experiment.network.parameters["layer2.W"]
    step = 0.1 * weight.gradient  # the config's learning rate
    expected = np.linalg.norm(step) / np.linalg.norm(weight.value + step)
    assert layers["layer2"]["update_ratio"] == pytest.approx(expected)


def test_units_that_are_0_for_every_row_count_as_dead():
    """Scores x - 1e3, x - 1e3, x, -x, x + 1e3: two units never act, two act on half of the rows."""
    experiment = build(load_config(TOY))
    network = experiment.network
    network.parameters["layer1.W"].value[:] = [[1, 1, 1, -1, 1], [0] * 5]
    network.parameters["layer1.b"].value[:] = [-1e3, -1e3, 0, 0, 1e3]
    plan = network.training.graph.plan(4)
    plan.value(network.training.inputs[0])[...] = [[-2, 0], [-1, 0], [1, 0], [2, 0]]
    plan.forward()
    plan.backward()
    found = histograms(experiment, plan, np.zeros_like(network.parameters.values))
    assert found["layer1"]["dead"] == pytest.approx(2 / 5)
    assert found["layer1"]["update_ratio"] == 0


def test_looking_changes_nothing(tmp_path):
    quiet, watched = tmp_path / "quiet", tmp_path / "watched"
    config = write_config(tmp_path / "c.yaml", THIRTY)
    invoke("fit", config, "--out", quiet, "--quiet")
    invoke("fit", config, "--set", "train.log_histograms=true", "--out", watched, "--quiet")
    kept = [{k: v for k, v in each.items() if k != "histograms"} for each in records(watched)]
    assert [timeless(each) for each in kept] == [timeless(each) for each in records(quiet)]
    assert all("histograms" in each for each in records(watched))


def test_summary_and_checkpoints_stay_small(tmp_path):
    config = write_config(tmp_path / "c.yaml", THIRTY)
    invoke("fit", config, "--set", "train.log_histograms=true", "--out", tmp_path / "r", "--quiet")
    assert "histograms" not in json.loads((tmp_path / "r" / "summary.json").read_text())["metrics"]


@pytest.mark.slow
def test_the_picture_of_them_states_the_last_ratio(tmp_path):
    pytest.importorskip("matplotlib")
    config = write_config(tmp_path / "c.yaml", THIRTY)
    run = tmp_path / "r"
    invoke("fit", config, "--set", "train.log_histograms=true", "--out", run, "--quiet")
    result = invoke("plot", run, "--kind", "histograms")
    assert result.exit_code == 0, result.stderr
    assert (run / "histograms.png").read_bytes().startswith(b"\x89PNG")


def test_a_run_without_them_says_which_key_to_set(tmp_path):
    pytest.importorskip("matplotlib")
    config = write_config(tmp_path / "c.yaml", THIRTY)
    invoke("fit", config, "--out", tmp_path / "r", "--quiet")
    result = invoke("plot", tmp_path / "r", "--kind", "histograms")
    assert result.exit_code == 2
    assert "train.log_histograms" in result.stderr
