"""The graph: wiring, branches, memory, and the invariants of forward and backward."""

import numpy as np
import pytest
from helpers import run_node
from hypothesis import given
from hypothesis import strategies as st

from mlptrain.graph.gates import (
    Add,
    Copy,
    MatMul,
    Multiply,
    Negate,
    Sum,
)
from mlptrain.graph.graph import Graph
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.activations.piecewise import ReLU
from mlptrain.nn.initializers import he
from mlptrain.nn.linear import SMALL, Linear, product
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.network import Network, perceptron
from mlptrain.nn.parameters import Parameters, ParameterSpec
from mlptrain.nn.regularizers import L2

pytestmark = pytest.mark.usefixtures("strict_floats")


def small_network(hidden=(4, 3), *, activation="tanh", norm="none", seed=0):
    activations = [ACTIVATIONS[activation]() for _ in hidden]
    architecture = perceptron(2, 3, hidden, activations, norm=norm)
    network = Network(architecture, LOSSES["softmax"](), [L2(0.1)], dtype=np.float64)
    network.initialize(he, seed)
    return network


def load(network, X, y):
    plan = network.training.graph.plan(len(X))
    plan.value(network.training.inputs[0])[...] = X
    plan.value(network.training.y)[...] = y
    return plan


def rows(generator, count):
    return generator.normal(size=(count, 2)), generator.integers(0, 3, count)


def gradients_of(network, X, y):
    plan = load(network, X, y)
    plan.forward()
    plan.backward()
    return network.parameters.gradients.copy()


def test_gradients_add_up_at_a_branch():
    # b = a + a = 2a and c = b + b = 4a, so dc/da = 4; overwriting at a branch would give 1 or 2.
    graph = Graph(np.float64)
    a = graph.input("a", (), wants_gradient=True)
    b = graph.add(Add(), a, a, name="b")
    c = graph.add(Add(), b, b, name="c")
    plan = graph.plan()
    plan.value(a)[...] = 3.0

    plan.forward()
    plan.backward()

    assert plan.value(c) == 12
    assert plan.gradient(a) == 4


def test_a_value_read_by_three_nodes_gets_the_sum_of_three_gradients():
    # f = (x + x*x) + (-x) at x = 5: df/dx = 1 + 2x - 1 = 10.
    graph = Graph(np.float64)
    x = graph.input("x", (), wants_gradient=True)
    square = graph.add(Multiply(), x, x, name="square")
    minus = graph.add(Negate(), x, name="minus")
    graph.add(Add(), graph.add(Add(), x, square, name="s"), minus, name="f")
    plan = graph.plan()
    plan.value(x)[...] = 5.0

    plan.forward()
    plan.backward()

    assert plan.gradient(x) == 10


def test_a_branch_of_different_lengths_adds_up():
    # f = sum(copy(copy(x)) * x) = sum(x^2): df/dx = 2x, over a short and a long way.
    graph = Graph(np.float64)
    x = graph.input("x", (3,), wants_gradient=True)
    way = graph.add(Copy(), graph.add(Copy(), x, name="once"), name="twice")
    graph.add(Sum(), graph.add(Multiply(), way, x, name="product"), name="f")
    plan = graph.plan()
    plan.value(x)[...] = [1.0, -2.0, 3.0]

    plan.forward()
    plan.backward()

    assert plan.gradient(x).tolist() == [2, -4, 6]


@given(
    hidden=st.lists(st.integers(1, 4), max_size=3),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    norm=st.sampled_from(["none", "batch", "layer"]),
    count=st.integers(2, 5),
)
def test_every_gradient_has_the_shape_of_its_value(hidden, activation, norm, count):
    network = small_network(hidden, activation=activation, norm=norm)
    network.training.graph.keeps_all = True
    plan = load(network, *rows(np.random.default_rng(count), count))

    plan.forward()
    plan.backward()

    for value in network.training.graph.values:
        if value.wants_gradient:
            assert plan.gradient(value).shape == plan.value(value).shape, value.name


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_a_graph_that_keeps_nothing_gives_the_gradients_of_one_that_keeps_all(
    activation, norm, rng, monkeypatch
):
    monkeypatch.setattr("mlptrain.graph.plan.BLOCK", 8)  # so that 5 rows are several blocks
    X, y = rows(rng, 5)
    lean, kept = (small_network([4, 3, 6], activation=activation, norm=norm) for _ in range(2))
    kept.training.graph.keeps_all = True

    np.testing.assert_array_equal(gradients_of(lean, X, y), gradients_of(kept, X, y))


