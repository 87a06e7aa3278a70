"""Each gate by hand: its value, its local gradients, and how broadcasting folds them."""

from math import e, log

import numpy as np
import pytest

import mlptrain
from mlptrain.graph.gates import GATES
from mlptrain.graph.graph import Graph
from mlptrain.graph.matrices import Index, Transpose
from mlptrain.graph.plan import Value
from mlptrain.graph.reductions import Mean, Softmax, Sum
from mlptrain.tools.trace.program import NODES


def flow(op, *inputs, upstream=1.0):
    """The value of a gate, and what it sends to each of its inputs."""
    graph = Graph(np.float64)
    arrays = [np.array(x, float) for x in inputs]
    sources = [graph.input(f"x{i}", x.shape, wants_gradient=True) for i, x in enumerate(arrays)]
    output = graph.add(NODES[op](), *sources, name="output")
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
    ("min", (4, 5), 4, (1, 0)),
    ("sqrt", (9,), 3, (1 / 6,)),
    ("abs", (-3,), 3, (-1,)),
    ("mean", ([[1, 2], [3, 6]],), 3, ([[1 / 4, 1 / 4], [1 / 4, 1 / 4]],)),
    ("transpose", ([[1, 2, 3]],), [[1], [2], [3]], ([[1, 1, 1]],)),
    ("index", ([[1, 2], [3, 4]],), [1, 3], ([[1, 0], [1, 0]],)),
    ("softmax", ([0, log(3)],), [1 / 4, 3 / 4], None),  # its local gradients are a Jacobian: below
    ("log_softmax", ([0, log(3)],), [log(1 / 4), log(3 / 4)], None),
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


@pytest.mark.parametrize("op", ["max", "min"])
def test_at_a_tie_the_first_argument_gets_the_gradient(op):
    assert flow(op, 5, 5)[1] == [1, 0]


def test_the_absolute_value_is_flat_at_0():
    assert flow("abs", 0) == (0, [0])


@pytest.mark.parametrize("x", [0, 3, -2])
def test_the_power_0_is_1_and_flat_everywhere(x):
    with np.errstate(invalid="ignore"):
        value, (dx, _) = flow("power", x, 0)

    assert (value, dx) == (1, 0)


def test_a_negative_power_of_zero_is_infinitely_steep():
    with np.errstate(divide="ignore", invalid="ignore"):
        assert flow("power", 0, -1)[1][0] == -np.inf


@pytest.mark.parametrize(
    ("upstream", "softmax", "log_softmax"),
    [
        ([1, 0], [3 / 16, -3 / 16], [3 / 4, -3 / 4]),  # p (1 - p), -p q;   1 - p, -q
        ([0, 1], [-3 / 16, 3 / 16], [-1 / 4, 1 / 4]),  # -p q, q (1 - q);   -p, 1 - q
    ],
)
def test_each_row_of_the_jacobian_of_softmax(upstream, softmax, log_softmax):
    scores = [0, log(3)]  # p = 1/4, q = 3/4

    assert flow("softmax", scores, upstream=upstream)[1] == [approx(softmax)]
    assert flow("log_softmax", scores, upstream=upstream)[1] == [approx(log_softmax)]


def test_softmax_of_scores_that_are_too_large_for_an_exponential():
    assert flow("softmax", [[1000, 1000], [0, -5000]])[0] == [[0.5, 0.5], [1, 0]]
    assert flow("log_softmax", [0, -5000])[0] == [0, -5000]


@pytest.mark.parametrize(
    ("kind", "axis", "value", "gradient"),
    [
        (Sum, 0, [5, 7, 9], [[10, 20, 30], [10, 20, 30]]),
        (Sum, 1, [6, 15], [[10, 10, 10], [20, 20, 20]]),
        (Sum, -1, [6, 15], [[10, 10, 10], [20, 20, 20]]),
        (Mean, 0, [2.5, 3.5, 4.5], [[5, 10, 15], [5, 10, 15]]),
        (Mean, 1, [2, 5], [[10 / 3] * 3, [20 / 3] * 3]),
    ],
)
def test_a_reduction_along_an_axis_sends_its_gradient_back_along_it(kind, axis, value, gradient):
    x = Value([[1, 2, 3], [4, 5, 6]])
    y = x.through(kind(axis))
    y.backward([10, 20, 30][: y.value.size])

    assert y.value.tolist() == approx(value)
    assert x.gradient.tolist() == approx(gradient)


def test_a_part_of_an_array_gets_the_gradient_and_the_rest_gets_0():
    x = Value([[1, 2, 3], [4, 5, 6]])
    y = x[1, ::2]
    y.backward([7, 9])

    assert y.value.tolist() == [4, 6]
    assert x.gradient.tolist() == [[0, 0, 0], [7, 0, 9]]


def test_what_an_index_left_out_gets_0_whatever_was_there():
    into = [np.full(3, np.nan)]

    Index((1,)).backward(np.array(5.0), (np.ones(3),), np.array(1.0), (), into)

    assert into[0].tolist() == [0, 5, 0]


@pytest.mark.parametrize(
    ("node", "shape", "message"),
    [
        (Sum(axis=2), (2, 3), "Sum has no axis 2"),
        (Mean(axis=-3), (2, 3), "Mean has no axis -3"),
        (Softmax(), (), "Softmax needs a vector or a matrix"),
        (Transpose(), (3,), "Transpose needs a matrix"),
        (Index((3,)), (3,), "Index: index 3 is out of bounds"),
    ],
)
def test_a_gate_refuses_what_it_cannot_take_by_its_name(node, shape, message):
    with pytest.raises(ValueError, match=message):
        node.shape(shape)


def test_an_index_of_a_list_is_refused_since_it_could_take_an_element_twice():
    with pytest.raises(TypeError, match="whole numbers and slices"):
        Index(([0, 0],))


@pytest.mark.parametrize(
    ("node", "rows", "axis"),
    [
        (Sum(), -2, None),
        (Sum(axis=-1), -2, -1),  # (N, D) -> (N,)
        (Sum(axis=-2), -2, None),
        (Sum(axis=-3), -2, -2),  # (k, N, D) -> (N, D)
        (Transpose(), -2, -1),
        (Transpose(), -1, -2),
        (Transpose(), -3, -3),
    ],
)
def test_where_the_rows_are_behind_a_gate(node, rows, axis):
    assert node.row_axis(rows) == axis


@pytest.mark.parametrize("node", [Sum(axis=0), Index((0,))])
def test_a_gate_that_cannot_tell_where_the_rows_go_refuses(node):
    with pytest.raises(ValueError, match=type(node).__name__):
        node.row_axis(-2)


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


@pytest.mark.parametrize(
    "op", ["add", "subtract", "multiply", "divide", "power", "max", "min", "matmul"]
)
@pytest.mark.parametrize("wanted", [0, 1])
def test_a_gate_leaves_out_the_gradient_that_nobody_wants(op, wanted):
    x = np.full((2, 2), 2.0)
    into = [None, None]
    into[wanted] = np.full((2, 2), np.nan)

    out = np.empty((2, 2))
    NODES[op]().forward((x, x), out, ())
    NODES[op]().backward(np.ones((2, 2)), (x, x), out, (), into)

    assert np.isfinite(into[wanted]).all()
    assert into[1 - wanted] is None


def test_the_exponent_of_a_base_between_0_and_1_has_a_gradient():
    x, y = mlptrain.Value(0.5), mlptrain.Value(2.0)
    (x**y).backward()
    np.testing.assert_allclose(y.gradient, 0.25 * log(0.5))
