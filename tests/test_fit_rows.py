"""`mlptrain.fit(X, y)`: rows handed over train as those of a file do, whatever holds them."""

import copy
import datetime as dt
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import polars
import pytest
from runs import faults, invoke
from tables import write

import mlptrain
from mlptrain.errors import CheckpointError, ConfigError, DataError, DivergenceError
from mlptrain.runs import fit
from mlptrain.runs.fit import prepare_folds
from mlptrain.runs.from_python import config_of_rows, handed

N = 60
RNG = np.random.default_rng(0)
A = RNG.normal(size=N)
TABLE = {
    "a": A.tolist(),
    "count": RNG.integers(0, 9, N).tolist(),
    "colour": np.where(A + RNG.normal(size=N) > 0, "red", "blue").tolist(),
    "flag": (RNG.random(N) > 0.5).tolist(),
    "day": [dt.date(2026, 1, 1) + dt.timedelta(int(each)) for each in RNG.integers(0, 99, N)],
    "y": np.where(A > 0, "right", "left").tolist(),
}
FEATURES = {name: column for name, column in TABLE.items() if name != "y"}
SETTINGS = {"epochs": 3, "learning_rate": 0.02, "hidden": [8], "dates": "number"}
WEIGHTS = np.linspace(0, 2, N)


@pytest.fixture(scope="module")
def model():
    return mlptrain.fit(TABLE, "y", **SETTINGS)


def frames():
    polars_frame = polars.DataFrame(TABLE)
    yield "polars", lambda: polars_frame
    yield "categories", lambda: polars_frame.with_columns(polars.col("colour").cast(polars.Categorical))
    yield (
        "pandas",
        lambda: pytest.importorskip("pandas").DataFrame(TABLE).sort_index(ascending=False)[::-1],
    )
    yield "pyarrow", lambda: pytest.importorskip("pyarrow").table(TABLE)
    yield "arrays", lambda: {name: np.asarray(column) for name, column in TABLE.items()}


FRAMES = [pytest.param(make, id=name) for name, make in frames()]


@pytest.mark.parametrize("make", FRAMES)
def test_every_kind_of_frame_trains_and_predicts_the_same_bits(model, make):
    frame, expected = make(), model.scores(TABLE)

    np.testing.assert_array_equal(model.scores(frame), expected)
    np.testing.assert_array_equal(mlptrain.fit(frame, "y", **SETTINGS).scores(TABLE), expected)


def test_the_command_line_trains_the_same_bits_from_a_file_of_these_rows(model, tmp_path):
    path = tmp_path / "rows.csv"
    polars.DataFrame(TABLE).write_csv(path)
    settings = ["train.epochs=3", "optimizer.learning_rate=0.02", "model.hidden=[8]"]
    settings += ["data.dates=number", "data.test=null"]
    config = tmp_path / "c.yaml"
    config.write_text(f"data: {{train: {path}}}\n")
    sets = [word for each in settings for word in ("--set", each)]
    assert invoke("fit", config, *sets, "--out", tmp_path / "run").exit_code == 0

    there = mlptrain.load(tmp_path / "run")
    for name, array in model.checkpoint.arrays.items():
        np.testing.assert_array_equal(there.checkpoint.arrays[name], array, err_msg=name)
    np.testing.assert_array_equal(there.scores(TABLE), model.scores(path))
    assert there.evaluate(path) == model.evaluate(FEATURES, TABLE["y"])


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [("0", "1", str), (0.0, 1.0, float), (False, True, bool)],
)
def test_classes_come_back_in_the_type_that_came_in(low, high, kind, tmp_path):
    y = [high if each > 0 else low for each in A]
    model = mlptrain.fit({"a": A}, y, epochs=20, learning_rate=0.1)

    for each in (
        model,
        mlptrain.load(model.save(tmp_path / "m.npz")),
        copy.deepcopy(model),
    ):
        assert [type(c) for c in each.classes] == [kind, kind]
        predicted = each.predict({"a": A})
        assert predicted.dtype == np.array(y).dtype
        assert (predicted == np.array(y)).mean() == each.evaluate({"a": A}, y)["accuracy"] > 0.9


