"""A model as one C99 header: a struct for a row, a function that predicts it, no memory allocated."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mlptrain.arrays import Array
from mlptrain.errors import ConfigError
from mlptrain.export.c_names import KEYWORDS, comment, identifiers
from mlptrain.export.c_network import Network, literal, texts, values
from mlptrain.export.description import Document, describe
from mlptrain.export.javascript_file import TESTED
from mlptrain.export.probe import Agreement, expected, probe_of, units_of
from mlptrain.inference.model import Model


def c_file(model: Model, out: Path) -> tuple[bytes, Agreement | None]:
    """The file. It is compared by its own self-test: nothing here runs a compiler."""
    if not re.fullmatch(r"[A-Za-z]\w*", out.stem, re.ASCII) or out.stem in KEYWORDS:
        raise ConfigError(f"-o {out}: its name begins the names of C; use letters, digits and _")
    columns = probe_of(model.preprocessing)
    _, found = expected(model, columns)
    tested = {name: each[:TESTED] for name, each in columns.items()}
    header = Header(describe(model), out.stem)
    units = units_of(model, found)[:TESTED]
    lines = [*header.lines(), *header.self_test(tested, found[:TESTED], units)]
    return ("\n".join(lines) + "\n").encode(), None


class Header:
    """Writes one document; every name begins with that of the file."""

    def __init__(self, document: Document, name: str) -> None:
        self.document, self.name = document, name
        own = {f"{name.upper()}_{each}" for each in ("H", "SELF_TEST")}  # macros
        self.fields = identifiers([each["name"] for each in document["columns"]], own)
        self.width = len(document["classes"] or document["names"])
        self.networks = [
            Network(member, document, self.fields, place)
            for place, member in enumerate(document["members"])
        ]

    def lines(self) -> Iterator[str]:
        """The header up to its self-test."""
        guard = f"{self.name.upper()}_H"
        what = comment(", ".join(self.document["names"]))
        yield f"/* Predicts {what}: a model trained by mlptrain."
        yield ""
        yield f"   #include this file, fill a {self.name}_row, and call {self.name}_predict."
        yield "   Missing are NAN and NULL; true and false are 1 and 0, a date is the days since"
        yield "   1970-01-01. A row that is refused gives -1."
        yield from (f"   {comment(each)}" for each in self.document["policies"])
        yield "   Its self-test:"
        yield f"   cc -std=c99 -D{self.name.upper()}_SELF_TEST -x c FILE -lm && ./a.out */"
        yield f"#ifndef {guard}"
        yield f"#define {guard}"
        yield from ("#include <math.h>", "#include <stddef.h>", "#include <string.h>", "")
        real = "float" if self.document["dtype"] == "float32" else "double"
        yield f"typedef {real} {self.name}_real;"
        yield from self._row()
        yield from self._names()
        common = Path(__file__).with_name("standalone") / "model.h"
        yield common.read_text(encoding="utf-8").replace("MODEL_", f"{self.name}_")
        for network in self.networks:
            yield from map(self._own, network.lines())
        yield from map(self._own, self._predict())
        yield "#endif"

    def _own(self, text: str) -> str:
        """With the name of the file for each @, which no name of a column and no text in C has."""
        return text.replace("@", f"{self.name}_")

    def _row(self) -> Iterator[str]:
        yield "typedef struct {"
        for field, column in zip(self.fields, self.document["columns"], strict=True):
            kind = "const char *" if column["kind"] == "text" else "double "
            what = "seconds" if (column["written"] or {}).get("weights") else column["kind"]
            yield f"    {kind}{field}; /* {comment(column['name'])}: {what} */"
        yield f"}} {self.name}_row;\n"

    def _names(self) -> Iterator[str]:
        """How many numbers come out, and what they are."""
        yield f"enum {{ {self.name.upper()}_OUTPUTS = {self.width} }};"
        names = self.document["classes"] or self.document["names"]
        what = "classes" if self.document["classes"] else "targets"
        yield f"/* The {what} in the order of the outputs. */"
        yield f"static inline const char *{self.name}_name(int output)"
        yield "{"
        yield f"    static const char *const names[] = {{{', '.join(map(literal, names))}}};"
        yield f'    return output < 0 || output >= {self.width} ? "" : names[output];'
        yield "}\n"

    def _predict(self) -> Iterator[str]:
        """The function that people call."""
        classes, response = self.document["classes"], self.document["response"]
        what = (
            "probabilities"
            if response in ("softmax", "sigmoid")
            else "scores"
            if classes
            else "numbers"
        )
        returned = "the class" if classes else "0"
        yield f"/* Writes the {what}. Returns {returned}, or -1 for a row that the model refuses. */"
        yield f"static inline int @predict(const @row *given, double out[{self.width}])"
        yield "{"
        count = len(self.networks)
        yield "    @row read = *given, *row = &read;"
        yield f"    double each[{count * self.width}], named[{self.width}];"
        yield "    int j, best = 0;"
        yield from self._with_blanks()
        yield from self._refusals()
        for place in range(count):
            yield f"    @scores{place}(row, each + {place * self.width});"
        yield f"    for (j = 0; j < {self.width}; j++) named[j] = each[j];"
        logs = int(response == "softmax")
        for place, network in enumerate(self.networks):
            yield from network.answer(f"(each + {place * self.width})", self.width)
        weights = np.array([member["weight"] for member in self.document["members"]])
        yield f"    {{ static const double shares[] = {{{values(weights / weights.sum())}}};"
        yield f"      @combine(each, out, {count}, {self.width}, {logs}, shares); }}"
        yield from self._named(count)
        yield f"    for (j = 0; j < {self.width}; j++)"
        yield "        if (!isfinite(out[j]) || !isfinite(named[j])) return -1;"
        if classes:
            yield f"    for (j = 1; j < {self.width}; j++)"
            yield "        if (named[j] > named[best]) best = j;"
        yield "    return best;"
        yield "}\n"
        yield from self._decide()

    def _named(self, count: int) -> Iterator[str]:
        """What names the class: raw scores of one network, else the average with its class weights."""
        if self.document["response"] != "softmax":
            yield f"    for (j = 0; j < {self.width}; j++) named[j] = out[j];"
            return
        if count > 1:
            weights = values(np.broadcast_to(self.networks[0].member["log_weights"], self.width))
            yield f"    {{ static const double w[] = {{{weights}}};"
            yield f"      for (j = 0; j < {self.width}; j++) named[j] = out[j] + w[j]; }}"
        yield f"    for (j = 0; j < {self.width}; j++) out[j] = exp(out[j]);"

    def _refusals(self) -> Iterator[str]:
        for known in self.document["known"]:
            column = self.document["columns"][known["column"]]
            levels, blanks = texts(known["levels"]), texts(column["blanks"])
            yield f"    {{ static const char *const levels[] = {levels}, *const blanks[] = {blanks};"
            yield f"      int place = @place(row->{self.fields[known['column']]}, blanks, levels);"
            refused = [
                f"place == {code}" for code, key in ((-1, "missing"), (-2, "unseen")) if known[key]
            ]
            yield f"      if ({' || '.join(refused)}) return -1; }}"
        for field, column in zip(self.fields, self.document["columns"], strict=True):
            if column["kind"] != "text":
                missing = f"isnan(row->{field}) || " if self.document["required"] else ""
                yield f"    if ({missing}isinf(row->{field})) return -1;"
            if column["kind"] == "boolean":
                x = f"row->{field}"
                yield f"    if ({x} != 0 && {x} != 1 && !isnan({x})) return -1;"

    def _with_blanks(self) -> Iterator[str]:
        """NAN instead of the numbers that stand for a missing value."""
        columns = zip(self.fields, self.document["columns"], strict=True)
        numbers = [(field, each["gone"]) for field, each in columns if each["kind"] != "text"]
        for field, gone in numbers:
            if gone:
                is_gone = " || ".join(f"read.{field} == {each!r}" for each in gone)
                yield f"    if ({is_gone}) read.{field} = NAN;"

    def _decide(self) -> Iterator[str]:
        threshold = self.document["threshold"]
        if threshold is None:
            return
        positive = threshold["positive"]
        yield "/* The class by the threshold of the model, from what @predict wrote. */"
        yield f"static inline int @decide(const double out[{self.width}])"
        yield f"{{ return out[{positive}] > {threshold['value']!r} ? {positive} : {1 - positive}; }}\n"

    def self_test(self, columns: dict[str, Array], found: Array, units: Array) -> Iterator[str]:
        """A program that compares rows with what mlptrain predicted for them."""
        yield f"\n#ifdef {self.name.upper()}_SELF_TEST"
        yield "#include <stdio.h>"
        yield "int main(void)\n{"
        yield f"    static const {self.name}_row rows[] = {{"
        for row in range(len(found)):
            cells = (self._cell(columns[each["name"]][row].item()) for each in self.document["columns"])
            yield f"        {{{', '.join(cells)}}},"
        yield "    };"
        yield f"    static const double found[] = {{{values(found)}}};"
        yield f"    static const double units[] = {{{values(units)}}};"
        yield f"    double out[{self.width}], largest = 0;"
        yield f"    int i, j, refused = 0;\n    for (i = 0; i < {len(found)}; i++) {{"
        yield f"        refused += {self.name}_predict(&rows[i], out) < 0;"
        yield f"        for (j = 0; j < {self.width}; j++) {{"
        yield f"            int k = i * {self.width} + j;"
        yield "            largest = fmax(largest, fabs(out[j] - found[k]) / units[k]);"
        yield "        }\n    }"
        yield f'    printf("{len(found)} rows: largest difference %.1e\\n", largest);'
        yield "    return refused || !(largest <= 1e-5);\n}\n#endif"

    @staticmethod
    def _cell(value: Any) -> str:
        if isinstance(value, str):
            return literal(value)
        return "NAN" if math.isnan(value) else repr(float(value))
