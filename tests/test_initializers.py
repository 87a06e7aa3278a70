"""Initializers: the spread that each promises, and the layers they are given."""

import numpy as np
import pytest

from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.initializers import INITIALIZERS
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.network import Network, perceptron

pytestmark = pytest.mark.usefixtures("strict_floats")

D, M = 800, 100

STD = {
    "he": 0.05,  # sqrt(2 / 800)
    "xavier": 0.0471405,  # sqrt(2 / 900)
    "lecun": 0.0353553,  # sqrt(1 / 800)
    "normal": 0.01,
    "zeros": 0.0,
}


def network(initializer, seed=0, hidden=(6, 5), norm="none"):
    activations = [ACTIVATIONS["relu"]() for _ in hidden]
    made = Network(perceptron(4, 3, hidden, activations, norm=norm), LOSSES["softmax"]())
    made.initialize(initializer, seed)
    return made


def test_every_initializer_has_its_spread_here():
    assert set(STD) == set(INITIALIZERS)


@pytest.mark.parametrize("name", STD)
def test_weights_have_mean_0_and_the_standard_deviation_of_the_formula(name, rng):
    W = INITIALIZERS[name](rng, (D, M), (D, M))

    # 80,000 numbers: the deviation is known to 1 / sqrt(2 * 80,000) = 0.25 %, the mean to std / 283.
    assert W.shape == (D, M)
    assert W.std() == pytest.approx(STD[name], rel=0.012)
    assert abs(W.mean()) <= 5 * STD[name] / 283


@pytest.mark.parametrize("name", [name for name in STD if name != "zeros"])
def test_weights_are_normally_distributed(name, rng):
    W = INITIALIZERS[name](rng, (D, M), (D, M)) / STD[name]

    # 68.3 %, 95.4 % and 99.7 % of a normal distribution lie within 1, 2 and 3 deviations.
    within = [(np.abs(W) < k).mean() for k in (1, 2, 3)]
    assert within == pytest.approx([0.683, 0.954, 0.997], abs=0.006)


def test_normal_takes_another_std(rng):
    W = INITIALIZERS["normal"](rng, (D, M), (D, M), std=2.0)

    assert W.std() == pytest.approx(2, rel=0.012)


def test_he_keeps_the_scale_of_activations_through_relu_layers(rng):
    # Each layer halves the mean square by ReLU and doubles it by its weights (He et al., 2015).
    x = rng.normal(size=(500, 300))
    for _ in range(6):
        x = np.maximum(x @ INITIALIZERS["he"](rng, (300, 300), (300, 300)), 0)

    assert np.mean(x**2) == pytest.approx(1, rel=0.5)


@pytest.mark.parametrize("name", STD)
def test_biases_start_at_0_whatever_the_weights_are(name):
    parameters = network(INITIALIZERS[name]).parameters

    assert not any(parameter.value.any() for parameter in parameters if parameter.spec.kind != "weight")


def test_biases_are_drawn_with_the_deviation_that_is_asked_for_and_leave_the_weights_alone():
    plain = network(INITIALIZERS["he"], hidden=(4000,)).parameters
    made = Network(perceptron(4, 3, (4000,), [ACTIVATIONS["relu"]()]), LOSSES["softmax"]())
    made.initialize(INITIALIZERS["he"], 0, bias_std=0.5)

    assert made.parameters["layer1.b"].value.std() == pytest.approx(0.5, rel=0.05)
    np.testing.assert_array_equal(made.parameters["layer1.W"].value, plain["layer1.W"].value)


def test_a_last_layer_of_zeros_leaves_the_draws_of_the_others_alone():
    relu = [ACTIVATIONS["relu"]()]
    plain, made = (
        Network(perceptron(4, 3, (6,), relu, last_start=start), LOSSES["softmax"]())
        for start in ("drawn", "zeros")
    )
    for each in (plain, made):
        each.initialize(INITIALIZERS["he"], 0, bias_std=1.0)

    assert not any(made.parameters[name].value.any() for name in ("layer2.W", "layer2.b"))
    np.testing.assert_array_equal(made.parameters["layer1.W"].value, plain.parameters["layer1.W"].value)
    np.testing.assert_array_equal(made.parameters["layer1.b"].value, plain.parameters["layer1.b"].value)


def test_norms_start_at_gamma_1_and_beta_0():
    parameters = network(INITIALIZERS["he"], norm="batch").parameters

    assert (parameters["norm1.gamma"].value == 1).all()
    assert (parameters["norm2.beta"].value == 0).all()


def test_each_layer_draws_from_a_stream_of_its_own():
    # A second hidden layer of another size leaves the first layer as it was.
    small, large = (network(INITIALIZERS["he"], hidden=(6, width)) for width in (5, 50))

    first = [each.parameters["layer1.W"].value for each in (small, large)]
    np.testing.assert_array_equal(*first)


def test_layers_of_one_shape_get_different_weights():
    parameters = network(INITIALIZERS["he"], hidden=(4, 4)).parameters

    assert (parameters["layer1.W"].value != parameters["layer2.W"].value).all()


def test_the_seed_decides_the_weights():
    first, again, other = (network(INITIALIZERS["he"], seed) for seed in (1, 1, 2))

    np.testing.assert_array_equal(first.parameters.values, again.parameters.values)
    assert (first.parameters["layer1.W"].value != other.parameters["layer1.W"].value).all()
