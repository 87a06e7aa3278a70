"""An export does with blanks, new categories and odd numbers what predict does, and says so."""

import csv
import json
import math
import shutil
import subprocess
from datetime import UTC, datetime

import numpy as np
import pytest
from exported import CASES, trained

from mlptrain.errors import DataError
from mlptrain.export import c_file, javascript_file
from mlptrain.export.card import model_card
from mlptrain.export.description import as_json, describe
from mlptrain.export.onnx_file import NUMBERS, PROBABILITIES, Writer, output_names
from mlptrain.export.onnx_graph import run
from mlptrain.export.policies import policies_of
from mlptrain.export.python_file import text_of
from mlptrain.export.standalone import program, reading

LENIENT = {"data.categorical": {"missing": "zeros", "unseen": "mode", "binary": "signed"}}
MODELS = {
    "filled in, the most frequent": LENIENT,
    "refused": CASES["hinge, refused blanks of text"],
    "folds, kept in range": CASES["folds of numbers"],
}
ODD = {
    "number": (None, 1e9, -1e9, math.inf, -math.inf, -999.0),
    "boolean": (None, True, 1.0, 2.0, math.inf),
    "date": (None, datetime(1903, 2, 28, 23, 59, tzinfo=UTC), datetime(2400, 2, 29, tzinfo=UTC)),
    "text": (None, "", "of no training row"),
}


