"""The promises of the lecture, kept by the configs that ship."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import CONFIGS, TOY, changed, trained

from mlptrain.config import load_config
from mlptrain.graph.plan import Value
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.losses import LOSSES
from mlptrain.tools.trace.trace import trace
from mlptrain.training.build import build

pytestmark = pytest.mark.usefixtures("one_thread")


def accuracy(name, *overrides):
    _, record = trained(CONFIGS / f"{name}.yaml", overrides)
    return record["train_accuracy"]


def twenty_lines(X, y, W1, W2, *, steps, lr):
    """The two-layer network of P35-P39 in plain NumPy: a sigmoid layer, no biases, summed squares."""
    for _ in range(steps):
        h = 1 / (1 + np.exp(-(X @ W1)))
        scores = h @ W2
        dscores = 2 * (scores - y)
        dh = dscores @ W2.T
        dW2 = h.T @ dscores
        dW1 = X.T @ (dh * h * (1 - h))
        W1 = W1 - lr * dW1
        W2 = W2 - lr * dW2
    return W1, W2


@pytest.mark.slow
def test_the_engine_ends_where_the_twenty_lines_of_the_lecture_end():
    experiment = build(load_config(CONFIGS / "twenty-lines.yaml"))
    start = [weight.value.copy() for weight in experiment.network.parameters.weights()]
    rows = experiment.data.train
    expected = twenty_lines(rows.inputs.numbers, rows.y, *start, steps=500, lr=1e-4)

    experiment, record = trained(CONFIGS / "twenty-lines.yaml", ["train.epochs=500"])

    assert rows.inputs.numbers.shape == (64, 1000)
    assert [weight.shape for weight in start] == [(1000, 100), (100, 10)]
    assert record["step"] == 500
    for weight, W in zip(experiment.network.parameters.weights(), expected, strict=True):
        # The weights are of order 1; the few within 1e-3 of 0 are held to 1e-12.
        np.testing.assert_allclose(weight.value, W, rtol=1e-9, atol=1e-12)


# linear and not (P24-P31)


def test_the_shipped_linear_classifier_gets_half_of_the_spiral():
    assert accuracy("spiral-linear") == pytest.approx(0.5, abs=0.06)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 5])
def test_a_linear_classifier_gets_half_of_any_spiral_however_long_it_trains(seed):
    assert accuracy("spiral-linear", f"seed={seed}", "train.epochs=400") == pytest.approx(0.5, abs=0.06)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_hundred_hidden_units_get_the_spiral(seed):
    assert accuracy("spiral", f"seed={seed}") >= 0.98


@pytest.mark.slow
def test_a_hidden_layer_of_identities_is_a_linear_classifier_on_the_spiral():
    collapsed = accuracy("spiral", "model.activation=identity")

    assert collapsed == pytest.approx(accuracy("spiral-linear"), abs=0.04)


def test_a_linear_classifier_gets_half_of_the_rings():
    assert accuracy("rings") == pytest.approx(0.5, abs=0.06)


def test_the_polar_transform_makes_the_rings_linearly_separable():
    assert accuracy("rings-polar") >= 0.98


# capacity and regularization (P40-P41)


@pytest.mark.slow
def test_more_neurons_fit_the_spiral_arms_better():
    losses = [trained(CONFIGS / f"capacity-{units}.yaml")[1]["data_loss"] for units in (3, 6, 20)]

    assert losses[0] > losses[1] > losses[2]


@pytest.mark.slow
def test_a_stronger_penalty_gives_smaller_weights():
    sizes = []
    for strength in ("0.001", "0.01", "0.1"):
        experiment, _ = trained(CONFIGS / f"penalty-{strength}.yaml")
        sizes.append(sum((W.value**2).sum() for W in experiment.network.parameters.weights()))

    assert sizes[0] > 2 * sizes[1] > 4 * sizes[2]


# the same numbers from the three-line engine, from `trace` and from `fit` (P5, P22-P23, P49-P52)


@pytest.mark.parametrize(("loss", "gate"), [("softmax", "cross_entropy"), ("hinge", "hinge")])
def test_the_engine_of_three_lines_trace_and_fit_have_the_same_numbers(loss, gate):
    points = {"name": "spiral", "classes": 3, "points_per_class": 4}
    small = {"data.train": points, "data.scale": "none", "model.hidden": [5], "model.dtype": "float64"}
    step = {
        "optimizer": {"name": "sgd", "learning_rate": 0.5},
        "train.epochs": 1,
        "train.batch_size": 12,
    }
    config = changed(TOY, {**small, **step, "loss": loss, "regularization.l2": 0.1})
    experiment = build(load_config(config))
    rows = experiment.data.train
    names = ("W1", "b1", "W2", "b2")
    first = {
        name: each.value.copy() for name, each in zip(names, experiment.network.parameters, strict=True)
    }
    X, y = rows.inputs.numbers[:], rows.y

    W1, b1, W2, b2 = (Value(first[name]) for name in names)
    scores = (Value(X) @ W1 + b1).max(0) @ W2 + b2
    full = scores.through(LOSSES[loss](), y) + 0.1 * ((W1**2).sum() + (W2**2).sum())
    full.backward()

    formula = f"s = max(0, X @ W1 + b1) @ W2 + b2; L = {gate}(s, y) + 0.1 * l2(W1, W2)"
    circuit = trace(formula, {"X": X, "y": y, **first})

    after, _ = trained(config)
    assert float(circuit["L"].value) == pytest.approx(float(full.value), rel=1e-14)
    for name, hand, fitted in zip(names, (W1, b1, W2, b2), after.network.parameters, strict=True):
        assert circuit.gradients[name] == pytest.approx(hand.gradient, rel=1e-12, abs=1e-15)
        assert fitted.value == pytest.approx(first[name] - 0.5 * hand.gradient, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize(
    ("rule", "share"), [("momentum", 0.81), ("{name: momentum, learning_rate: 0.1}", 0.99)]
)
def test_each_optimizer_wants_a_rate_of_its_own(rule, share):
    found = accuracy("spiral", f"optimizer={rule}", "schedule=cosine")

    assert found == pytest.approx(share, abs=0.02)  # as docs/lesson/2-finding-w.md says


# sanity checks


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_the_first_softmax_loss_is_log_C(classes):
    data = {"data.train": {"name": "gaussians", "classes": classes}, "model.hidden": [50]}
    small = {"model.initializer": {"name": "normal", "std": 0.001}, "train.epochs": 1}
    frozen = {"optimizer": {"name": "sgd", "learning_rate": 1e-12}}

    _, record = trained(changed(TOY, {**data, **small, **frozen}))

    assert record["data_loss"] == pytest.approx(np.log(classes), abs=1e-3)


def test_ten_points_can_be_overfitted():
    # Labels that mean nothing: whatever is learnt is learnt by heart.
    config = changed(
        TOY,
        {
            "data.train": {"name": "xor", "points_per_class": 5, "noise": 2.0},
            "model.hidden": [50],
            "optimizer": {"name": "adam", "learning_rate": 0.03},
            "train.epochs": 300,
            "train.batch_size": 10,
        },
    )

    _, record = trained(config)

    assert record["train_accuracy"] == 1
    assert record["data_loss"] < 0.005


@pytest.mark.parametrize("loss", LOSSES)
def test_changing_the_loss_is_one_word_and_training_lowers_each(loss):
    numbers = {"name": "random", "rows": 30, "features": 8, "outputs": 2}
    points = {"name": "moons", "points_per_class": 15}
    train = numbers if LOSSES[loss].targets == "numbers" and loss != "poisson" else points
    config = changed(TOY, {"data.train": train, "model.hidden": [30], "loss": loss})
    first = trained(config, ["train.epochs=1"])[1]["train_loss"]

    last = trained(config, ["train.epochs=100"])[1]["train_loss"]

    assert last < 0.7 * first


@pytest.mark.slow
@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "identity"])
def test_every_activation_gets_more_of_the_moons_than_a_linear_classifier(activation):
    moons = {
        "data.train": {"name": "moons", "points_per_class": 50, "noise": 0.1},
        "optimizer": {"name": "adam", "learning_rate": 0.03},
        "train.epochs": 60,
        "train.batch_size": 20,
    }
    linear = trained(changed(TOY, {**moons, "model.hidden": []}))[1]["train_accuracy"]

    bent = changed(TOY, {**moons, "model.hidden": [20], "model.activation": activation})

    assert trained(bent)[1]["train_accuracy"] > max(linear, 0.95)


# the implicit Jacobian (P139)

MEMORY = """
import numpy as np
from mlptrain.graph.graph import Graph
from mlptrain.graph.reductions import Sum
from mlptrain.nn.linear import Linear

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024

before = peak()
N, D, M = 64, 4096, 4096
graph = Graph(np.float32)
X = graph.input("X", (None, D), wants_gradient=True)
W = graph.parameter("W", np.ones((D, M), np.float32), np.zeros((D, M), np.float32))
b = graph.parameter("b", np.ones(M, np.float32), np.zeros(M, np.float32))
scores = graph.add(Linear(), X, W, b, name="scores")
graph.add(Sum(), scores, name="L")
plan = graph.plan(N)
plan.value(X)[...] = 1
plan.forward()
plan.backward()
assert (plan.value(scores) == D + 1).all()
assert (plan.gradient(X) == M).all() and (plan.gradient(W) == N).all() and (plan.gradient(b) == N).all()
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak memory from /proc")
def test_a_layer_of_4096_by_4096_needs_megabytes_where_its_jacobian_would_need_256_gigabytes():
    root = str(Path(__file__).parent.parent)
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": root}
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], env=environment, capture_output=True, text=True, check=True
    )

    megabytes = float(done.stdout)

    # W and dW alone are 64 MB each, so a smaller number would mean that the measurement is wrong.
    assert 128 <= megabytes < 400
