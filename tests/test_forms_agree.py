"""Six tables and every way to a prediction: 1,000 rows have the same classes and numbers in all."""

import csv
import json
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from runs import invoke
from tables import write

from mlptrain.config.keys import keywords
from mlptrain.config.yaml import parse
from mlptrain.export.c_file import Header
from mlptrain.export.description import as_json, describe
from mlptrain.export.onnx_file import Writer, output_names
from mlptrain.export.onnx_graph import run as run_onnx
from mlptrain.export.standalone import program, reading
from mlptrain.inference.model import Model
from mlptrain.tools.first_config import first_config
from mlptrain.tools.first_config.choices import Wish

ROWS = 1000
NEAR = 1e-5
DRAWS = np.random.default_rng(7)
ROOT = Path(__file__).parent.parent


def penguins(path):
    shutil.copy(ROOT / "data" / "penguins.csv", path)


def churn(path):
    rows = []
    for number in range(600):
        spend, day = DRAWS.gamma(2, 700), date(2023, 1, 1) + timedelta(int(DRAWS.integers(700)))
        left = DRAWS.random() < 0.2 + 0.5 * (spend < 900)
        euros = f"€ {spend:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")
        rows.append(
            [
                f"C{number:05d}",
                f"${DRAWS.normal(60, 9):.2f}",
                euros if DRAWS.random() > 0.05 else "n/a",
                f"{DRAWS.integers(0, 40)}%",
                f"{day:%d/%m/%Y}",
                DRAWS.choice(["Basic", "Plus", "Pro", ""]),
                "Yes" if left else "No",
            ]
        )
    write(path, ["customer_id", "charge", "total", "discount", "since", "plan", "churned"], rows)


def prices(path):
    area, age = DRAWS.uniform(30, 200, 500), DRAWS.integers(0, 90, 500)
    price = (3000 * area - 900 * age + DRAWS.normal(0, 300, 500) * area) - 150_000
    zone = DRAWS.choice(["north", "south", "east"], 500)
    write(
        path,
        ["area", "age", "zone", "profit"],
        list(zip(area.round(1), age, zone, price.round(), strict=True)),
    )


def digits(path):
    with np.load(ROOT / "data" / "mnist5k.npz", allow_pickle=False) as arrays:
        X, y = arrays["X"].reshape(len(arrays["X"]), -1), arrays["y"]
    write(
        path, [*(f"p{j}" for j in range(X.shape[1])), "digit"], np.column_stack([X, y])[:2000].tolist()
    )


def flags(path):
    a, b = DRAWS.normal(size=(2, 500))
    loud, green = a + DRAWS.normal(0, 0.5, 500) > 0, a * b + DRAWS.normal(0, 0.5, 500) > 0
    text = [["no", "yes"][int(each)] for each in loud]
    write(path, ["a", "b", "loud", "green"], list(zip(a, b, text, green.astype(int), strict=True)))


class Case:
    """A table, what is predicted, what `init` is asked for, and what is changed in what it writes."""

    def __init__(self, table, *targets, preset="fast", **changes):
        self.table, self.targets, self.preset, self.changes = table, targets, preset, changes


INTERVALS = {"loss": {"name": "quantile", "levels": [0.05, 0.5, 0.95]}, "train.epochs": 6}
CASES = {
    "penguins": Case(penguins, "species", preset="good", **{"train.epochs": 4}),
    "churn, with dates and money": Case(churn, "churned", **{"train.epochs": 6}),
    "a regression with intervals": Case(prices, "profit", **INTERVALS),
    "MNIST-5k": Case(digits, "digit", **{"train.epochs": 1}),
    "several labels": Case(flags, "loud", "green", preset="good", **{"train.epochs": 4}),
    "an ensemble": Case(penguins, "species", preset="best", **{"train.epochs": 4, "combine": "greedy"}),
}


def changed(document, changes):
    """The config with dotted keys changed."""
    for key, value in changes.items():
        *sections, last = key.split(".")
        inner = document
        for each in sections:
            inner = inner[each]
        inner[last] = value
    return document


