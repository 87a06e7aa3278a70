"""`trace`: every worked example of the lecture, and random expressions against Python's arithmetic."""

import ast
import json
import operator
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mlptrain.cli import cli
from mlptrain.errors import ConfigError
from mlptrain.tools.trace.trace import trace

PAGE = Path(__file__).parent.parent / "docs" / "trace.md"
COMMANDS = re.findall(r"```console\n\$ (mlptrain trace .*)\n((?:.*\n)*?)```", PAGE.read_text("utf-8"))

NEURON = {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}
NEURON_GRADIENTS = {"w0": -0.1966, "x0": 0.3932, "w1": -0.3932, "x1": -0.5898, "w2": 0.1966}
X = [[2, 1, -3], [-3, 4, 2]]
W = [[3, 2, 1, -1], [2, 1, 3, 2], [3, 2, 1, -2]]
UPSTREAM = [[2, 3, -3, 9], [-8, 1, 4, 6]]


def run(line):
    return CliRunner().invoke(cli, shlex.split(line)[1:], env={"COLUMNS": "80"})


# --- the table of the lecture ---


@pytest.mark.parametrize(
    ("expression", "values", "upstream", "output", "gradients"),
    [
        ("(x + y) * z", {"x": -2, "y": 5, "z": -4}, 1, -12, {"x": -4, "y": -4, "z": 3}),  # P57-P72
        ("x + y", {"x": 3, "y": 4}, 2, 7, {"x": 2, "y": 2}),  # P99
        ("x * y", {"x": 2, "y": 3}, 5, 6, {"x": 15, "y": 10}),  # P100
        ("4*x + 2*x", {"x": 7}, 1, 42, {"x": 6}),  # P101
        ("max(x, y)", {"x": 4, "y": 5}, 9, 5, {"x": 0, "y": 9}),  # P102
        ("max(0, x)", {"x": [1, -2, 3, -1]}, [4, -1, 5, 9], [1, 0, 3, 0], {"x": [4, 0, 5, 0]}),  # P127
        ("b = a + a; c = b + b", {"a": 3}, 1, 12, {"a": 4}),
    ],
)
def test_a_worked_example_comes_out_as_on_its_slide(expression, values, upstream, output, gradients):
    circuit = trace(expression, values, upstream)

    assert circuit.steps[-1].value.tolist() == output
    assert {name: array.tolist() for name, array in circuit.gradients.items()} == gradients


def test_an_intermediate_value_has_its_gradient():
    circuit = trace("q = x + y; f = q * z", {"x": -2, "y": 5, "z": -4})

    assert (float(circuit["q"].value), float(circuit["q"].upstream)) == (3, -4)


@pytest.mark.parametrize(
    "expression", ["1 / (1 + exp(-(w0*x0 + w1*x1 + w2)))", "sigmoid(w0*x0 + w1*x1 + w2)"]
)
def test_the_neuron_comes_out_the_same_in_pieces_and_as_one_sigmoid_gate(expression):
    circuit = trace(expression, NEURON)

    assert float(circuit.steps[-1].value) == pytest.approx(0.7311, abs=5e-5)
    assert circuit.gradients == pytest.approx(NEURON_GRADIENTS, abs=5e-5)


def test_the_local_gradient_of_the_sigmoid_gate_is_one_minus_it_times_it():
    step = trace("sigmoid(w0*x0 + w1*x1 + w2)", NEURON).steps[-1]

    assert float(step.local[0]) == pytest.approx((1 - 0.731059) * 0.731059, abs=1e-6)


def test_the_copy_gate_shows_the_gradients_that_it_adds():
    step = trace("4*x + 2*x", {"x": 7})["copy1"]

    assert [float(part) for part in step.upstreams] == [4, 2]
    assert float(step.upstream) == 6


