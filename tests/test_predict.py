"""Prediction: one row out for each row in, whatever order the columns have and wherever it goes."""

import io
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from runs import command, faults, invoke, surroundings
from tables import write

import mlptrain
from mlptrain.data.chunks import iterate_features
from mlptrain.errors import DataError
from mlptrain.inference.predict import predict
from mlptrain.report import prediction

ROWS = [
    [i, ["blue", "red"][i % 3 > 0], (i * 37 % 11) / 10, (i * 17 % 7) / 3, ["no", "yes"][i % 2], i / 4]
    for i in range(60)
]
HEADER = ["id", "colour", "u", "v", "answer", "price"]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("table") / "rows.csv", HEADER, ROWS)


def fitted(table: Path, **changes: object) -> Path:
    """The run directory of a small model."""
    data = {"train": table, "target": "answer", "ignore": ["id", "price"], "val": 0, "test": 0}
    config = {"data": data, "model": {"hidden": [6]}, "train": {"epochs": 2}}
    name = "-".join(map(str, changes)) or "plain"
    settings = {key.replace("__", "."): value for key, value in changes.items()}
    return mlptrain.fit(config, set=settings, out=table.parent / name, force=True).directory.path


@pytest.fixture(scope="module")
def run(table: Path) -> Path:
    return fitted(table)


@pytest.fixture(scope="module")
def regression(table: Path) -> Path:
    return fitted(table, data__target="price", data__ignore=["id", "answer"], loss="mse")