@pytest.mark.slow
def test_nothing_stays_on_the_disk_unless_a_directory_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    model = mlptrain.fit({"a": A}, TABLE["y"], epochs=2)
    assert os.listdir() == []
    assert "(in memory)" in repr(model)

    kept = mlptrain.fit({"a": A}, TABLE["y"], epochs=2, out="run")
    np.testing.assert_array_equal(kept.scores({"a": A}), model.scores({"a": A}))
    assert "run/best.npz" in repr(kept)
    result = invoke("eval", "run")
    assert result.exit_code == 2
    assert "came from a program and are in no file" in faults(result)[0]

    longer = mlptrain.fit({"a": A}, TABLE["y"], epochs=3, resume="run")
    straight = mlptrain.fit({"a": A}, TABLE["y"], epochs=3)
    np.testing.assert_array_equal(longer.scores({"a": A}), straight.scores({"a": A}))
    with pytest.raises(mlptrain.errors.CheckpointError):
        mlptrain.fit({"a": -A}, TABLE["y"], epochs=4, resume="run")


def test_rows_that_are_held_out_choose_the_epoch_and_test():
    other = {"a": -A, "y": TABLE["y"]}
    model = mlptrain.fit(
        {"a": A, "y": TABLE["y"]}, "y", epochs=2, val=other, test=({"a": -A}, TABLE["y"])
    )

    measured = model.evaluate(other)
    assert model.figures["val_loss"] == pytest.approx(measured["loss"])
    assert model.figures["test_accuracy"] == measured["accuracy"]


@pytest.mark.slow
def test_weights_count_in_training_and_evaluation():
    """Twice the weight is the row twice: in the loss and in the metrics."""
    weight = np.where(A > 0, 2, 1)
    twice = np.repeat(np.arange(N), weight)
    X = {"a": A, "weight": weight}
    full = {"batch_size": 1000, "epochs": 4, "val": None, "dtype": "float64", "scale": "none"}
    y = np.array(TABLE["y"])
    y[::3] = "left"

    repeated = mlptrain.fit({"a": A[twice]}, y[twice], **full)
    for model in (
        mlptrain.fit(X, y, weight="weight", **full),
        mlptrain.fit({"a": A}, y, weight=weight, **full),
    ):
        np.testing.assert_allclose(model.scores({"a": A}), repeated.scores({"a": A}), rtol=1e-9)
    expected = model.evaluate({"a": A[twice]}, y[twice])
    assert model.evaluate(X, y, weight="weight") == pytest.approx(expected)
    assert model.evaluate({"a": A}, y, weight=weight) == pytest.approx(expected)
    assert model.evaluate({"a": A}, y) != pytest.approx(expected)


def test_settings_have_one_word_and_deeper_ones_two(model):
    spelled = {"train.epochs": 3, "optimizer.learning_rate": 0.02, "model": {"hidden": [8]}}
    same = mlptrain.fit(TABLE, "y", set=spelled, data__dates="number")
    assert same.config == model.config
    with pytest.raises(ConfigError, match="'epochs' belongs to"):
        mlptrain.fit(TABLE, "y", epoch=3)


@pytest.mark.slow
def test_several_targets_and_arrays_of_text_train(tmp_path):
    Y = polars.DataFrame({"up": A * 3, "down": -A})
    model = mlptrain.fit(np.stack([A, A**2], axis=1), Y, loss="mse", epochs=2)
    assert model.preprocessing.targets == ("up", "down")
    assert model.predict([[0.0, 0.0]]).shape == (1, 2)

    cells = np.array([TABLE["colour"], TABLE["a"]], object).T
    model = mlptrain.fit(cells, np.array(TABLE["y"], object), epochs=2)
    assert model.preprocessing.inputs == ("x0", "x1")
    named = {"x0": TABLE["colour"], "x1": TABLE["a"]}
    np.testing.assert_array_equal(model.scores(cells), model.scores(named))


@pytest.mark.parametrize(
    ("X", "y", "kind", "said"),
    [
        (np.zeros((3, 1)), None, ConfigError, "y is missing"),
        (TABLE, "color", DataError, r"X: no column 'color', did you mean 'colour'\?"),
        ({"a": A[:3]}, TABLE["y"], DataError, r"X: y has shape \(60,\): \(3,\) is needed"),
        ({"a": A, "b": A[:3]}, TABLE["y"], DataError, r"X: b has shape \(3,\): \(60,\) is needed"),
        (TABLE, polars.Series("y", TABLE["y"]), DataError, "X has a column 'y', as y has"),
        ({"a": [*A[:-1], np.nan]}, TABLE["y"], DataError, "X: row 60: a: .* is a missing value"),
        ({"a": [{}] * N}, TABLE["y"], DataError, r"X: a holds \{\}: numbers or text are needed"),
    ],
)
def test_what_cannot_be_learned_from_is_told_in_one_line(X, y, kind, said):
    with pytest.raises(kind, match=said) as caught:
        mlptrain.fit(X, y, epochs=1)
    assert all("\n" not in fault for fault in caught.value.faults)


