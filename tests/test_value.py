"""Values by hand: the gates of the circuits behind the operators of Python."""

import math

import numpy as np
import pytest

from mlptrain.graph.graph import Graph
from mlptrain.graph.plan import Value
from mlptrain.nn.activations.smooth import Sigmoid, Tanh
from mlptrain.nn.linear import Linear
from mlptrain.nn.losses.softmax import SoftmaxLoss


def test_the_circuit_of_the_lecture_in_three_lines():
    # P62-P78: f = (x + y) z at -2, 5, -4
    x, y, z = Value(-2.0), Value(5.0), Value(-4.0)
    q = x + y
    f = q * z
    f.backward()

    assert (f.value, q.value) == (-12, 3)
    assert (x.gradient, y.gradient, z.gradient, q.gradient) == (-4, -4, 3, -4)


def test_the_sigmoid_neuron_of_the_lecture():
    # P79-P98: w = (2, -3, -3), x = (-1, -2); the slides round to 0.73, 0.20, -0.20 and so on
    w0, x0, w1, x1, w2 = map(Value, (2.0, -1.0, -3.0, -2.0, -3.0))
    f = 1 / (1 + (-(w0 * x0 + w1 * x1 + w2)).exp())
    f.backward()

    assert f.value == pytest.approx(1 / (1 + math.exp(-1)), rel=1e-15)
    slope = f.value * (1 - f.value)
    found = [float(v.gradient) for v in (w0, x0, w1, x1, w2)]
    assert found == pytest.approx([-slope, 2 * slope, -2 * slope, -3 * slope, slope], rel=1e-14)


@pytest.mark.parametrize(
    ("formula", "value", "gradient"),
    [
        (lambda x: x + 2, 5, 1),
        (lambda x: 2 + x, 5, 1),
        (lambda x: x - 2, 1, 1),
        (lambda x: 2 - x, -1, -1),
        (lambda x: x * 2, 6, 2),
        (lambda x: 2 * x, 6, 2),
        (lambda x: x / 2, 1.5, 0.5),
        (lambda x: 2 / x, 2 / 3, -2 / 9),
        (lambda x: x**2, 9, 6),
        (lambda x: 2**x, 8, 8 * math.log(2)),
        (lambda x: -x, -3, -1),
        (lambda x: x.max(2), 3, 1),
        (lambda x: x.max(4), 4, 0),
        (lambda x: x.exp(), math.exp(3), math.exp(3)),
        (lambda x: x.log(), math.log(3), 1 / 3),
        (lambda x: x.through(Tanh()), math.tanh(3), 1 - math.tanh(3) ** 2),
        (lambda x: np.float64(2) * x, 6, 2),
    ],
)
def test_every_operator_has_the_value_and_gradient_of_its_gate(formula, value, gradient):
    x = Value(3.0)
    f = formula(x)
    f.backward()

    assert float(f.value) == pytest.approx(value, rel=1e-14)
    assert float(x.gradient) == pytest.approx(gradient, rel=1e-14)


def test_arrays_broadcast_and_keep_their_shapes():
    x, w = Value(np.array([[1.0, 2.0], [3.0, 4.0]])), Value([10.0, 20.0])
    f = (x * w).sum()
    f.backward()

    assert float(f.value) == 160  # 10 + 40 + 30 + 80
    assert x.gradient.tolist() == [[10, 20], [10, 20]]
    assert w.gradient.tolist() == [4, 6]


def test_an_array_on_the_left_leaves_the_product_to_the_value():
    w = Value([[1.0], [2.0]])
    f = (np.array([[3.0, 4.0]]) @ w).sum()
    f.backward()

    assert float(f.value) == 11
    assert w.gradient.tolist() == [[3], [4]]


def test_a_value_read_twice_gets_both_gradients():
    x = Value(5.0)
    f = x * x + x
    f.backward()

    assert float(x.gradient) == 11  # 2 x + 1


def test_backward_writes_the_gradients_anew_and_takes_an_upstream_gradient():
    x = Value(3.0)
    f = x * x
    f.backward()
    f.backward(10)

    assert float(x.gradient) == 60


def test_a_network_by_hand_has_the_gradients_of_a_graph(rng):
    X, y = rng.normal(size=(6, 4)), rng.integers(0, 3, 6)
    W, b = rng.normal(size=(4, 3)), rng.normal(size=3)
    graph = Graph(np.float64)
    leaves = [graph.parameter(n, a.copy(), np.empty_like(a)) for n, a in (("W", W), ("b", b))]
    scores = graph.add(Linear(), graph.input("X", (None, 4)), *leaves, name="scores")
    labels = graph.input("y", (None,), np.int64)
    graph.add(SoftmaxLoss(), graph.add(Sigmoid(), scores, name="h"), labels, name="loss")
    plan = graph.plan(6)
    plan.value(graph.values[2])[...] = X
    plan.value(labels)[...] = y
    plan.forward()
    plan.backward()

    by_hand = Value(W), Value(b)
    hidden = Value(X).through(Linear(), *by_hand).through(Sigmoid())
    loss = hidden.through(SoftmaxLoss(), y)
    loss.backward()

    assert float(loss.value) == float(plan.value(graph.values[-1]))
    for leaf, value in zip(leaves, by_hand, strict=True):
        np.testing.assert_array_equal(value.gradient, plan.gradient(leaf))


def test_shapes_that_do_not_fit_are_refused_in_the_line_that_is_wrong():
    with pytest.raises(ValueError, match="MatMul needs"):
        Value(np.ones((2, 3))) @ Value(np.ones((2, 3)))


def test_a_value_of_a_graph_has_no_number_of_its_own():
    graph = Graph(np.float64)
    x = graph.input("x", ())

    with pytest.raises(ValueError, match="run in its plan"):
        (x + x).backward()


def test_a_value_shows_its_number_and_its_gradient():
    x = Value(-2.0)
    assert repr(x) == "Value(-2.0)"
    (x * 3).backward()
    assert repr(x) == "Value(-2.0, gradient=3.0)"
    assert repr(Graph(np.float64).input("X", (None, 2))) == "Value('X')"
