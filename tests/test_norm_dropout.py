"""Batch norm, layer norm and dropout: the nodes, the running statistics, training and predicting."""

import numpy as np
import pytest
from helpers import TOY, changed, run_node, trained

from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.dropout import Dropout, draw_mask
from mlptrain.nn.initializers import he
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.network import Network, perceptron
from mlptrain.nn.norm import (
    EPS,
    BatchNorm,
    FixedNorm,
    LayerNorm,
)

pytestmark = pytest.mark.usefixtures("strict_floats")

X = np.array([[1.0, 10.0], [3.0, 50.0]])
"""Columns with means 2 and 30 and biased variances 1 and 400."""


def network(norm="none", dropout=0.0):
    architecture = perceptron(
        2, 2, [2, 2], [ACTIVATIONS["identity"](), ACTIVATIONS["relu"]()], norm=norm, dropout=dropout
    )
    made = Network(architecture, LOSSES["softmax"](), dtype=np.float64)
    made.initialize(he, 0)
    return made


def forward(made, rows):
    plan = made.training.graph.plan(len(rows))
    plan.value(made.training.inputs[0])[...] = rows
    plan.value(made.training.y)[...] = 0
    plan.forward()
    return plan


# batch norm and layer norm


def test_batch_norm_normalizes_each_unit_over_the_rows():
    # Column 1: (1, 3) - 2 = (-1, 1), over sqrt(1 + eps); then gamma 2, beta 5: 5 -+ 2.
    # Column 2: (-20, 20) / sqrt(400 + eps) = -+1; gamma 1, beta 0.
    out, _ = run_node(BatchNorm(), X, [2.0, 1.0], [5.0, 0.0])

    np.testing.assert_allclose(out, [[3, -1], [7, 1]], rtol=EPS)


def test_layer_norm_normalizes_each_row_over_its_units():
    # Rows (1, 10) and (3, 50): halves of their differences are 4.5 and 23.5, so h = -+1 in both.
    out, _ = run_node(LayerNorm(), X, [2.0, 1.0], [5.0, 0.0])

    np.testing.assert_allclose(out, [[3, 1], [3, 1]], rtol=EPS)


def test_eps_stands_beside_the_variance_inside_the_root():
    # A variance of 1: h = 1 / sqrt(1 + 1e-5), which is 5e-6 below 1.
    out, _ = run_node(BatchNorm(), [[-1.0], [1.0]], [1.0], [0.0])

    assert out[1, 0] == pytest.approx(1 - 0.5e-5, abs=1e-10)


@pytest.mark.parametrize(("node", "axis"), [(BatchNorm(), 0), (LayerNorm(), 1)])
def test_the_output_of_a_norm_has_mean_0_and_variance_1(node, axis, rng):
    out, _ = run_node(node, 5 + 30 * rng.normal(size=(8, 6)), np.ones(6), np.zeros(6))

    np.testing.assert_allclose(out.mean(axis), 0, atol=1e-14)
    np.testing.assert_allclose(out.var(axis), 1, rtol=1e-6)


@pytest.mark.parametrize(("node", "axis"), [(BatchNorm(), 0), (LayerNorm(), 1)])
def test_a_shift_of_all_inputs_gets_no_gradient(node, axis, rng):
    # Adding a number to what is normalized changes nothing, so the gradients along it add up to 0.
    _, (dx, *_) = run_node(
        node, rng.normal(size=(8, 6)), np.ones(6), np.zeros(6), upstream=rng.normal(size=(8, 6))
    )

    assert np.abs(dx).max() > 0.1
    np.testing.assert_allclose(dx.sum(axis), 0, atol=1e-14)


def test_gradients_of_gamma_and_beta_are_column_sums():
    # h = -+1 in both columns; upstream (1, 2), (3, 4): dbeta = (4, 6), dgamma = (3 - 1, 4 - 2).
    _, (_, dgamma, dbeta) = run_node(
        BatchNorm(), X, [2.0, 1.0], [5.0, 0.0], upstream=[[1.0, 2.0], [3.0, 4.0]]
    )

    np.testing.assert_allclose(dgamma, [2, 2], rtol=EPS)
    assert dbeta.tolist() == [4, 6]


def test_fixed_norm_uses_the_statistics_it_is_given():
    # (3 - 1) / sqrt(4) * 5 + 7 = 12; gradients 5 / sqrt(4), (3 - 1) / sqrt(4) and 1
    out, gradients = run_node(FixedNorm(), [[3.0]], [5.0], [7.0], [1.0], [4.0 - EPS], gradients=3)

    assert out == pytest.approx(12, rel=1e-14)
    assert [float(each.item()) for each in gradients] == pytest.approx([2.5, 1, 1], rel=1e-14)


# running statistics


def test_running_statistics_move_a_tenth_towards_the_minibatch():
    # Layer 1 is the identity: its scores are X, with means (2, 30).
    # The unbiased variances are N / (N - 1) = 2 times (1, 400). They start at mean 0 and variance 1.
    # mean: 0.1 * (2, 30);  variance: 1 + 0.1 (2 - 1), 1 + 0.1 (800 - 1)
    made = network("batch")
    made.parameters["layer1.W"].value[...] = np.eye(2)
    plan = forward(made, X)

    made.training.wiring.follow(made.training.wiring.seen(plan))

    np.testing.assert_allclose(made.statistics["norm1.mean"], [0.2, 3.0], rtol=1e-14)
    np.testing.assert_allclose(made.statistics["norm1.variance"], [1.1, 80.9], rtol=1e-14)


