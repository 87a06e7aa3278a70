"""New rows with values that training did not have: what predict and eval --data can be told to do."""

import json
from pathlib import Path

import polars as pl
import pytest
from runs import faults, invoke, write_config
from tables import column, write

from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.readers.tables import pieces
from mlptrain.errors import CheckpointError
from mlptrain.inference import predict as predict_module
from mlptrain.inference.model import Model
from mlptrain.storage.archive import read_archive, write_archive

HEADER = ["age", "city", "vip", "joined", "y"]
CITIES = ["Oslo", "Bergen", "Roma", "Oslo"]
AGES = [20 + 2 * i for i in range(20)] * 2
ROWS = [
    [
        age,
        CITIES[i % 4],
        ["true", "false"][i // 2 % 2],
        f"2021-05-{i % 28 + 1:02}",
        ["no", "yes"][i % 2],
    ]
    for i, age in enumerate(AGES)
]
NEW = [
    ["30", "Paris", "true", "2021-05-05"],
    ["", "Oslo", "false", "2021-05-06"],
    ["58", "", "true", "2021-05-07"],
    ["1000", "Paris", "false", "2021-05-08"],
    ["40", "Rome", "true", "2021-05-09"],
]
MENDED = [
    ["30", "Oslo", "true", "2021-05-05"],
    ["39", "Oslo", "false", "2021-05-06"],
    ["58", "", "true", "2021-05-07"],
    ["58", "Oslo", "false", "2021-05-08"],
    ["40", "Oslo", "true", "2021-05-09"],
]
"""NEW with the most frequent city, the mean age and the highest age of training."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("policies")
    table = write(folder / "t.csv", HEADER, ROWS)
    data = {"train": str(table), "target": "y", "val": None, "test": None, "dates": "number"}
    settings = {"data": data, "model": {"hidden": [4]}, "train": {"epochs": 2}}
    config = write_config(folder / "c.yaml", settings)
    assert invoke("fit", config, "--out", folder / "run", "--quiet").exit_code == 0
    return folder / "run"


def new(tmp_path: Path, rows: list[list[str]], name: str = "new.csv") -> Path:
    return write(tmp_path / name, HEADER[:4], rows)


def changed(row: list[str], place: int, text: str) -> list[list[str]]:
    return [[*row[:place], text, *row[place + 1 :]]]


def test_a_file_is_predicted_under_the_policies_of_the_command(run, tmp_path, monkeypatch):
    given, mended = new(tmp_path, NEW), new(tmp_path, MENDED, "mended.csv")
    policies = ["--unseen", "mode", "--missing", "mean", "--out-of-range", "clip"]
    whole = invoke("predict", run, given, "--proba", *policies)
    assert whole.exit_code == 0, whole.stderr
    notes = whole.stderr.splitlines()
    assert notes == [
        "note: blanks filled in 2 columns: age (1), city (1)",
        "note: 3 unseen values of city treated as 'Oslo', the most frequent: 'Paris' (2), 'Rome' (1)",
        "note: 1 of 5 rows lies outside the range of training, by up to 25 ranges above 58 (age); "
        "clipped to the range",
    ]
    by_hand = invoke("predict", run, mended, "--proba", "--missing", "mean")
    assert by_hand.stdout == whole.stdout
    monkeypatch.setattr(predict_module, "ENTRIES", 1)
    monkeypatch.setattr(predict_module, "BATCH", 2)
    monkeypatch.setattr(pieces, "PIECE", 64)
    monkeypatch.setattr(pieces, "PER_COLUMN", 1)
    streamed = invoke("predict", run, given, "--proba", *policies)
    assert streamed.stderr == whole.stderr
    close = [pytest.approx(float(cell), rel=1e-5) for cell in _cells(whole.stdout)]
    assert [float(cell) for cell in _cells(streamed.stdout)] == close


def _cells(text: str) -> list[str]:
    return [cell for line in text.splitlines()[1:] for cell in line.split(",")[1:]]


def test_eval_takes_the_same_policies_and_only_for_a_file(run, tmp_path):
    labelled = write(tmp_path / "l.csv", HEADER, [[*row, "yes"] for row in NEW])
    mended = write(tmp_path / "m.csv", HEADER, [[*row, "yes"] for row in MENDED])
    policies = ["--unseen", "mode", "--missing", "mean", "--out-of-range", "clip"]
    one = json.loads(invoke("eval", run, "--data", labelled, "--json", *policies).stdout)
    other = json.loads(invoke("eval", run, "--data", mended, "--json", "--missing", "mean").stdout)
    assert (one["rows"], one["loss"]) == (5, other["loss"])
    assert "are for --data" in faults(invoke("eval", run, "--unseen", "zeros"))[0]


@pytest.mark.parametrize(
    ("place", "text", "message", "way_out"),
    [
        (1, "Paris", "'Paris' is not among the categories", ["--unseen", "zeros"]),
        (1, "", "an empty field is a missing value", ["--missing", "mean"]),
        (0, "", "an empty field is a missing value", ["--missing", "mean"]),
    ],
)
def test_the_advice_of_a_refusal_works(run, tmp_path, place, text, message, way_out):
    given = new(tmp_path, changed([*NEW[0][:1], "Oslo", *NEW[0][2:]], place, text))
    told = faults(invoke("predict", run, given))
    assert message in told[0]
    assert " ".join(way_out) in told[-1]
    assert invoke("predict", run, given, *way_out).exit_code == 0


def test_a_policy_that_the_model_cannot_follow_is_refused_with_one_that_it_can(run, tmp_path):
    given = new(tmp_path, NEW)
    told = faults(invoke("predict", run, given, "--missing", "median"))
    assert told == [
        "--missing median: a model trained with `missing: error` knows the mean of each column: "
        "write --missing mean"
    ]
    arrays, document = read_archive(run / "best.npz")
    for each in document["preprocessing"]["columns"]:
        each.pop("mode", None)
    write_archive(tmp_path / "old.npz", arrays, document)
    told = faults(invoke("predict", tmp_path / "old.npz", given, "--unseen", "mode"))
    assert "write --unseen zeros" in told[0]
    assert invoke(
        "predict", tmp_path / "old.npz", given, "--unseen", "zeros", "--missing", "mean"
    ).stdout


def test_values_are_refused_as_what_the_column_holds(run, tmp_path):
    row = ["30", "Oslo", "true", "2021-05-05"]
    cases = {
        (2, "yes"): "new.csv:2: vip: 'yes' is not true or false, as in training",
        (2, "2"): "new.csv:2: vip: '2' is not 1 or 0, and training had true and false",
        (3, "05.05.2021"): "new.csv:2: joined: '05.05.2021' is not a date",
        (3, "soon"): "new.csv:2: joined: 'soon' is not a date",
        (0, "old"): "new.csv:2: age: 'old' is not a number",
    }
    for (place, text), message in cases.items():
        told = faults(invoke("predict", run, new(tmp_path, changed(row, place, text))))
        assert told[0].endswith(message), told


def test_one_and_zero_are_true_and_false(run, tmp_path):
    row, other = ["30", "Oslo", "true", "2021-05-05"], ["31", "Roma", "false", "2021-05-05"]
    words = invoke("predict", run, new(tmp_path, [row, other]), "--proba").stdout
    digits = [changed(row, 2, "1")[0], changed(other, 2, "0")[0]]
    assert invoke("predict", run, new(tmp_path, digits), "--proba").stdout == words


def test_parquet_holds_what_csv_holds(run, tmp_path):
    given = new(tmp_path, MENDED[:2] * 3)
    for name in ("out.csv", "out.parquet"):
        done = invoke("predict", run, given, "--proba", "--keep", "city", "-o", tmp_path / name)
        assert done.exit_code == 0, done.stderr
    frame = pl.read_parquet(tmp_path / "out.parquet")
    assert frame.schema == {
        "city": pl.String,
        "y": pl.String,
        "proba_no": pl.Float64,
        "proba_yes": pl.Float64,
    }
    for name in frame.columns:
        assert list(map(str, frame[name])) == column(tmp_path / "out.csv", name)


def test_a_mode_that_is_no_level_is_no_checkpoint_of_ours(run):
    document = Model.load(run).preprocessing.to_json()
    document["columns"][1]["mode"] = "Paris"
    with pytest.raises(CheckpointError, match=r"columns\[1\]"):
        Preprocessing.from_json(document)
