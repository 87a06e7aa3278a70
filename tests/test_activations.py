"""Each activation against hand arithmetic: its value and its slope, where logarithms make them exact.

With e^x = 3, sigmoid(x) = 3/4; with e^x = 2, tanh(x) = (2 - 1/2) / (2 + 1/2) = 3/5.
"""

from math import log

import numpy as np
import pytest

from mlptrain.graph.graph import Graph
from mlptrain.graph.reductions import Sum
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.activations.piecewise import ELU, LeakyReLU, Maxout


def flow(node, x, upstream=1.0):
    """The value of an activation at x, and the gradient that it sends down."""
    graph = Graph(np.float64)
    source = graph.input("x", np.shape(x), wants_gradient=True)
    output = graph.add(node, source, name="output")
    plan = graph.plan()
    plan.value(source)[...] = x
    plan.forward()
    plan.backward(upstream)
    return plan.value(output).tolist(), plan.gradient(source).tolist()


SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # as in the paper, to float64

BY_HAND = [
    ("identity", -3, -3, 1),
    ("relu", 2, 2, 1),
    ("relu", -3, 0, 0),
    ("leaky_relu", 2, 2, 1),
    ("leaky_relu", -3, -0.03, 0.01),
    ("elu", 2, 2, 1),
    ("elu", -log(2), -1 / 2, 1 / 2),
    ("selu", 1, SELU_SCALE, SELU_SCALE),
    ("selu", -log(2), -SELU_SCALE * SELU_ALPHA / 2, SELU_SCALE * SELU_ALPHA / 2),
    ("sigmoid", 0, 1 / 2, 1 / 4),
    ("sigmoid", log(3), 3 / 4, 3 / 16),
    ("tanh", 0, 0, 1),
    ("tanh", log(2), 3 / 5, 16 / 25),
    ("softplus", 0, log(2), 1 / 2),
    ("softplus", log(3), log(4), 3 / 4),
    ("silu", 0, 0, 1 / 2),
    ("silu", log(3), log(3) * 3 / 4, 3 / 4 + log(3) * 3 / 16),
    ("mish", 0, 0, 3 / 5),  # tanh(softplus(0)) = tanh(log 2)
    ("mish", log(2), log(2) * 4 / 5, 4 / 5 + log(2) * 9 / 25 * 2 / 3),  # tanh(log 3) = 4/5
    ("gelu", 0, 0, 1 / 2),
]


@pytest.mark.parametrize(("name", "x", "value", "slope"), BY_HAND)
def test_an_activation_has_the_value_and_the_slope_of_paper_and_pencil(name, x, value, slope):
    found = flow(ACTIVATIONS[name](), x)

    assert found == (pytest.approx(value, rel=1e-14), pytest.approx(slope, rel=1e-14))


def test_every_activation_is_worked_out_here():
    assert {name for name, *_ in BY_HAND} | {"maxout"} == set(ACTIVATIONS)


def test_gelu_is_the_tanh_approximation():
    # At 1: u = 0.797885 * 1.044715 = 0.833562, t = tanh(u) = 0.682384; value (1 + t) / 2,
    # slope (1 + t) / 2 + (1 - t^2) / 2 * 0.797885 * (1 + 0.134145). The exact value is 0.841345.
    value, slope = flow(ACTIVATIONS["gelu"](), 1)

    assert value == pytest.approx(0.841192, abs=1e-6)
    assert slope == pytest.approx(0.841192 + 0.267176 * 0.904917, abs=2e-6)


@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"maxout"}))
def test_the_slope_scales_what_flows_in_element_by_element(name):
    x = [[-1.5, 0.5], [2.0, -0.25]]
    slopes = flow(ACTIVATIONS[name](), x)[1]
    scaled = flow(ACTIVATIONS[name](), x, upstream=[[2, -1], [0, 4]])[1]

    assert np.array(scaled) == pytest.approx(np.array(slopes) * [[2, -1], [0, 4]])


def test_the_lecture_sends_a_vector_through_relu():
    assert flow(ACTIVATIONS["relu"](), [1, -2, 3, -1], [4, -1, 5, 9]) == ([1, 0, 3, 0], [4, 0, 5, 0])


def test_the_kink_of_relu_has_slope_zero():
    assert flow(ACTIVATIONS["relu"](), 0) == (0, 0)


def test_the_slope_of_leaky_relu_is_an_option():
    assert flow(LeakyReLU(slope=0.25), -4) == (-1, 0.25)


def test_the_depth_of_elu_is_an_option():
    assert flow(ELU(alpha=3), -log(2)) == (pytest.approx(-1.5), pytest.approx(1.5))


def test_maxout_takes_the_larger_of_two_neighbours():
    assert flow(Maxout(), [[1, 3, 4, 2]], [[5, 7]]) == ([[3, 4]], [[0, 5, 7, 0]])


def test_maxout_sends_the_gradient_of_a_tie_to_the_first():
    assert flow(Maxout(), [2, 2], [5]) == ([2], [5, 0])


def test_maxout_of_three_pieces_needs_three_scores_for_each_unit():
    assert flow(Maxout(pieces=3), [1, 2, 3, 6, 5, 4], [1, 1]) == ([3, 6], [0, 0, 1, 1, 0, 0])
    assert Maxout(pieces=3).linear_units(10) == 30


def test_maxout_refuses_scores_that_do_not_make_whole_units():
    with pytest.raises(ValueError, match="Maxout of 2 pieces cannot take 5 scores"):
        Maxout().shape((4, 5))


@pytest.mark.parametrize("x", [-1000.0, 1000.0])
@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"maxout"}))
def test_far_out_nothing_overflows(name, x):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        value, slope = flow(ACTIVATIONS[name](), x)

    assert np.isfinite([value, slope]).all()


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_the_whole_gradient_is_written_whatever_stood_there(name):
    """Its memory is used again and again: what a step leaves there must not reach the next."""
    graph = Graph(np.float64)
    x = graph.input("x", (2, 4), wants_gradient=True)
    graph.add(Sum(), graph.add(ACTIVATIONS[name](), x, name="y"), name="sum")
    plan = graph.plan()
    plan.value(x)[...] = [[1.0, -2.0, 3.0, 0.5], [-1.0, 2.0, 0.25, 4.0]]
    plan.forward()
    plan.backward()
    expected = plan.gradient(x).copy()
    plan.gradient(x)[...] = np.nan

    plan.backward()

    np.testing.assert_array_equal(plan.gradient(x), expected)
