"""The ensemble inside a network: k members on an axis of their own, one set of scores outside."""

import numpy as np
import pytest
from click.testing import CliRunner
from helpers import TOY, changed

from mlptrain.cli import cli
from mlptrain.config import load_config
from mlptrain.errors import ConfigError
from mlptrain.graph.apply import apply
from mlptrain.metrics.probability import softmax
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.initializers import he
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.network import Network, perceptron
from mlptrain.training.build import build
from mlptrain.training.trainer import descent

pytestmark = pytest.mark.usefixtures("one_thread")

MEMBERS, ROWS, INPUTS, OUTPUTS = 3, 8, 5, 4


def ensemble(loss, **options):
    relu = [ACTIVATIONS["relu"]()]
    architecture = perceptron(INPUTS, OUTPUTS, (6,), relu, members=MEMBERS, **options)
    network = Network(architecture, loss, dtype=np.float64)
    network.initialize(he, 0, bias_std=0.5)
    return network


def members_alone(network, X):
    """The scores of each member, computed from its own parameters (k, N, C)."""
    p = {each.name: each.value for each in network.parameters}
    return np.array(
        [
            np.maximum(X * scale @ p["layer1.W"] + p["layer1.b"], 0) @ W + b
            for scale, W, b in zip(p["ensemble.scale"], p["layer2.W"], p["layer2.b"], strict=True)
        ]
    )


def test_members_share_the_hidden_layer_and_have_scales_and_heads_of_their_own():
    parameters = ensemble(LOSSES["softmax"]()).parameters

    assert {each.name: each.value.shape for each in parameters} == {
        "ensemble.scale": (MEMBERS, INPUTS),
        "layer1.W": (INPUTS, 6),
        "layer1.b": (6,),
        "layer2.W": (MEMBERS, 6, OUTPUTS),
        "layer2.b": (MEMBERS, OUTPUTS),
    }
    assert set(np.unique(parameters["ensemble.scale"].value)) == {-1, 1}


@pytest.mark.parametrize("name", sorted(LOSSES.keys() - {"quantile"}))  # its scores come in threes
def test_what_is_predicted_is_the_mean_of_what_the_members_predict(name, rng):
    loss = LOSSES[name]()
    network, X = ensemble(loss), rng.normal(size=(ROWS, INPUTS))
    predicted = softmax if loss.gives_probabilities else loss.response

    expected = np.mean([predicted(scores) for scores in members_alone(network, X)], axis=0)

    np.testing.assert_allclose(predicted(network.scores([X])), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "options"),
    [("softmax", {"class_weights": [1.0, 2.0, 0.5, 3.0]}), ("mse", {"reduction": "sum"}), ("mae", {})],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_training_loss_is_the_mean_of_the_losses_of_the_members(name, options, weighted, rng):
    loss = LOSSES[name](**options)
    architecture = ensemble(loss).architecture
    network = Network(architecture, loss, weighted=weighted, dtype=np.float64)
    network.initialize(he, 0)
    X, weights = rng.normal(size=(ROWS, INPUTS)), rng.uniform(1, 2, ROWS)
    y = rng.integers(0, OUTPUTS, ROWS) if loss.classifies else rng.normal(size=(ROWS, OUTPUTS))
    targets = (y, weights) if weighted else (y,)
    plan = network.training.fill((X,), y, weights if weighted else None, 0)
    plan.forward()

    alone = [float(apply(loss, s, *targets, dtype=float)) for s in members_alone(network, X)]

    assert float(plan.value(network.training.data_loss)) == pytest.approx(np.mean(alone), rel=1e-12)


def test_a_probability_that_underflows_is_no_score_of_minus_infinity():
    network = ensemble(LOSSES["softmax"]())
    network.parameters["layer2.W"].value[...] = 0
    network.parameters["layer2.b"].value[...] = [[2000.0, 0, 0, 0]] * MEMBERS

    assert network.scores([np.ones((1, INPUTS))])[0].tolist() == [0, -2000, -2000, -2000]


def test_members_drop_units_of_their_own_and_shards_draw_the_masks_of_the_whole():
    options = {"model.ensemble": 3, "model.dropout": 0.5, "train.batch_size": 4, "data.val": None}
    whole, shards = (
        build(load_config(changed(TOY, {**options, "train.batch_size": size, "train.accumulate": n})))
        for size, n in ((8, 1), (4, 2))
    )
    gradients = []
    for experiment in (whole, shards):
        plan, *_ = descent(experiment, np.arange(8), 0)
        gradients.append(experiment.network.parameters.gradients.copy())
        mask, _ = (plan.value(each) for each in experiment.network.training.wiring.masks)
        assert not (mask[0] == mask[1]).all()

    np.testing.assert_allclose(*gradients, rtol=1e-10, atol=1e-14)


def test_batch_norm_is_refused_beside_an_ensemble():
    with pytest.raises(ConfigError, match=r"model.norm: batch norm .*; write layer, or none"):
        load_config(changed(TOY, {"model.ensemble": 2, "model.norm": "batch"}))


def test_an_ensemble_can_be_looked_at(tmp_path):
    config = tmp_path / "c.yaml"
    config.write_text("{data: {train: {name: xor}}, model: {hidden: [4], ensemble: 3}}")

    shown, traced = (
        CliRunner().invoke(cli, [str(each) for each in arguments])
        for arguments in (["show", config], ["trace", "--config", config, "--open", "layer1"])
    )

    weights, scores = (
        next(line for line in shown.output.splitlines() if line.startswith(name))
        for name in ("layer1.scaled", "layer1.scores")
    )
    assert weights.split()[-2:] == ["14", "0"]  # 2 x 4 weights and 3 x 2 factors
    assert scores.split()[-2:] == ["4", "24"]  # 4 biases, and 2 x 4 products for each member
    assert (traced.exit_code, "layer1.scaled" in traced.output) == (0, True)


@pytest.mark.parametrize("hidden", [(), (4,)])
def test_members_read_inputs_times_their_own_factors(hidden):
    relu = [ACTIVATIONS["relu"]() for _ in hidden]
    architecture = perceptron(3, 2, hidden, relu, input_scale=True, ntk=True, members=2)
    network = Network(architecture, LOSSES["mse"](), dtype=np.float64)
    drawn = np.random.default_rng(0)
    network.parameters.values[...] = drawn.normal(size=network.parameters.values.size)
    X = drawn.normal(size=(5, 3))
    given = {each.name: each.value for each in network.parameters}

    answers = []
    for member in range(2):
        h = X * given["input.scale"] * given["ensemble.scale"][member]
        for number, _ in enumerate(hidden, 1):
            W, b = (given[f"layer{number}.{letter}"] for letter in "Wb")
            h = np.maximum(h @ W / np.sqrt(h.shape[1]) + b, 0)
        W, b = (given[f"layer{len(hidden) + 1}.{letter}"][member] for letter in "Wb")
        answers.append(h @ W / np.sqrt(h.shape[1]) + b)

    np.testing.assert_allclose(network.scores([X]), np.mean(answers, axis=0), rtol=1e-12)
