"""The circuit diagram of an expression, as the lecture draws it (P57-P98): one SVG file.

Gates are circles, wires run from left to right. Above a wire stands the value that it carries,
below it the gradient that comes back along it. The last wire ends with the output above and the
upstream gradient below. Position says which is which; the two colours, which no common colour
blindness confuses, say it again.
"""

from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from mlptrain.errors import ConfigError
from mlptrain.report.circuit.boxes import Layout, Point, Route
from mlptrain.report.circuit.diagram import CLEAR, Diagram, Gate, Terminal, Wire
from mlptrain.report.circuit.layout import layout
from mlptrain.report.circuit.lettering import AIR, ASCENT, LINE, SIZE, put, width_of, write
from mlptrain.report.trace import facts, gradients
from mlptrain.storage.files import write_file
from mlptrain.tools.trace.trace import Trace

VALUE = "#00674f"
"""Okabe and Ito's bluish green, darkened: a contrast of 6.6 : 1 to the paper."""
GRADIENT = "#b23a00"
"""Their vermilion, likewise 6.1 : 1."""
INK, FAINT, PAPER, GATE = "#1a1a1a", "#5f5f5f", "#ffffff", "#eef2f8"
FONTS = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"

MARGIN = 16.0
LEGEND = 30.0
LARGEST = 200
"""Gates of a picture: nobody could read more of them."""
HINTS = (("value above the wire", VALUE), ("gradient below", GRADIENT))
MOST = 8
"""Columns of a matrix in a tooltip and in the description."""


def save(trace: Trace, file: Path) -> None:
    """Draw `trace` into a file, which holds the whole picture or what it held before.

    ConfigError for a name that does not end in .svg and for too many gates, StorageError if the file
    cannot be written.
    """
    if file.suffix.lower() != ".svg":
        raise ConfigError(f"--svg {file}: the picture is an SVG; choose a name that ends in .svg")
    gates = sum(bool(step.inputs) for step in trace.steps)
    if gates > LARGEST:
        raise ConfigError(
            f"--svg: {gates} gates are too many to be looked at; "
            f"draw at most {LARGEST}, or leave --svg out"
        )
    write_file(file, [svg(trace).encode("utf-8")])


def svg(trace: Trace) -> str:
    """The circuit diagram of `trace` as the text of an SVG document."""
    diagram = Diagram(trace)
    placed = layout(diagram.boxes, diagram.edges)
    root = frame(trace, placed)
    drawing = SubElement(root, "g", {"transform": f"translate({MARGIN:g} {MARGIN:g})"})
    routes = iter(placed.routes)
    for wire in diagram.wires:
        draw_wire(drawing, wire, placed.centres[wire.box], [next(routes) for _ in wire.edges], diagram)
    for route in routes:  # those of the constants
        draw_path(drawing, curve(route))
    for terminal in diagram.terminals:
        draw_terminal(drawing, terminal, placed.centres[terminal.box], diagram)
    for gate in diagram.gates:
        draw_gate(drawing, gate, placed.centres[gate.box], diagram)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def frame(trace: Trace, placed: Layout) -> Element:
    """White paper around the layout, what a screen reader says, the arrow head and the legend."""
    hints = sum(width_of(text, 11) for text, _ in HINTS) + 2 * MARGIN
    width = max(placed.width, hints) + 2 * MARGIN
    height = placed.height + 2 * MARGIN + LEGEND
    root = Element("svg", {
        "xmlns": "http://www.w3.org/2000/svg", "role": "img", "aria-labelledby": "title description",
        "width": f"{width:.0f}", "height": f"{height:.0f}", "viewBox": f"0 0 {width:.0f} {height:.0f}",
        "font-family": FONTS, "font-size": f"{SIZE:g}", "fill": INK,
    })  # fmt: skip
    SubElement(root, "title", {"id": "title"}).text = f"Circuit of {trace.expression}"
    SubElement(root, "desc", {"id": "description"}).text = description(trace)
    arrow = SubElement(SubElement(root, "defs"), "marker", {
        "id": "arrow", "viewBox": "0 0 8 8", "refX": "7.5", "refY": "4", "orient": "auto",
        "markerWidth": "6", "markerHeight": "6",
    })  # fmt: skip
    SubElement(arrow, "path", {"d": "M 0 0.5 L 8 4 L 0 7.5 z", "fill": FAINT})
    SubElement(root, "rect", {"width": "100%", "height": "100%", "fill": PAPER})
    left = MARGIN
    for text, colour in HINTS:
        put(root, left, height - 12, text, {"font-size": "11", "fill": colour})
        left += width_of(text, 11) + MARGIN
    return root


