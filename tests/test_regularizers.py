"""Regularization: weights only, never biases, and added to the data loss in the graph."""

import numpy as np
import pytest
from helpers import run_node

from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.initializers import he
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.network import Network, perceptron
from mlptrain.nn.regularizers import REGULARIZERS

pytestmark = pytest.mark.usefixtures("strict_floats")

W = np.array([[1.0, -2.0], [0.0, 3.0]])


def network_with(*penalties):
    architecture = perceptron(2, 3, [4], [ACTIVATIONS["tanh"]()], norm="layer")
    network = Network(architecture, LOSSES["softmax"](), penalties, dtype=np.float64)
    network.initialize(he, 0)
    for parameter in network.parameters:  # biases of 0 would hide a penalty on them
        if parameter.spec.kind != "weight":
            parameter.value[...] += 0.5
    return network


def run(network, rng):
    plan = network.training.graph.plan(6)
    plan.value(network.training.inputs[0])[...] = rng.normal(size=(6, 2))
    plan.value(network.training.y)[...] = [0, 1, 2, 0, 1, 2]
    plan.forward()
    plan.backward()
    return plan


def test_l2_is_lambda_times_the_sum_of_squares():
    # 0.5 (1 + 4 + 0 + 9) = 7; the gradient is 2 * 0.5 * W = W.
    value, (dW,) = run_node(REGULARIZERS["l2"](0.5), W)

    assert value == 7
    np.testing.assert_array_equal(dW, W)


def test_l1_is_lambda_times_the_sum_of_absolute_values():
    # 0.5 (1 + 2 + 0 + 3) = 3; the gradient is 0.5 sign(W).
    value, (dW,) = run_node(REGULARIZERS["l1"](0.5), W)

    assert value == 3
    np.testing.assert_array_equal(dW, [[0.5, -0.5], [0, 0.5]])


def test_kink_of_l1_has_derivative_0():
    _, (dW,) = run_node(REGULARIZERS["l1"](0.5), np.zeros((2, 2)))

    assert not dW.any()


@pytest.mark.parametrize("name", REGULARIZERS)
def test_the_penalties_of_several_weights_add_up(name, rng):
    penalty, other = REGULARIZERS[name](0.3), rng.normal(size=(3, 2))

    together, _ = run_node(penalty, W, other)

    assert together == pytest.approx(run_node(penalty, W)[0] + run_node(penalty, other)[0])


@pytest.mark.parametrize("name", REGULARIZERS)
def test_an_upstream_gradient_scales_the_gradient(name):
    penalty = REGULARIZERS[name](0.5)

    _, (tripled,) = run_node(penalty, W, upstream=3.0)

    np.testing.assert_array_equal(tripled, 3 * run_node(penalty, W)[1][0])


def test_l2_adds_twice_lambda_W_as_pytorchs_weight_decay_of_2_lambda_does(rng):
    # PyTorch's weight_decay adds weight_decay * w to the gradient: 2 l2 = 0.2 for l2 = 0.1.
    seeds = np.random.default_rng(1), np.random.default_rng(1)
    plain, penalized = network_with(), network_with(REGULARIZERS["l2"](0.1))
    run(plain, seeds[0]), run(penalized, seeds[1])

    for without, with_ in zip(plain.parameters, penalized.parameters, strict=True):
        decay = 0.2 * with_.value if with_.spec.decays else 0
        np.testing.assert_allclose(with_.gradient, without.gradient + decay, atol=1e-15)


@pytest.mark.parametrize("name", REGULARIZERS)
def test_only_weights_are_penalized_never_biases_or_norms(name):
    network = network_with(REGULARIZERS[name](0.1))
    before = network.regularization_loss()
    for parameter in network.parameters:
        if parameter.spec.kind != "weight":
            parameter.value[...] = 100

    assert network.regularization_loss() == before


def test_both_penalties_add_up_to_the_elastic_net(rng):
    l2, l1 = REGULARIZERS["l2"](0.1), REGULARIZERS["l1"](0.01)
    network = network_with(l2, l1)
    weights = [weight.value for weight in network.parameters.weights()]
    squares = sum((weight**2).sum() for weight in weights)
    absolutes = sum(np.abs(weight).sum() for weight in weights)

    plan = run(network, rng)

    penalty = plan.value(network.training.penalty)
    assert penalty == pytest.approx(0.1 * squares + 0.01 * absolutes, rel=1e-13)


def test_the_full_loss_is_data_loss_plus_regularization_loss(rng):
    network = network_with(REGULARIZERS["l2"](0.1))

    plan = run(network, rng)

    data_loss = plan.value(network.training.data_loss)
    full = plan.value(network.training.loss)
    assert network.regularization_loss() > 0
    assert full == pytest.approx(data_loss + network.regularization_loss(), rel=1e-14)