def test_running_statistics_come_to_those_of_a_minibatch_that_repeats():
    made = network("batch")
    made.parameters["layer1.W"].value[...] = np.eye(2)
    plan = forward(made, X)
    for _ in range(400):
        made.training.wiring.follow(made.training.wiring.seen(plan))

    np.testing.assert_allclose(made.statistics["norm1.mean"], [2, 30], rtol=1e-12)
    np.testing.assert_allclose(made.statistics["norm1.variance"], [2, 800], rtol=1e-12)


def test_training_gathers_the_running_statistics_of_its_minibatches():
    # One batch of all rows and a rate of next to nothing: each of 300 steps sees the same scores.
    config = {
        "model.norm": "batch",
        "optimizer": {"name": "sgd", "learning_rate": 1e-12},
        "train.batch_size": 30,
        "train.epochs": 300,
    }

    experiment, _ = trained(changed(TOY, config))

    network = experiment.network
    scores = experiment.data.train.inputs.numbers @ network.parameters["layer1.W"].value
    np.testing.assert_allclose(network.statistics["norm1.mean"], scores.mean(0), atol=1e-9)
    np.testing.assert_allclose(network.statistics["norm1.variance"], scores.var(0, ddof=1), rtol=1e-9)


def test_prediction_reads_the_running_statistics():
    # Scores of layer 1 are X; mean 2 and variance 4: (3 - 2) / 2 in column 1.
    made = network("batch")
    made.parameters["layer1.W"].value[...] = np.eye(2)
    made.statistics["norm1.mean"][...] = 2
    made.statistics["norm1.variance"][...] = 4 - EPS
    made.scores([X])

    with made.borrowed() as prediction:  # the graph that has just computed them
        graph = prediction.graph
    (normalized,) = (value for value in graph.values if value.name == "norm1")
    np.testing.assert_allclose(graph.plan(2).value(normalized), (X - 2) / 2, rtol=1e-12)


def test_prediction_leaves_the_running_statistics_alone(rng):
    made = network("batch")
    before = {name: array.copy() for name, array in made.statistics.items()}

    made.scores([rng.normal(size=(10, 2))])

    for name, array in made.statistics.items():
        np.testing.assert_array_equal(array, before[name])


def test_the_prediction_for_a_row_does_not_depend_on_its_company(rng):
    made = network("batch")
    rows = rng.normal(size=(10, 2))

    np.testing.assert_allclose(made.scores([rows])[:3], made.scores([rows[:3]]), rtol=1e-13)


def test_layer_norm_keeps_no_statistics():
    assert network("layer").statistics == {}


def test_a_minibatch_of_one_row_does_not_spoil_the_running_statistics():
    made = network("batch")
    plan = forward(made, X[:1])

    made.training.wiring.follow(made.training.wiring.seen(plan))

    assert all(np.isfinite(array).all() for array in made.statistics.values())


# dropout


def test_dropout_multiplies_by_its_mask_both_ways():
    mask = np.array([[0.0, 2.0], [2.0, 0.0]])

    out, (dx,) = run_node(Dropout(), X, mask, upstream=np.full((2, 2), 5.0), gradients=1)

    assert out.tolist() == [[0, 20], [6, 0]]
    assert dx.tolist() == [[0, 10], [10, 0]]


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_dropout_is_inverted_so_that_the_mean_stays(p, rng):
    mask = np.empty((400, 250))

    draw_mask(rng, p, mask)

    # 100,000 draws: the share of zeros is known to sqrt(p (1 - p) / 100,000) < 0.0016.
    kept = mask[mask != 0]
    assert (mask == 0).mean() == pytest.approx(p, abs=0.008)
    np.testing.assert_allclose(kept, 1 / (1 - p), rtol=1e-14)


def test_a_mask_is_drawn_in_single_precision_as_well(rng):
    mask = np.empty((300, 300), np.float32)

    draw_mask(rng, 0.25, mask)

    assert set(np.unique(mask)) == {np.float32(0), np.float32(1 / 0.75)}


def test_masks_differ_between_steps_and_layers_and_are_fixed_by_the_seed():
    made = network(dropout=0.5)
    plan = made.training.graph.plan(50)

    def masks(seed, step):
        made.training.draw_masks(plan, made.training.mask_streams(seed, step))
        return [plan.value(mask).tobytes() for mask in made.training.wiring.masks]

    drawn = [*masks(0, 0), *masks(0, 1), *masks(1, 0)]

    assert len(set(drawn)) == 6
    assert masks(0, 0) == drawn[:2]


def test_the_scores_of_a_network_with_dropout_are_those_without(rng):
    rows = rng.normal(size=(5, 2))

    np.testing.assert_array_equal(network(dropout=0.5).scores([rows]), network().scores([rows]))
