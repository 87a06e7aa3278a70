"""A model as ONNX: raw columns in, classes and probabilities or numbers out.

Numbers are float64 at both ends, because a date or an amount may have more digits than float32 keeps;
the network itself computes in its own type.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from mlptrain.arrays import Array
from mlptrain.export.description import Document, describe
from mlptrain.export.onnx_features import columns_of, features_of, refusals
from mlptrain.export.onnx_graph import Onnx, run
from mlptrain.export.onnx_network import Steps, mean_of_logs
from mlptrain.export.probe import Agreement, Columns, agreement, probe_of
from mlptrain.inference.model import Model

LABEL, DECIDED, PROBABILITIES, NUMBERS = "label", "decided", "probabilities", "variable"


def onnx_file(model: Model, out: Path) -> tuple[bytes, Agreement]:
    """The file, and how onnxruntime agrees with our predictions by it."""
    document = describe(model)
    data = Writer(document).written(model)
    columns = probe_of(model.preprocessing)
    return data, agreement(model, columns, *answers_of(data, columns, document))


def answers_of(data: bytes, columns: Columns, document: Document) -> tuple[Array | None, Array]:
    """The places of the classes, where there are any, and the numbers."""
    feed = {
        name: (x.astype(object) if x.dtype.kind == "U" else x.astype(np.float64))[:, None]
        for name, x in columns.items()
    }
    found = run(data, feed)
    names = output_names(document)
    if document["classes"] is None:
        return None, found[names[PROBABILITIES if document["values"] else NUMBERS]]
    places = {name: place for place, name in enumerate(document["classes"])}
    labels = [places.get(x, 0) for x in found[names[LABEL]]]  # "" beside numbers that are NaN
    return np.array(labels), found[names[PROBABILITIES]]


def output_names(document: Document) -> dict[str, str]:
    """The names of the outputs, with a _ behind one that a column has."""
    columns = {each["name"] for each in document["columns"]}
    names = {}
    for name in (LABEL, DECIDED, PROBABILITIES, NUMBERS):
        names[name] = name
        while names[name] in columns:
            names[name] += "_"
    return names


class Writer:
    """Builds the graph of one document."""

    def __init__(self, document: Document) -> None:
        self.graph, self.document = Onnx(), document
        self.add, self.of = self.graph.add, self.graph.constant

    def written(self, model: Model) -> bytes:
        """The whole model."""
        graph, document = self.graph, self.document
        columns = columns_of(graph, document)
        steps = Steps(graph, document["dtype"])
        each = []
        for member in document["members"]:
            X = features_of(graph, member, columns, document)
            scores = graph.cast(steps.scores(member["steps"], X), np.float64)
            each.append((member, scores))
        self.refused = refusals(graph, columns, document)
        made = {"softmax": self._classes, "scores": self._margins}
        made.get(document["response"], self._numbers)(each)
        about = {
            "mlptrain_version": document["mlptrain"],
            "targets": json.dumps(document["names"]),
            "classes": json.dumps(document["classes"]),
            "threshold": json.dumps(document["threshold"]),
            "fingerprint": json.dumps(dict(model.checkpoint["fingerprint"])),
        }
        what = f"Predicts {', '.join(document['names'])}. A row that is refused has NaN."
        return graph.model(about, "\n".join([what, *document["policies"]]))

    def _loud(self, x: str) -> str:
        """NaN where the model refuses a row."""
        for refused in self.refused:
            x = self.add("Add", x, refused)
        return x

    def _classes(self, each: list[tuple[Document, str]]) -> None:
        first = each[0][0]
        if len(each) == 1:
            scores = self._loud(each[0][1])
            p = self._probabilities(first, scores)
        else:
            logs = [self._log_probabilities(member, scores) for member, scores in each]
            mean = self._loud(mean_of_logs(self.graph, self._stacked(logs), self._shares()))
            p = self.add("Softmax", mean, axis=-1)
            scores = self.add("Add", mean, self.of(first["log_weights"]))
        self._label(scores)
        names = output_names(self.document)
        self.graph.output(names[PROBABILITIES], p, "DOUBLE", ["N", len(self.document["classes"])])
        if self.document["threshold"] is not None:
            self._decided(p, names[DECIDED])

    def _probabilities(self, member: Document, scores: str) -> str:
        plain, calibration = self._plain(member, scores), member["calibration"]
        if calibration is None:
            return self.add("Softmax", plain, axis=-1)
        p = self.add("Softmax", self.add("Div", plain, self.of(calibration["temperature"])), axis=-1)
        unknown = 1 / (calibration["rows"] + 1)
        p = self.add("Mul", p, self.of(1 - unknown))
        return self.add("Add", p, self.of(unknown / len(self.document["classes"])))

    def _log_probabilities(self, member: Document, scores: str) -> str:
        """Of those that are calibrated none is 0; of others the logarithm is formed without them."""
        if member["calibration"] is not None:
            return self.add("Log", self._probabilities(member, scores))
        return self.add("LogSoftmax", self._plain(member, scores), axis=-1)

    def _plain(self, member: Document, scores: str) -> str:
        """Scores without the weights of the classes."""
        return self.add("Sub", scores, self.of(member["log_weights"]))

    def _stacked(self, parts: list[str]) -> str:
        """(k, N, C)."""
        axis = self.of([0], np.int64)
        return self.graph.concat([self.add("Unsqueeze", part, axis) for part in parts], axis=0)

    def _label(self, scores: str) -> None:
        """The class with the highest score, "" where there is no answer."""
        place = self.add("ArgMax", scores, axis=1, keepdims=0)
        total = self.add("ReduceSum", scores, self.of([1], np.int64), keepdims=0)
        place = self.add("Where", self.add("IsNaN", total), self.of(-1, np.int64), place)
        label = self.graph.named(place, self.document["classes"])
        self.graph.output(output_names(self.document)[LABEL], label, "STRING", ["N"])

    def _decided(self, p: str, name: str) -> None:
        threshold = self.document["threshold"]
        positive, value = threshold["positive"], threshold["value"]
        column = self.add("Gather", p, self.of(positive, np.int64), axis=1)
        called = self.add("Greater", column, self.of(value))
        both = self.of(positive, np.int64), self.of(1 - positive, np.int64)
        place = self.add("Where", called, *both)
        place = self.add("Where", self.add("IsNaN", column), self.of(-1, np.int64), place)
        self.graph.output(name, self.graph.named(place, self.document["classes"]), "STRING", ["N"])

    def _margins(self, each: list[tuple[Document, str]]) -> None:
        scores = self._mean([scores for _, scores in each])
        self._label(scores)
        width = len(self.document["classes"])
        name = output_names(self.document)[PROBABILITIES]
        self.graph.output(name, scores, "DOUBLE", ["N", width])

    def _mean(self, parts: list[str]) -> str:
        if len(parts) == 1:
            return self._loud(parts[0])
        weighted = self.add("Mul", self._stacked(parts), self.of(self._shares()))
        return self._loud(self.add("ReduceSum", weighted, self.of([0], np.int64), keepdims=0))

    def _shares(self) -> Array:
        """(k, 1, 1) how much each member counts."""
        weights = np.array([each["weight"] for each in self.document["members"]])
        return (weights / weights.sum())[:, None, None]

    def _numbers(self, each: list[tuple[Document, str]]) -> None:
        y, names = self._mean([self._in_own_unit(*one) for one in each]), output_names(self.document)
        width = len(self.document["names"])
        if self.document["values"] is None:
            self.graph.output(names[NUMBERS], y, "DOUBLE", ["N", width])
            return
        self.graph.output(names[PROBABILITIES], y, "DOUBLE", ["N", width])
        called = self.graph.cast(self.add("Greater", y, self.of(0.5)), np.int64)
        called = self.add("Where", self.add("IsNaN", y), self.of(-1, np.int64), called)
        texts = []
        for k, pair in enumerate(self.document["texts"]):
            column = self.add("Gather", called, self.of([k], np.int64), axis=1)
            texts.append(self.graph.named(column, pair))
        self.graph.output(names[LABEL], self.graph.concat(texts), "STRING", ["N", width])

    def _in_own_unit(self, member: dict[str, Any], scores: str) -> str:
        add, of, response = self.add, self.of, self.document["response"]
        if response == "sigmoid":
            return add("Sigmoid", scores)
        if response == "exp":
            scores = add("Exp", scores)
        elif response == "sorted":
            scores = self._sorted(scores)
        decode = member["decode"]
        y = add("Add", add("Mul", scores, of(decode["std"])), of(decode["mean"]))
        if decode["log"] is not None:
            y = add("Exp", y)
            y = y if decode["log"] == "log" else add("Sub", y, of(1.0))
        if decode["low"] is None:
            return y
        return add("Min", add("Max", y, of(decode["low"])), of(decode["high"]))

    def _sorted(self, scores: str) -> str:
        """Each target's levels in rising order."""
        levels, width = self.document["per_target"], len(self.document["names"])
        shape = self.of([-1, width // levels, levels], np.int64)
        by_level = self.add("Reshape", scores, shape)
        name = f"/{len(self.graph.nodes)}"
        node = self.graph.library.helper.make_node(
            "TopK", [by_level, self.of([levels], np.int64)], [name, f"{name}i"], largest=0, sorted=1
        )
        self.graph.nodes.append(node)
        return self.add("Reshape", name, self.of([-1, width], np.int64))
