"""Each gate by hand: its value, its local gradients, and how broadcasting folds them."""

from math import e, log

import numpy as np
import pytest

from mlptrain.graph.gates import GATES
from mlptrain.graph.graph import Graph
from mlptrain.tools.trace import FUNCTIONS


def flow(op, *inputs, upstream=1.0):
    """The value of a gate, and what it sends to each of its inputs."""
    graph = Graph(np.float64)
    arrays = [np.array(x, float) for x in inputs]
    sources = [graph.input(f"x{i}", x.shape, wants_gradient=True) for i, x in enumerate(arrays)]
    output = graph.add(FUNCTIONS[op](), *sources, name="output")
    plan = graph.plan()
    for source, array in zip(sources, arrays, strict=True):
        plan.value(source)[...] = array
    plan.forward()
    plan.backward(upstream)
    return plan.value(output).tolist(), [plan.gradient(source).tolist() for source in sources]


def approx(value):
    return pytest.approx(np.array(value), rel=1e-14)


BY_HAND = [
    ("add", (3, 4), 7, (1, 1)),
    ("subtract", (3, 4), -1, (1, -1)),
    ("multiply", (2, 3), 6, (3, 2)),
    ("divide", (6, 4), 1.5, (1 / 4, -6 / 16)),
    ("negate", (5,), -5, (-1,)),
    ("power", (3, 2), 9, (6, 9 * log(3))),
    ("power", (4, 0.5), 2, (1 / 4, 2 * log(4))),
    ("power", (0, 0), 1, (0, 0)),  # x^0 is 1 everywhere
    ("power", (-2, 3), -8, None),  # the exponent of a negative base has no real derivative
    ("max", (4, 5), 5, (0, 1)),
    ("max", (-1, -2), -1, (1, 0)),
    ("exp", (1,), e, (e,)),
    ("log", (4,), log(4), (1 / 4,)),
    ("sigmoid", (log(3),), 3 / 4, (3 / 16,)),
    ("tanh", (log(2),), 3 / 5, (16 / 25,)),
    ("matmul", ([[2]], [[3]]), [[6]], ([[3]], [[2]])),
    ("sum", ([[1, 2], [3, 4]],), 10, ([[1, 1], [1, 1]],)),
    ("copy", (7,), 7, (1,)),
]


@pytest.mark.parametrize(("op", "inputs", "value", "local"), BY_HAND)
def test_a_gate_has_the_value_and_the_gradients_of_paper_and_pencil(op, inputs, value, local):
    with np.errstate(invalid="ignore"):
        found, gradients = flow(op, *inputs)

    assert found == approx(value)
    assert local is None or gradients == [approx(part) for part in local]


def test_every_gate_is_worked_out_above():
    assert {op for op, *_ in BY_HAND} == {*GATES, "sigmoid", "tanh"}


@pytest.mark.parametrize(
    ("op", "inputs", "upstream", "downstream"),
    [
        ("add", (3, 4), 2, [2, 2]),  # the gradient distributor, P99
        ("multiply", (2, 3), 5, [15, 10]),  # the swap multiplier, P100
        ("max", (4, 5), 9, [0, 9]),  # the gradient router, P102
        ("divide", (6, 2), 4, [2, -6]),  # 4 / 2, -4 * 6 / 4
        ("power", (3, 2), 0.5, [3, 4.5 * log(3)]),
        ("sum", ([1, 2],), 3, [[3, 3]]),
    ],
)
def test_downstream_is_upstream_times_local(op, inputs, upstream, downstream):
    assert flow(op, *inputs, upstream=upstream)[1] == [approx(part) for part in downstream]


def test_at_a_tie_the_first_argument_of_max_gets_the_gradient():
    assert flow("max", 5, 5)[1] == [1, 0]


def test_the_cube_of_a_negative_number_has_a_slope():
    with np.errstate(invalid="ignore"):
        assert flow("power", -2, 3)[1][0] == 12


