"""The expression language: what it binds, what it refuses, and with which words."""

import pytest

from mlptrain.errors import ConfigError
from mlptrain.nn.losses import Loss
from mlptrain.tools.trace import parse, read_value, read_values
from mlptrain.tools.trace.program import FUNCTIONS, NODES, Constant, Input

COMPARING = {name for name, kind in NODES.items() if issubclass(kind, Loss)}


def spelled(text):
    """The output of an expression with every operation written as a call."""
    terms = parse(text).terms
    words = []
    for term in terms:
        if isinstance(term, Input):
            words.append(term.name)
        elif isinstance(term, Constant):
            words.append(f"{term.number:g}")
        else:
            words.append(f"{term.op}({', '.join(words[place] for place in term.operands)})")
    return words[-1]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("x + y * z", "add(x, multiply(y, z))"),
        ("x - y - z", "subtract(subtract(x, y), z)"),
        ("x / y / z", "divide(divide(x, y), z)"),
        ("x * y @ z", "matmul(multiply(x, y), z)"),
        ("(x + y) * z", "multiply(add(x, y), z)"),
        ("-x^2", "negate(power(x, 2))"),
        ("-2^2", "negate(power(2, 2))"),
        ("x ** -y", "power(x, negate(y))"),
        ("2^x^y", "power(2, power(x, y))"),
        ("-x * y", "multiply(negate(x), y)"),
        ("x - -y", "subtract(x, negate(y))"),
        ("x * -3", "multiply(x, -3)"),
        ("max(x + 1, tanh(y))", "max(add(x, 1), tanh(y))"),
        ("x + 1e-3", "add(x, 0.001)"),
        ("x+.5", "add(x, 0.5)"),
        ("x*2.", "multiply(x, 2)"),
        ("q = x + y; f = q * q", "multiply(add(x, y), add(x, y))"),
        ("q = x; q * 2", "multiply(x, 2)"),
        (" \tx\n+\r\ny ", "add(x, y)"),
        ("x.T @ y", "matmul(transpose(x), y)"),
        ("x[0] ^ 2", "power(index(x), 2)"),
        ("-x[0].T", "negate(transpose(index(x)))"),
        ("l2(x, y)", "l2(x, y)"),
    ],
)
def test_operators_bind_as_in_python(text, meaning):
    assert spelled(text) == meaning


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("x[0]", (0,)),
        ("x[-1]", (-1,)),
        ("x[:]", (slice(None),)),
        ("x[1:]", (slice(1, None),)),
        ("x[0, 1:3]", (0, slice(1, 3))),
        ("x[::-2, :]", (slice(None, None, -2), slice(None))),
    ],
)
def test_brackets_take_whole_numbers_and_slices_as_in_numpy(text, place):
    assert parse(text).operations[0].options == {"place": place}


def test_a_sum_may_have_an_axis():
    assert [gate.options for gate in parse("sum(x) + mean(x, axis=-1)").operations][:2] == [
        {},
        {"axis": -1},
    ]


def test_a_hat_and_two_stars_are_the_same_power():
    assert parse("x ^ y").operations[0].op == parse("x ** y").operations[0].op == "power"


def test_inputs_come_in_the_order_in_which_they_are_read():
    assert [term.name for term in parse("b * a + c * a").inputs] == ["b", "a", "c"]


def test_a_name_belongs_to_the_operation_that_computes_it():
    assert [gate.name for gate in parse("q = x + y * z; q * x").operations] == ["", "q", ""]


@pytest.mark.parametrize("op", FUNCTIONS)
def test_every_gate_and_activation_can_be_called_by_its_name(op):
    two = op in {"add", "subtract", "multiply", "divide", "power", "max", "min", "matmul", *COMPARING}

    assert parse(f"{op}(x, y)" if two else f"{op}(x)").operations[0].op == op