def test_an_activation_goes_through_many_rows_in_blocks(rng, monkeypatch):
    monkeypatch.setattr("mlptrain.graph.plan.BLOCK", 8)
    seen = []
    monkeypatch.setattr(ReLU, "forward", lambda _, inputs, out, saved: seen.append(inputs[0].shape))

    load(small_network([4], activation="relu"), *rows(rng, 5)).forward()

    assert seen == [(2, 4), (2, 4), (1, 4)]


def test_a_relu_writes_over_its_scores_and_the_next_reader_sees_it(rng):
    network = small_network([4], activation="relu")
    plan = load(network, *rows(rng, 5))
    scores, activation = (named(network, f"layer1.{what}") for what in ("scores", "activation"))

    assert plan.value(scores) is plan.value(activation)


def test_a_value_that_is_needed_again_is_not_written_over(rng):
    # gelu needs its input for the gradient, and batch norm's output is read by nobody else
    for activation, norm, shared in (("gelu", "none", False), ("relu", "batch", True)):
        network = small_network([4], activation=activation, norm=norm)
        plan = load(network, *rows(rng, 5))
        before = named(network, "layer1.scores" if norm == "none" else "norm1")
        assert (plan.value(before) is plan.value(named(network, "layer1.activation"))) == shared


def test_a_value_with_two_readers_is_not_written_over():
    # The gradient of a linear layer needs no scores, so that the second reader alone protects them.
    graph = Graph(np.float64, keeps_all=False)
    X, W = graph.input("X", (1, 1)), graph.input("W", (1, 3), wants_gradient=True)
    scores = graph.add(Linear(), X, W, name="scores")
    active = graph.add(ReLU(), scores, name="active")
    total = graph.add(Add(), scores, active, name="total")
    graph.add(Sum(), total, name="sum")
    plan = graph.plan()
    plan.value(X)[...] = 1
    plan.value(W)[...] = [[1, -2, 0]]

    plan.forward()

    assert plan.value(total).tolist() == [[2, -2, 0]]


def test_a_value_that_its_own_gradient_needs_is_not_written_over():
    # One reader only. d tanh(s)/dx = (1 - tanh(s)^2) s (1 - s), with s = sigmoid(0) = 1/2.
    graph = Graph(np.float64, keeps_all=False)
    x = graph.input("x", (3,), wants_gradient=True)
    s = graph.add(ACTIVATIONS["sigmoid"](), x, name="s")
    graph.add(Sum(), graph.add(ACTIVATIONS["tanh"](), s, name="tanh"), name="sum")
    plan = graph.plan()
    plan.value(x)[...] = 0

    plan.forward()
    plan.backward()

    np.testing.assert_allclose(plan.gradient(x), (1 - np.tanh(0.5) ** 2) / 4, rtol=1e-12)


def test_a_graph_that_keeps_all_writes_over_nothing_and_cuts_nothing(rng, monkeypatch):
    monkeypatch.setattr("mlptrain.graph.plan.BLOCK", 8)
    network = small_network([4], activation="relu")
    network.training.graph.keeps_all = True
    plan = load(network, *rows(rng, 5))
    scores, activation = (named(network, f"layer1.{what}") for what in ("scores", "activation"))

    plan.forward()

    assert (plan.value(scores) < 0).any()
    assert [kept.shape[0] for kept in plan.saved(activation)] == [5] * len(plan.saved(activation))


def test_walking_forward_shows_each_value_before_it_is_written_over(rng):
    network = small_network([4], activation="relu")
    plan = load(network, *rows(rng, 5))
    seen = {value.name: plan.value(value).copy() for value in plan.walk()}

    np.testing.assert_array_equal(seen["layer1.activation"], np.maximum(seen["layer1.scores"], 0))
    assert (seen["layer1.scores"] < 0).any()


def named(network, name):
    return next(value for value in network.training.graph.values if value.name == name)


def test_the_gradient_of_a_relu_is_written_over_the_one_that_flows_in(rng):
    network = small_network([4], activation="relu")
    plan = load(network, *rows(rng, 5))
    relu = named(network, "layer1.activation").node
    calls = [call for call in plan._backward if call[0] == relu.backward]
    ((_, (upstream, *_, into)),) = calls

    assert into[0].ctypes.data == upstream.ctypes.data


def test_only_the_gradient_of_the_first_input_is_written_over_the_one_that_flows_in():
    # The second gradient is made of two passes over the upstream one: 3, or 4 where it was overwritten.
    class Thrice(Add):
        gradient_in_place = True

        def backward(self, upstream, inputs, out, saved, into):
            np.multiply(upstream, 2, out=into[1])
            np.add(into[1], upstream, out=into[1])

    graph = Graph(np.float64, keeps_all=False)
    constant, x = graph.input("constant", (2,)), graph.input("x", (2,), wants_gradient=True)
    y = graph.add(Copy(), x, name="y")
    graph.add(Sum(), graph.add(Thrice(), constant, y, name="thrice"), name="sum")
    plan = graph.plan()

    plan.forward()
    plan.backward()

    assert plan.gradient(x).tolist() == [3, 3]