def output(*arguments: object) -> list[str]:
    result = invoke("predict", *arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout.splitlines()


def test_there_is_one_row_for_each_row_under_the_name_of_the_target(run, table):
    lines = output(run, table)
    assert lines[0] == "answer"
    assert len(lines) == 61
    assert set(lines[1:]) <= {"yes", "no"}


def test_the_classes_are_those_of_the_python_model(run, table, tmp_path):
    rows = [[i % 7, i % 5, "pq"[i % 2]] for i in range(40)]
    numbers = write(tmp_path / "n.csv", ["a", "b", "y"], rows)
    trained = mlptrain.fit(
        {"data": {"train": numbers, "target": "y"}, "train": {"epochs": 2}}, out=tmp_path / "run"
    )
    X = np.array([[i % 7, i % 5] for i in range(40)])

    assert output(trained.best, numbers)[1:] == mlptrain.load(trained.best).predict(X).tolist()


def test_shuffled_columns_change_nothing(run, table, tmp_path):
    order = [4, 2, 5, 0, 3, 1]
    shuffled = write(
        tmp_path / "s.csv", [HEADER[i] for i in order], [[row[i] for i in order] for row in ROWS]
    )
    assert output(run, shuffled, "--proba") == output(run, table, "--proba")


def test_the_target_need_not_be_there(run, table, tmp_path):
    bare = write(tmp_path / "b.csv", HEADER[1:4], [row[1:4] for row in ROWS])
    assert output(run, bare) == output(run, table)


def test_columns_that_are_not_used_are_named_on_stderr(run, table):
    result = invoke("predict", run, table)
    assert result.stderr == f"note: {table}: 2 columns not used: id, price\n"


def test_an_absent_column_is_an_error_that_names_the_nearest(run, tmp_path):
    path = write(tmp_path / "a.csv", ["color", "u", "v"], [["red", 1, 2]])
    result = invoke("predict", run, path)
    assert result.exit_code == 3
    assert faults(result) == [f"{path}: no column 'colour', did you mean 'color'? (it has color, u, v)"]


def test_probabilities_have_a_column_for_each_class_and_sum_to_one(run, table):
    lines = output(run, table, "--proba")
    assert lines[0] == "answer,proba_no,proba_yes"
    for line in lines[1:]:
        answer, no, yes = line.split(",")
        assert float(no) + float(yes) == pytest.approx(1)
        assert answer == ("yes" if float(yes) > float(no) else "no")


def test_a_hinge_loss_gives_no_probabilities(table):
    result = invoke("predict", fitted(table, loss="hinge"), table, "--proba")
    assert result.exit_code == 2
    assert faults(result) == [
        "--proba: a model trained with the hinge loss gives no probabilities: "
        "leave it out, or train with the softmax or sigmoid loss"
    ]


def test_a_regression_answers_in_the_unit_of_its_target(regression, table):
    lines = output(regression, table)
    values = np.array(lines[1:], float)
    assert lines[0] == "price"
    assert abs(values.mean() - 7.375) < 4  # the mean of 0, 1/4, ..., 59/4


def test_several_targets_have_a_column_each(table):
    run = fitted(table, data__target=["price", "u"], data__ignore=["id", "answer"], loss="mse")
    assert output(run, table)[0] == "price,u"


def test_kept_columns_come_first_and_as_they_are_written(run, tmp_path):
    rows = [["007", "red", "1.50", "2"], ["x,y", "blue", "1", "2"]]
    path = write(tmp_path / "k.csv", HEADER[:4], rows)
    lines = output(run, path, "--keep", "id", "--keep", "u")
    assert lines[0] == "id,u,answer"
    assert [line.rpartition(",")[0] for line in lines[1:]] == ["007,1.50", '"x,y",1']


def test_no_cell_is_a_formula_where_that_is_asked_for(tmp_path):
    """What OWASP says of CSV injection: = + - @, tab and carriage return; numbers stay numbers."""
    cells = ["=HYPERLINK(1)", "+x", "-x", "@x", "-2.5", "+1e3", "plain", "a=b", ""]
    rows = [[cell, i % 2, ["@no", "yes"][i % 2]] for i, cell in enumerate(cells * 4)]
    path = write(tmp_path / "f.csv", ["=id", "u", "answer"], rows)
    data = {"train": path, "target": "answer", "ignore": ["=id"], "val": 0, "test": 0}
    where = mlptrain.fit({"data": data, "train": {"epochs": 1}}, out=tmp_path / "run").directory.path

    kept = output(where, path, "--keep", "=id", "--escape-formulas")
    assert kept[0] == "'=id,answer"
    assert [line.rpartition(",")[0] for line in kept[1:10]] == [
        *("'=HYPERLINK(1)", "'+x", "'-x", "'@x", "-2.5", "+1e3", "plain", "a=b", ""),
    ]
    assert {line.rpartition(",")[2] for line in kept[1:]} <= {"'@no", "yes"}
    assert output(where, path, "--keep", "=id")[1].startswith("=HYPERLINK(1),")


def test_a_kept_column_may_not_bear_the_name_of_the_prediction(run, table):
    result = invoke("predict", run, table, "--keep", "answer")
    assert result.exit_code == 2
    assert faults(result)[0].startswith("--keep: two columns would be called 'answer'")


def test_a_file_is_written_whole_and_nothing_goes_to_stdout(run, table, tmp_path):
    out = tmp_path / "out.csv"
    assert output(run, table, "-o", out) == []
    assert out.read_text().splitlines() == output(run, table)
    assert list(tmp_path.iterdir()) == [out]


def test_a_broken_row_leaves_no_file_and_names_its_line(run, tmp_path):
    path = write(tmp_path / "t.csv", HEADER[1:4], [["red", 1, 2], ["red", "much", 2], ["red", 1, 2]])
    out = tmp_path / "out.csv"
    out.write_text("before")
    result = invoke("predict", run, path, "-o", out)
    assert result.exit_code == 3
    assert faults(result)[0] == f"{path}:3: u: 'much' is not a number"
    assert out.read_text() == "before"


def test_the_suffix_chooses_tabs_or_json_lines(run, table, tmp_path):
    invoke("predict", run, table, "-o", tmp_path / "t.tsv", "--keep", "id")
    invoke("predict", run, table, "-o", tmp_path / "j.jsonl", "--keep", "id")
    first = (tmp_path / "t.tsv").read_text().splitlines()[1]
    assert json.loads((tmp_path / "j.jsonl").read_text().splitlines()[0]) == dict(
        zip(["id", "answer"], first.split("\t"), strict=True)
    )


def test_a_form_that_cannot_be_written_is_refused_before_anything_is_read(run, tmp_path):
    result = invoke("predict", run, tmp_path / "none.csv", "-o", tmp_path / "x.xlsx")
    assert result.exit_code == 2
    assert faults(result) == [
        f"-o {tmp_path}/x.xlsx: cannot write .xlsx: choose .csv, .tsv, .jsonl or .parquet"
    ]


def test_the_data_are_never_replaced_by_their_predictions(run, table):
    before = table.read_bytes()
    result = invoke("predict", run, table, "-o", table)
    assert result.exit_code == 2
    assert "would be replaced" in faults(result)[0]
    assert table.read_bytes() == before


def test_a_device_is_not_replaced(run, table):
    result = invoke("predict", run, table, "-o", "/dev/null")
    assert result.exit_code == 6
    assert not Path("/dev/null").is_file()


@pytest.mark.slow
def test_stdin_is_read_where_a_dash_stands(run, table):
    result = subprocess.run(
        command("predict", run, "-"), input=table.read_bytes(), capture_output=True, env=surroundings(),
        check=True, timeout=60,
    )  # fmt: skip
    assert result.stdout.decode().splitlines() == output(run, table)
    assert result.stderr.decode() == "note: stdin: 2 columns not used: id, price\n"


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_ends_it_without_a_word(run, tmp_path):
    rows = [row[1:4] for row in ROWS] * 1000
    path = write(tmp_path / "long.csv", HEADER[1:4], rows)
    with subprocess.Popen(
        command("predict", run, path, "--proba"), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=surroundings(),
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_a_long_file_is_read_in_chunks_with_each_row_once(run, tmp_path, monkeypatch):
    monkeypatch.setattr("mlptrain.inference.predict.ENTRIES", 1)
    rows = [[i, *ROWS[i % 60][1:4]] for i in range(3000)]
    path = write(tmp_path / "long.csv", HEADER[:4], rows)
    chunks = list(predict(mlptrain.load(run), str(path), keep=["id"]))
    assert len(chunks) == 3
    assert [int(i) for chunk in chunks for i in chunk.columns["id"]] == list(range(3000))


def test_repairs_of_all_chunks_are_counted_together(table, tmp_path, monkeypatch):
    run = fitted(table, data__missing="mean")
    monkeypatch.setattr("mlptrain.inference.predict.ENTRIES", 1)
    rows = [["red", "" if i % 1000 == 0 else 0.5, 1] for i in range(3000)]
    path = write(tmp_path / "blank.csv", HEADER[1:4], rows)
    result = invoke("predict", run, path, "-o", tmp_path / "out.csv")
    mean = np.mean([row[2] for row in ROWS])
    assert result.stderr == f"note: 3 missing values of u became {mean:.6g}\n"


def test_a_row_that_overflows_the_network_is_an_error(run, tmp_path):
    path = write(tmp_path / "huge.csv", HEADER[1:4], [["red", 0.5, 1], ["red", 1e30, 1e30]])
    model = mlptrain.load(run)
    model.network.parameters.values[...] = 1e6
    with pytest.raises(DataError, match=r"huge.csv: row 2: its values are too large for the network"):
        list(predict(model, str(path)))


def test_a_row_of_which_one_score_alone_overflows_is_an_error_too(run, tmp_path):
    path = write(tmp_path / "huge.csv", HEADER[1:4], [["red", 0.5, 1], ["red", 1e30, 1e30]])
    model = mlptrain.load(run)
    model.network.parameters.values[...] = 1e6
    for name in (f"layer{len(model.config.model.hidden) + 1}.{each}" for each in "Wb"):
        model.network.parameters[name].value[..., 1:] = 0
    with pytest.raises(DataError, match=r"huge.csv: row 2: its values are too large for the network"):
        list(predict(model, str(path)))


def test_a_row_of_a_later_chunk_is_named_by_its_place_in_the_file(run, tmp_path, monkeypatch):
    monkeypatch.setattr("mlptrain.inference.predict.ENTRIES", 1)  # chunks of 1024 rows
    rows = [["red", 0.5, 1]] * 3000
    rows[2499] = ["red", 1e30, 1e30]
    path = write(tmp_path / "huge.csv", HEADER[1:4], rows)
    model = mlptrain.load(run)
    model.network.parameters.values[...] = 1e6
    with pytest.raises(DataError, match=r"huge.csv: row 2500: its values are too large"):
        list(predict(model, str(path)))


def test_a_run_without_a_checkpoint_is_an_error(tmp_path, table):
    result = invoke("predict", tmp_path, table)
    assert result.exit_code == 2
    assert len(faults(result)) == 1


def test_the_same_rows_give_the_same_bits_in_any_chunk(run, table):
    made = mlptrain.load(run).preprocessing
    whole = next(iterate_features(str(table), made, 1000, "f4")).inputs.numbers
    parts = np.vstack([chunk.inputs.numbers for chunk in iterate_features(str(table), made, 7, "f4")])
    assert whole.tobytes() == parts.tobytes()


def test_text_for_a_terminal_has_no_control_characters(run, tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    path = write(tmp_path / "t.csv", HEADER[:4], [["\x1b[31m", "red", 1, 2]])
    screen = Terminal()
    monkeypatch.setattr("sys.stdout", screen)
    prediction.write(predict(mlptrain.load(run), str(path), keep=["id"]), None, [])
    assert "\x1b" not in screen.getvalue()
    assert screen.getvalue().startswith("id,answer\n?[31m,")
