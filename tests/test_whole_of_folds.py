"""What is decided and measured on the rows of all folds together: threshold, test rows, expectation."""

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from runs import faults, invoke, write_config
from sklearn import metrics
from tables import write

import mlptrain
from mlptrain.metrics.decision import Criterion, best_threshold
from mlptrain.storage.archive import read_archive, write_archive

HEADER = ["u", "v", "kind", "y"]
ROWS = [[(i * 37 % 61) / 60, (i * 17 % 13) / 12, "no", 0.0] for i in range(60)]
for i, row in enumerate(ROWS):
    row[2] = "rare" if row[0] + 0.3 * (i * 29 % 7) / 6 > 1.0 else "no"
    row[3] = np.sin(6 * row[0]) + row[1] ** 2 + 0.3 * ((i * 29 % 7) - 3)
SETTINGS = {
    "model": {"hidden": [4]}, "optimizer": {"name": "adam", "learning_rate": 0.05},
    "train": {"epochs": 6, "batch_size": 10, "folds": 3},
}  # fmt: skip


def trained(place: Path, *options, **config) -> Path:
    result = invoke("fit", write_config(place.with_suffix(".yaml"), config), "--out", place, *options)
    assert result.exit_code == 0, result.stderr
    return place


def said(run: Path) -> dict:
    return json.loads((run / "folds.json").read_text())


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("whole") / "rows.csv", HEADER, ROWS)


@pytest.fixture(scope="module")
def rare(table) -> Path:
    """A threshold for the rare class, and test rows that no fold sees."""
    data = {"train": str(table), "target": "kind", "ignore": ["y"], "val": 0, "test": 0.25}
    decision = {"metric": "f1", "positive": "rare"}
    config = {**SETTINGS, "data": data, "calibration": "temperature", "decision": decision}
    return trained(table.parent / "rare", "--quiet", "--jobs", 1, **config)


def test_the_threshold_is_the_best_one_of_all_rows_held_out(rare, tmp_path):
    out = pl.read_csv(rare / "out_of_fold.csv")
    p, is_rare = out["proba_rare"].to_numpy(), (out["kind"] == "rare").to_numpy()
    expected = best_threshold(p, is_rare, Criterion("f1"))
    model = mlptrain.load(rare)
    assert model.threshold.value == expected == said(rare)["threshold"]["value"]
    each = [mlptrain.load(rare / f"fold-{k}").threshold.value for k in (1, 2, 3)]
    assert expected != np.mean(each)
    decision = json.loads(invoke("eval", rare, "--split", "val", "--json").stdout)["decision"]
    assert decision["threshold"] == expected
    for name, t in (("without", 0.5), ("at_threshold", expected)):
        assert decision[name]["f1"] == pytest.approx(metrics.f1_score(is_rare, p > t))
    X = pl.DataFrame(ROWS, HEADER, orient="row")
    decided = model.predict(X, decide=True) == "rare"
    assert decided.tolist() == (model.predict_proba(X)[:, 1] > expected).tolist()
    assert invoke("pack", rare, "-o", tmp_path / "m.npz").exit_code == 0
    assert mlptrain.load(tmp_path / "m.npz").threshold == model.threshold


def test_folds_at_work_decide_by_the_mean_of_the_thresholds_of_their_members(rare, tmp_path):
    run = shutil.copytree(rare, tmp_path / "run")
    (run / "folds.json").unlink()
    each = [mlptrain.load(run / f"fold-{k}").threshold.value for k in (1, 2, 3)]
    assert mlptrain.load(run).threshold.value == np.mean(each)


@pytest.mark.parametrize("value", [{"positive": 2, "value": 0.5}, {"value": 0.5}, 0.5, [1]], ids=str)
def test_a_threshold_that_cannot_be_from_here_is_refused(rare, tmp_path, value):
    invoke("pack", rare, "-o", tmp_path / "m.npz")
    arrays, document = read_archive(tmp_path / "m.npz")
    write_archive(tmp_path / "bad.npz", arrays, {**document, "threshold": value})
    assert "its entry 'threshold' is not as this" in faults(invoke("show", tmp_path / "bad.npz"))[0]
    run = shutil.copytree(rare, tmp_path / "run")
    (run / "folds.json").write_text(json.dumps({**said(rare), "threshold": value}))
    assert invoke("predict", run, "rows.csv").exit_code == 5