def test_what_a_step_works_on_begins_at_a_cache_line(rng):
    network = small_network([5, 3], activation="gelu")
    plan = load(network, *rows(rng, 7))
    arrays = [plan.value(value) for value in network.training.graph.values if value.value is None]
    arrays += [network.parameters.values, network.parameters.gradients]

    assert [array.ctypes.data % 64 for array in arrays] == [0] * len(arrays)


@pytest.mark.parametrize("shape", [(32, 10), (128, 784)], ids=["small", "large"])
def test_a_product_is_the_same_whichever_function_forms_it(shape, rng):
    x, upstream = rng.normal(size=(6, shape[0])), rng.normal(size=(6, shape[1]))
    out = np.full(shape, np.nan)

    product(x.T, upstream, out)

    assert (out.size > SMALL) == (shape == (128, 784))
    np.testing.assert_allclose(out, np.einsum("nd,nm->dm", x, upstream), atol=1e-12)


def test_a_gradient_that_was_passed_on_cannot_be_looked_at(rng):
    network = small_network([4], activation="relu")
    plan = load(network, *rows(rng, 5))

    with pytest.raises(KeyError, match=r"layer2\.scores is not kept"):
        plan.gradient(network.training.scores)


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
def test_a_smaller_batch_in_shared_memory_equals_a_network_of_its_own(norm, rng):
    X, y = rows(rng, 5)
    network, own = (small_network(activation="relu", norm=norm) for _ in range(2))
    gradients_of(network, *rows(rng, 9))  # the larger plan allocates the memory first

    shared = gradients_of(network, X, y)

    np.testing.assert_array_equal(shared, gradients_of(own, X, y))


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_a_larger_plan_made_later_does_not_disturb_a_smaller_one(activation, rng):
    X, y = rows(rng, 4)
    network = small_network(activation=activation)
    before = gradients_of(network, X, y)
    gradients_of(network, *rows(rng, 7))  # outgrows the memory that the first plan was bound to

    again = gradients_of(network, X, y)

    np.testing.assert_array_equal(again, before)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_plans_used_in_turn_do_not_disturb_each_other(activation, rng):
    network = small_network(activation=activation)
    large, small = rows(rng, 6), rows(rng, 2)
    expected = gradients_of(network, *large), gradients_of(network, *small)

    for _ in range(2):
        np.testing.assert_array_equal(gradients_of(network, *large), expected[0])
        np.testing.assert_array_equal(gradients_of(network, *small), expected[1])


def test_a_plan_is_bound_once_for_each_number_of_rows():
    graph = small_network().training.graph

    assert graph.plan(4) is graph.plan(4)
    assert graph.plan(4) is not graph.plan(5)


def test_a_value_added_later_is_part_of_the_next_plan():
    graph = Graph(np.float64)
    x = graph.input("x", (), wants_gradient=True)
    double = graph.add(Add(), x, x, name="2x")
    graph.plan()
    graph.add(Add(), double, double, name="4x")
    plan = graph.plan()

    plan.backward()

    assert plan.gradient(x) == 4


def test_memory_is_taken_for_the_largest_batch_only():
    graph = small_network().training.graph
    needed = graph.plan(32).nbytes()

    assert graph.plan(5).nbytes() == needed


def test_a_gradient_that_nobody_wants_is_not_computed():
    # The node is handed None for X and must not touch it; asking for it is a mistake of the caller.
    given = []

    class Spy(Linear):
        def backward(self, upstream, inputs, out, saved, into):
            given.append([array is None for array in into])
            super().backward(upstream, inputs, out, saved, into)

    graph = Graph(np.float64)
    X = graph.input("X", (None, 2))
    W = graph.input("W", (2, 3), wants_gradient=True)
    graph.add(Sum(), graph.add(Spy(), X, W, name="scores"), name="f")
    plan = graph.plan(4)
    plan.value(X)[...], plan.value(W)[...] = 2, 1

    plan.forward()
    plan.backward()

    assert given == [[True, False]]
    assert plan.gradient(W).tolist() == [[8, 8, 8]] * 2  # column sums of X, 4 rows of 2
    with pytest.raises(KeyError, match="no gradient flows to X"):
        plan.gradient(X)


