"""A model exported as Python or ONNX predicts what the model predicts, or is refused by name."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from exported import CASES, config, trained, write_table
from helpers import changed
from runs import faults, invoke

from mlptrain.config.candidates import Combine
from mlptrain.data.durations import Duration
from mlptrain.data.preprocessing.columns import (
    KINDS,
    Category,
    DateParts,
    Embedded,
    Number,
    Signed,
    TargetEncoded,
)
from mlptrain.data.preprocessing.columns.date_parts import CYCLES, turn
from mlptrain.data.preprocessing.flag_target import FlagTarget
from mlptrain.data.preprocessing.number_target import NumberTarget
from mlptrain.data.settings import (
    CategoryEncoding,
    CategoryPolicy,
    Dates,
    MissingPolicy,
    NumberEncoding,
    Scale,
    ScaleTarget,
    UnseenPolicy,
)
from mlptrain.data.written import SINCE, Negative, Thousands, Written
from mlptrain.errors import ConfigError
from mlptrain.export import c_file, features, javascript_file, onnx_dates, steps
from mlptrain.export.description import RESPONSES, as_json, describe
from mlptrain.export.export import FORMS, advice_for
from mlptrain.export.onnx_file import onnx_file
from mlptrain.export.onnx_graph import Onnx, run
from mlptrain.export.onnx_network import Steps
from mlptrain.export.probe import TOLERANCE, agreement, agreement_of_python, expected, probe_of
from mlptrain.export.standalone import network, program, reading
from mlptrain.inference.model import Model
from mlptrain.metrics.calibration import Calibration
from mlptrain.metrics.decision import Threshold
from mlptrain.nn import layers
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.network import Network, perceptron
from mlptrain.program import fit


def kept(model):
    """The document as it stands in a file."""
    return program.unpacked(json.loads(as_json(describe(model))))


def test_every_kind_of_column_layer_activation_and_loss_has_an_export():
    concrete = {
        kind
        for kind in vars(layers).values()
        if isinstance(kind, type) and issubclass(kind, layers.Layer) and not kind.__abstractmethods__
    }
    assert concrete == set(steps.LAYERS)
    assert set(KINDS.values()) == {*features.TABLES, *features.OTHERS}
    assert set(ACTIVATIONS) == set(steps.KNOWN)
    assert set(LOSSES) == set(RESPONSES)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_standalone_activation_is_ours(name, rng):
    node, x = ACTIVATIONS[name](), rng.normal(0, 4, (50, 6))
    x[0, 0] = 0.0
    ours = np.empty(node.shape(x.shape))
    node.forward((x,), ours, [np.zeros(b.shape, b.dtype or float) for b in node.saved(x.shape)])
    options = steps.OPTIONS.get(type(node), lambda node: {})(node)
    assert np.array_equal(network.activated({"name": name, **options}, x), ours)


@pytest.mark.parametrize("hidden", [(), (6,)], ids=["no hidden layer", "a hidden layer"])
@pytest.mark.parametrize("members", [0, 3])
@pytest.mark.parametrize("loss", RESPONSES)
def test_the_steps_of_a_network_are_the_network(loss, members, hidden, rng):
    options = {"levels": (0.1, 0.5, 0.9)} if loss == "quantile" else {}
    architecture = perceptron(
        5, 3, hidden, [ACTIVATIONS["relu"]()] * len(hidden), input_scale=True, ntk=True, members=members
    )
    ours = Network(architecture, LOSSES[loss](**options))
    ours.parameters.values[...] = rng.normal(size=len(ours.parameters.values))
    X = rng.normal(size=(50, 5)).astype(np.float32)
    found = network.scores_of(steps.steps_of(ours, RESPONSES[loss]), X)
    assert np.array_equal(found, ours.scores([X]))


def test_what_no_export_knows_is_refused_by_name(strict, monkeypatch):
    model, *_ = strict
    monkeypatch.setattr(steps, "KNOWN", ("tanh",))
    with pytest.raises(ConfigError, match="the activation ReLU cannot be exported"):
        describe(model)
    monkeypatch.delitem(steps.LAYERS, layers.Dense)
    with pytest.raises(ConfigError, match="the layer Dense cannot be exported"):
        describe(model)
    monkeypatch.delitem(features.TABLES, KINDS["target"])
    with pytest.raises(ConfigError, match=r"the column 'street' \(TargetEncoded\) cannot be exported"):
        describe(model)


CHOICES = {
    "scale": (get_args(Scale), {"robust"}),  # the older name of smooth_clip
    "dates": (get_args(Dates), ()),
    "number encoding": (get_args(NumberEncoding), ()),
    "category encoding": (get_args(CategoryEncoding), ()),
    "missing": (get_args(MissingPolicy), {"error"}),  # as "drop": such a row is refused
    "missing category": (get_args(CategoryPolicy), ()),
    "unseen": (get_args(UnseenPolicy), ()),
    "scale of the target": (get_args(ScaleTarget), {"standard"}),  # the default
    "loss": (LOSSES, ()),
    "norm": (("batch", "layer"), ()),
    "combine": (get_args(Combine), {"choose"}),
}
"""What a config may choose that changes what a model predicts, and what no case needs to have."""


def values_of(document):
    """All values of a config, however deep."""
    for value in document.values() if isinstance(document, dict) else document:
        yield from values_of(value) if isinstance(value, dict | list) else [value]


@pytest.mark.parametrize("what", CHOICES)
def test_every_choice_is_in_a_model_that_is_exported(what):
    found = {str(value) for case in CASES.values() for value in values_of(changed(config("t"), case))}
    known, left_out = CHOICES[what]
    assert {*known} - {*left_out} <= found


def test_whatever_a_model_keeps_is_known_to_the_exports():
    """A new field changes what is predicted: write it into the document, and read it in every form."""
    number = "name kind center factor squash fill indicator low high unit edges"
    category = "name levels unseen missing mode"
    known = {
        Number: number,
        DateParts: f"{number} parts",
        Category: category,
        Signed: category,
        TargetEncoded: f"{category} answers prior means",
        Embedded: f"{category} width",
        Written: "missing present decimal thousands unit negative date duration",
        NumberTarget: "columns mean std amounts log low high",
        FlagTarget: "columns values",
        Calibration: "temperature rows",
        Threshold: "positive value",
    }
    assert set(KINDS.values()) <= set(known)
    for kind, names in known.items():
        assert [each.name for each in fields(kind)] == names.split(), kind


NUMBERS = [
    Written(decimal=point, thousands=mark, unit=unit, negative=negative)
    for point in (None, ",")
    for mark in (None, *get_args(Thousands))
    for unit in (None, "€", "kg", "$")
    for negative in (None, *get_args(Negative))
]
DATES = [
    *(Written(date=form) for form in ("%d.%m.%Y", "%B %d, %Y %I:%M %p", "%Y-%m-%dT%H:%M:%S%z", *SINCE)),
    *(Written(date=form) for form in ("%d.%m.%y", "%H:%M", "%I:%M:%S %p")),
    *(Written(date=form) for form in ("%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S,%f")),
]
DURATIONS = [
    Written(duration=form, decimal=point) for form in get_args(Duration) for point in (None, ",")
]
LENGTHS = [
    *("1:23:45.1", "-36:10:00", "25:10,4", "- 0:15", "59:10", "2 days 03:04:05", "1h30", "1,1 h 5 min"),
    *("−2H 0.333333333m", "-PT1H0.7S", "P1DT", "1w 2d", "0.1s", "9999999:00:00.000000001"),
]


def notations():
    """Each notation as the document has it, with texts and the numbers that they are."""
    for written in [
        each for each in (*NUMBERS, *DATES, *DURATIONS) if each.is_declared and not each.faults()
    ]:
        field = {"name": "x", "blanks": [], "gone": [], "written": features._written(written)}
        texts = [written.example, f"{written.example}x", "1234.5", "-1", "12,5"]
        texts += LENGTHS if written.duration else ["13:45:10.25", "2026-01-31 10:00:00,1234567"]
        yield field | {"kind": "date" if written.date else "number"}, written, texts


def test_the_standalone_program_reads_every_notation():
    for field, written, texts in notations():
        assert written.number(texts[0].partition(", ")[0] if written.duration else texts[0]) is not None
        for text in texts:
            assert reading.text_number(text, field) == written.number(text), (written, text)


@pytest.mark.slow
def test_the_javascript_module_reads_every_notation_of_numbers(tmp_path):
    node = shutil.which("node") or pytest.skip("no node")
    asked = [each for each in notations() if not each[1].date or each[1].date in SINCE]
    source = (Path(javascript_file.__file__).parent / "standalone" / "model.mjs").read_text("utf-8")
    given = json.dumps([(field, texts) for field, _, texts in asked])
    script = (
        f"const asked = {given};"
        + """