def test_a_file_trains_and_is_predicted_by_name(tmp_path):
    rows = zip(TABLE["a"], TABLE["y"], strict=True)
    path = write(tmp_path / "rows.csv", ["a", "y"], list(rows))
    model = mlptrain.fit(path, "y", epochs=2, out=tmp_path / "run", test=None)

    np.testing.assert_array_equal(model.predict(Path(path)), model.predict({"a": TABLE["a"]}))
    assert invoke("eval", tmp_path / "run").exit_code == 0


FOLDED = {"folds": 3, "epochs": 2, "hidden": [4], "learning_rate": 0.05}


@pytest.fixture(scope="module")
def folded():
    """Rows in memory, and the model of three folds of them."""
    rows = {"u": [float(i % 7) for i in range(60)], "v": [float(i % 5) for i in range(60)]}
    kind = ["ab"[i % 7 > 3] for i in range(60)]
    return rows, kind, mlptrain.fit(rows, kind, **FOLDED)


def test_folds_of_rows_in_memory_are_those_of_a_file(folded, tmp_path):
    rows, kind, model = folded
    lines = [f"{u},{v},{y}" for u, v, y in zip(rows["u"], rows["v"], kind, strict=True)]
    (tmp_path / "rows.csv").write_text("\n".join(["u,v,y", *lines, ""]))
    config = {"data": {"train": str(tmp_path / "rows.csv"), "target": "y", "test": None}}
    of_file = mlptrain.load(mlptrain.fit(config, out=tmp_path / "folds", **FOLDED).best)
    assert np.array_equal(of_file.scores(rows), model.scores(rows))
    assert of_file.figures == model.figures
    assert len(model.members) == 3
    assert "out of fold: loss" in repr(model)


def test_a_model_of_folds_is_saved_as_one_file(folded, tmp_path):
    rows, _, model = folded
    again = mlptrain.load(model.save(tmp_path / "model.npz"))
    assert np.array_equal(again.scores(rows), model.scores(rows))
    assert again.figures == model.figures
    assert "out_of_fold_accuracy" in model.figures


@pytest.mark.parametrize("jobs", [1, 2])
def test_folds_of_rows_in_memory_are_the_same_one_after_another_and_side_by_side(folded, jobs):
    rows, kind, model = folded
    again = mlptrain.fit(rows, kind, jobs=jobs, **FOLDED)
    assert np.array_equal(again.scores(rows), model.scores(rows))
    assert again.figures == model.figures
    assert [member.checkpoint.notes for member in again.members] == [
        member.checkpoint.notes for member in model.members
    ]


@pytest.mark.parametrize("jobs", [1, 2])
def test_folds_that_fail_do_not_keep_the_others_from_being_trained(folded, tmp_path, jobs):
    rows, kind, _ = folded
    settings = FOLDED | {"learning_rate": 1e30, "jobs": jobs}
    with pytest.raises(DivergenceError) as error:
        mlptrain.fit(rows, kind, out=tmp_path / "run", **settings)
    for number, fault in enumerate(error.value.faults, 1):
        last = tmp_path / "run" / f"fold-{number}" / "last.npz"
        assert fault.startswith(f"fold {number}: step ")
        assert fault.endswith(f" are kept in {last}")
        assert last.exists()
    assert number == 3


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_word_of_folds_that_fail_sends_anyone_where_nothing_is_kept(folded, jobs):
    rows, kind, _ = folded
    with pytest.raises(DivergenceError) as error:
        mlptrain.fit(rows, kind, jobs=jobs, **FOLDED | {"learning_rate": 1e30})
    (fault,) = error.value.faults  # that of all folds
    assert fault.endswith("; nothing is kept; out=DIR keeps the run")