def test_a_matrix_product_and_its_gradients():
    # First row of x @ w: 2*3 + 1*2 - 3*3 = -1, 2*2 + 1*1 - 3*2 = -1, 2 + 3 - 3 = 2, -2 + 2 + 6 = 6.
    # First row of upstream @ w.T: 6 + 6 - 3 - 9 = 0, 4 + 3 - 9 + 18 = 16, 6 + 6 - 3 - 18 = -9.
    # First row of x.T @ upstream: 4 + 24 = 28, 6 - 3 = 3, -6 - 12 = -18, 18 - 18 = 0.
    circuit = trace("x @ w", {"x": X, "w": W}, UPSTREAM)

    assert circuit["matmul1"].value.tolist() == [[-1, -1, 2, 6], [5, 2, 11, 7]]
    assert circuit.gradients["x"].tolist() == [[0, 16, -9], [-24, 9, -30]]
    assert circuit.gradients["w"].tolist() == [[28, 3, -18, 0], [-30, 7, 13, 33], [-22, -7, 17, -15]]
    assert circuit["matmul1"].local == ("upstream @ w.T", "x.T @ upstream")


@pytest.mark.slow
@pytest.mark.parametrize(("line", "output"), COMMANDS, ids=[line for line, _ in COMMANDS])
def test_a_command_of_the_page_prints_what_the_page_shows(line, output):
    shown = run(line)

    assert shown.exit_code == 0
    assert [text.rstrip() for text in shown.stdout.splitlines()] == output.splitlines()


def test_the_page_has_a_command_for_each_worked_example():
    assert len(COMMANDS) >= 10


# --- what flows through a gate ---


def test_gates_without_a_name_are_called_by_operation_and_number():
    circuit = trace("add1 = x * y; add1 + exp(x)", {"x": 1, "y": 2})

    assert [step.name for step in circuit.steps] == ["x", "y", "copy1", "add1", "exp2", "add3"]


def test_no_gradient_flows_to_a_constant():
    circuit = trace("2 * x", {"x": 3})

    assert (circuit["2"].op, circuit["2"].upstream) == ("constant", None)
    assert circuit["multiply1"].local[0] is None
    assert circuit["multiply1"].downstream[0] is None


def test_a_constant_that_is_read_twice_needs_no_copy():
    assert [step.op for step in trace("2 * x + 2", {"x": 3}).steps] == [
        "input",
        "constant",
        "multiply",
        "add",
    ]


def test_a_copy_gate_that_was_written_is_not_copied_again():
    circuit = trace("c = copy(x); c * c", {"x": 3})

    assert [step.op for step in circuit.steps] == ["input", "copy", "multiply"]
    assert [float(part) for part in circuit["c"].upstreams] == [3, 3]


def test_the_local_gradient_of_a_broadcast_input_has_the_shape_of_the_output():
    # f = x * y with a scalar y: df_i/dy = x_i, and dL/dy is the sum over i of upstream_i x_i.
    step = trace("x * y", {"x": [1, 2, 3], "y": 10}, [1, 0, 2])["multiply1"]

    assert step.local[1].tolist() == [1, 2, 3]
    assert step.downstream[1].tolist() == 7
    assert step.downstream[0].tolist() == [10, 0, 20]


def test_a_sum_has_a_local_gradient_of_ones():
    step = trace("sum(x)", {"x": [[1, 2], [3, 4]]}, 5)["sum1"]

    assert (step.value.tolist(), step.local[0].tolist()) == (10, [[1, 1], [1, 1]])
    assert step.downstream[0].tolist() == [[5, 5], [5, 5]]


def test_a_maxout_routes_within_each_pair():
    step = trace("maxout(x)", {"x": [1, 3, 2, 2]}, [5, 7])["maxout1"]

    assert (step.value.tolist(), step.local[0].tolist()) == ([3, 2], [0, 1, 1, 0])
    assert step.downstream[0].tolist() == [0, 5, 7, 0]


def test_one_upstream_number_stands_for_the_whole_output():
    assert trace("2 * x", {"x": [1, 2]}, 3).gradients["x"].tolist() == [6, 6]


def test_an_input_alone_is_its_own_output():
    assert float(trace("x", {"x": 4}, 2).gradients["x"]) == 2


def test_values_of_the_caller_are_left_as_they_are():
    x = np.array([1.0, -1.0])
    trace("relu(x)", {"x": x})["x"].value[...] = 9

    assert x.tolist() == [1, -1]


# --- JSON ---