class Known:
    """A model, rows of its table in a file, and what `mlptrain predict` says of them."""

    def __init__(self, case, place):
        self.place, self.table, self.new = place, place / "table.csv", place / "new.csv"
        case.table(self.table)
        text = first_config(str(self.table), case.targets, Wish(preset=case.preset)).text
        self.config, self.targets = changed(parse(text, "init").data, case.changes), case.targets
        (place / "config.yaml").write_text(json.dumps(self.config))  # which is YAML, too
        self.run = place / "run"
        self.told("fit", place / "config.yaml", "--out", self.run, "--quiet")
        self.model = Model.load(self.run)
        self.made = program.unpacked(json.loads(as_json(describe(self.model))))
        with self.table.open(encoding="utf-8", newline="") as file:
            header, *lines = csv.reader(file)
        drawn = np.random.default_rng(3).integers(0, len(lines), ROWS)
        write(self.new, header, [lines[i] for i in drawn])
        self.rows = [dict(zip(header, lines[i], strict=True)) for i in drawn]
        proba = ["--proba"] if self.made["response"] in ("softmax", "sigmoid") else []
        self.names, self.labels, self.numbers = parted(self.told("predict", self.run, self.new, *proba))

    @staticmethod
    def told(*words):
        result = invoke(*words)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    def typed(self, row):
        """A row as a program has it: numbers, texts, days since 1970."""
        fields = self.made["columns"]
        plain = {each["name"]: row[each["name"]] for each in fields}
        return {
            each["name"]: plain[each["name"]]
            if each["kind"] == "text"
            else reading.number(plain[each["name"]], each)
            for each in fields
        }


def parted(text):
    """Of a file of predictions the names of the numbers, the labels of each row, and numbers (N, C)."""
    header, *lines = csv.reader(text.splitlines())
    count = sum(not name.startswith("proba_") for name in header)
    if count == len(header):
        return header, None, np.array(lines, float)
    labels = [line[:count] for line in lines]
    return header[count:], labels, np.array([line[count:] for line in lines], float)


def from_python(known):
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    frame = polars.read_csv(known.new, infer_schema_length=None)
    rows = {
        "pandas": pandas.read_csv(known.new, keep_default_na=False, na_values=[""]),
        "polars": frame,
        "dict": frame.to_dict(as_series=False),
        "file": known.new,
    }
    for name, X in rows.items():
        labels = known.model.predict(X)
        if known.labels is None:
            yield name, None, labels.reshape(ROWS, -1)
        else:
            yield name, labels.reshape(ROWS, -1), known.model.predict_proba(X)


def from_estimator(known):
    """It trains anew, with the settings of the config, on the rows of the table."""
    pytest.importorskip("sklearn")
    polars = pytest.importorskip("polars")
    from mlptrain.sklearn import NO_PARAMETERS, MLPTrainClassifier, MLPTrainRegressor

    settings = {}
    for word, path in keywords().items():
        value = known.config
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None and word not in NO_PARAMETERS and len(path) <= 2:
            settings[word] = value
    kind = MLPTrainRegressor if known.labels is None else MLPTrainClassifier
    targets, files = known.targets, (known.table, known.new)
    table, new = (polars.read_csv(each, infer_schema_length=None) for each in files)
    y, new = table.select(targets).to_numpy(), new.drop(targets)
    if len(targets) > 1:
        y = np.isin(y.astype(str), ["1", "yes"]).astype(
            int
        )  # what scikit-learn calls multilabel has 0 and 1
    estimator = kind(**settings).fit(table.drop(targets), y if len(targets) > 1 else y[:, 0])
    if known.labels is None:
        yield "estimator", None, estimator.predict(new).reshape(ROWS, -1)
    elif len(targets) > 1:
        values, found = (("no", "yes"), ("0", "1")), estimator.predict(new)
        labels = [[pair[yes] for pair, yes in zip(values, row, strict=True)] for row in found]
        yield "estimator", labels, estimator.predict_proba(new)
    else:
        order = [[f"proba_{each}" for each in estimator.classes_].index(name) for name in known.names]
        found = estimator.predict_proba(new)[:, order]
        yield "estimator", estimator.predict(new).reshape(ROWS, -1), found


def from_onnx(known):
    pytest.importorskip("onnxruntime")
    rows = [known.typed(row) for row in known.rows]
    fields = known.made["columns"]
    feed = {
        each["name"]: np.array(
            [[row[each["name"]]] for row in rows], object if each["kind"] == "text" else float
        )
        for each in fields
    }
    found, names = run_onnx(Writer(known.made).written(known.model), feed), output_names(known.made)
    if known.labels is None:
        yield "ONNX", None, found[names["variable"]]
    else:
        yield "ONNX", found[names["label"]].reshape(ROWS, -1), found[names["probabilities"]]


def from_python_file(known):
    out = known.place / "model.py"
    known.told("export", known.run, "-o", out)
    proba = [] if known.labels is None else ["--proba"]
    words = [sys.executable, "-I", str(out), str(known.new), *proba]
    ran = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120)
    yield "Python file", *parted(ran.stdout)[1:]


