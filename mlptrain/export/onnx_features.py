"""Columns as inputs of ONNX, and the features that become of them, in float64."""

import math
from typing import Any

import numpy as np

from mlptrain.arrays import Array
from mlptrain.export.onnx_dates import waves
from mlptrain.export.onnx_graph import Onnx

Document = dict[str, Any]


def columns_of(graph: Onnx, document: Document) -> list[str]:
    """One input (N, 1) for each column: text as strings, all else as numbers, NaN where missing."""
    fields = document["columns"]
    inputs = [graph.input(each["name"], text=each["kind"] == "text") for each in fields]
    read = [_read(graph, *each) for each in zip(inputs, fields, strict=True)]
    return polar(graph, *read) if document["polar"] else read


def _read(graph: Onnx, x: str, field: Document) -> str:
    """The numbers of a column, NaN in place of those that stand for a missing value."""
    if field["kind"] != "text":
        for number in field["gone"]:
            is_gone = graph.add("Equal", x, graph.constant(number))
            x = graph.add("Where", is_gone, graph.constant(np.nan), x)
    return x


def polar(graph: Onnx, x: str, y: str) -> list[str]:
    """Distance and angle."""
    add, of = graph.add, graph.constant
    r = add("Sqrt", add("Add", add("Mul", x, x), add("Mul", y, y)))
    # atan2(y, x) = 2 atan(y / (r + x)); at the negative x axis pi, at the origin 0
    half = graph.cast(add("Atan", graph.cast(add("Div", y, add("Add", r, x)), np.float32)), np.float64)
    on_axis = add("Equal", add("Add", r, x), of(0.0))
    edge = add("Where", add("Equal", r, of(0.0)), of(0.0), of(math.pi))
    return [r, add("Where", on_axis, edge, add("Mul", half, of(2.0)))]


def features_of(graph: Onnx, member: Document, columns: list[str], document: Document) -> str:
    """(N, D) what the first layer of a member reads, in the type of the network."""
    parts = []
    for feature in member["features"]:
        if feature["op"] == "numbers":
            parts += _numbers(graph, feature, columns, fills=not document["required"])
        else:
            blanks = document["columns"][feature["column"]]["blanks"]
            parts.append(_text(graph, feature, columns[feature["column"]], blanks))
    return graph.cast(graph.concat(parts), document["dtype"])


def _numbers(graph: Onnx, feature: Document, columns: list[str], *, fills: bool) -> list[str]:
    add, of = graph.add, graph.constant
    x = graph.concat([columns[place] for place in feature["columns"]])
    missing = add("IsNaN", x)
    if fills:
        x = add("Where", missing, of(feature["fill"]), x)
    z = x
    if feature["unit"]:
        inside = add("Add", add("Div", add("Abs", x), of(feature["unit"])), of(1.0))
        z = add("Mul", add("Sign", x), add("Log", inside))
    z = add("Mul", add("Sub", z, of(feature["center"])), of(feature["factor"]))
    if feature["squash"]:
        third = add("Div", z, of(3.0))
        z = add("Div", z, add("Sqrt", add("Add", add("Mul", third, third), of(1.0))))
    parts = [z]
    if feature["indicator"]:
        parts.append(graph.cast(missing, np.float64))
    if feature["edges"] is not None:
        ends = feature["edges"]
        ramps = add("Div", add("Sub", x, of(ends[:-1])), of(np.diff(ends)))
        parts.append(add("Min", add("Max", ramps, of(0.0)), of(1.0)))
    for part in feature["parts"]:
        parts += waves(graph, part, x, missing)
    return parts


def _text(graph: Onnx, feature: Document, column: str, blanks: list[str]) -> str:
    """(N, K) the row of a table: of each level, of what is none, of what is missing."""
    levels, none = feature["levels"], len(feature["levels"])
    table: Array = np.eye(none + 1, none) if feature["table"] is None else feature["table"]
    rows = np.concatenate([table, table[[feature["unseen"]]]])
    return _rows(graph, column, places_of(levels, blanks, blank=none), none + 1, rows)


def places_of(levels: list[str], blanks: list[str], *, blank: int) -> dict[str, int]:
    """The row of each text that is known."""
    return {**dict.fromkeys(blanks, blank), "": blank, **{text: i for i, text in enumerate(levels)}}


def _rows(graph: Onnx, column: str, places: dict[str, int], default: int, rows: Array) -> str:
    flat = graph.add("Reshape", column, graph.constant([-1], np.int64))
    return graph.add("Gather", graph.constant(rows), graph.lookup(flat, places, default), axis=0)


def refusals(graph: Onnx, columns: list[str], document: Document) -> list[str]:
    """(N, 1) each, 0 or NaN: for a value that mlptrain refuses there is no answer."""
    found = _of_numbers(graph, columns, document)
    for known in document["known"]:
        levels, blanks = known["levels"], document["columns"][known["column"]]["blanks"]
        answer = {True: np.nan, False: 0.0}
        ends = [[answer[known["missing"]]], [answer[known["unseen"]]]]
        rows = np.concatenate([np.zeros((len(levels), 1)), ends])
        places = places_of(levels, blanks, blank=len(levels))
        found.append(_rows(graph, columns[known["column"]], places, len(levels) + 1, rows))
    return found


def _of_numbers(graph: Onnx, columns: list[str], document: Document) -> list[str]:
    """NaN for an infinite number, and for a truth value that is neither; a missing one is none."""
    found, add, of = list[str](), graph.add, graph.constant
    kinds = ["number", "number"] if document["polar"] else [f["kind"] for f in document["columns"]]
    for of_kind in (("number", "date"), ("boolean",)):
        chosen = [x for x, kind in zip(columns, kinds, strict=True) if kind in of_kind]
        if chosen:
            x = graph.concat(chosen)
            x = add("Where", add("IsNaN", x), of(0.0), x)
            if of_kind == ("boolean",):
                x = add("Where", add("Equal", x, add("Mul", x, x)), x, of(np.nan))
            odd = add("Sub", x, x)  # NaN where x is infinite, else 0
            found.append(add("ReduceSum", odd, of([1], np.int64), keepdims=1))
    return found
