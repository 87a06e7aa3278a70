"""What a config becomes: intervals, weights by class, threads, memory."""

import pytest
from helpers import TOY, changed

from mlptrain.config import load_config
from mlptrain.errors import ConfigError
from mlptrain.nn.network import perceptron
from mlptrain.training import build as module
from mlptrain.training.build import build, check_fits


def experiment(**changes):
    return build(load_config(changed(TOY, changes)))


def test_an_interval_counts_epochs_or_steps():
    steps, epochs = (
        experiment(**{"train.eval_every": given}).eval_every for given in ({"steps": 3}, 2)
    )
    assert [step for step in range(1, 9) if steps.due(step, 4)] == [3, 6]
    assert [step for step in range(1, 9) if epochs.due(step, 4)] == [8]


def test_there_is_one_weight_for_each_class():
    with pytest.raises(ConfigError, match="3 weights for 2 classes"):
        experiment(loss={"name": "softmax", "class_weights": [1.0, 2.0, 3.0]})


def test_the_threads_follow_from_a_whole_minibatch(monkeypatch):
    asked = []
    monkeypatch.setattr(module, "choose_threads", lambda _, rows, __: asked.append(rows) or 1)
    experiment(**{"model.hidden": [16], "train.batch_size": 8})
    assert asked == [8]


def test_parameters_and_gradients_must_fit_into_the_memory(monkeypatch):
    layers = perceptron(10, 5)  # 55 parameters: 440 bytes with their gradients
    monkeypatch.setattr(module, "memory_limit", lambda: 439)
    with pytest.raises(ConfigError, match="55 parameters and their gradients take"):
        check_fits(layers, "float32")
    monkeypatch.setattr(module, "memory_limit", lambda: 440)
    check_fits(layers, "float32")


def test_of_epochs_that_are_equally_calibrated_the_last_is_the_best():
    monitors = [
        experiment(**{"train.monitor": f"train_{name}"}).monitor
        for name in ("calibrated_log_loss", "log_loss", "accuracy")
    ]
    assert [each.is_best(0.5, 0.5) for each in monitors] == [True, False, False]
