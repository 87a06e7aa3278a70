"""`trace --svg`: what stands at which wire, that nothing overlaps, and how it fails."""

import itertools
import json
import os
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner

from mlptrain.cli import cli
from mlptrain.errors import StorageError
from mlptrain.report.circuit import rows, save, svg
from mlptrain.report.circuit.boxes import Box
from mlptrain.report.circuit.diagram import Diagram
from mlptrain.report.circuit.drawing import GRADIENT, VALUE
from mlptrain.report.circuit.layout import layout
from mlptrain.tools.trace import parse
from mlptrain.tools.trace.trace import trace

SVG = "{http://www.w3.org/2000/svg}"
NEURON = {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}
CIRCUITS = {
    "q = x + y; f = q * z": {"x": -2, "y": 5, "z": -4},
    "1 / (1 + exp(-(w0*x0 + w1*x1 + w2)))": NEURON,
    "4*x + 2*x": {"x": 7},
    "b = a + a; c = b + b": {"a": 3},
    "x @ w": {"x": [[2, 1, -3], [-3, 4, 2]], "w": [[3, 2, 1, -1], [2, 1, 3, 2], [3, 2, 1, -2]]},
    "s = sigmoid(a*b); t = tanh(s + c); u = s*t - exp(a); u + s/(t*t + c)": {"a": 1, "b": 2, "c": -1},
    "h = max(0, x @ v + b); s = h @ w; sum(s^2)": {
        "x": [[1, 2]], "v": [[1, -2, 3], [0.5, 1, 2]], "b": [0.1, 0.2, 0.3], "w": [[1], [3], [-5]],
    },
    "2 * 3 + x": {"x": 1},
    "x": {"x": 3},
}  # fmt: skip


def drawn(expression, values, upstream=1.0):
    return ElementTree.fromstring(svg(trace(expression, values, upstream)))


def wires(root):
    """What is written at each wire: {(from, to): (above, below)}."""
    return {
        (wire.get("data-from"), wire.get("data-to")): tuple(
            " ".join("".join(part.itertext()).split()) if part is not None else None
            for part in (wire.find(f"{SVG}g[@class='value']"), wire.find(f"{SVG}g[@class='gradient']"))
        )
        for wire in root.iterfind(f".//{SVG}g[@class='wire']")
    }


def symbols(root):
    return [gate.findtext(f"{SVG}text") for gate in root.iterfind(f".//{SVG}g[@class='gate']")]


# --- what is written where ---


def test_the_first_circuit_of_the_lecture_has_its_numbers_at_its_wires():
    assert wires(drawn("q = x + y; f = q * z", {"x": -2, "y": 5, "z": -4})) == {
        ("x", "q"): ("-2", "-4"),
        ("y", "q"): ("5", "-4"),
        ("z", "f"): ("-4", "3"),
        ("q", "f"): ("q 3", "-4"),
        ("f", ""): ("f -12", "1"),
    }


def test_the_neuron_of_the_lecture_has_its_numbers_to_four_digits():
    shown = wires(drawn("sigmoid(w0*x0 + w1*x1 + w2)", NEURON))

    assert shown["w0", "multiply1"] == ("2", "-0.1966")
    assert shown["x1", "multiply2"] == ("-2", "-0.5898")
    assert shown["sigmoid5", ""] == ("0.7311", "1")


def test_each_wire_from_a_copy_gate_has_its_own_gradient():
    shown = wires(drawn("4*x + 2*x", {"x": 7}))

    assert shown["x", "copy1"] == ("7", "6")
    assert (shown["copy1", "multiply2"], shown["copy1", "multiply3"]) == (("7", "4"), ("7", "2"))


def test_the_last_wire_ends_with_the_upstream_gradient():
    assert wires(drawn("max(x, y)", {"x": 4, "y": 5}, 9)) == {
        ("x", "max1"): ("4", "0"),
        ("y", "max1"): ("5", "9"),
        ("max1", ""): ("5", "9"),
    }


def test_a_number_stands_in_its_gate_as_on_the_slides():
    root = drawn("1 / (1 + exp(-(w0*x0 + w1*x1 + w2)))", NEURON)

    assert symbols(root) == ["*", "*", "+", "+", "*-1", "exp", "+1", "1/x"]


def test_what_depends_on_numbers_only_has_no_gradient():
    assert wires(drawn("2 * 3 + x", {"x": 1}))["multiply1", "add2"] == ("6", None)