@pytest.fixture(scope="module", params=MODELS)
def given(request, tmp_path_factory):
    """A model, its document, and rows that differ from a plain one in one odd value each."""
    directory = tmp_path_factory.mktemp("policies")
    model = trained(directory, **MODELS[request.param])
    made = program.unpacked(json.loads(as_json(describe(model))))
    with (directory / "houses.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    plain = next(row for row in table if all(row.values()) and row["level"] != "-999")
    row = {field["name"]: typed(plain[field["name"]], field) for field in made["columns"]}
    odd = [row | {field["name"]: value} for field in made["columns"] for value in ODD[field["kind"]]]
    return model, made, [row, *odd]


def typed(text, field):
    """The value of a cell as a program has it."""
    if field["kind"] == "text":
        return text
    number = reading.text_number(text, field)
    if field["kind"] == "boolean":
        return bool(number)
    return datetime.fromtimestamp(number * 86400, UTC) if field["kind"] == "date" else number


def answers_of(predict, rows):
    """(N, C) what each row alone gives, NaN where it is refused."""
    found = []
    for row in rows:
        try:
            found.append(np.ravel(predict(row)))
        except (DataError, reading.Refused):
            found.append(None)
    width = max(len(each) for each in found if each is not None)
    return np.array([np.full(width, np.nan) if each is None else each for each in found])


@pytest.fixture(scope="module")
def ours(given):
    """What mlptrain itself predicts."""
    model, made, rows = given
    what = model.predict_proba if made["response"] == "softmax" else model.predict
    what = model.scores if made["response"] == "scores" else what
    found = answers_of(lambda row: what({name: [value] for name, value in row.items()}), rows)
    refused = np.isnan(found).any(axis=1)
    assert 0 < refused.sum() < len(rows)
    return found


def as_number(value):
    """A value as ONNX and C have it."""
    if isinstance(value, datetime):
        return reading.days(value)
    return math.nan if value is None else float(value)


def same(found, ours):
    assert np.array_equal(np.isnan(found), np.isnan(ours))
    assert found == pytest.approx(ours, rel=1e-5, abs=1e-5, nan_ok=True)


@pytest.mark.slow
def test_the_python_file_refuses_and_takes_what_predict_does(given, ours):
    _, made, rows = given
    same(answers_of(lambda row: program.answers_for([row], made)[1], rows), ours)


@pytest.mark.slow
def test_onnx_has_no_answer_where_predict_refuses(given, ours):
    pytest.importorskip("onnxruntime")
    model, made, rows = given
    feed = {}
    for field in made["columns"]:
        values = [row[field["name"]] for row in rows]
        is_text = field["kind"] == "text"
        column = [v or "" for v in values] if is_text else [as_number(v) for v in values]
        feed[field["name"]] = np.array(column, object if is_text else np.float64)[:, None]
    names = output_names(made)
    data = Writer(describe(model)).written(model)
    same(run(data, feed)[names[PROBABILITIES if made["classes"] else NUMBERS]], ours)


@pytest.mark.slow
def test_the_javascript_module_refuses_and_takes_what_predict_does(given, ours, tmp_path):
    node = shutil.which("node") or pytest.skip("no node")
    model, made, rows = given
    out = tmp_path / "model.mjs"
    text = javascript_file.javascript_file(model, out)[0].decode()
    dates = [field["name"] for field in made["columns"] if field["kind"] == "date"]
    as_text = [
        {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in row.items()
        }
        for row in rows
    ]
    script = f"""
const given = {json.dumps(as_text)};
for (const row of given) for (const name of {dates}) if (row[name]) row[name] = new Date(row[name]);
const answer = (row) => {{ try {{ return answersOf(row, 0)[1]; }} catch {{ return null; }} }};
console.log(JSON.stringify(given.map(answer)));
"""
    out.write_text(text.partition("\nif (typeof process")[0] + script, "utf-8")
    ran = subprocess.run([node, out], capture_output=True, text=True, check=True, timeout=60)
    width = ours.shape[1]
    found = [[np.nan] * width if each is None else each for each in json.loads(ran.stdout)]
    same(np.array(found), ours)


@pytest.mark.slow
def test_the_c_header_refuses_and_takes_what_predict_does(given, ours, tmp_path):
    compiler = shutil.which("cc") or pytest.skip("no C compiler")
    model, made, rows = given
    header = c_file.Header(describe(model), "m")
    (tmp_path / "m.h").write_text("\n".join(header.lines()))
    cells = []
    for row in rows:
        values = [row[field["name"]] for field in made["columns"]]
        of_texts = [field["kind"] == "text" for field in made["columns"]]
        pairs = zip(values, of_texts, strict=True)
        written = [in_c(value, is_text=is_text) for value, is_text in pairs]
        cells.append(f"{{{', '.join(written)}}}")
    width = ours.shape[1]
    (tmp_path / "m.c").write_text(f"""
#include "m.h"
#include <stdio.h>
int main(void) {{
    static const m_row rows[] = {{{", ".join(cells)}}};
    double out[{width}]; int i, j;
    for (i = 0; i < {len(rows)}; i++) {{
        int refused = m_predict(&rows[i], out) < 0;
        for (j = 0; j < {width}; j++) printf("%.17g ", refused ? NAN : out[j]);
    }}
    return 0;
}}
""")
    binary = tmp_path / "m"
    words = [compiler, "-std=c99", "-Wall", "-Werror", tmp_path / "m.c", "-o", binary, "-lm"]
    subprocess.run(words, check=True, timeout=60)
    ran = subprocess.run([binary], capture_output=True, text=True, check=True, timeout=60)
    same(np.array(ran.stdout.split(), float).reshape(-1, width), ours)


def in_c(value, *, is_text):
    """A value as an initializer."""
    if is_text:
        return "NULL" if value is None else c_file.literal(value)
    number = as_number(value)
    if math.isfinite(number):
        return repr(number)
    return "NAN" if math.isnan(number) else f"{'-' if number < 0 else ''}INFINITY"


SAID = {
    "filled in, the most frequent": [
        "A missing number is filled in, with the median of the training rows.",
        "An infinite number is refused.",
        "A number outside the range of training is taken as it is; the farther out, the less",
        "A missing category is treated as 0 in sex.",
        "A missing category is treated as none in zone, zip.",
        "A missing category is treated as none, row 0 of its embedding in colour.",
        "A missing category is treated as the mean of the target in street.",
        "A new category counts as the most frequent one.",
    ],
    "refused": [
        "A missing number is refused.",
        "An infinite number is refused.",
        "A number outside the range of training is taken as it is.",
        "A missing category is refused.",
        "A new category is refused.",
    ],
    "folds, kept in range": [
        "What is predicted stays within the range of the training rows.",
    ],
}


def test_every_form_and_the_card_say_what_the_model_does(given, request, tmp_path):
    model, made, _ = given
    said = SAID[request.node.callspec.params["given"]]
    found = policies_of(model)
    assert len(said) in (1, len(found))
    assert all(any(each.startswith(one) for each in found) for one in said)
    card = model_card(model, describe(model))
    python = text_of(describe(model), "m")
    js = javascript_file.javascript_file(model, tmp_path / "m.mjs")[0].decode()
    header = c_file.c_file(model, tmp_path / "m.h")[0].decode()
    for each in made["policies"]:
        for text in (card, python, js, header):
            assert each in text