def from_javascript(known):
    node, out = shutil.which("node") or pytest.skip("no node"), known.place / "model.mjs"
    known.told("export", known.run, "-o", out, "--force")
    dates = [each["name"] for each in known.made["columns"] if each["kind"] == "date"]
    rows = [as_json_has(known.typed(row), dates) for row in known.rows]
    (known.place / "rows.json").write_text(json.dumps(rows))
    proba = "null" if known.labels is None else "predictProba(rows)"
    script = f"""
import {{ readFileSync }} from "node:fs";
import {{ predict, predictProba }} from "./model.mjs";
const rows = JSON.parse(readFileSync("rows.json", "utf8"));
for (const row of rows) for (const name of {json.dumps(dates)})
  if (row[name] !== null) row[name] = new Date(row[name]);
console.log(JSON.stringify([predict(rows), {proba}]));
"""
    (known.place / "ask.mjs").write_text(script)
    ran = subprocess.run(
        [node, "ask.mjs"], cwd=known.place, capture_output=True, text=True, check=True, timeout=120
    )
    named, numbers = json.loads(ran.stdout)
    if known.labels is None:
        yield "JavaScript", None, np.reshape(named, (ROWS, -1))
    else:
        yield "JavaScript", np.reshape(named, (ROWS, -1)), np.array(numbers)


def as_json_has(row, dates):
    """NaN is null, a day its milliseconds."""
    plain = {name: None if isinstance(x, float) and np.isnan(x) else x for name, x in row.items()}
    return {n: round(x * 86_400_000) if n in dates and x is not None else x for n, x in plain.items()}


READER = """
#include <stdio.h>
#include <stdlib.h>
#include "model.h"
static char line[1 << 20];
int main(void) {
    int j;
    while (fgets(line, sizeof line, stdin)) {
        double out[MODEL_OUTPUTS];
        model_row row;
        char *next = line;
        line[strcspn(line, "\\n")] = 0;
        FIELDS
        int found = model_predict(&row, out);
        printf("%d", found);
        for (j = 0; j < MODEL_OUTPUTS; j++) printf(" %.17g", out[j]);
        puts("");
    }
    return 0;
}
"""


def from_c(known):
    """Each row is a line of fields between tabs."""
    compiler = shutil.which("cc") or shutil.which("gcc") or pytest.skip("no C compiler")
    header = Header(known.made, "model")
    (known.place / "model.h").write_text("\n".join(header.lines()))
    step = ' { char *end = next + strcspn(next, "\\t"); int last = *end == 0; *end = 0; '
    fields = [
        step + f"row.{name} = {'next' if column['kind'] == 'text' else 'strtod(next, NULL)'}; "
        "next = last ? end : end + 1; }"
        for name, column in zip(header.fields, known.made["columns"], strict=True)
    ]
    (known.place / "ask.c").write_text(READER.replace("FIELDS", "\n".join(fields)))
    words = [compiler, "-std=c99", "-O1", "-Wall", "-Werror", "ask.c", "-o", "ask", "-lm"]
    subprocess.run(words, cwd=known.place, check=True, timeout=300)
    lines = ["\t".join(map(str, known.typed(row).values())) for row in known.rows]
    ran = subprocess.run(
        [known.place / "ask"],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found = np.array([line.split() for line in ran.stdout.splitlines()], float)
    assert (found[:, 0] >= 0).all()
    numbers = found[:, 1:]
    if known.labels is None:
        yield "C", None, numbers
    elif known.made["classes"]:
        yield "C", [[known.made["classes"][int(place)]] for place in found[:, 0]], numbers
    else:
        texts = known.made["texts"]
        yield "C", [[texts[k][int(p > 0.5)] for k, p in enumerate(row)] for row in numbers], numbers


FORMS = (from_python, from_estimator, from_onnx, from_python_file, from_javascript, from_c)


def name_of(label):
    """A label as the command line writes it."""
    if isinstance(label, bool | np.bool_):
        return "true" if label else "false"
    return str(label)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_every_form_predicts_the_same(case, tmp_path):
    known, seen = Known(CASES[case], tmp_path), set()
    unit = np.maximum(np.abs(known.numbers), known.numbers.std(axis=0)) if known.labels is None else 1
    for form in FORMS:
        for name, labels, numbers in form(known):
            seen.add(name)
            assert (np.abs(numbers - known.numbers) / unit).max() <= NEAR, name
            assert (labels is None) == (known.labels is None), name
            if labels is not None:
                assert [[name_of(each) for each in row] for row in labels] == known.labels, name
    assert len(seen) == 9
