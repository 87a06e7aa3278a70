"""One member of a model in C: its features, its steps, and what its scores mean."""

import string
from collections.abc import Iterator
from typing import Any

import numpy as np

from mlptrain.arrays import Array

Document = dict[str, Any]
SAFE = frozenset(string.ascii_letters + string.digits + " _-.,:/+")
PARTS = ("month", "weekday", "hour")
"""Those of a date, by their number in C."""
ACTIVATIONS = {
    "relu": "fmax({x}, 0)",
    "leaky_relu": "({x} > 0 ? {x} : {slope!r} * {x})",
    "elu": "@exponential({x}, {alpha!r}, {scale!r})",
    "selu": "@exponential({x}, {alpha!r}, {scale!r})",
    "gelu": "@gelu({x})",
    "silu": "{x} * @sigmoid({x})",
    "mish": "{x} * tanh(@softplus({x}))",
    "softplus": "@softplus({x})",
    "sigmoid": "@sigmoid({x})",
    "tanh": "tanh({x})",
    "identity": "{x}",
}


def values(array: Array) -> str:
    """The numbers of an array as C has them, every bit kept."""
    array = np.asarray(array)
    written = _single if array.dtype == np.float32 else repr
    return ", ".join(written(each) for each in array.ravel().tolist())


def _single(value: float) -> str:
    """Nine digits tell every float32 apart."""
    text = f"{value:.9g}"
    return f"{text}f" if set(text) & set(".e") else f"{text}.0f"


def literal(text: str) -> str:
    """A text as C has it, in UTF-8.

    >>> literal('a"é')
    '"a\\\\042\\\\303\\\\251"'
    """
    safe = (chr(byte) if chr(byte) in SAFE else f"\\{byte:03o}" for byte in text.encode())
    return f'"{"".join(safe)}"'


def texts(items: list[str]) -> str:
    """A list of texts, ended by NULL."""
    return f"{{{', '.join([*map(literal, items), 'NULL'])}}}"