const read = (text, field) => { try { return numberOf(text, field, 0); } catch { return null; } };
console.log(JSON.stringify(asked.map(([field, texts]) => texts.map((text) => read(text, field)))));
"""
    )
    (tmp_path / "m.mjs").write_text(source.partition("\nif (typeof process")[0] + script)
    ran = subprocess.run([node, tmp_path / "m.mjs"], capture_output=True, text=True, check=True)
    expected = [[written.number(text) for text in texts] for _, written, texts in asked]
    assert json.loads(ran.stdout) == expected


DAYS = np.array([*np.arange(-719162.0, 2932896.0, 3779.3), -719162.0, 2932896.99, 59.0, 60.0, -0.25])
"""From the year 1 to 9999."""


@pytest.mark.parametrize("part", CYCLES)
def test_the_standalone_part_of_a_date_is_ours(part):
    assert np.array_equal(reading.turn(part, DAYS), turn(part, DAYS))


@pytest.mark.slow
@pytest.mark.parametrize("part", CYCLES)
def test_a_part_of_a_date_is_arithmetic_in_onnx(part):
    pytest.importorskip("onnxruntime")
    days = np.append(DAYS, np.nan)[:, None]
    graph = Onnx()
    x = graph.input("x", text=False)
    waves = onnx_dates.waves(graph, part, x, graph.add("IsNaN", x))
    graph.output("y", graph.concat(waves), "DOUBLE", ["N", 2])
    angle = 2 * np.pi * turn(part, DAYS)
    expected = np.stack([np.append(np.sin(angle), 0), np.append(np.cos(angle), 0)], axis=1)
    assert run(graph.model({}, ""), {"x": days})["y"] == pytest.approx(expected, abs=1e-12)


def test_an_exported_python_file_prints_what_predict_prints(tmp_path):
    model, new = trained(tmp_path), write_table(tmp_path / "new.csv", 90, seed=5)
    out = tmp_path / "model.py"
    told = invoke("export", tmp_path / "run", "-o", out)
    assert "1,000 rows compared: largest difference 0.0e+00" in told.stdout
    expected = invoke("predict", tmp_path / "run", new, "--proba").stdout
    alone = [sys.executable, "-I", str(out), str(new), "--proba"]
    ran = subprocess.run(alone, cwd="/", capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout == expected
    assert "mlptrain" not in {
        line.split()[1] for line in out.read_text().splitlines() if "import " in line[:7]
    }
    card = (tmp_path / "MODEL_CARD.md").read_text()
    assert "one of 3: high, low, mid" in card
    assert "| `built` | date | 2010-" in card
    assert re.search(
        r"On 32 validation rows, with 95 % .*\n\n\| figure \| value \| interval \|\n", card
    )
    assert "| rows | said | right | interval |" in card
    assert "Rows: train 128, validation 32." in card
    rows = list(csv.DictReader(io.StringIO(new.read_text())))
    assert program.predict(rows, made=kept(model)).tolist() == [
        line.split(",")[0] for line in expected.splitlines()[1:]
    ]
    (said,) = faults(invoke("export", tmp_path / "run", "-o", out))
    assert said.startswith(f"{out}: already exists; ")


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_the_python_file_predicts_as_the_model(case, tmp_path):
    model = trained(tmp_path, **CASES[case])
    found = agreement_of_python(model, kept(model))
    assert found.rows == 1000
    assert found.difference < 1e-12
    assert found.other == 0


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_onnxruntime_predicts_as_the_model(case, tmp_path):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    _, found = onnx_file(trained(tmp_path, **CASES[case]), tmp_path / "model.onnx")
    assert found.rows == 1000
    assert found.difference <= TOLERANCE == 1e-5
    assert found.other == 0


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_the_javascript_module_predicts_as_the_model(case, tmp_path, monkeypatch):
    node = shutil.which("node") or pytest.skip("no node")
    monkeypatch.setattr(javascript_file, "TESTED", 1000)
    model, out = trained(tmp_path, **CASES[case]), tmp_path / "model.mjs"
    out.write_bytes(javascript_file.javascript_file(model, out)[0])
    ran = subprocess.run([node, out], capture_output=True, text=True, check=True, timeout=60)
    told = re.fullmatch(r"1000 rows: largest difference (\S+)\n", ran.stdout)
    assert float(told[1]) <= 1e-5
    text = (tmp_path / "houses.csv").read_text(encoding="utf-8")
    made = kept(model)
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["level"] != "-999"][:40]
    rows = [row for row in rows if all(row.values()) or not made["required"]]
    dated = [row | {"signed": as_iso(row["signed"])} for row in rows]
    script = f"import {{predict}} from {json.dumps(out.as_uri())};"
    script += f"const rows = {json.dumps(dated)};"
    script += "for (const row of rows) if (row.signed) row.signed = new Date(row.signed);"
    script += "console.log(JSON.stringify(predict(rows)))"
    asked = [node, "--input-type=module", "-e", script]
    ran = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60)
    named = program.table(rows_as_columns(rows), proba=False, decide=False, made=made)
    expected = [list(row) if len(row) > 1 else row[0] for row in zip(*named.values(), strict=True)]
    found, given = np.array(json.loads(ran.stdout)), np.array(expected)
    same = np.isclose(found, given, rtol=1e-5) if given.dtype.kind == "f" else found == given
    assert same.all()


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_the_c_header_predicts_as_the_model(case, tmp_path, monkeypatch):
    compiler = shutil.which("cc") or shutil.which("gcc") or pytest.skip("no C compiler")
    monkeypatch.setattr(c_file, "TESTED", 1000)
    model, out = trained(tmp_path, **CASES[case]), tmp_path / "houses.h"
    out.write_bytes(c_file.c_file(model, out)[0])
    strict = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-DHOUSES_SELF_TEST"]
    binary = tmp_path / "test"
    if other := shutil.which("c++"):  # nor does a compiler of C++ object
        words = [other, "-std=c++17", *strict, "-fsyntax-only", "-x", "c++", out]
        assert subprocess.run(words, timeout=60, check=False).returncode == 0
    words = [compiler, "-std=c99", *strict, "-x", "c", out, "-o", binary, "-lm"]
    assert subprocess.run(words, timeout=60, check=False).returncode == 0
    ran = subprocess.run([binary], capture_output=True, text=True, check=False, timeout=60)
    told = re.fullmatch(r"1000 rows: largest difference (\S+)\n", ran.stdout)
    assert float(told[1]) <= 1e-5
    assert ran.returncode == 0


def as_iso(text):
    """2024-12-31T14:15Z of 31.12.2024 14:15."""
    return text and f"{text[6:10]}-{text[3:5]}-{text[:2]}T{text[11:]}Z"


def rows_as_columns(rows):
    return {name: [row[name] for row in rows] for name in rows[0]}


@pytest.mark.slow
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_written_in_operators_of_onnx(name, rng):
    pytest.importorskip("onnxruntime")
    node, x = ACTIVATIONS[name](), rng.normal(0, 4, (50, 6))
    step = {"op": "activation", "name": name, **steps.OPTIONS.get(type(node), lambda node: {})(node)}
    graph = Onnx()
    columns = [graph.input(f"x{j}", text=False) for j in range(6)]
    y = Steps(graph, "float64").scores([step], graph.concat(columns))
    graph.output("y", y, "DOUBLE", ["N", node.shape(x.shape)[1]])
    found = run(graph.model({}, ""), {f"x{j}": x[:, j : j + 1] for j in range(6)})["y"]
    assert found == pytest.approx(network.activated(step, x), abs=1e-12)


@pytest.mark.slow
def test_onnx_has_no_answer_for_what_the_model_refuses(strict, tmp_path):
    pytest.importorskip("onnxruntime")
    model, made, table = strict
    data, found = onnx_file(model, tmp_path / "model.onnx")
    assert found.holds
    rows = [dict(row) for row in table[:3]]
    rows[1]["zone"] = "z9"
    fields = {field["name"]: field for field in made["columns"]}
    feed = {
        name: np.array([[row[name]] for row in rows], object)
        if field["kind"] == "text"
        else reading.numbers([row[name] for row in rows], field)[:, None]
        for name, field in fields.items()
    }
    answers = run(data, feed)
    assert np.isnan(answers["probabilities"]).all(axis=1).tolist() == [False, True, False]
    expected = program.predict([rows[0], rows[2]], made=made).tolist()
    assert answers["label"].tolist() == [expected[0], "", expected[1]]


@pytest.mark.slow
@pytest.mark.parametrize("shipped", ["digits", "penguins", "auto-mpg", "rings-polar"])
def test_the_shipped_configs_predict_as_the_model(shipped, tmp_path):
    model = Model.load(fit(f"configs/{shipped}.yaml", set={"train.epochs": 3}, out=tmp_path / "r").best)
    assert agreement_of_python(model, kept(model)).difference < 1e-12
    pytest.importorskip("onnxruntime")
    assert onnx_file(model, tmp_path / "model.onnx")[1].holds


def test_a_number_near_zero_is_measured_by_the_spread_of_all():
    """Of 1,000 numbers of a spread of 50,000 some are near 0, where float32 has no five digits."""
    draws = np.random.default_rng(0)
    X = draws.normal(size=(400, 2))
    model = fit(X, 50_000 * X[:, 0] * X[:, 1], loss="mse", hidden=[16], epochs=20, seed=1)
    columns = probe_of(model.preprocessing)
    _, ours = expected(model, columns)
    near, rounding = np.abs(ours).min(), 2e-7 * ours.std()
    assert near < 1000 < ours.std()
    assert agreement(model, columns, None, ours + rounding).difference == pytest.approx(2e-7, rel=0.01)
    assert not agreement(model, columns, None, ours + 2e-5 * np.abs(ours).max()).holds
    assert agreement(model, columns, None, ours * (1 + 2e-5)).difference == pytest.approx(2e-5)


def test_a_difference_of_unscaled_columns_has_a_remedy():
    X = np.random.default_rng(0).normal(50_000, 9_000, size=(60, 2))
    for scale, said in {"none": "set model.dtype: float64", "standard": "report this"}.items():
        model = fit(X, X[:, 0], loss="mse", hidden=[4], epochs=1, scale=scale, seed=1)
        assert said in advice_for(model)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("area", "wide", "row 2: area: 'wide' is no number"),
        ("area", "1e999", "row 2: area: '1e999' is not finite"),
        ("area", "9007199254740993", "row 2: area: '9007199254740993' is no number"),
        ("pool", "maybe", "row 2: pool: 'maybe' is no boolean"),
        ("built", "2024-02-30", "row 2: built: '2024-02-30' is no date"),
        ("income", "1,234.50", "row 2: income: '1,234.50' is no number"),
        ("zone", "z9", "row 2: zone: 'z9' is no known category"),
    ],
)
def test_the_python_file_refuses_what_predict_refuses(column, value, said, strict):
    _, made, table = strict
    rows = [dict(row) for row in table[:3]]
    assert program.predict(rows, made=made).shape == (3,)
    rows[1][column] = value
    with pytest.raises(reading.Refused, match="^" + said.replace("(", r"\(")):
        program.predict(rows, made=made)


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A model that refuses new categories, its document, and rows of its table."""
    directory = tmp_path_factory.mktemp("strict")
    model = trained(directory, **{"data.categorical.unseen": "error"})
    with (directory / "houses.csv").open(encoding="utf-8") as file:
        return model, kept(model), list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("1970-01-02", 1.0),
        ("1970/01/02", 1.0),
        ("1970-01-01 06:00", 0.25),
        ("1970-01-01T06:00:00.5Z", 0.25 + 0.5 / 86400),
        ("1970-01-01T06:00:00+06:00", 0.0),
        ("1969-12-31", -1.0),
        ("1970-13-01", None),
        ("01.02.1970", None),
    ],
)
def test_dates_are_days_since_1970(text, days):
    assert reading.date_number(text) == (None if days is None else pytest.approx(days, abs=1e-12))


def test_a_file_of_another_name_is_refused(tmp_path):
    fit(changed(config(write_table(tmp_path / "t.csv")), {"train.epochs": 1}), out=tmp_path / "run")
    for name, said in {
        "model.exe": "the suffix says no form",
        "my-model.py": "Python imports no file of this name",
    }.items():
        assert said in faults(invoke("export", tmp_path / "run", "-o", tmp_path / name))[0]
    assert (
        "ends in .onnx"
        in faults(invoke("export", tmp_path / "run", "-o", tmp_path / "m.py", "--to", "onnx"))[0]
    )
    assert set(FORMS) >= {"onnx", "python"}
