"""Right gradients pass whatever the size of the numbers; what is wrong is named once, with its file."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from helpers import check_nodes

from mlptrain.cli import cli
from mlptrain.data.dataset import Rows
from mlptrain.data.inputs import Inputs
from mlptrain.graph.gates import Multiply, fold
from mlptrain.graph.reductions import Sum
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.initializers import xavier
from mlptrain.nn.linear import Linear
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.network import Network, perceptron
from mlptrain.nn.regularizers import L2
from mlptrain.tools.gradcheck import check, part_cases

pytestmark = pytest.mark.usefixtures("one_thread")

REGRESSION = [name for name, loss in LOSSES.items() if not loss.classifies]


def rows_of(loss, size, activation="tanh", norm="none", l2=0.0):
    """The checked tensors of a small regression whose targets lie around `size`."""
    generator = np.random.default_rng(0)
    activations = [ACTIVATIONS[activation]()]
    penalties = [L2(l2)] if l2 else []
    made = LOSSES[loss]()
    architecture = perceptron(4, made.per_target, [8], activations, norm=norm)
    network = Network(architecture, made, penalties, dtype=np.float64)
    network.initialize(xavier, 0)
    X = generator.normal(size=(10, 4))
    y = size * (1 + 0.2 * generator.normal(size=(10, 1)))
    return [row for case in part_cases("n", network, Rows(Inputs(X), y), 0) for row in check(case)]


@pytest.mark.slow
@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("size", [1.0, 2e5, 1e9])
@pytest.mark.parametrize("loss", REGRESSION)
def test_targets_of_any_size_pass(loss, size, activation, norm):
    rows = rows_of(loss, size, activation, norm)
    assert [(row.tensor, row.max_relative_error) for row in rows if not row.passed] == []


def test_a_huge_penalty_passes_and_the_differences_are_called_rounded():
    rows = rows_of("mse", 0.1, l2=1e7)
    assert all(row.passed for row in rows)
    rounded = {(row.part, row.tensor) for row in rows if row.rounded}
    assert rounded
    assert all(part == "sum" for part, _ in rounded)
    assert all(row.complex_error < 1e-9 for row in rows if row.rounded)


@pytest.mark.slow
@pytest.mark.parametrize("factor", [1.001, 1 + 5e-6])
@pytest.mark.parametrize("size", [1.0, 2e5, 1e9])
@pytest.mark.parametrize("loss", REGRESSION)
def test_a_wrong_gradient_fails_at_any_size(loss, size, factor, monkeypatch):
    real = Linear.backward

    def backward(self, upstream, inputs, out, saved, into):
        real(self, upstream, inputs, out, saved, into)
        into[1][...] *= factor

    monkeypatch.setattr(Linear, "backward", backward)
    failed = {row.tensor for row in rows_of(loss, size) if not row.passed}
    assert failed == {"layer1.W", "layer2.W"}


# --- who is to blame ---


def run(*arguments):
    return CliRunner().invoke(cli, ["gradcheck", *arguments])


def test_a_wrong_product_is_named_first_alone_and_with_its_file(monkeypatch):
    """Every other node is projected by it: 72 tensors used to fail, `node add` first."""

    def backward(self, upstream, inputs, out, saved, into):
        fold(upstream * inputs[0], into[0])
        fold(upstream * inputs[0], into[1])

    monkeypatch.setattr(Multiply, "backward", backward)
    result = run()
    (line,) = result.stderr.splitlines()

    assert result.exit_code == 1
    assert line.startswith(
        "error: class Multiply in mlptrain/graph/gates.py: node multiply, not projected: x"
    )
    assert "1 of 3 tensors failed" in result.stdout


def test_a_wrong_sum_is_named_before_the_product_that_is_added_up_by_it(monkeypatch):
    monkeypatch.setattr(
        Sum, "backward", lambda self, upstream, inputs, out, saved, into: into[0].fill(2.0)
    )
    (line,) = run().stderr.splitlines()
    assert line.startswith(
        "error: class Sum in mlptrain/graph/reductions.py: node sum, not projected: x"
    )


@pytest.mark.slow
def test_a_wrong_node_is_named_once_and_the_networks_with_it_are_counted(monkeypatch):
    real = Linear.backward

    def backward(self, upstream, inputs, out, saved, into):
        real(self, upstream, inputs, out, saved, into)
        if into[1] is not None:
            into[1][...] *= 1.01

    monkeypatch.setattr(Linear, "backward", backward)
    first, *_, second = run().stderr.splitlines()
    assert first.startswith("error: class Linear in mlptrain/nn/linear.py: node linear: W: unit ")
    assert second.endswith(" networks with one of these classes fail as well")


@pytest.mark.slow
def test_json_says_which_class_a_node_is_of():
    rows = json.loads(run("--json").stdout)["rows"]
    assert {row["node"] for row in rows if row["network"] == "node tanh"} == {
        "Tanh in mlptrain/nn/activations/smooth.py"
    }


def test_the_inputs_of_linear_have_their_usual_names():
    assert [row.tensor for row in check_nodes() if row.network == "node linear"] == ["X", "W", "b"]