def test_no_node_below_the_first_parameter_runs_backward():
    class Silent(Copy):
        def backward(self, upstream, inputs, out, saved, into):
            raise AssertionError("nobody wants this gradient")

    graph = Graph(np.float64)
    x = graph.input("x", ())
    w = graph.input("w", (), wants_gradient=True)
    graph.add(Multiply(), graph.add(Silent(), x, name="copy"), w, name="f")
    plan = graph.plan()
    plan.value(x)[...], plan.value(w)[...] = 3, 7

    plan.forward()
    plan.backward()

    assert plan.gradient(w) == 3


def test_gradients_of_parameters_land_in_the_flat_vector():
    # f = sum(A) + sum(5 * b): dA = 1 and db = 5, one after the other in the order of the shapes.
    shapes = [ParameterSpec("A", (2, 2), "weight", decays=True), ParameterSpec("b", (3,), "bias")]
    parameters = Parameters(shapes, np.float64)
    graph = Graph(np.float64)
    A, b = (graph.parameter(p.name, p.value, p.gradient) for p in parameters)
    five = graph.parameter("five", np.full(3, 5.0))
    sum_A = graph.add(Sum(), A, name="sum A")
    sum_b = graph.add(Sum(), graph.add(Multiply(), b, five, name="5b"), name="sum 5b")
    graph.add(Add(), sum_A, sum_b, name="f")
    plan = graph.plan()

    plan.forward()
    plan.backward()

    assert parameters.gradients.tolist() == [1, 1, 1, 1, 5, 5, 5]
    assert np.shares_memory(plan.gradient(A), parameters.gradients)


def test_parameters_are_read_where_they_are_without_a_copy():
    array = np.array([1.0, 2.0])
    graph = Graph(np.float64)
    total = graph.add(Sum(), graph.parameter("w", array), name="f")
    plan = graph.plan()
    array[:] = [10, 20]

    plan.forward()

    assert plan.value(total) == 30


def test_backward_twice_gives_the_same_gradients(rng):
    network = small_network(norm="batch")
    plan = load(network, *rows(rng, 5))
    plan.forward()
    plan.backward()
    once = network.parameters.gradients.copy()

    plan.backward()

    np.testing.assert_array_equal(network.parameters.gradients, once)


def test_forward_and_backward_leave_inputs_and_parameters_alone(rng):
    X, y = rows(rng, 5)
    network = small_network(activation="gelu", norm="layer")
    before = network.parameters.values.copy()

    gradients_of(network, X, y)

    plan = network.training.graph.plan(5)
    np.testing.assert_array_equal(plan.value(network.training.inputs[0]), X)
    np.testing.assert_array_equal(plan.value(network.training.y), y)
    np.testing.assert_array_equal(network.parameters.values, before)


def test_another_upstream_gradient_scales_all_gradients(rng):
    # The chain rule is linear in the upstream gradient.
    network = small_network()
    X, y = rows(rng, 5)
    usual = gradients_of(network, X, y)
    plan = load(network, X, y)

    plan.forward()
    plan.backward(4)

    np.testing.assert_allclose(network.parameters.gradients, 4 * usual, rtol=1e-14)


def test_shapes_that_do_not_fit_raise_when_the_graph_is_bound():
    graph = Graph(np.float64)
    x, w = graph.input("x", (None, 3)), graph.input("w", (4, 2))
    graph.add(MatMul(), x, w, name="product")

    with pytest.raises(ValueError, match=r"\(N, D\) @ \(D, M\), got \(5, 3\) @ \(4, 2\)"):
        graph.plan(5)


@pytest.mark.parametrize(
    ("node", "shapes"),
    [
        (Linear(), [(4, 3), (2, 5), (5,)]),
        (Linear(), [(4, 3), (3, 5), (4,)]),
        (Linear(), [(3,), (3, 5), (5,)]),
        (LOSSES["softmax"](), [(4, 3), (3,)]),
        (LOSSES["mse"](), [(4, 3), (4,)]),
        (LOSSES["hinge"](), [(4, 3), (4,), (3,)]),
        (ACTIVATIONS["maxout"](pieces=2), [(4, 3)]),
    ],
)
def test_a_node_refuses_shapes_that_do_not_fit(node, shapes):
    with pytest.raises(ValueError, match=r"\d"):
        node.shape(*shapes)


def test_creation_order_is_topological_order():
    values = small_network().training.graph.values
    place = {value: i for i, value in enumerate(values)}

    assert all(place[source] < place[value] for value in values for source in value.sources)


def test_a_gradient_is_as_precise_as_the_graph():
    _, (gradient,) = run_node(ACTIVATIONS["tanh"](), np.ones((2, 2)), dtype=np.float32)

    assert gradient.dtype == np.float32
