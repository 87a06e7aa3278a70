"""The learning-rate range test: rates that grow from step to step, and one to begin with."""

import json

import numpy as np
import pytest
from runs import invoke, write_config

from mlptrain.tools.find_rate import HIGHEST, LOWEST, RangeTest, find_rate

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def line(tmp_path, rng):
    """y = 3 x, with x and y of deviation 1 once they are scaled: one weight, no bias."""
    x = rng.choice((-1.0, 1.0), size=64)
    np.savez(tmp_path / "line.npz", X=x[:, None], y=3 * x)
    return {
        "data": {"train": str(tmp_path / "line.npz"), "val": None, "test": None, "scale": "none"},
        "model": {"hidden": [], "bias": False, "dtype": "float64"},
        "loss": "mse",
        "optimizer": "sgd",
        "train": {"batch_size": 16},
    }


def test_the_loss_turns_where_gradient_descent_is_no_longer_stable(line):
    # (w x - y)^2 with x^2 = 1: w goes to w - 2 lr (w - w0), which converges below lr = 1 and no further
    test = find_rate(line)
    largest = next(rate for rate, loss in zip(test.rates, test.losses, strict=True) if rate > 1)

    assert test.rates[0] == LOWEST
    assert np.diff(np.log(test.rates)) == pytest.approx(np.log(HIGHEST / LOWEST) / 279)
    assert 0.1 < test.rates[test.turn] < 2 * largest
    assert test.suggestion == pytest.approx(test.rates[test.turn] / 10)
    assert test.ended.startswith("the loss rises at ")


def test_the_losses_are_those_after_a_step_at_each_rate(line):
    test = find_rate(line, {"model.initializer": "zeros", "data.scale_target": "none"})
    w, expected = 0.0, []
    for rate in test.rates[:50]:  # every row has the same gradient, whatever the minibatch
        w -= rate * 2 * (w - 3)
        expected.append((w - 3) ** 2)

    assert test.losses[:50] == pytest.approx(expected, rel=1e-12)


def test_where_the_loss_falls_at_no_rate_none_is_suggested(line):
    still = {"optimizer": {"name": "sgd", "rate_factors": {"weight": 0}}}
    test = find_rate(line, still)

    assert test.suggestion is None
    assert test.ended == "the rate 10 was reached"
    assert RangeTest([1, 2, 3], [1, 0.97, 2], [1, 0.97, 2], "").suggestion == 0.2


def test_the_command_prints_rates_and_the_suggestion_and_draws_them(line, tmp_path):
    pytest.importorskip("matplotlib")
    config = write_config(tmp_path / "c.yaml", line)
    found = json.loads(invoke("find-rate", config, "--json").stdout)
    before = sorted(tmp_path.iterdir())
    shown = invoke("find-rate", config, "-o", tmp_path / "rates.svg")

    assert f"suggested optimizer.learning_rate: {found['suggestion']:.2g} (a tenth of " in shown.stdout
    assert (tmp_path / "rates.svg").read_bytes().startswith(b"<?xml")
    assert sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / "rates.svg"])


def test_a_picture_of_another_kind_is_refused_before_anything_is_tried(line, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "mlptrain.tools.find_rate.take_step", lambda *_: pytest.fail("a step was taken")
    )
    refused = invoke("find-rate", write_config(tmp_path / "c.yaml", line), "-o", tmp_path / "rates.gif")

    assert refused.exit_code == 2
    assert "pictures are written as .png, .svg or .pdf" in refused.stderr
