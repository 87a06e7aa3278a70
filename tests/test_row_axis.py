"""Which axis holds the rows: a value (k, N, D) is computed for all members, or refused by name."""

import numpy as np
import pytest
from helpers import run_node

from mlptrain.graph.gates import GATES, Add, Multiply
from mlptrain.graph.graph import Graph
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.regularizers import REGULARIZERS
from mlptrain.tools.gradcheck.nodes import GATE_SHAPES, LAYER_SHAPES, LAYERS

MEMBERS, ROWS = 3, 5

WITHOUT_ROWS = {"heads", "heads_scale", "heads_of_shared", "shared", "log_mean_exp", "input_scale"}
"""Nodes that make members of rows, or whose first input holds weights."""

NODES = {
    **{name: (kind, GATE_SHAPES.get(name, [(4, 6)])) for name, kind in GATES.items()},
    **{name: (kind, [(4, 6)]) for name, kind in ACTIVATIONS.items()},
    **{name: (LAYERS[name], LAYER_SHAPES[name]) for name in LAYERS.keys() - WITHOUT_ROWS},
}
"""Each node with shapes that it takes; the first input holds rows."""

REFUSE = {
    *("matmul", "linear", "batch_norm", "fixed_norm", "layer_norm"),
    "member_scale",
}
"""Nodes of (N, D) alone; every other one carries members."""


def in_members(shapes, like):
    """The same shapes with a leading axis of members on everything that has the shape of the first."""
    return [(MEMBERS, *shape) if shape == like else shape for shape in shapes]


@pytest.mark.parametrize("name", sorted(NODES))
def test_a_node_computes_every_member_or_refuses_by_name(name, rng):
    kind, shapes = NODES[name]
    node = kind()
    wide = in_members(shapes, shapes[0])
    inputs = [rng.uniform(0.5, 2.0, shape) for shape in wide]
    if name in REFUSE:
        with pytest.raises(ValueError, match=kind.__name__):
            node.shape(*wide)
        return
    shape = node.shape(*wide)
    out, gradients = run_node(node, *inputs, upstream=np.ones(shape))
    if shape == ():
        return  # a sum has no members to lose
    for member in range(MEMBERS):
        alone = [x[member] if x.ndim == 3 else x for x in inputs]
        expected, wanted = run_node(node, *alone, upstream=np.ones(expected_shape(node, alone)))
        np.testing.assert_allclose(out[member], expected, rtol=1e-13)
        for whole, part in zip(gradients, wanted, strict=True):
            if whole.ndim == 3:
                np.testing.assert_allclose(whole[member], part, rtol=1e-13)


def expected_shape(node, inputs):
    return node.shape(*(x.shape for x in inputs))


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_a_loss_refuses_members_by_name(name):
    loss = LOSSES[name]()
    targets = (MEMBERS, 4) if loss.classifies else (MEMBERS, 4, 3)

    with pytest.raises(ValueError, match=type(loss).__name__):
        loss.shape((MEMBERS, 4, 3), targets)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
@pytest.mark.parametrize("block", [1, 12])
def test_blocks_of_rows_cover_every_member(name, block, rng, monkeypatch):
    # (3, 5, 4): cut along axis 0, blocks of 5 rows would have left members out.
    monkeypatch.setattr("mlptrain.graph.plan.BLOCK", block)
    x = rng.normal(size=(MEMBERS, ROWS, 4))
    node = ACTIVATIONS[name]()
    outcomes = []
    for keeps_all in (True, False):
        graph = Graph(np.float64, keeps_all=keeps_all)
        source = graph.input("x", (MEMBERS, None, 4), wants_gradient=True)
        doubled = graph.add(Add(), source, source, name="doubled")
        output = graph.add(node, doubled, name="output")
        plan = graph.plan(ROWS)
        plan.value(source)[...] = x
        plan.forward()
        plan.backward(np.ones_like(plan.value(output)))
        outcomes.append((plan.value(output).copy(), plan.gradient(source).copy()))

    for kept, blocked in zip(*outcomes, strict=True):
        np.testing.assert_array_equal(kept, blocked)
    np.testing.assert_allclose(outcomes[1][0], run_node(node, 2 * x, upstream=0.0)[0], rtol=1e-14)


def test_a_node_that_reads_something_without_rows_is_not_cut(monkeypatch, rng):
    # A mask without rows would get its gradient from the last block alone.
    monkeypatch.setattr("mlptrain.graph.plan.BLOCK", 1)
    monkeypatch.setattr(Multiply, "row_by_row", True)
    graph = Graph(np.float64, keeps_all=False)
    x, w = graph.input("x", (None, 2)), graph.input("w", (2,), wants_gradient=True)
    graph.add(Multiply(), x, w, name="scaled")
    plan = graph.plan(3)
    plan.value(x)[...] = [[1, 2], [3, 4], [5, 6]]
    plan.value(w)[...] = 1

    plan.forward()
    plan.backward(np.ones((3, 2)))

    assert plan.gradient(w).tolist() == [9, 12]


def test_a_node_that_loses_rows_is_refused_by_name():
    class EverySecond(Add):
        def shape(self, *inputs):
            return (inputs[0][0] // 2, inputs[0][1])

    graph = Graph(np.float64)
    x = graph.input("x", (None, 3))
    graph.add(EverySecond(), x, x, name="thinned")

    with pytest.raises(ValueError, match=r"thinned: EverySecond loses rows: \(2, 3\), not 4"):
        graph.plan(4)


@pytest.mark.parametrize(
    ("shape", "axis"), [((None, 3), -2), ((4, None, 3), -2), ((None,), -1), ((2, 3), None)]
)
def test_an_input_says_where_its_rows_are(shape, axis):
    assert Graph(np.float64).input("x", shape).row_axis == axis


def test_rows_along_different_axes_are_refused():
    graph = Graph(np.float64)
    x, y = graph.input("x", (None, 5)), graph.input("y", (None,))

    with pytest.raises(ValueError, match="Add reads rows from axes"):
        graph.add(Add(), x, y, name="sum")


@pytest.mark.parametrize("name", sorted(REGULARIZERS))
def test_a_penalty_has_no_rows(name):
    assert REGULARIZERS[name](0.1).row_axis(None, None) is None


def test_the_short_last_batch_is_a_view_of_the_first_rows_of_every_member(rng):
    graph = Graph(np.float64, keeps_all=False)
    x = graph.input("x", (MEMBERS, None, 2), wants_gradient=True)
    output = graph.add(ACTIVATIONS["gelu"](), x, name="output")
    large, small = graph.plan(ROWS), graph.plan(2)
    numbers = rng.normal(size=(MEMBERS, 2, 2))
    large.value(x)[...] = 9
    large.forward()
    small.value(x)[...] = numbers

    small.forward()

    expected, _ = run_node(ACTIVATIONS["gelu"](), numbers, upstream=0.0)
    np.testing.assert_array_equal(small.value(output), expected)
