"""What `show` says of a network: its layers, and the memory that training takes."""

import numpy as np
import pytest
from runs import write_config

from mlptrain.config import load_config
from mlptrain.tools.summary import summarize
from mlptrain.training.build import build

CONFIG = {
    "data": {"train": {"name": "moons", "points_per_class": 50}, "val": 0, "test": 0},
    "model": {"hidden": [5, 4], "norm": "batch", "dropout": 0.1},
    "loss": "hinge",
    "optimizer": {"name": "adam", "learning_rate": 0.01},
    "train": {"batch_size": 8},
}


@pytest.fixture
def shown(tmp_path):
    """The summary of CONFIG with some sections changed."""
    return lambda **sections: summarize(write_config(tmp_path / "c.yaml", {**CONFIG, **sections}))


def test_a_layer_has_its_units_parameters_and_multiply_adds(shown):
    """2 x 5 + 5, 5 x 4 + 4, 4 x 2 + 2; a norm has two numbers for each unit and no product."""
    found = {layer.name: layer for layer in shown().layers}
    linear = [found[f"layer{number}.scores"] for number in (1, 2, 3)]

    assert [layer.output for layer in linear] == [5, 4, 2]
    assert [layer.parameters for layer in linear] == [15, 24, 10]
    assert [layer.multiply_adds for layer in linear] == [10, 20, 8]
    assert (found["norm1"].parameters, found["norm1"].multiply_adds) == (10, 0)


def test_members_that_share_a_matrix_multiply_by_it_once_each(shown):
    """Three members: 2 x 5 and 5 x 4 for each, and 4 x 2 with a matrix of its own."""
    found = {each.name: each for each in shown(model={"hidden": [5, 4], "ensemble": 3}).layers}
    linear = [found[f"layer{number}.scores"] for number in (1, 2, 3)]

    assert [layer.multiply_adds for layer in linear] == [30, 60, 24]


@pytest.mark.parametrize("rows", [2, 8, 30])
def test_the_memory_of_a_minibatch_is_what_a_training_step_allocates(shown, rows):
    train = {"batch_size": rows}
    graph = build(load_config({**CONFIG, "train": train})).network.training.graph

    assert shown(train=train).memory["minibatch"] == graph.plan(rows).nbytes()


@pytest.mark.parametrize(("optimizer", "slots"), [("sgd", 0), ("momentum", 1), ("adam", 2)])
def test_the_memory_of_parameters_counts_gradients_and_the_state_of_the_optimizer(
    shown, optimizer, slots
):
    """15 + 24 + 10 of the linear layers, 2 (5 + 4) of the norms, in float32."""
    memory = shown(optimizer={"name": optimizer, "learning_rate": 0.01}).memory
    size = 67 * np.dtype(np.float32).itemsize

    assert (memory["parameters"], memory["gradients"]) == (size, size)
    assert memory["optimizer state"] == slots * size