def test_json_has_the_promised_keys_in_forward_order():
    document = trace("q = x + y; f = q * 2", {"x": 1, "y": 2}).to_json()

    assert document["expression"] == "q = x + y; f = q * 2"
    assert [node["name"] for node in document["nodes"]] == ["x", "y", "2", "q", "f"]
    assert document["nodes"][3] == {
        "name": "q",
        "op": "add",
        "inputs": ["x", "y"],
        "value": 3.0,
        "upstream": 2.0,
        "local": [1.0, 1.0],
        "downstream": [2.0, 2.0],
    }
    assert document["nodes"][4]["downstream"] == [2.0, None]
    assert document["nodes"][0]["local"] == document["nodes"][0]["downstream"] == []


def test_the_copy_gate_lists_its_upstreams_in_json():
    nodes = trace("4*x + 2*x", {"x": 7}).to_json()["nodes"]

    assert [node["upstreams"] for node in nodes if node["op"] == "copy"] == [[4.0, 2.0]]
    assert not any("upstreams" in node for node in nodes if node["op"] != "copy")


def test_a_number_that_is_not_finite_is_null():
    node = trace("log(x)", {"x": [0, 1, -1]}).to_json()["nodes"][1]

    assert node["value"] == [None, 0.0, None]
    assert json.loads(json.dumps(node, allow_nan=False)) == node


# --- faults ---


@pytest.mark.parametrize(
    ("expression", "values", "upstream", "faults"),
    [
        (
            "x + y",
            {},
            1,
            (
                "expression:1: 'x' has no value; add for example x=1",
                "expression:5: 'y' has no value; add for example y=1",
            ),
        ),
        (
            "w11 * 2",
            {"w11": 1, "w1l": 2},
            1,
            ("w1l: the expression does not read it; did you mean 'w11'?",),
        ),
        (
            "q = x + 1; q * 2",
            {"x": 1, "q": 2},
            1,
            ("q: the expression computes it; leave its value out",),
        ),
        (
            "x * y",
            {"x": [1, 2], "y": [1, 2, 3]},
            1,
            (
                "expression:3: multiply does not fit (2,) and (3,); "
                "shapes must be equal, or broadcast as in NumPy",
            ),
        ),
        (
            "x @ w",
            {"x": [1, 2], "w": [[1], [2]]},
            1,
            (
                "expression:3: matmul does not fit (2,) and (2, 1); "
                "it needs two matrices, (N, D) @ (D, M), as in x=[[1,2]] w=[[3],[4]]",
            ),
        ),
        (
            "maxout(x)",
            {"x": 1},
            1,
            ("expression:1: maxout does not fit (); it needs an even number of scores per row",),
        ),
        (
            "x + y",
            {"x": [1, 2], "y": 1},
            [1, 2, 3],
            ("upstream: its shape is (3,), but that of the output is (2,); they must be equal",),
        ),
        ("x", {"x": float("nan")}, 1, ("x: expected a finite number, vector or matrix, got 'nan'",)),
        (
            "x",
            {"x": [[1], [1, 2]]},
            1,
            ("x: expected a finite number, vector or matrix, got '[[1], [1, 2]]'",),
        ),
        ("x", {"x": [[[1]]]}, 1, ("x: expected a finite number, vector or matrix, got '[[[1]]]'",)),
    ],
)
def test_what_does_not_fit_is_said_in_a_line(expression, values, upstream, faults):
    with pytest.raises(ConfigError) as caught:
        trace(expression, values, upstream)

    assert caught.value.faults == faults


# --- the command ---


def test_an_expression_may_begin_with_a_minus():
    shown = run("mlptrain trace '-x*h' x=2 h=3")

    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[-2:] == ["df/dx = -3", "df/dh = -2"]


def test_an_upstream_gradient_may_be_negative():
    assert run("mlptrain trace x*y x=2 y=3 --upstream -1").stdout.splitlines()[-1] == "dL/dy = -2"


def test_json_is_one_document_on_stdout():
    shown = run("mlptrain trace 'x * y' 'x=[1,2]' y=3 --json")

    assert json.loads(shown.stdout)["nodes"][-1]["value"] == [3.0, 6.0]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (
            "mlptrain trace 'x +' x=1",
            "error: expression:4: expected a number, a name or '(', got the end\n",
        ),
        ("mlptrain trace x y", "error: 'y': expected NAME=VALUE, for example x=-2\n"),
        (
            "mlptrain trace x x=1 --upstream [1,1e999]",
            "error: --upstream: '[1,1e999]' is too large; numbers go up to 1.7e308\n",
        ),
    ],
)
def test_a_fault_ends_the_command_with_one_line_and_exit_code_2(line, error):
    shown = run(line)

    assert (shown.exit_code, shown.stdout, shown.stderr) == (2, "", error)


