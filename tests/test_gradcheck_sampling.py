"""Large tensors, the complex step, data loss and penalty, the report."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from helpers import check_network, check_node

from mlptrain.cli import cli
from mlptrain.data.dataset import Rows
from mlptrain.data.inputs import Inputs
from mlptrain.graph.gates import Exp
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.activations.activation import Activation
from mlptrain.nn.initializers import he
from mlptrain.nn.linear import Linear
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.network import Network, perceptron
from mlptrain.nn.regularizers import L1, L2
from mlptrain.report.gradcheck import complaint, notes
from mlptrain.tools.gradcheck import check, part_cases
from mlptrain.tools.gradcheck.agreement import Row
from mlptrain.tools.gradcheck.complexstep import ComplexStep
from mlptrain.tools.gradcheck.nodes import node_case

pytestmark = pytest.mark.usefixtures("strict_floats", "one_thread")

WIDTH = 256


def wide_network(monkeypatch, spoil):
    """A ReLU layer of 256 x 256 weights, whose gradient `spoil` may change."""

    class Spoiled(Linear):
        def backward(self, upstream, inputs, out, saved, into):
            super().backward(upstream, inputs, out, saved, into)
            if into[1].shape == (WIDTH, WIDTH):
                spoil(into[1])

    monkeypatch.setattr("mlptrain.nn.layers.Linear", Spoiled)
    network = Network(
        perceptron(WIDTH, 4, [WIDTH], [ACTIVATIONS["relu"]()]), LOSSES["softmax"](), dtype=float
    )
    network.initialize(he, 0)
    return network


def rows_of(network, seed=0):
    generator = np.random.default_rng(seed)
    rows = Rows(Inputs(generator.normal(size=(5, WIDTH))), generator.integers(0, 4, 5))
    return {row.tensor: row for row in check_network("n", network, rows, seed)}


def nothing(dW):
    pass


def a_thousandth_in_unit_7(dW):
    dW[:, 7] *= 1.001


# large tensors


def test_a_large_tensor_is_looked_at_in_a_hundred_entries_and_by_projections(monkeypatch):
    row = rows_of(wide_network(monkeypatch, nothing))["layer1.W"]

    assert (row.size, row.entries_checked, row.projections) == (WIDTH**2, 100, 4)
    assert row.how == "100 entries + projection"
    assert row.passed


def test_a_small_tensor_is_looked_at_in_full(monkeypatch):
    row = rows_of(wide_network(monkeypatch, nothing))["layer2.b"]

    assert (row.size, row.entries_checked, row.projections) == (4, 4, 0)
    assert row.how == "all entries"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_thousandth_in_one_unit_of_many_is_found_and_the_unit_named(monkeypatch, seed):
    rows = rows_of(wide_network(monkeypatch, a_thousandth_in_unit_7), seed)

    assert [name for name, row in rows.items() if not row.passed] == ["layer1.W"]
    assert rows["layer1.W"].wrong_units == (7,)


def test_the_worst_entry_shows_both_gradients(monkeypatch):
    worst = rows_of(wide_network(monkeypatch, a_thousandth_in_unit_7))["layer1.W"].worst

    assert worst.index[1] == 7
    assert worst.analytic / worst.numerical == pytest.approx(1.001, rel=1e-6)


def test_the_error_of_the_row_is_that_of_the_wrong_unit(monkeypatch):
    # 0.001 / 2.001, not diluted by the 255 units that are right
    row = rows_of(wide_network(monkeypatch, a_thousandth_in_unit_7))["layer1.W"]

    assert row.max_relative_error == pytest.approx(4.9975e-4, rel=1e-3)


def test_several_wrong_units_are_named(monkeypatch):
    def spoil(dW):
        dW[:, [3, 100, 200]] *= 1.01

    assert rows_of(wide_network(monkeypatch, spoil))["layer1.W"].wrong_units == (3, 100, 200)


def test_a_unit_without_a_gradient_is_found(monkeypatch):
    def spoil(dW):
        dW[:, np.abs(dW).max(axis=0).argmax()] = 0

    row = rows_of(wide_network(monkeypatch, spoil))["layer1.W"]

    assert not row.passed
    assert len(row.wrong_units) == 1


def test_units_that_are_dead_on_the_rows_are_counted_since_nothing_shows_in_them(monkeypatch):
    network = wide_network(monkeypatch, a_thousandth_in_unit_7)
    network.parameters["layer1.b"].value[[7, 20]] = -100  # ReLU: 0 on every row

    row = rows_of(network)["layer1.W"]

    assert row.passed  # a thousandth of 0 is 0
    assert row.silent_units >= 2


def test_the_note_says_that_dead_units_were_not_seen():
    row = Row("n", "layer1.W", 1e-9, 100, size=12800, silent_units=29)

    assert notes([row]) == [
        "not seen: layer1.W: 29 units without any gradient on these rows (dead, or weights at 0)"
    ]


def test_a_gradient_that_is_not_a_number_in_one_unit_is_named(monkeypatch):
    def spoil(dW):
        dW[5, 9] = np.nan

    row = rows_of(wide_network(monkeypatch, spoil))["layer1.W"]

    assert row.max_relative_error == np.inf
    assert row.wrong_units == (9,)


def test_parameters_are_left_as_they_were(monkeypatch):
    network = wide_network(monkeypatch, a_thousandth_in_unit_7)
    before = network.parameters.values.copy()

    rows_of(network)

    np.testing.assert_array_equal(network.parameters.values, before)


def test_a_small_gradient_is_not_mistaken_for_a_wrong_one():
    # L = sum(1e-6 exp(x)) + 5: rounding of L over h = 1e-5 is a hundred-thousandth of the gradient.
    class Small(Exp):
        def forward(self, inputs, out, saved):
            super().forward(inputs, out, saved)
            out *= 1e-6
            out += 5

        def backward(self, upstream, inputs, out, saved, into):
            np.multiply(upstream, 1e-6 * np.exp(inputs[0]), out=into[0])

    (row,) = check_node("small", Small(), [np.array([0.3, -0.4, 0.5])], 0)

    assert row.passed


# the complex step


def second_opinion(node, *inputs):
    case = node_case("n", node, inputs, 0, gradients=1)
    case.plan.forward()
    return ComplexStep(case.plan, case.tensors[0], np.random.default_rng(0))


def test_the_complex_step_is_exact_to_the_last_digits():
    (row,) = check_node("tanh", ACTIVATIONS["tanh"](), [np.array([[0.3, -1.2, 0.7]])], 0)

    assert row.complex_error < 1e-14
    assert row.differenced == ()


def test_the_complex_step_knows_the_derivative_of_exp():
    # d exp(x) / dx at 0.5, times the projection's factor for that entry
    step = second_opinion(Exp(), np.array([0.5]))
    factor = float(step.plan.value(step.plan.values[2])[0])

    assert step.slope(0, 1.0) == pytest.approx(factor * np.exp(0.5), rel=1e-15)


def test_a_node_that_refuses_complex_numbers_is_passed_by_differences():
    # logaddexp is not defined for complex numbers
    (row,) = check_node("softplus", ACTIVATIONS["softplus"](), [np.array([[0.3, -1.2]])], 0)

    assert row.differenced == ("output",)
    assert row.complex_error < 1e-9


class Absolute(Activation):
    """|x|, which NumPy computes for complex numbers as well: the modulus, which is not analytic."""

    def forward(self, inputs, out, saved):
        np.abs(inputs[0], out=out) if out.dtype == float else np.copyto(out, np.abs(inputs[0]))

    def backward(self, upstream, inputs, out, saved, into):
        np.copyto(into[0], upstream * np.sign(inputs[0]))


def test_a_formula_that_is_not_analytic_is_found_out_by_trying():
    (row,) = check_node("abs", Absolute(), [np.array([[0.3, -1.2]])], 0)

    assert row.passed
    assert row.differenced == ("output",)


def test_the_complex_step_sees_a_wrong_backward_pass_too():
    class Wrong(Exp):
        def backward(self, upstream, inputs, out, saved, into):
            np.multiply(upstream, 1.001 * out, out=into[0])

    (row,) = check_node("exp", Wrong(), [np.array([0.5, 1.5])], 0)

    assert row.complex_error == pytest.approx(4.9975e-4, rel=1e-3)


def test_of_a_network_of_smooth_nodes_only_what_is_above_the_tensor_is_passed():
    activations = [ACTIVATIONS["softplus"](), ACTIVATIONS["tanh"]()]
    network = Network(perceptron(3, 2, [4, 4], activations), LOSSES["softmax"](), dtype=float)
    network.initialize(he, 0)
    generator = np.random.default_rng(0)
    rows = Rows(Inputs(generator.normal(size=(6, 3))), generator.integers(0, 2, 6))

    by_tensor = {row.tensor: row for row in check_network("n", network, rows, 0)}

    assert "layer1.activation" in by_tensor["layer1.W"].differenced
    assert "layer1.activation" not in by_tensor["layer2.W"].differenced
    assert max(row.complex_error for row in by_tensor.values()) < 1e-8


WEIGHTED = np.array([1.0, 2.0, 0.5, 1.0, 3.0, 1.0])


@pytest.mark.parametrize("weights", [None, WEIGHTED], ids=["plain", "row weights"])
@pytest.mark.parametrize(
    ("loss", "options"),
    [
        ("softmax", {}),
        ("softmax", {"label_smoothing": 0.1, "class_weights": [1.0, 2.0]}),
        ("hinge", {}),
        ("mse", {}),
        ("mse", {"reduction": "sum"}),
    ],
)
def test_complex_numbers_flow_through_a_network_to_its_loss(loss, options, weights):
    made = LOSSES[loss](**options)
    architecture = perceptron(3, 2, [4], [ACTIVATIONS["relu"]()])
    network = Network(architecture, made, [L2(0.1)], weighted=weights is not None, dtype=float)
    network.initialize(he, 0)
    generator = np.random.default_rng(0)
    y = generator.integers(0, 2, 6) if made.classifies else generator.normal(size=(6, 2))

    found = list(
        check_network("n", network, Rows(Inputs(generator.normal(size=(6, 3))), y, weights), 0)
    )

    assert [(row.tensor, row.differenced) for row in found if row.differenced] == []
    assert max(row.complex_error for row in found) < 1e-13  # a difference would be off by 1e-9


# data loss and penalty


def parts(penalties):
    network = Network(perceptron(4, 3), LOSSES["softmax"](), penalties, dtype=float)
    network.initialize(he, 0)
    generator = np.random.default_rng(0)
    rows = Rows(Inputs(generator.normal(size=(6, 4))), generator.integers(0, 3, 6))
    return [row for case in part_cases("n", network, rows, 0) for row in check(case)]


def test_data_loss_and_penalty_are_checked_apart_and_together():
    rows = parts([L2(0.1), L1(0.01)])

    assert [(row.part, row.tensor) for row in rows] == [
        ("data loss", "layer1.W"),
        ("data loss", "layer1.b"),
        ("penalty", "layer1.W"),
        ("sum", "layer1.W"),
        ("sum", "layer1.b"),
    ]
    assert all(row.passed for row in rows)


def test_a_penalty_too_small_to_show_in_the_sum_fails_by_itself():
    class Wrong(L2):
        def backward(self, upstream, inputs, out, saved, into):
            for W, dW in zip(inputs, into, strict=True):
                np.multiply(W, self.strength * upstream, out=dW)  # without the 2

    rows = parts([Wrong(1e-7)])

    assert {row.part: row.passed for row in rows if row.tensor == "layer1.W"} == {
        "data loss": True,
        "penalty": False,
        "sum": True,
    }


def test_without_a_penalty_there_is_one_loss():
    assert {row.part for row in parts([])} == {"loss"}


# what is printed


SMALL = [
    "seed: 1",
    "data: {train: {name: moons, points_per_class: 30}, val: 0, test: 0}",
    "model: {hidden: [6], activation: tanh, dropout: 0.2}",
    "regularization: {l2: 0.01}",
]


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text("\n".join(SMALL))
    return str(path)


def run(*arguments):
    return CliRunner().invoke(cli, ["gradcheck", *arguments])


@pytest.fixture
def wrong_tanh(monkeypatch):
    class Wrong(ACTIVATIONS["tanh"]):
        def backward(self, upstream, inputs, out, saved, into):
            super().backward(upstream, inputs, out, saved, into)
            into[0][:, 4] *= 1.001

    monkeypatch.setitem(ACTIVATIONS, "tanh", Wrong)


def test_json_keeps_its_keys(config):
    result = run(config, "--json")
    document = json.loads(result.stdout)

    assert result.exit_code == 0
    assert document["passed"] is True
    assert document["tolerance"] == 1e-6
    assert set(document["rows"][0]) >= {
        *("network", "tensor", "max_relative_error", "entries_checked", "kinks", "passed"),
        *("part", "complex_step_error", "worst", "wrong_units", "projections"),
    }


def test_a_wrong_unit_ends_with_1_and_is_named(config, wrong_tanh):
    result = run(config)

    assert result.exit_code == 1
    assert ", data loss: layer1.W: unit 4: analytic and numerical gradient differ by 5.0e-04" in (
        result.stderr
    )


def test_a_failed_check_is_json_all_the_same(config, wrong_tanh):
    result = run(config, "--json")
    document = json.loads(result.stdout)

    assert result.exit_code == 1
    assert document["passed"] is False
    assert [row["wrong_units"] for row in document["rows"] if not row["passed"]] == [[4]] * 4


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_of_a_config_fits_into_a_terminal(config, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))

    lines = run(config).stdout.splitlines()

    assert max(len(line.rstrip()) for line in lines[1:]) <= width
    assert "verdict" in lines[1]


def test_help_has_an_example():
    assert "Example:" in run("--help").stdout


def test_a_complaint_names_unit_and_entry():
    from mlptrain.tools.gradcheck import Entry

    row = Row("n", "layer1.W", 5e-4, 6, worst=Entry((2, 4), 1.001, 1.0), wrong_units=(4,))

    assert complaint(row) == (
        "n: layer1.W: unit 4: analytic and numerical gradient differ by 5.0e-04 (relative), more than "
        "1e-06; worst at [2, 4]: 1.001 and 1; look at the backward pass that writes it"
    )