def test_the_exponent_of_zero_gets_no_gradient():
    assert flow("power", 0, 2) == (0, [0, 0])


def test_matmul_sends_the_products_whose_shapes_match_up():
    x, w, upstream = [[1, 2]], [[3, 4], [5, 6]], [[10, 1]]

    value, (dx, dw) = flow("matmul", x, w, upstream=upstream)

    assert value == [[13, 16]]
    assert dx == [[34, 56]]  # upstream @ w.T: 10*3 + 4, 10*5 + 6
    assert dw == [[10, 1], [20, 2]]  # x.T @ upstream


@pytest.mark.parametrize(
    ("x", "w"), [((2, 3), (2, 3)), ((3,), (3, 2)), ((2, 3), (3,)), ((), ()), ((2, 2, 3), (3, 2))]
)
def test_matmul_refuses_what_is_no_product_of_two_matrices(x, w):
    with pytest.raises(ValueError, match=r"MatMul needs \(N, D\) @ \(D, M\)"):
        GATES["matmul"]().shape(x, w)


UPSTREAM = [[1, 2, 3], [4, 5, 6]]
TWO_BY_THREE = [[1, 1, 1], [2, 2, 2]]


@pytest.mark.parametrize(
    ("y", "dy"),
    [
        ([0, 0, 0], [5, 7, 9]),  # one for all rows: summed over the rows
        ([[0, 0, 0]], [[5, 7, 9]]),
        ([[0], [0]], [[6], [15]]),  # one for all columns
        ([[0]], [[21]]),
        (0, 21),
        ([[0, 0, 0], [0, 0, 0]], UPSTREAM),
    ],
)
@pytest.mark.parametrize("op", ["add", "subtract"])
def test_the_gradient_of_a_broadcast_input_folds_back_to_its_shape(op, y, dy):
    value, (dx, found) = flow(op, TWO_BY_THREE, y, upstream=UPSTREAM)

    assert value == TWO_BY_THREE
    assert dx == UPSTREAM
    assert found == (np.array(dy) * (1 if op == "add" else -1)).tolist()


@pytest.mark.parametrize(
    ("op", "y", "dy"),
    [
        ("multiply", [5, 5, 5], [1 + 8, 2 + 10, 3 + 12]),  # upstream * x, over the rows
        ("divide", [[1], [-1]], [[-6], [-30]]),  # -upstream * x / y^2, over the columns
        ("power", [1, 1, 1], [8 * log(2), 10 * log(2), 12 * log(2)]),  # upstream * x log x
        ("max", 1.5, 6),  # it is the larger one in the first row only: 1 + 2 + 3
    ],
)
def test_every_gate_with_two_inputs_folds(op, y, dy):
    assert flow(op, TWO_BY_THREE, y, upstream=UPSTREAM)[1][1] == approx(dy)


def test_both_inputs_may_be_broadcast():
    value, (dx, dy) = flow("multiply", [[2], [3]], [5, 7], upstream=[[1, 1], [1, 10]])

    assert value == [[10, 14], [15, 21]]
    assert dx == [[12], [75]]  # 5 + 7, 5 + 70
    assert dy == [5, 32]  # 2 + 3, 2 + 30


def test_shapes_that_do_not_broadcast_are_refused():
    with pytest.raises(ValueError, match="shape mismatch"):
        GATES["add"]().shape((2,), (3,))


@pytest.mark.parametrize("op", ["add", "subtract", "multiply", "divide", "power", "max", "matmul"])
@pytest.mark.parametrize("wanted", [0, 1])
def test_a_gate_leaves_out_the_gradient_that_nobody_wants(op, wanted):
    x = np.full((2, 2), 2.0)
    into = [None, None]
    into[wanted] = np.full((2, 2), np.nan)

    out = np.empty((2, 2))
    FUNCTIONS[op]().forward((x, x), out, ())
    FUNCTIONS[op]().backward(np.ones((2, 2)), (x, x), out, (), into)

    assert np.isfinite(into[wanted]).all()
    assert into[1 - wanted] is None