def test_short_folds_are_trained_one_after_another_and_long_ones_side_by_side(folded, monkeypatch):
    rows, kind, _ = folded
    monkeypatch.setattr(fit, "cores", lambda: 4)
    given, settings = handed(rows, kind, None, {"model.hidden": [64, 64], "train.epochs": 10})
    folds = partial(prepare_folds, config_of_rows(given.train), 3, given=given, jobs=None)
    assert folds(settings).jobs == 1
    assert folds({**settings, "train.epochs": 5000}).jobs == 3
    assert folds({**settings, "model.hidden": [4000, 4000]}).jobs == 3


def test_labels_keep_their_type_side_by_side(folded):
    rows, kind, _ = folded
    known = [each == "a" for each in kind]
    for jobs in (1, 2):
        assert mlptrain.fit(rows, known, jobs=jobs, **FOLDED).classes == (False, True)


def test_folds_side_by_side_need_no_main_module(tmp_path):
    """A script without `if __name__`, a `python -c` and a program read from stdin alike."""
    program = "import mlptrain; rows = {'u': [float(i % 7) for i in range(60)]}; "
    program += "kind = ['ab'[i % 7 > 3] for i in range(60)]; "
    program += "print(len(mlptrain.fit(rows, kind, folds=3, epochs=2, hidden=[4], jobs=2).members))"
    (tmp_path / "script.py").write_text(program)
    for words, given in (
        (["-c", program], None),
        (["script.py"], None),
        (["-"], program),
    ):
        ran = subprocess.run(
            [sys.executable, *words], input=given, cwd=tmp_path, text=True, capture_output=True
        )
        assert (ran.stdout, ran.stderr, ran.returncode) == ("3\n", "", 0)
    assert [each.name for each in tmp_path.iterdir()] == ["script.py"]


def test_what_is_wrong_with_rows_is_the_same_one_after_another_and_side_by_side(folded):
    rows, kind, _ = folded
    bad = {**rows, "u": [None, *rows["u"][1:]]}
    said = []
    for jobs in (1, 2):
        with pytest.raises(DataError) as refused:
            mlptrain.fit(bad, kind, jobs=jobs, **FOLDED)
        said.append(str(refused.value))
    assert said[0] == said[1]


def test_folds_that_are_resumed_with_other_rows_are_refused(folded, tmp_path):
    rows, kind, model = folded
    mlptrain.fit(rows, kind, out=tmp_path / "run", jobs=2, **FOLDED)
    for jobs in (1, 2):
        again = mlptrain.fit(rows, kind, resume=tmp_path / "run", jobs=jobs, **FOLDED)
        assert np.array_equal(again.scores(rows), model.scores(rows))
        other = {**rows, "u": [2 * each for each in rows["u"]]}
        with pytest.raises(CheckpointError, match="has changed since"):
            mlptrain.fit(other, kind, resume=tmp_path / "run", jobs=jobs, **FOLDED)


def test_a_program_that_is_no_python_trains_one_fold_after_another(folded, monkeypatch):
    rows, kind, model = folded
    monkeypatch.setattr(sys, "executable", "/usr/bin/uwsgi")
    assert np.array_equal(mlptrain.fit(rows, kind, **FOLDED).scores(rows), model.scores(rows))
    with pytest.raises(ConfigError, match="jobs=2: this program has no Python to train beside it"):
        mlptrain.fit(rows, kind, jobs=2, **FOLDED)


def test_a_section_and_a_dotted_key_of_it_go_together(folded):
    rows, kind, model = folded
    rest = {key: value for key, value in FOLDED.items() if key not in ("folds", "epochs")}
    other = mlptrain.fit(rows, kind, train={"folds": 3}, set={"train.epochs": 2}, **rest)
    assert np.array_equal(other.scores(rows), model.scores(rows))


def test_rows_may_be_a_list_of_dicts(folded):
    rows, kind, model = folded
    listed = [{"v": v, "u": u} for u, v in zip(rows["u"], rows["v"], strict=True)]
    assert np.array_equal(model.scores(listed), model.scores(rows))
    assert model.scores(listed[:1]).shape == (1, 2)
    named = [{"u": row["u"], "v": row["v"], "y": y} for row, y in zip(listed, kind, strict=True)]
    assert np.array_equal(mlptrain.fit(named, "y", **FOLDED).scores(listed), model.scores(rows))