def test_matrices_that_do_not_fit_side_by_side_stand_below_each_other(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    x = "[[0.123456,-0.234567,0.345678],[1.123456,-1.234567,1.345678]]"
    lines = run(f"mlptrain trace 'sum(tanh(x) * x)' 'x={x}'").stdout.splitlines()

    assert max(map(len, lines)) <= 80
    assert any(line.split()[:2] == ["downstream", "tanh2"] for line in lines)
    assert any("[0.1235 -0.2346 0.3457]" in line for line in lines)


def test_a_large_matrix_is_cut():
    row = ",".join("1" * 20)
    matrix = ",".join([f"[{row}]"] * 20)
    lines = run(f"mlptrain trace 'sum(x)' 'x=[{matrix}]'").stdout.splitlines()

    assert len(lines) < 60
    assert lines[-2].endswith("[1 1 1 1 1 1 1 1 ...]")
    assert lines[-1].endswith(" ...")


def test_a_value_that_is_read_very_often_does_not_fill_the_screen():
    lines = run(f"mlptrain trace {'+'.join(['x'] * 20)} x=1").stdout.splitlines()

    assert max(map(len, lines)) <= 80
    assert any("1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + ... = 20" in line for line in lines)


# --- the tree ---


def tree(line, columns=80):
    """The lines above the table, without the spaces at their ends."""
    shown = CliRunner().invoke(cli, shlex.split(line)[1:], env={"COLUMNS": str(columns)}).stdout
    return [text.rstrip() for text in shown.partition("\n\n")[0].splitlines()]


def test_the_first_circuit_of_the_lecture_as_a_tree():
    assert tree("mlptrain trace 'q = x + y; f = q * z' x=-2 y=5 z=-4") == [
        "              value  gradient",
        "f = multiply    -12         1",
        "├── q = add       3        -4",
        "│   ├── x        -2        -4",
        "│   └── y         5        -4",
        "└── z            -4         3",
    ]


def test_the_sigmoid_neuron_of_the_lecture_as_a_tree():
    line = "mlptrain trace 'sigmoid(w0*x0 + w1*x1 + w2)' w0=2 x0=-1 w1=-3 x1=-2 w2=-3"

    assert tree(line) == [
        "                        value  gradient",
        "sigmoid5               0.7311         1",
        "└── add4                    1    0.1966",
        "    ├── add3                4    0.1966",
        "    │   ├── multiply1      -2    0.1966",
        "    │   │   ├── w0          2   -0.1966",
        "    │   │   └── x0         -1    0.3932",
        "    │   └── multiply2       6    0.1966",
        "    │       ├── w1         -3   -0.3932",
        "    │       └── x1         -2   -0.5898",
        "    └── w2                 -3    0.1966",
    ]


def test_a_value_that_is_read_twice_is_shown_once_and_then_referred_to():
    lines = tree("mlptrain trace 'h = x^2; h * h' x=3")

    assert [line for line in lines if line.endswith("(above)")] == ["└── copy1 (above)"]
    assert [line.split()[-2:] for line in lines if "h = power" in line] == [["9", "18"]]


def test_a_constant_has_no_gradient_in_the_tree_and_is_shown_wherever_it_is_read():
    assert [line.split()[-3:] for line in tree("mlptrain trace '2 * x + 2' x=3") if "─ 2" in line] == [
        ["2", "2", "-"],
        ["2", "2", "-"],
    ]


def test_a_branch_that_is_too_deep_goes_on_as_a_tree_of_its_own():
    # 40 inputs make a chain of 39 add gates: three chains of 10 levels and what is left.
    names = [f"x{i}" for i in range(40)]
    lines = tree(f"mlptrain trace '{' + '.join(names)}' {'=1 '.join(names)}=1")
    below = [re.findall(r"(add\d+) \(below\)", line) for line in lines]
    roots = [line.split()[0] for line in lines[1:] if re.match(r"\w", line)]

    assert roots == ["add39", *(name for found in below for name in found)]
    assert [line.split()[-2:] for line in lines if re.search(r" x0 ", line)] == [["1", "1"]]
    assert sum(bool(re.search(r" x\d+ ", line)) for line in lines) == 40


@pytest.mark.slow
@pytest.mark.parametrize("columns", [80, 120])
def test_the_tree_fits_the_terminal_whatever_is_in_it(columns):
    name = "a_name_" * 9
    large = "[" + ",".join(["[-1.2345e-100,0.33333]"] * 9) + "]"
    nested = "tanh(" * 20 + name + ")" * 20
    lines = tree(f"mlptrain trace 'sum({nested} * 2)' '{name}={large}'", columns)

    assert max(map(len, lines)) <= columns
    assert any(re.search(r"a_name_\S*\.\.\. +9 x 2", line) for line in lines)


def test_the_columns_of_the_tree_stand_in_line():
    lines = tree("mlptrain trace '1 / (1 + exp(-(w*x + b)))' w=2 x=-1.5 b=3")

    assert {len(line) for line in lines} == {len(lines[0])}


# --- random expressions ---

OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
LARGE = 1e6


def arithmetic(tree, values):
    """Python's own reading of an expression; numbers that would lose digits are assumed away."""
    match tree:
        case ast.Expression(body):
            return arithmetic(body, values)
        case ast.Constant(number):
            return float(number)
        case ast.Name(name):
            return values[name]
        case ast.UnaryOp(ast.USub(), operand):
            return -arithmetic(operand, values)
        case ast.BinOp(left, symbol, right):
            x, y = arithmetic(left, values), arithmetic(right, values)
            assume(not isinstance(symbol, ast.Div) or abs(y) > 0.1)
            assume(not isinstance(symbol, ast.Pow) or (abs(x) < 1e3 and 0 <= y <= 4))
            result = OPERATORS[type(symbol)](x, y)
            assume(isinstance(result, float) and abs(result) < LARGE)
            return result
    raise AssertionError(ast.dump(tree))


def combined(parts):
    pair = st.tuples(parts, st.sampled_from(["+", " - ", " * ", "/"]), parts).map("".join)
    return st.one_of(pair, parts.map("({})".format), parts.map("-{}".format), parts.map("{}**2".format))


LEAVES = st.sampled_from(["x", "y", "z", "2", "0.5", "3"])
NUMBERS = st.integers(-9, 9).map(float)


@pytest.mark.slow
@settings(max_examples=100)
@given(st.recursive(LEAVES, combined, max_leaves=8), NUMBERS, NUMBERS, NUMBERS)
def test_a_random_expression_has_the_value_that_python_gives_it(text, x, y, z):
    values = {"x": x, "y": y, "z": z}
    expected = arithmetic(ast.parse(text, mode="eval"), values)
    read = {name: value for name, value in values.items() if name in text}

    assert float(trace(text, read).steps[-1].value) == pytest.approx(expected, rel=1e-9, abs=1e-6)


def smooth(parts):
    function = st.sampled_from(["sigmoid", "tanh", "softplus", "silu", "gelu", "mish"])
    return st.one_of(
        st.tuples(parts, st.sampled_from("+-*"), parts).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        st.tuples(parts, parts).map(lambda p: f"{p[0]} / (2 + tanh({p[1]}))"),
        st.tuples(function, parts).map(lambda p: f"{p[0]}({p[1]})"),
        parts.map("exp(tanh({}))".format),
        parts.map("log(2 + sigmoid({}))^2".format),
    )


SMALL = st.floats(-2, 2).map(lambda number: round(number, 3))


@pytest.mark.slow
@settings(max_examples=60)
@given(st.recursive(st.sampled_from(["x", "y", "3"]), smooth, max_leaves=6), SMALL, SMALL)
def test_a_random_gradient_agrees_with_centred_differences(text, x, y):
    assume("x" in re.findall(r"\b[xy]\b", text))
    values = {"x": x, "y": y} if re.search(r"\by\b", text) else {"x": x}
    h = 1e-5

    def output(x):
        return float(trace(text, {**values, "x": x}).steps[-1].value)

    numerical = (output(x + h) - output(x - h)) / (2 * h)

    assert float(trace(text, values).gradients["x"]) == pytest.approx(numerical, rel=1e-5, abs=1e-5)
