"""The other views of `trace`: Jacobians, one element, the graph of a config; and `show --saved`."""

import json
import shlex

import numpy as np
import pytest
from click.testing import CliRunner
from helpers import CONFIGS, TOY, changed, trained

from mlptrain.cli import cli
from mlptrain.config import load_config
from mlptrain.graph.graph import Graph
from mlptrain.graph.plan import Value
from mlptrain.graph.reductions import Sum
from mlptrain.nn.linear import Linear
from mlptrain.nn.losses.hinge import HingeLoss
from mlptrain.nn.losses.softmax import SoftmaxLoss
from mlptrain.tools.trace.jacobian import jacobian_of, of_every_gate, touched
from mlptrain.tools.trace.of_config import plan_of_config, trace_of_config
from mlptrain.tools.trace.opened import INSIDE
from mlptrain.tools.trace.program import arity
from mlptrain.tools.trace.trace import run, trace
from mlptrain.training.build import build

X = [[2, 1, -3], [-3, 4, 2]]
W = [[3, 2, 1, -1], [2, 1, 3, 2], [3, 2, 1, -2]]
UPSTREAM = [[2, 3, -3, 9], [-8, 1, 4, 6]]
MATRICES = f"'x={X}' 'w={W}' --upstream '{UPSTREAM}'"


def said(line):
    return CliRunner().invoke(cli, shlex.split(line), env={"COLUMNS": "100"})


def matrix(expression, values, name="x"):
    circuit, plan = run(expression, values)
    return jacobian_of(plan, circuit.inputs[name]).matrix


# Jacobians (P115-P118, P129-P139)


def test_the_jacobian_of_relu_is_diagonal_with_the_zeros_of_the_slide():
    assert matrix("max(0, x)", {"x": [1, -2, 3, -1]}).tolist() == np.diag([1, 0, 1, 0]).tolist()


def test_the_jacobian_of_softmax_is_diag_p_minus_p_p():
    p = np.array([1, 3, 4]) / 8

    found = matrix("softmax(x)", {"x": np.log(8 * p)})

    np.testing.assert_allclose(found, np.diag(p) - np.outer(p, p), rtol=1e-14)


def test_the_jacobian_of_a_product_is_w_for_each_row_of_x():
    values = {"x": X, "w": W}

    np.testing.assert_array_equal(matrix("x @ w", values), np.kron(np.eye(2), np.transpose(W)))
    np.testing.assert_array_equal(matrix("x @ w", values, "w"), np.kron(X, np.eye(4)))


def test_a_jacobian_times_the_upstream_gradient_is_what_backward_computes():
    values = {"x": X, "w": W}

    implicit = trace("x @ w", values, UPSTREAM).gradients["x"]

    explicit = np.reshape(UPSTREAM, -1) @ matrix("x @ w", values)
    np.testing.assert_array_equal(explicit.reshape(2, 3), implicit)


def test_a_large_jacobian_is_counted_and_not_written_down():
    shown = said(f"trace 'x * 2' 'x={list(range(65))}' --jacobian").stdout

    assert "65 x 65 numbers\n" in shown
    assert "it would take 33.0 KiB" in shown  # 65 * 65 * 8 bytes


def test_the_jacobians_of_a_layer_of_4096_by_4096_would_take_256_gigabytes():
    # N = 64, D = M = 4096 in float32 (P139): (64 * 4096)^2 * 4 bytes
    N, D, M = 64, 4096, 4096
    graph = Graph(np.float32)
    x = graph.input("x", (None, D), wants_gradient=True)
    w = graph.parameter("w", np.zeros((D, M), np.float32), np.zeros((D, M), np.float32))
    graph.add(Sum(), graph.add(Linear(), x, w, name="y"), name="L")

    of_x, of_w, _ = of_every_gate(graph.plan(N))

    assert of_x.nbytes == 256 * 2**30
    assert of_w.nbytes == 16 * 2**40
    assert of_x.needs == of_w.needs == (64 + 1 + 1) * 2**20


def test_a_config_says_what_its_jacobians_would_take():
    shown = said(
        f"trace --config {CONFIGS}/spiral.yaml --set model.hidden=[4] --rows 8 --jacobian"
    ).stdout

    assert "layer1.scores" in shown
    assert "32 x 8" in shown  # d scores (8, 4) / d W (2, 4)
    assert "alone would take" in shown


def test_jacobians_as_json():
    document = json.loads(said("trace 'x^2' 'x=[1,3]' --jacobian --json").stdout)

    assert document == {
        "jacobians": [
            {"output": "power1", "input": "x", "shape": [2, 2], "bytes": 32, "matrix": [[2, 0], [0, 6]]}
        ]
    }


# one element (P140-P143)


def test_an_element_of_x_touches_its_own_row_of_y_by_a_row_of_w():
    circuit, plan = run("y = x @ w", {"x": X, "w": W}, UPSTREAM)

    touch = touched(plan, circuit.inputs, "x[0,1]")

    assert touch.derivative.tolist() == [W[1], [0, 0, 0, 0]]
    assert touch.gradient == 16  # 2 * 2 + 1 * 3 - 3 * 3 + 2 * 9