def test_a_small_matrix_is_written_out_and_a_large_one_as_its_shape():
    shown = wires(drawn("x @ w", {"x": np.ones((7, 2)), "w": [[1, 2], [3, 4]]}))

    assert shown["x", "matmul1"] == ("7 x 2", "7 x 2")
    assert shown["w", "matmul1"] == ("1 2 3 4", "7 7 7 7")


def test_a_gate_tells_its_local_gradients_when_pointed_at():
    gate = drawn("x * y", {"x": 2, "y": 3}, 5).find(f".//{SVG}g[@class='gate']")

    assert gate.findtext(f"{SVG}title").splitlines() == [
        "multiply1 value 6", "upstream 5",
        "local x 3", "downstream x 15", "local y 2", "downstream y 10",
    ]  # fmt: skip


def test_the_picture_says_in_words_what_it_shows():
    root = drawn("q = x + y; f = q * z", {"x": -2, "y": 5, "z": -4})

    assert root.findtext(f"{SVG}title") == "Circuit of q = x + y; f = q * z"
    assert "Output: -12. df/dx = -4; df/dy = -4; df/dz = 3" in root.findtext(f"{SVG}desc")


def test_text_is_escaped():
    traced = replace(trace("x + y", {"x": 1, "y": 2}), expression='</title><script>&"')

    root = ElementTree.fromstring(svg(traced))

    assert root.findtext(f"{SVG}title") == 'Circuit of </title><script>&"'
    assert root.find(f".//{SVG}script") is None


def test_the_same_circuit_gives_the_same_bytes():
    traced = trace("b = a + a; c = b + b", {"a": 3})

    assert svg(traced) == svg(traced)


