"""`mlptrain.fit(X, y)` without settings of the network: what `mlptrain init` would write is trained."""

import copy
import os

import numpy as np
import polars
import pytest
from runs import invoke

import mlptrain
from mlptrain.errors import ConfigError

N = 120
RNG = np.random.default_rng(0)
A = RNG.normal(size=N)
TABLE = {
    "id": [f"row {each}" for each in RNG.permutation(N)],
    "a": A.tolist(),
    "price": [None if each % 9 == 0 else float(each) for each in range(N)],
    "colour": np.where(A + RNG.normal(size=N) > 0, "red", "blue").tolist(),
    "kind": np.where(A > 0, "right", "left").tolist(),
}
FAST = {"preset": "fast", "epochs": 1}


def trained(**settings):
    return mlptrain.fit(TABLE, "kind", **settings)


@pytest.mark.slow
def test_rows_a_file_and_the_two_commands_train_the_same_bits(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    polars.DataFrame(TABLE).write_csv("rows.csv")
    assert invoke("init", "rows.csv", "--target", "kind", "-o", "c.yaml").exit_code == 0
    assert invoke("fit", "c.yaml", "--out", "run", "--quiet").exit_code == 0
    before, expected = sorted(os.listdir()), mlptrain.load("run").scores(TABLE)

    of_rows, of_file = trained(), mlptrain.fit("rows.csv", "kind")
    np.testing.assert_array_equal(of_rows.scores(TABLE), expected)
    np.testing.assert_array_equal(of_file.scores(TABLE), expected)
    assert sorted(os.listdir()) == before  # a model, and no directory
    assert of_file.figures == of_rows.figures
    assert of_rows.figures["out_of_fold_accuracy"] > 0.9

    kept = mlptrain.fit("rows.csv", "kind", out="kept")
    np.testing.assert_array_equal(kept.scores(TABLE), expected)
    assert mlptrain.load("kept").figures == of_file.figures


def test_settings_change_single_keys_of_the_preset():
    model = trained(**FAST, hidden=[8], missing="mean")
    data, network = model.settings["data"], model.settings["model"]
    assert network["hidden"] == [8]
    assert network["parametrization"] == "ntk"
    assert data["missing"]["policy"] == "mean"
    assert data["ignore"] == ["id"]
    assert model.settings["train"]["epochs"] == 1
    assert model.settings["calibration"] == "temperature"


def test_settings_of_the_network_alone_leave_the_rest_as_in_an_empty_config():
    named = trained(epochs=2, ignore=["id"], missing="mean").settings
    plain = trained(preset="none", set={"train.epochs": 2}, ignore=["id"], missing="mean").settings
    assert named == plain
    assert named["model"]["parametrization"] == "standard"


def test_columns_that_are_named_come_beside_those_that_init_leaves_out():
    model = trained(**FAST, ignore=["colour"])
    assert sorted(model.settings["data"]["ignore"]) == ["colour", "id"]
    assert model.preprocessing.inputs == ("a", "price")
    assert trained(**FAST, features=["a"]).preprocessing.inputs == ("a",)


def test_the_column_of_weights_is_no_feature():
    weighed = {**TABLE, "importance": RNG.random(N)}
    by_name = mlptrain.fit(weighed, "kind", weight="importance", **FAST)
    assert by_name.preprocessing.weight == "importance"
    assert "importance" not in by_name.preprocessing.inputs
    by_values = trained(weight=weighed["importance"], **FAST)
    np.testing.assert_array_equal(by_values.scores(TABLE), by_name.scores(TABLE))


@pytest.mark.slow
def test_a_share_of_test_rows_is_measured_and_validation_rows_mean_one_network():
    assert "test_accuracy" in trained(**FAST, test=0.2).figures
    model = mlptrain.fit(TABLE, "kind", set={"data.val": 0.3, "seed": 1})
    assert model.settings["train"]["folds"] is None
    assert model.settings["data"]["val"] == 0.3
    assert model.settings["seed"] == 1


def test_a_preset_goes_with_rows_only_and_is_one_of_four():
    with pytest.raises(ConfigError, match="preset: for rows"):
        mlptrain.fit({"data": {"train": {"name": "xor"}}}, preset="good")
    with pytest.raises(ConfigError, match=r"preset: 'god'.*did you mean 'good'"):
        trained(preset="god")


def test_what_is_no_name_of_a_column_of_a_file_is_refused(tmp_path):
    polars.DataFrame(TABLE).write_csv(tmp_path / "rows.csv")
    with pytest.raises(ConfigError, match="target"):
        mlptrain.fit(tmp_path / "rows.csv", [1, 2, 3])


def test_a_model_tells_what_the_look_at_its_rows_has_found():
    rows = {
        "id": list(range(100, 160)),
        "u": [float(i % 7) for i in range(60)],
        "v": [0.1 * (i % 11) for i in range(59)] + [None],
    }
    model = mlptrain.fit(rows, ["ab"[i % 2] for i in range(60)], epochs=2, preset="fast")
    first, *rest = model.notes
    assert first.startswith("left out: id (")
    assert any("missing value of v" in note for note in rest)
    assert f"note: {first}; and {len(rest)} more in .notes" in repr(model)
    assert first in model._repr_html_()
    assert copy.deepcopy(model).notes == model.notes