def test_an_element_on_the_command_line():
    shown = said(f"trace 'y = x @ w' {MATRICES} --element 'x[0,1]'").stdout

    assert shown.splitlines() == [
        "d y / d x[0,1]: it touches 4 of 8 elements of y",
        "[2 1 3 2]",
        "[0 0 0 0]",
        "dL/dx[0,1] = 16: these times the upstream gradient, added up",
    ]
    document = json.loads(said(f"trace 'y = x @ w' {MATRICES} --element 'x[0,1]' --json").stdout)
    assert document["derivative"] == [W[1], [0, 0, 0, 0]]


def test_a_number_is_an_element_too():
    assert said("trace 'x * y' x=2 y=3 --element x").stdout.splitlines()[1:] == [
        "[3]",
        "dL/dx = 3: these times the upstream gradient, added up",
    ]


# the graph of a config


SMALL = {"model.hidden": [4], "data.train": {"name": "moons", "points_per_class": 10}}


@pytest.mark.parametrize("op", INSIDE)
@pytest.mark.parametrize("value", [0.5, 2.0])
def test_an_opened_gate_is_another_graph_of_the_same_function(op, value):
    expression = f"f = {op}(x, 3 * x)" if arity(op) == 2 else f"f = {op}(x)"
    closed = trace(expression, {"x": value}, 2)
    opened = trace(expression, {"x": value}, 2, opened=["f"])

    assert op in {step.op for step in closed.steps}
    assert op not in {step.op for step in opened.steps}
    np.testing.assert_allclose(opened["f"].value, closed["f"].value, rtol=1e-14)
    np.testing.assert_allclose(opened.gradients["x"], closed.gradients["x"], rtol=1e-14)


def test_only_the_gate_that_is_named_is_opened_and_all_of_an_operation():
    expression = "a = sigmoid(x); b = sigmoid(1 + a); f = a * b"
    ops = [step.op for step in trace(expression, {"x": 1}, opened=["b"]).steps]
    every = [step.op for step in trace(expression, {"x": 1}, opened=["sigmoid"]).steps]

    assert (ops.count("sigmoid"), ops.count("exp")) == (1, 1)
    assert (every.count("sigmoid"), every.count("exp")) == (0, 2)


def test_the_neuron_with_its_sigmoid_opened_is_that_of_the_gates():
    """P79-P98: the two graphs of the lecture, one made of the other."""
    neuron = {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}
    gates = trace("1 / (1 + exp(-(w0*x0 + w1*x1 + w2)))", neuron)
    opened = trace("sigmoid(w0*x0 + w1*x1 + w2)", neuron, opened=["sigmoid"])

    assert [step.op for step in opened.steps] == [step.op for step in gates.steps]
    assert opened.gradients == gates.gradients


def test_a_layer_is_one_gate_until_it_is_opened():
    config = changed(TOY, {**SMALL, "model.norm": "batch"})

    closed = trace_of_config(config, rows=3)
    opened = trace_of_config(config, rows=3, opened=["layer1"])

    assert closed["layer1"].op == "linear, batchnorm, relu"
    assert closed["layer1"].inputs == ("X", "layer1.W", "layer1.b", "norm1.gamma", "norm1.beta")
    assert closed["layer2"].inputs[0] == "layer1"
    names = [step.name for step in opened.steps if step.name.startswith(("layer1.", "norm1"))]
    assert {"layer1.scores", "norm1", "layer1.activation"} <= set(names)
    assert opened["layer2"].inputs[0] == "layer1.activation"
    for name, gradient in closed.gradients.items():
        np.testing.assert_array_equal(gradient, opened.gradients[name])


def test_a_closed_layer_has_the_output_of_its_last_gate_and_the_gradients_it_sends():
    closed = trace_of_config(changed(TOY, SMALL), rows=3)
    opened = trace_of_config(changed(TOY, SMALL), rows=3, opened=["layer1", "layer2"])

    for layer, last in (("layer1", "layer1.activation"), ("layer2", "layer2.scores")):
        np.testing.assert_array_equal(closed[layer].value, opened[last].value)
        np.testing.assert_array_equal(closed[layer].upstream, opened[last].upstream)
    sent = closed["layer2"].downstream[0]
    np.testing.assert_array_equal(sent, opened["layer1.activation"].upstream)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("trace", "trace: nothing to show; give an EXPRESSION, or --config CONFIG"),
        (
            "trace runs/c.yaml",
            "runs/c.yaml: is no expression; for the graph of a config write --config in front of it",
        ),
        ("trace x x=1 --rows 2", "--rows, --set: they are of a config; add --config CONFIG"),
        (
            "trace x x=1 --config c.yaml",
            "--config: the config says what is computed; leave out what is of an expression",
        ),
        (
            "trace x x=1 --code --jacobian",
            "--code, --jacobian: each is a view of its own; keep one",
        ),
        (
            f"trace --config {CONFIGS}/spiral.yaml --open layr1",
            "--open layr1: no such layer; did you mean 'layer1'?",
        ),
        ("trace x x=1 --element y", "--element: no input 'y' has a gradient; choose from x"),
        ("trace x x=[1] --element x", "--element: x has no element x; the last is x[0]"),
        ("trace x x=[1] --element x[1]", "--element: x has no element x[1]; the last is x[0]"),
        ("trace x x=1 --element 1+1", "--element: expected an element such as x[0,1], got '1+1'"),
        (
            "show c.yaml --config --saved",
            "--config, --saved: each prints something of its own; keep one",
        ),
        (
            "trace 'hinge(s, y)' s=[[1,2]] y=[2]",
            "y: there are scores of 2 classes, so a class is one of 0 to 1, got 2",
        ),
        (
            "trace 'hinge(s, y)' s=[1,2] y=0",
            "expression:1: hinge does not fit (2,) and (); "
            "it needs a row of scores for each class number, as in s=[[3,1],[0,2]] y=[0,1]",
        ),
        ("trace 'x[3]' x=[1]", "expression:2: index does not fit (1,); there is no such place"),
    ],
)
def test_a_mistake_is_told_in_one_line(line, message):
    ended = CliRunner().invoke(cli, shlex.split(line), env={"COLUMNS": "200"})

    assert ended.exit_code == 2
    assert ended.stderr == f"error: {message}\n"


