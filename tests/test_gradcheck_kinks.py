"""Kinks: an entry whose step crosses one is left out, and the unit that crossed is named."""

import numpy as np
import pytest
from helpers import check_network, check_node

from mlptrain.data.dataset import Rows
from mlptrain.data.inputs import Inputs
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.network import Network, perceptron
from mlptrain.nn.regularizers import L1
from mlptrain.report.gradcheck import notes, verdict

pytestmark = pytest.mark.usefixtures("strict_floats", "one_thread")


def relu_network(penalties=()):
    """Two inputs, three ReLU units, two classes; unit 1 stands exactly at its kink in row 2.

    W = [[1, 2, -1], [1, -1, 2]], b = 0. Row 2 is (1, 2): its scores are 3, 2 - 2 = 0 and 3.
    """
    network = Network(
        perceptron(2, 2, [3], [ACTIVATIONS["relu"]()]), LOSSES["softmax"](), penalties, dtype=float
    )
    network.parameters["layer1.W"].value[...] = [[1, 2, -1], [1, -1, 2]]
    network.parameters["layer2.W"].value[...] = [[0.5, -0.5], [1, 0.3], [-0.2, 0.8]]
    return network


ROWS = Rows(Inputs(np.array([[1.0, 0.25], [-1.0, 2.0], [1.0, 2.0]])), np.array([0, 1, 0]))


def by_tensor(rows):
    return {row.tensor: row for row in rows}


def test_a_kink_is_named_by_layer_unit_and_row():
    rows = by_tensor(check_network("n", relu_network(), ROWS, 0))

    assert rows["layer1.b"].kinks == ("layer1.activation unit 1 row 2",)


def test_a_kink_is_no_error():
    assert all(row.passed for row in check_network("n", relu_network(), ROWS, 0))


def test_only_the_entries_of_the_unit_at_the_kink_are_left_out():
    # W[0, 1] and W[1, 1] move unit 1; the four others leave it where it is.
    row = by_tensor(check_network("n", relu_network(), ROWS, 0))["layer1.W"]

    assert (row.entries_checked, row.unjudged) == (4, 2)


def test_the_layer_above_the_kink_is_judged_in_full():
    row = by_tensor(check_network("n", relu_network(), ROWS, 0))["layer2.W"]

    assert (row.entries_checked, row.unjudged, row.kinks) == (6, 0, ())


def test_a_wrong_gradient_in_another_unit_is_still_named(monkeypatch):
    from mlptrain.nn.linear import Linear

    class OneWrongUnit(Linear):
        def backward(self, upstream, inputs, out, saved, into):
            super().backward(upstream, inputs, out, saved, into)
            if into[1].shape == (2, 3):
                into[1][:, 2] *= 1.001

    monkeypatch.setattr("mlptrain.nn.layers.Linear", OneWrongUnit)

    row = by_tensor(check_network("n", relu_network(), ROWS, 0))["layer1.W"]

    assert not row.passed
    assert row.wrong_units == (2,)
    assert row.kinks == ("layer1.activation unit 1 row 2",)


def test_a_weight_of_zero_is_named_as_the_kink_of_l1():
    network = relu_network([L1(0.1)])
    network.parameters["layer2.W"].value[2, 0] = 0.0

    row = by_tensor(check_network("n", network, ROWS, 0))["layer2.W"]

    assert row.kinks == ("l1 at layer2.W[2, 0]",)


def test_the_units_of_maxout_are_named_not_their_pieces():
    # Units of two pieces each: 3 against 3 in unit 1 is a tie.
    x = np.array([[1.0, 2.0, 3.0, 3.0]])

    (row,) = check_node("maxout", ACTIVATIONS["maxout"](), [x], 0)

    assert row.kinks == ("output unit 1 row 0",)
    assert row.entries_checked == 2


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "selu"])
def test_just_beyond_the_step_nothing_is_left_out(name):
    (row,) = check_node(name, ACTIVATIONS[name](), [np.array([[1.1e-5, -1.1e-5]])], 0)

    assert (row.passed, row.kinks, row.entries_checked) == (True, (), 2)


def test_a_tensor_that_lies_on_kinks_altogether_is_reported_as_not_judged():
    rows = list(check_node("relu", ACTIVATIONS["relu"](), [np.zeros((2, 3))], 0))

    assert (rows[0].entries_checked, rows[0].unjudged) == (0, 6)
    assert "1 of them on kinks and not judged" in verdict(rows, [])


def test_the_note_says_that_a_kink_is_not_an_error():
    rows = list(check_network("n", relu_network(), ROWS, 0))

    assert notes(rows)[0] == (
        "kink, not an error: layer1.W: 2 of 6 entries left out, "
        "their steps cross layer1.activation unit 1 row 2"
    )


def test_a_projection_through_a_large_tensor_seldom_meets_a_kink():
    # 300 units over 50 rows are 15,000 scores; a step along one of the entries' axes crosses often.
    generator = np.random.default_rng(0)
    network = Network(
        perceptron(40, 3, [300], [ACTIVATIONS["relu"]()]), LOSSES["softmax"](), dtype=float
    )
    for parameter in network.parameters:
        parameter.value[...] = generator.normal(size=parameter.value.shape) / 4
    rows = Rows(Inputs(generator.normal(size=(50, 40))), generator.integers(0, 3, 50))

    row = by_tensor(check_network("n", network, rows, 0))["layer1.W"]

    assert row.projections == 4
    assert row.passed
