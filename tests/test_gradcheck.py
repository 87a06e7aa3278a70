"""The gradient check: everything passes, and everything that is wrong by 0.1 % is caught."""

import numpy as np
import pytest
from helpers import check_network, check_networks, check_node, check_nodes

from mlptrain.data.dataset import Rows
from mlptrain.data.inputs import Inputs
from mlptrain.graph.gates import GATES
from mlptrain.graph.graph import Graph
from mlptrain.graph.reductions import Sum
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.initializers import xavier
from mlptrain.nn.linear import Linear
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.network import Network, perceptron
from mlptrain.nn.regularizers import REGULARIZERS
from mlptrain.tools.gradcheck import TOLERANCE, Case, check
from mlptrain.tools.gradcheck.agreement import relative_error
from mlptrain.tools.gradcheck.nodes import LAYERS, node_cases

pytestmark = pytest.mark.usefixtures("strict_floats", "one_thread")

TABLES = {
    "gate": GATES,
    "activation": ACTIVATIONS,
    "layer": LAYERS,
    "loss": LOSSES,
    "regularizer": REGULARIZERS,
}
NAMES = {"linear": "XWb"}


def is_of(found, table, name):
    """Whether a case or a row is about the entry `name`; losses are checked under several options."""
    label = found.network.removeprefix("node ")
    told = f"{name} loss" if table == "loss" else name
    return label == told or label.startswith(f"{told},")


def wrong(kind, position, factor=1.001):
    """A node whose gradient of the input at `position` is off by 0.1 %."""

    class Wrong(kind):
        def backward(self, upstream, inputs, out, saved, into):
            super().backward(upstream, inputs, out, saved, into)
            if into[position] is not None:
                into[position][...] *= factor

    return Wrong


ENTRIES = [(table, name) for table, registry in TABLES.items() for name in registry]


@pytest.fixture(scope="module")
def rows():
    """The rows of all nodes as they are."""
    return list(check_nodes())


@pytest.fixture(scope="module")
def network_rows():
    """The rows of all networks as they are."""
    return list(check_networks())


def test_every_row_of_the_nodes_passes(rows):
    failed = [row for row in rows if not row.max_relative_error <= 1e-6]

    assert failed == []


@pytest.mark.slow
def test_every_row_of_the_networks_passes(network_rows):
    failed = [row for row in network_rows if not row.max_relative_error <= 1e-6]

    assert failed == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_random_numbers_pass_as_well(seed):
    rows = [*check_nodes(seed), *check_networks(seed)]

    assert [row for row in rows if not row.passed] == []


@pytest.mark.slow
def test_no_entry_is_left_out_because_of_a_kink(rows, network_rows):
    every = [*rows, *network_rows]

    assert [row for row in every if row.kinks] == []
    assert min(row.entries_checked for row in every) > 0


def test_the_tolerance_is_a_millionth():
    assert TOLERANCE == 1e-6


@pytest.mark.slow
@pytest.mark.parametrize(("table", "name"), ENTRIES)
def test_every_entry_of_every_registry_is_checked(table, name, rows):
    assert any(is_of(row, table, name) for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_checked_in_a_whole_network(name, network_rows):
    assert any(row.network.startswith(f"{name}, ") for row in network_rows)


@pytest.mark.slow
@pytest.mark.parametrize(("table", "name"), ENTRIES)
def test_a_gradient_wrong_by_a_thousandth_is_caught_in_its_own_tensor(table, name, rows, monkeypatch):
    own = [row for row in rows if is_of(row, table, name)]
    entry = TABLES[table][name]
    for tensor in {row.tensor for row in own}:
        position = NAMES.get(name, "xyzuv").index(tensor)
        expected = {row.network for row in own if row.tensor == tensor}
        monkeypatch.setitem(TABLES[table], name, wrong(entry, position))

        caught = {(row.network, row.tensor) for row in rows_about(table, name) if not row.passed}

        assert caught == {(network, tensor) for network in expected}


def rows_about(table, name):
    """The rows of the entry `name` alone: no other node has changed."""
    return [row for case in node_cases(0) if is_of(case, table, name) for row in check(case)]


@pytest.mark.parametrize(
    ("tensor", "position"),
    [("layer1.W", 1), ("layer2.W", 1), ("layer3.W", 1), ("layer1.b", 2), ("layer2.b", 2)],
)
def test_one_wrong_unit_in_one_layer_is_caught_there_and_nowhere_else(tensor, position, monkeypatch):
    class OneWrongUnit(Linear):
        def backward(self, upstream, inputs, out, saved, into):
            super().backward(upstream, inputs, out, saved, into)
            if into[position] is target:
                into[position][..., 2] *= 1.001

    monkeypatch.setattr("mlptrain.nn.layers.Linear", OneWrongUnit)
    activations = [ACTIVATIONS["tanh"]()] * 2
    network = Network(perceptron(4, 3, [5, 4], activations), LOSSES["softmax"](), dtype=np.float64)
    network.initialize(xavier, 0)
    target = network.parameters[tensor].gradient
    generator = np.random.default_rng(0)
    rows = Rows(Inputs(generator.normal(size=(6, 4))), generator.integers(0, 3, 6))

    checked = list(check_network("n", network, rows, 0))

    assert [row.tensor for row in checked if not row.passed] == [tensor]


@pytest.mark.slow
def test_an_input_gradient_wrong_by_a_thousandth_is_caught_in_the_layers_below(monkeypatch):
    monkeypatch.setattr("mlptrain.nn.layers.Linear", wrong(Linear, 0))

    failed = {row.tensor for row in check_networks() if not row.passed}

    assert "layer1.W" in failed
    assert "layer3.W" not in failed


def test_a_gradient_that_is_missing_is_caught(monkeypatch):
    monkeypatch.setitem(GATES, "exp", wrong(GATES["exp"], 0, factor=0.0))

    (row,) = (row for row in check_nodes() if row.network == "node exp")

    assert row.max_relative_error == pytest.approx(1, abs=1e-9)
    assert not row.passed


def test_a_gradient_that_is_not_a_number_is_caught(monkeypatch):
    monkeypatch.setitem(GATES, "exp", wrong(GATES["exp"], 0, factor=np.nan))

    (row,) = (row for row in check_nodes() if row.network == "node exp")

    assert not row.passed


# kinks


@pytest.mark.parametrize("x", [0.0, 4e-6, -4e-6])
@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "selu"])
def test_an_input_within_a_step_of_a_kink_is_reported_as_a_kink(name, x):
    inputs = [np.array([[1.0, x, -2.0], [0.5, 0.7, -0.1]])]

    (row,) = check_node(name, ACTIVATIONS[name](), inputs, 0)

    assert row.passed
    assert row.kinks == ("output unit 1 row 0",)
    assert row.entries_checked == 5