class Network:
    """Writes one member; `fields` are the names of the columns in C."""

    def __init__(self, member: Document, document: Document, fields: list[str], place: int) -> None:
        self.member, self.document, self.fields, self.place = member, document, fields, place
        self.arrays = list[str]()

    def lines(self) -> Iterator[str]:
        """Its arrays, then the function from a row to its scores."""
        body = [*self._features(), *self._steps()]
        size = self._size
        yield from self.arrays
        yield f"static inline void @scores{self.place}(const @row *row, double *scores)"
        yield "{"
        yield f"    double a[{size}], b[{size}], *x = a, *y = b, *swap, *f = a;"
        yield "    int i;"
        yield from body
        yield "}\n"

    def _array(self, array: Array, kind: str = "double") -> str:
        name = f"@{self.place}_{len(self.arrays)}"
        self.arrays.append(f"static const {kind} {name}[] = {{{values(array)}}};")
        return name

    def _real(self, array: Array | None) -> str:
        return "NULL" if array is None else self._array(array, "@real")

    def _features(self) -> Iterator[str]:
        self._size, columns = 0, [f"row->{field}" for field in self.fields]
        if self.document["polar"]:
            x, y = columns
            columns = [f"hypot({x}, {y})", f"atan2({y}, {x})"]
        for feature in self.member["features"]:
            of_kind = self._numbers if feature["op"] == "numbers" else self._text
            yield from of_kind(feature, columns)
        cast = "(@real)" if self.document["dtype"] == "float32" else ""
        yield f"    for (i = 0; i < {self._size}; i++) a[i] = {cast}a[i];"

    def _numbers(self, feature: Document, columns: list[str]) -> Iterator[str]:
        edges, bins = "NULL", 0
        if feature["edges"] is not None:
            edges, bins = self._array(feature["edges"]), len(feature["edges"]) - 1
        for j, place in enumerate(feature["columns"]):
            kept = [float(feature[key][j]) for key in ("center", "factor", "fill")]
            scale, squash = self._array(np.array([*kept, feature["unit"]])), int(feature["squash"])
            indicator = int(feature["indicator"])
            self._size += 1 + indicator + bins + 2 * len(feature["parts"])
            how = f"{columns[place]}, {scale}, {squash}, {indicator}, {edges}, {bins}"
            yield f"    f = @number(f, {how});"
            for part in feature["parts"]:
                yield f"    f = @part(f, {PARTS.index(part)}, {columns[place]});"

    def _text(self, feature: Document, columns: list[str]) -> Iterator[str]:
        place, table, levels = feature["column"], feature["table"], len(feature["levels"])
        width = levels if table is None else table.shape[1]
        kept = "NULL" if table is None else self._array(np.asarray(table, np.float64))
        known, blanks = texts(feature["levels"]), texts(self.document["columns"][place]["blanks"])
        self._size += width
        yield f"    {{ static const char *const levels[] = {known}, *const blanks[] = {blanks};"
        yield f"      int place = @place({columns[place]}, blanks, levels);"
        yield f"      f = @text(f, place, {levels}, {feature['unseen']}, {kept}, {width}); }}"

    def _steps(self) -> Iterator[str]:
        parts, rows = 1, self._size
        for step in self.member["steps"]:
            parts, after, lines = self._step(step, parts, rows)
            yield from (f"    {line}" for line in lines)
            rows, self._size = after, max(self._size, parts * max(rows, after))
        yield f"    for (i = 0; i < {rows}; i++) scores[i] = x[i];"
        yield "    (void)y, (void)swap, (void)f;"

    def _step(self, step: Document, parts: int, rows: int) -> tuple[int, int, list[str]]:
        """How many parts and numbers there are behind a step, and its lines."""
        op, turned = step["op"], "swap = x, x = y, y = swap;"
        if op == "linear":
            return self._linear(step, parts, rows)
        if op == "combine":
            return 1, rows, [*self._combine(step["response"], parts, rows), turned]
        if op == "activation" and step["name"] == "maxout":
            return self._maxout(step["pieces"], parts, rows)
        return parts, rows, [self._in_place(step, parts, rows)]

    def _linear(self, step: Document, parts: int, rows: int) -> tuple[int, int, list[str]]:
        """Scores of each part: where W, b or s has one axis more, each part has its own."""
        arrays, width = (step["W"], step["b"], step["factor"]), step["W"].shape[-1]
        axes = zip(arrays, (2, 1, 1), strict=True)
        own = [a if a is not None and a.ndim > shared else None for a, shared in axes]
        sizes = [rows if parts > 1 else 0, *(0 if a is None else a[0].size for a in own)]
        parts = max([parts, *(len(a) for a in own if a is not None)])
        apart, given = ", ".join(map(str, sizes)), ", ".join(map(self._real, arrays))
        call = f"@linear(x, y, {parts}, {rows}, {width}, {given}, apart);"
        line = f"{{ static const size_t apart[] = {{{apart}}}; {call} }}"
        return parts, width, [line, "swap = x, x = y, y = swap;"]

    @staticmethod
    def _combine(response: str, parts: int, rows: int) -> Iterator[str]:
        """In the response, as the ensemble of `network.combined`."""
        if response == "softmax":
            yield f"for (i = 0; i < {parts}; i++) @log_softmax(x + i * {rows}, {rows});"
        if response == "sigmoid":
            yield f"for (i = 0; i < {parts * rows}; i++)"
            yield "    y[i] = -@softplus(-x[i]), x[i] = -@softplus(x[i]);"
            yield from (f"@combine({s}, {s}, {parts}, {rows}, 1, NULL);" for s in "xy")
            yield f"for (i = 0; i < {rows}; i++) y[i] -= x[i];"
        else:
            logs = int(response in ("softmax", "exp"))
            yield f"@combine(x, y, {parts}, {rows}, {logs}, NULL);"

    def _in_place(self, step: Document, parts: int, rows: int) -> str:
        op, every = step["op"], f"for (i = 0; i < {parts * rows}; i++)"
        if op == "divide":
            return f"{every} x[i] *= {step['factor']!r};"
        if op == "activation":
            return f"{every} x[i] = {ACTIVATIONS[step['name']].format(x='x[i]', **step)};"
        keys = ("mean", "factor", "shift") if op == "norm" else ("gamma", "beta")
        arrays = ", ".join(self._real(step[key]) for key in keys)
        eps = f", {step['eps']!r}" if op == "layer_norm" else ""
        return f"@{op}(x, {parts}, {rows}, {arrays}{eps});"

    def _maxout(self, pieces: int, parts: int, rows: int) -> tuple[int, int, list[str]]:
        count = parts * rows // pieces
        first = f"for (i = 0; i < {count}; i++) y[i] = x[i * {pieces}];"
        rest = f"for (i = 0; i < {parts * rows}; i++) y[i / {pieces}] = fmax(y[i / {pieces}], x[i]);"
        return parts, rows // pieces, [first, rest, "swap = x, x = y, y = swap;"]

    def answer(self, scores: str, width: int) -> Iterator[str]:
        """What is averaged over the members, instead of the scores."""
        response, loop = self.document["response"], f"    for (j = 0; j < {width}; j++)"
        if response == "softmax":
            yield from self._log_probabilities(scores, width)
        elif response == "sigmoid":
            yield f"{loop} {scores}[j] = 1 / (1 + exp(-{scores}[j]));"
        elif response != "scores":
            levels = self.document["per_target"]
            if response == "exp":
                yield f"{loop} {scores}[j] = exp({scores}[j]);"
            if response == "sorted":
                yield f"    for (j = 0; j < {width}; j += {levels}) @sort({scores} + j, {levels});"
            yield from self._decode(scores, loop)

    def _log_probabilities(self, scores: str, width: int) -> Iterator[str]:
        weights = values(np.broadcast_to(np.asarray(self.member["log_weights"], np.float64), width))
        calibration = self.member["calibration"]
        temperature = 1.0 if calibration is None else calibration["temperature"]
        unknown = 0.0 if calibration is None else 1 / (calibration["rows"] + 1)
        yield f"    {{ static const double w[] = {{{weights}}};"
        yield f"      @log_probabilities({scores}, {width}, w, {temperature!r}, {unknown!r}); }}"

    def _decode(self, scores: str, loop: str) -> Iterator[str]:
        decode = self.member["decode"]
        names = [key for key in ("mean", "std", "low", "high") if decode[key] is not None]
        arrays = ", ".join(f"{key}[] = {{{values(decode[key])}}}" for key in names)
        yield f"    {{ static const double {arrays};"
        yield f"  {loop} {scores}[j] = {scores}[j] * std[j] + mean[j];"
        if decode["log"] is not None:
            function = "exp" if decode["log"] == "log" else "expm1"
            yield f"  {loop} {scores}[j] = {function}({scores}[j]);"
        if decode["low"] is not None:
            yield f"  {loop} {scores}[j] = fmin(fmax({scores}[j], low[j]), high[j]);"
        yield "    }"