def test_a_threshold_of_another_class_than_that_of_the_members_is_refused(rare, tmp_path):
    invoke("pack", rare, "-o", tmp_path / "m.npz")
    arrays, document = read_archive(tmp_path / "m.npz")
    write_archive(tmp_path / "m.npz", arrays, {**document, "threshold": {"positive": 0, "value": 0.5}})
    assert "its threshold is not of its members" in faults(invoke("show", tmp_path / "m.npz"))[0]


def test_test_rows_are_in_no_fold_and_every_member_predicts_them(rare):
    held = set((pl.read_csv(rare / "out_of_fold.csv")["row"] - 1).to_list())
    tests = [place for place in range(60) if place not in held]
    assert len(tests) == said(rare)["test"]["rows"] == 15
    X = pl.DataFrame([ROWS[place] for place in tests], HEADER, orient="row")
    expected = mlptrain.load(rare).evaluate(X)
    found = said(rare)["test"]["metrics"]
    assert found["log_loss"] == pytest.approx(expected["log_loss"], rel=1e-6)
    for options in ([], ["--split", "test"]):
        again = json.loads(invoke("eval", rare, *options, "--json").stdout)
        assert (again["split"], again["rows"]) == ("test", 15)
        assert again["log_loss"] == found["log_loss"]
    result = invoke("fit", rare.with_suffix(".yaml"), "--resume", rare)
    lines = [line for line in result.stdout.splitlines() if line.startswith("test: ")]
    assert lines, result.stdout
    assert "15 rows that no fold saw" in lines[0]


def test_a_refit_keeps_the_test_rows_apart(rare, tmp_path):
    result = invoke("fit", "--refit", rare, "--out", tmp_path / "run", "--quiet")
    assert "all rows but those of test for" in result.stderr
    found = json.loads(invoke("eval", tmp_path / "run", "--json").stdout)
    assert (found["split"], found["rows"]) == ("test", 15)


def test_without_test_rows_none_are_evaluated(rare, table, tmp_path):
    data = {"train": str(table), "target": "kind", "ignore": ["y"], "val": 0, "test": 0}
    run = trained(tmp_path / "run", "--quiet", "--jobs", 2, **{**SETTINGS, "data": data})
    assert "test" not in said(run)
    assert said(run)["rows"] == 60
    for split, what in (
        ("test", "none is set aside for a final test"),
        ("train", "learned from other rows"),
    ):
        assert what in faults(invoke("eval", run, "--split", split))[0]


@pytest.mark.slow
def test_several_at_a_time_measure_the_same_test_rows(rare, tmp_path):
    options = ("--out", tmp_path / "run", "--jobs", 2, "--quiet")
    assert invoke("fit", rare.with_suffix(".yaml"), *options).exit_code == 0
    again, first = said(tmp_path / "run"), said(rare)
    assert {**again, "runs": None} == {**first, "runs": None}


def test_what_is_expected_of_a_choice_is_measured_where_it_had_no_part(table, tmp_path):
    """Each fold by the candidate that is best on the others, from predictions alone."""
    candidates = [
        {"name": "one", "model": {"hidden": [9]}},
        {"name": "two", "model": {"hidden": [10]}},
        {"name": "three", "model": {"hidden": [11]}},
    ]
    data = {"train": str(table), "target": "y", "ignore": ["kind"], "val": 0, "test": 0}
    config = {**SETTINGS, "data": data, "loss": "mse", "candidates": candidates}
    run = trained(tmp_path / "run", "--quiet", "--jobs", 1, **config)

    out, y = pl.read_csv(run / "out_of_fold.csv"), np.array([row[3] for row in ROWS])
    fold, X = out["fold"].to_numpy(), pl.DataFrame(ROWS, HEADER, orient="row")
    predicted = np.empty((3, 60))
    for place, each in enumerate(candidates):
        for number in (1, 2, 3):
            member = mlptrain.load(run / f"{each['name']}-fold-{number}")
            predicted[place, fold == number] = member.predict(X)[fold == number]
    squares = (predicted - y) ** 2
    best = [squares[:, fold != number].mean(axis=1).argmin() for number in (1, 2, 3)]
    ahead = np.choose(np.array(best)[fold - 1], squares).mean() ** 0.5
    figures = said(run)
    assert figures["out_of_fold"]["rmse"] == pytest.approx(squares.mean(axis=1).min() ** 0.5, rel=1e-6)
    assert figures["expected"][0]["value"] == pytest.approx(ahead, rel=1e-6)
    assert len(set(best)) > 1, "the folds agree, so this test says little: change the candidates"
    assert figures["expected"][0]["value"] > figures["out_of_fold"]["rmse"]
    assert figures["baseline"]["rmse"] == pytest.approx(np.std(y))