def description(trace: Trace) -> str:
    """The output and the gradients in words."""
    output = trace.steps[-1]
    said = "; ".join(line.strip() for line in gradients(trace, MOST))
    value = dict((what, text) for _, what, text in facts(output, MOST))["value"]
    return f"The value stands above each wire, the gradient below it. Output: {value}. {said}"


def draw_wire(
    parent: Element, wire: Wire, centre: Point, routes: list[Route], diagram: Diagram
) -> None:
    """A line through what is written along it; the arrow head is at the gate, or at the end."""
    box = diagram.boxes[wire.box]
    group = SubElement(parent, "g", {"class": "wire", "data-from": wire.source, "data-to": wire.target})
    before, *after = routes
    straight = f" H {centre[0] + box.width / 2:.1f}"
    path = curve(before) + straight + "".join(curve(route).replace("M", "L", 1) for route in after)
    draw_path(group, path)
    top = centre[1] - CLEAR - wire.value.height
    write(group, wire.value, centre[0], top, {"class": "value", "fill": VALUE, "color": VALUE})
    if wire.gradient is not None:
        style = {"class": "gradient", "fill": GRADIENT, "color": GRADIENT}
        write(group, wire.gradient, centre[0], centre[1] + CLEAR, style)


def draw_path(parent: Element, path: str) -> None:
    """A wire with its arrow head."""
    attributes = {"fill": "none", "stroke": FAINT, "stroke-width": "1.5", "marker-end": "url(#arrow)"}
    SubElement(parent, "path", {"d": path, **attributes})


def draw_terminal(parent: Element, terminal: Terminal, centre: Point, diagram: Diagram) -> None:
    """The name of an input, ending where its wire begins."""
    right = centre[0] + diagram.boxes[terminal.box].width / 2 - AIR
    foot = centre[1] - LINE / 2 + ASCENT
    put(parent, right, foot, terminal.name, {
        "class": "terminal", "text-anchor": "end", "font-style": "italic",
    })  # fmt: skip


def draw_gate(parent: Element, gate: Gate, centre: Point, diagram: Diagram) -> None:
    """A circle with its symbol; the tooltip says everything that the table of `trace` does."""
    box = diagram.boxes[gate.box]
    group = SubElement(parent, "g", {"class": "gate", "data-name": gate.step.name})
    lines = [" ".join(filter(None, fact)) for fact in facts(gate.step, MOST)]
    SubElement(group, "title").text = "\n".join(lines)
    x, y = centre
    SubElement(group, "ellipse", {
        "cx": f"{x:.1f}", "cy": f"{y:.1f}", "rx": f"{box.width / 2:.1f}", "ry": f"{box.height / 2:.1f}",
        "fill": GATE, "stroke": INK, "stroke-width": "1.5",
    })  # fmt: skip
    large = len(gate.symbol) == 1
    size = 1.5 * SIZE if large else SIZE
    drop = 0.55 if gate.symbol == "*" else 0.36  # of the size: an asterisk hangs high in its line
    put(group, x, y + drop * size, gate.symbol, {"text-anchor": "middle", "font-size": f"{size:g}"})


def curve(route: Route) -> str:
    """The path through the control points of a route.

    >>> curve(((0, 0), (1, 0), (1, 2), (2, 2)))
    'M 0.0 0.0 C 1.0 0.0 1.0 2.0 2.0 2.0'
    """
    start, *rest = (f"{x:.1f} {y:.1f}" for x, y in route)
    return f"M {start} C {' '.join(rest)}"