# the same numbers from a value, from trace and from fit


def test_one_step_of_fit_takes_the_gradients_of_value_and_of_trace():
    small = ["data.train.features=20", "model.hidden=[7]", "train.epochs=1"]
    experiment = build(load_config(CONFIGS / "twenty-lines.yaml", small))
    rows = experiment.data.train
    W1, W2 = (weight.value.copy() for weight in experiment.network.parameters.weights())
    X, y = rows.inputs.numbers, rows.y

    circuit = trace(
        "h = sigmoid(X @ W1); L = sum((h @ W2 - y)^2)", {"X": X, "W1": W1, "W2": W2, "y": y}
    )
    w1, w2 = Value(W1), Value(W2)
    hidden = 1 / (1 + (-(Value(X) @ w1)).exp())
    ((hidden @ w2 - y) ** 2).sum().backward()
    network, record = trained(CONFIGS / "twenty-lines.yaml", small)

    assert record["step"] == 1
    for name, weight, value in zip(
        ("W1", "W2"), network.network.parameters.weights(), (w1, w2), strict=True
    ):
        start = {"W1": W1, "W2": W2}[name]
        np.testing.assert_allclose(value.gradient, circuit.gradients[name], rtol=1e-11)
        np.testing.assert_allclose(weight.value, start - 1e-4 * circuit.gradients[name], rtol=1e-13)


@pytest.mark.parametrize(("loss", "op"), [(SoftmaxLoss(), "cross_entropy"), (HingeLoss(), "hinge")])
def test_a_network_has_the_same_gradients_as_value_as_expression_and_as_config(loss, op):
    config = changed(TOY, {**SMALL, "loss": "hinge" if op == "hinge" else "softmax"})
    plan = plan_of_config(config, rows=5)
    leaves = {value.name: value for value in plan.values if value.node is None}
    names = {"layer1.W": "W1", "layer1.b": "b1", "layer2.W": "W2", "layer2.b": "b2"}
    arrays = {names.get(name, name): plan.value(value).copy() for name, value in leaves.items()}

    circuit = trace(f"{op}(relu(X @ W1 + b1) @ W2 + b2, y)", arrays)
    values = {name: Value(array) for name, array in arrays.items() if name != "y"}
    hidden = (values["X"] @ values["W1"] + values["b1"]).max(0)
    scores = hidden @ values["W2"] + values["b2"]
    scores.through(loss, arrays["y"]).backward()

    for name, short in names.items():
        expected = plan.gradient(leaves[name])
        np.testing.assert_allclose(circuit.gradients[short], expected, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(values[short].gradient, expected, rtol=1e-12, atol=1e-15)


# what is kept (P146)


def test_a_node_says_what_it_keeps_for_backward():
    shown = said(f"show {CONFIGS}/digits.yaml --saved").stdout
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in shown.splitlines() if line}

    assert rows["layer1.scores"] == "Linear 50.0 KiB 0 B"  # 64 rows, 200 units, 4 bytes
    assert rows["layer1.activation"] == "ReLU in place 12.5 KiB"  # a byte each: on or off
    assert rows["data_loss"] == "SoftmaxLoss 4 B 2.8 KiB"  # p - q (10, 64), the sums (64,)
    assert shown.splitlines()[-1] == "minibatch of 64 rows: outputs 52.5 KiB, saved besides 15.2 KiB"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "trace x*y x=1 y=2 --open sigmoid",
            "no gate of the expression has others inside; sigmoid, tanh,",
        ),
        ("trace f=tanh(x) x=1 --open sigmod", "no such gate with others inside; choose from f, tanh"),
    ],
)
def test_what_cannot_be_opened_is_told_with_what_can(line, expected):
    ended = said(line)

    assert ended.exit_code == 2
    assert expected in ended.stderr