OWN = "no gradient flows to y in mse(scores, y); it must have its own name"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1: expected a number, a name or '(', got the end"),
        ("x +", "4: expected a number, a name or '(', got the end"),
        ("x + * y", "5: expected a number, a name or '(', got '*'"),
        ("2x", "2: expected an operator, ';' or the end, got 'x'"),
        ("(x + y", "7: expected an operator or ')', got the end"),
        ("x + y)", "6: expected an operator, ';' or the end, got ')'"),
        ("max(x; y)", "6: expected an operator, ',' or ')', got ';'"),
        ("max(x)", "1: max takes 2 inputs, got 1"),
        ("x + exp(x, y)", "5: exp takes 1 input, got 2"),
        ("1 + sigmod(x)", "5: unknown function 'sigmod'; did you mean 'sigmoid'?"),
        ("x + exp", "5: 'exp' is a function; write exp(...)"),
        ("exp = x; exp", "1: 'exp' is a function; choose another name"),
        ("q = x; q = y; q", "8: 'q' has a value already; choose another name"),
        ("q = x; x = 2 * q; x", "8: 'x' has a value already; choose another name"),
        ("q = x + y; x * y", "1: 'q' is assigned but never read; the last statement is the output"),
        ("x + y; z", "6: only the last statement goes without a name; write q = ... before this ';'"),
        ("q = x;", "7: expected a number, a name or '(', got the end"),
        ("x == y", "4: expected a number, a name or '(', got '='"),
        ("x $ y", "3: no expression has '$' in it; delete it"),
        ("x\x1b[31m", "2: no expression has '\\x1b' in it; delete it"),
        ("x + 1e999", "5: '1e999' is too large; numbers go up to 1.7e308"),
        ("(" * 101 + "x", "101: nested more than 100 deep; name a part of it"),
        ("-" * 101 + "x", "101: nested more than 100 deep; name a part of it"),
        ("ln(x)", "1: unknown function 'ln'; did you mean 'log' (also called ln)?"),
        ("softmx(x)", "1: unknown function 'softmx'; did you mean 'softmax'?"),
        ("exp(x, axis=0)", "8: exp has no option 'axis'; only sum and mean have one: axis=0"),
        ("sum(x, keep=0)", "8: sum has no option 'keep'; only sum and mean have one: axis=0"),
        ("sum(x, axis=0.5)", "13: expected a whole number, got '0.5'"),
        ("sum(x, axis=0, y)", "14: expected an operator, ',' or ')', got ','"),
        ("x[]", "3: expected a whole number or ':', got ']'"),
        ("x[0", "4: expected a whole number, ':', ',' or ']', got the end"),
        ("x[1:2:3:4]", "8: expected a whole number, ':', ',' or ']', got ':'"),
        ("x[y]", "3: expected a whole number or ':', got 'y'"),
        *((text, f"1: {OWN}") for text in ("mse(s, s + 1)", "mse(s, y) + y", "mse(y, y)", "mse(s, 2)")),
        ("__import__('os')", '12: no expression has "\'" in it; delete it'),
    ],
)
def test_a_fault_says_where_what_and_what_to_do(text, message):
    with pytest.raises(ConfigError) as caught:
        parse(text)

    assert str(caught.value) == f"expression:{message}"


def test_a_text_without_end_is_refused():
    with pytest.raises(ConfigError, match=r"^expression: 10001 characters; at most 10000 are read$"):
        parse("x" * 10_001)


def test_a_long_sum_is_not_nested():
    assert len(parse("+".join(["x"] * 5_000)).operations) == 4_999


def test_a_hundred_levels_are_allowed():
    assert spelled("exp(x + " * 99 + "x" + ")" * 99).count("exp") == 99


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-2", -2.0),
        ("+.5", 0.5),
        (" 1e-3 ", 0.001),
        ("[1,-2, 3]", [1.0, -2.0, 3.0]),
        ("[7]", [7.0]),
        ("[[1,2],[3,4.5]]", [[1.0, 2.0], [3.0, 4.5]]),
        ("[ [1] , [2] ]", [[1.0], [2.0]]),
    ],
)
def test_values_are_numbers_vectors_and_matrices(text, value):
    assert read_value(text, "x").tolist() == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "two",
        "nan",
        "inf",
        "1_000",
        "0x10",
        "[]",
        "[1,]",
        "[1 2]",
        "[[1],2]",
        "[[[1]]]",
        "[1",
        "1,2",
    ],
)
def test_other_values_are_refused(text):
    with pytest.raises(ConfigError) as caught:
        read_value(text, "x")

    wanted = "a number, a vector [1,-2] or a matrix [[1,2],[3,4]]"
    assert str(caught.value) == f"x: expected {wanted}, got {text!r}"


def test_rows_of_different_lengths_are_no_matrix():
    with pytest.raises(ConfigError, match=r"^w: rows of a matrix must be of one length, got 2, 1$"):
        read_value("[[1,2],[3]]", "w")


def test_a_value_that_is_not_finite_is_refused():
    with pytest.raises(ConfigError, match=r"^x: '\[1,1e999\]' is too large; numbers go up to 1.7e308$"):
        read_value("[1,1e999]", "x")


def test_a_deeply_nested_value_is_one_line_too():
    with pytest.raises(ConfigError, match=r"^x: expected a number"):
        read_value("[" * 50_000 + "]" * 50_000, "x")


def test_a_long_value_is_not_repeated_in_full():
    with pytest.raises(ConfigError) as caught:
        read_value("a" * 1_000, "x")

    assert len(str(caught.value)) < 130


def test_all_wrong_values_are_named_at_once():
    with pytest.raises(ConfigError) as caught:
        read_values(["x=1", "y", "2z=3", "x=2", "w=[1,[2]]"])

    assert caught.value.faults == (
        "'y': expected NAME=VALUE, for example x=-2",
        "'2z=3': expected NAME=VALUE, for example x=-2",
        "x: given twice; keep one of the two",
        "w: expected a number, a vector [1,-2] or a matrix [[1,2],[3,4]], got '[1,[2]]'",
    )