@pytest.mark.parametrize("colour", [VALUE, GRADIENT])
def test_a_colour_can_be_read_on_white(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [((part + 0.055) / 1.055) ** 2.4 for part in parts]  # WCAG 2.2, relative luminance
    luminance = np.dot([0.2126, 0.7152, 0.0722], linear)

    assert 1.05 / (luminance + 0.05) > 4.5


# --- the layout ---


def inside(point, centre, box, air=0.5):
    """Whether a point lies in a rectangle, its border left aside."""
    distances = np.abs(np.subtract(point, centre)) - np.array([box.width / 2, box.height / 2])
    return bool((distances < -air).all())


def along(route):
    """Points on the curves of a route."""
    for i in range(0, len(route) - 1, 3):
        a, b, c, d = np.array(route[i : i + 4])
        for t in np.linspace(0, 1, 40):
            yield a * (1 - t) ** 3 + 3 * b * t * (1 - t) ** 2 + 3 * c * t**2 * (1 - t) + d * t**3


@pytest.mark.parametrize("expression", CIRCUITS)
def test_no_box_overlaps_another(expression):
    boxes, edges = (diagram := Diagram(trace(expression, CIRCUITS[expression]))).boxes, diagram.edges
    placed = list(zip(layout(boxes, edges).centres, boxes, strict=True))

    for (a, one), (b, other) in itertools.combinations(placed, 2):
        both = Box(one.width + other.width, one.height + other.height)
        assert not inside(a, b, both)


@pytest.mark.slow
@pytest.mark.parametrize("expression", CIRCUITS)
def test_no_wire_runs_through_a_box_that_is_not_its_own(expression):
    boxes, edges = (diagram := Diagram(trace(expression, CIRCUITS[expression]))).boxes, diagram.edges
    placed = layout(boxes, edges)

    for edge, route in zip(edges, placed.routes, strict=True):
        others = [i for i in range(len(boxes)) if i not in edge]
        for point, i in itertools.product(along(route), others):
            assert not inside(point, placed.centres[i], boxes[i]), (edge, i)


@pytest.mark.parametrize("expression", CIRCUITS)
def test_nothing_is_cut_off(expression):
    boxes, edges = (diagram := Diagram(trace(expression, CIRCUITS[expression]))).boxes, diagram.edges
    placed = layout(boxes, edges)
    corners = [
        (x + sign * box.width / 2, y + sign * box.height / 2)
        for (x, y), box in zip(placed.centres, boxes, strict=True)
        for sign in (-1, 1)
    ]

    for x, y in [*corners, *(point for route in placed.routes for point in route)]:
        assert -0.5 <= x <= placed.width + 0.5
        assert -0.5 <= y <= placed.height + 0.5


def test_what_is_read_first_stands_above_what_is_read_next():
    diagram = Diagram(trace("1 / (1 + exp(-(w0*x0 + w1*x1 + w2)))", NEURON))
    placed = layout(diagram.boxes, diagram.edges)
    heights = [placed.centres[terminal.box][1] for terminal in diagram.terminals]

    assert heights == sorted(heights)


def test_a_wire_begins_and_ends_at_its_boxes():
    boxes, edges = [Box(20, 10), Box(40, 20), Box(40, 40, is_round=True)], [(0, 1), (1, 2)]
    placed = layout(boxes, edges)
    (a, _), (b, y), (c, z) = placed.centres

    assert placed.routes[0][0][0] == pytest.approx(a + 10, abs=0.1)
    assert placed.routes[0][-1] == pytest.approx((b - 20, y), abs=0.1)
    assert np.hypot(placed.routes[1][-1][0] - c, placed.routes[1][-1][1] - z) == pytest.approx(
        20, abs=0.5
    )


def crossings(expression, values):
    """How many pairs of wires cross; those that share a box meet there anyway."""
    diagram = Diagram(trace(expression, values))
    placed = layout(diagram.boxes, diagram.edges)
    wires = [
        (edge, *np.transpose(route)) for edge, route in zip(diagram.edges, placed.routes, strict=True)
    ]
    count = 0
    for (one, x, y), (other, u, v) in itertools.combinations(wires, 2):
        left, right = max(x[0], u[0]), min(x[-1], u[-1])
        if left < right and not {*one} & {*other}:
            at = np.linspace(left, right, 200)
            count += int((np.diff(np.sign(np.interp(at, x, y) - np.interp(at, u, v))) != 0).sum())
    return count


@pytest.mark.parametrize(
    "expression",
    [
        "1 / (1 + exp(-(w0*x0 + w1*x1 + w2)))",
        "p = a + b; q = p * c; r = exp(q); t = log(r); u = t * p; v = u + a; v * q",
        "h = tanh(w1*x + b1); g = tanh(w2*x + b2); v1*h + v2*g + c",
        "x" + "+x" * 12,
    ],
)
def test_no_wires_cross_where_none_need_to(expression):
    names = {term.name: 1.0 for term in parse(expression).inputs}

    assert crossings(expression, names) == 0


def test_sifting_is_what_keeps_them_from_crossing(monkeypatch):
    monkeypatch.setattr(rows, "SIFTINGS", 0)

    expression = "p = a + b; q = p * c; r = exp(q); t = log(r); u = t * p; v = u + a; v * q"
    assert crossings(expression, {"a": 1, "b": 2, "c": 3}) == 5


# --- the command ---


def run_line(arguments):
    return CliRunner().invoke(cli, arguments, env={"COLUMNS": "80"})


def run(*arguments):
    return run_line(["trace", "x * y", "x=2", "y=3", *arguments])


def test_more_gates_than_anybody_can_read_are_refused(tmp_path):
    ended = run_line(["trace", "x" + "+x" * 300, "x=1", "--svg", str(tmp_path / "sum.svg")])

    assert ended.exit_code == 2
    assert " ".join(ended.stderr.split()) == (
        "error: --svg: 301 gates are too many to be looked at; draw at most 200, or leave --svg out"
    )


def test_the_command_writes_the_picture_and_prints_the_table(tmp_path):
    ended = run("--svg", str(tmp_path / "product.svg"))

    assert ended.exit_code == 0
    assert "multiply1" in ended.stdout
    root = ElementTree.parse(tmp_path / "product.svg").getroot()
    assert wires(root)["multiply1", ""] == ("6", "1")


def test_json_stays_one_document(tmp_path):
    assert (
        json.loads(run("--json", "--svg", str(tmp_path / "product.svg")).stdout)["expression"]
        == "x * y"
    )


def test_another_suffix_is_refused(tmp_path):
    ended = run("--svg", str(tmp_path / "product.png"))

    assert ended.exit_code == 2
    assert ended.stderr.endswith("choose a name that ends in .svg\n")
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_the_picture_that_was_there(tmp_path, monkeypatch):
    (tmp_path / "product.svg").write_text("before", encoding="utf-8")

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(StorageError, match="No space left"):
        save(trace("x * y", {"x": 2, "y": 3}), tmp_path / "product.svg")
    assert [(path.name, path.read_text("utf-8")) for path in tmp_path.iterdir()] == [
        ("product.svg", "before")
    ]