def test_an_input_beyond_a_step_of_the_kink_is_judged():
    (row,) = check_node("relu", ACTIVATIONS["relu"](), [np.array([[2e-5, -2e-5]])], 0)

    assert row.passed
    assert row.kinks == ()
    assert row.entries_checked == 2


def test_a_hinge_margin_at_0_is_a_kink():
    # s_1 - s_0 + 1 = 0: both scores of the row move the margin.
    scores, y = np.array([[1.0, 0.0], [3.0, 1.5]]), np.array([0, 0])

    (row,) = check_node("hinge", LOSSES["hinge"](), [scores, y], 0, gradients=1)

    assert row.passed
    assert row.entries_checked == 2
    assert row.kinks == ("output unit 1 row 0",)


def test_equal_inputs_of_a_max_gate_are_a_kink():
    inputs = [np.array([1.0, 2.0]), np.array([1.0, 3.0])]

    rows = list(check_node("max", GATES["max"](), inputs, 0))

    assert [row.passed for row in rows] == [True, True]
    assert [row.kinks for row in rows] == [("output unit 0",)] * 2


def test_a_weight_of_0_is_a_kink_of_l1():
    (row,) = check_node("l1", REGULARIZERS["l1"](0.5), [np.array([[0.0, 1.0]])], 0)

    assert row.passed
    assert row.entries_checked == 1


def test_a_wrong_gradient_beside_a_kink_is_caught_all_the_same():
    relu = wrong(ACTIVATIONS["relu"], 0)()

    (row,) = check_node("relu", relu, [np.array([[0.0, 1.0]])], 0)

    assert row.kinks
    assert not row.passed


# the measure


def test_relative_error_is_the_difference_over_the_sum():
    # |1.0 - 1.001| / (1.0 + 1.001) = 4.9975e-4
    error = relative_error(np.array([1.0]), np.array([1.001]))

    assert error == pytest.approx(4.9975e-4, rel=1e-4)


def test_two_gradients_of_0_agree():
    assert relative_error(np.zeros(3), np.zeros(3)) == 0
    assert relative_error(np.array([1e-17]), np.array([3e-12])) == 0


def test_rounding_beside_large_entries_is_no_mistake():
    # 1e-12 against 0 would be an error of 1; beside an entry of 1 it is 1e-12 / 2e-3.
    error = relative_error(np.array([1.0, 0.0]), np.array([1.0, 1e-12]))

    assert error == pytest.approx(5e-10)


def test_no_entries_have_no_error():
    assert relative_error(np.empty(0), np.empty(0)) == 0


@pytest.mark.slow
def test_gradients_of_0_under_batch_norm_pass(network_rows):
    # The bias below a batch norm is subtracted again: its true gradient is 0, the computed one 1e-17.
    rows = [row for row in network_rows if "batch norm" in row.network]

    biases = [row for row in rows if row.tensor in ("layer1.b", "layer2.b")]
    assert len(biases) == 4
    assert all(row.passed and row.entries_checked > 0 for row in biases)


def test_a_large_tensor_is_checked_at_a_hundred_entries():
    graph = Graph(np.float64)
    x = graph.input("x", (50, 50), wants_gradient=True)
    graph.add(Sum(), graph.add(GATES["exp"](), x, name="e"), name="L")
    plan = graph.plan()
    plan.value(x)[...] = np.random.default_rng(0).normal(size=(50, 50))

    (row,) = check(Case("n", plan, [x], np.random.default_rng(0)))

    assert row.entries_checked == 100
    assert row.passed


def test_the_check_leaves_parameters_as_they_were():
    network = Network(perceptron(4, 3), LOSSES["softmax"](), dtype=np.float64)
    network.initialize(xavier, 0)
    before = network.parameters.values.copy()
    generator = np.random.default_rng(0)

    list(check_network("n", network, Rows(Inputs(generator.normal(size=(6, 4))), np.zeros(6, int)), 0))

    np.testing.assert_array_equal(network.parameters.values, before)


def test_row_weights_reach_the_check():
    network = Network(perceptron(4, 3), LOSSES["softmax"](), weighted=True, dtype=np.float64)
    network.initialize(xavier, 0)
    generator = np.random.default_rng(0)
    rows = Rows(Inputs(generator.normal(size=(6, 4))), np.zeros(6, int), generator.uniform(size=6))

    assert all(row.passed for row in check_network("n", network, rows, 0))
    plan = network.training.graph.plan(6)
    np.testing.assert_array_equal(plan.value(network.training.weights), rows.weights)
