"""`trace --code`: straight Python that computes what the graph computes, to the last bit."""

import contextlib
import io

import numpy as np
import pytest
from helpers import CONFIGS, TOY, changed

from mlptrain.errors import ConfigError
from mlptrain.nn.losses import Loss
from mlptrain.tools.trace.code import flat
from mlptrain.tools.trace.of_config import plan_of_config
from mlptrain.tools.trace.program import NODES, arity
from mlptrain.tools.trace.trace import run

pytestmark = pytest.mark.usefixtures("one_thread")


def ran(code):
    """What the names of the code hold after it has run."""
    found = {}
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        exec(compile(code, "flat.py", "exec"), found)  # noqa: S102
    return found


def assert_same_bits(plan):
    """Every value and every gradient of the graph is in the code, with the same bits."""
    code = flat(plan)
    found = ran(code.text)
    compared = 0
    for value in plan.values:
        name = code.names[value]
        if name.isidentifier():
            assert np.asarray(found[name]).tobytes() == plan.value(value).tobytes(), name
            compared += 1
        if value in code.gradients:
            gradient = np.asarray(found[code.gradients[value]])
            assert gradient.shape == plan.value(value).shape, name
            assert gradient.tobytes() == plan.gradient(value).tobytes(), name
            compared += 1
        else:
            assert not value.wants_gradient
    assert compared
    return found


X = [[2.1, 1.3, -3.7], [-3.2, 4.9, 2.6]]
W = [[0.3, 0.2, 1.1, -1.7], [0.2, 1.9, 3.3, 2.1], [3.1, 0.2, 1.4, -2.2]]
NEURON = {"w0": 2.3, "x0": -1.1, "w1": -3.7, "x1": -2.9, "w2": -3.1}
CIRCUITS = [
    ("(x + y) * z", {"x": -2, "y": 5, "z": -4}),  # P57-P72
    ("1 / (1 + exp(-(w0*x0 + w1*x1 + w2)))", NEURON),  # P79-P98
    ("sigmoid(w0*x0 + w1*x1 + w2)", NEURON),
    ("4*x + 2*x - x/3", {"x": 7.1}),  # P101
    ("max(x, y) + min(x, 3)", {"x": 4.3, "y": 5.7}),  # P102
    ("max(0, x)", {"x": [1.5, -2.5, 3.5, -1.5]}),  # P127-P133
    ("x @ w", {"x": X, "w": W}),  # P138-P145
    ("s = x @ W; L = hinge(s, y) + 0.1 * l2(W)", {"x": X, "W": W, "y": [1, 3]}),  # P52
    ("b = a + a; c = b + b; c * b - a", {"a": 3.3}),
    ("q = x * w + b; L = sum(q^2) / sum(abs(x)) ^ y", {"x": X, "w": X[1], "b": 0.7, "y": 1.3}),
    ("L = mean(sum((x.T - x[0, 1]) ^ 2, axis=0) * sqrt(abs(x[:, ::-1])[:, 0]))", {"x": X}),
    ("h = sigmoid(X @ W1); L = sum((h @ W2 - y)^2)", {"X": X, "W1": W, "W2": [[1.3]] * 4, "y": 0.7}),
    ("x^0 + x^2 - x^-1 + 2^x", {"x": 1.7}),
    ("exp_q = exp(x); q = softmax(exp_q); t = tanh(x); sum(q * t) + lambda", {"x": X, "lambda": 2}),
    ("1/0 * x - x", {"x": 2}),
]


@pytest.mark.parametrize(("expression", "values"), CIRCUITS, ids=[text for text, _ in CIRCUITS])
def test_the_code_of_a_circuit_has_the_bits_of_its_graph(expression, values):
    _, plan = run(expression, values, 1.7)

    assert_same_bits(plan)


@pytest.mark.parametrize("op", sorted(NODES))
def test_every_node_has_code_with_its_bits(op, rng):
    scores = rng.normal(size=(4, 6))
    if issubclass(NODES[op], Loss):
        width = 6 // NODES[op]().per_target
        targets = rng.integers(0, 6, 4) if NODES[op].classifies else rng.normal(size=(4, width))
        expression, values = f"{op}(x, y)", {"x": scores, "y": targets}
    elif op == "index":
        expression, values = "x[1:, ::2]", {"x": scores}
    elif op == "matmul":
        expression, values = "x @ y", {"x": scores, "y": rng.normal(size=(6, 2))}
    elif arity(op) == 2:
        expression, values = f"{op}(abs(x), y)", {"x": scores, "y": rng.normal(size=6)}
    else:
        inside = "abs(x)" if op in ("log", "sqrt") else "x"
        expression, values = f"{op}({inside})", {"x": scores}
    _, plan = run(expression, values)
    plan.backward(rng.normal(size=plan.value(plan.values[-1]).shape))

    assert_same_bits(plan)


NETWORKS = [
    {"loss": "hinge"},
    {"loss": {"name": "softmax", "label_smoothing": 0.1}, "regularization": {"l2": 0.01, "l1": 0.02}},
    {"loss": {"name": "softmax", "class_weights": [1.0, 3.0]}, "model.bias": False},
    {"model.dropout": 0.3, "model.activation": "gelu"},
    {"model.input_scale": True, "model.parametrization": "ntk"},
]


@pytest.mark.parametrize("changes", NETWORKS, ids=str)
def test_the_code_of_a_network_has_the_bits_of_the_graph_that_is_trained(changes):
    small = {"model.hidden": [5, 4], "data.train": {"name": "moons", "points_per_class": 10}}

    assert_same_bits(plan_of_config(changed(TOY, {**small, **changes}), rows=4))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_code_of_the_network_of_the_lecture_has_the_bits_of_its_graph(reduction):
    # P35-P39, made smaller: a sigmoid layer, no biases, summed squares
    small = ["data.train.features=20", "model.hidden=[7]", f"loss.reduction={reduction}"]

    found = assert_same_bits(plan_of_config(CONFIGS / "twenty-lines.yaml", small, rows=8))

    assert found["layer1_W"].shape == (20, 7)


def test_a_norm_has_no_flat_code():
    plan = plan_of_config(changed(TOY, {"model.hidden": [5], "model.norm": "layer"}), rows=4)

    with pytest.raises(ConfigError, match="norm1: LayerNorm has no flat code"):
        flat(plan)


@pytest.mark.slow
def test_a_large_network_is_not_written_down():
    with pytest.raises(ConfigError, match="numbers of inputs and weights"):
        flat(plan_of_config(CONFIGS / "twenty-lines.yaml", rows=2))
