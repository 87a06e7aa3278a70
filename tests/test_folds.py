"""k-fold cross-validation: every row is held out once, and what comes of it is kept."""

import json
from pathlib import Path

import numpy as np
import pytest
from runs import faults, invoke, write_config
from sklearn import metrics
from tables import column, read, write

from mlptrain.data.split import Fold, hold_out
from mlptrain.errors import ConfigError
from mlptrain.folds import spread

ROWS = [[i, (i * 37 % 11) / 10, (i * 17 % 7) / 3, "abc"[i % 3], i / 4 - 3] for i in range(45)]
HEADER = ["id", "u", "v", "letter", "size"]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folds")
    table = write(folder / "rows.csv", HEADER, ROWS)
    data = {"train": str(table), "target": "letter", "ignore": ["id", "size"], "val": 0.2, "test": 0.3}
    settings = {"data": data, "model": {"hidden": [5]}, "train": {"epochs": 3}}
    return write_config(folder / "config.yaml", settings)


@pytest.fixture(scope="module")
def folds(config: Path) -> Path:
    out = config.parent / "run"
    result = invoke("fit", config, "--folds", 4, "--out", out, "--quiet")
    assert result.exit_code == 0, result.stderr
    return out


def test_every_row_is_held_out_exactly_once():
    parts = [hold_out(23, Fold(i, 5), val=0.2, seed=1) for i in range(1, 6)]
    assert sorted(np.concatenate([part.test for part in parts])) == list(range(23))
    assert {len(part.test) for part in parts} == {4, 5}
    for part in parts:
        assert sorted(np.concatenate(part)) == list(range(23))


def test_folds_hold_every_class_in_its_proportion():
    classes = np.repeat([0, 1, 2], [20, 11, 4])
    for i in range(1, 5):
        part = hold_out(35, Fold(i, 4), val=0.0, seed=3, classes=classes)
        counts = np.bincount(classes[part.test], minlength=3)
        assert counts[0] == 5
        assert counts[1] in (2, 3)
        assert counts[2] == 1


def test_folds_depend_on_the_seed_alone():
    first, again, other = (hold_out(50, Fold(1, 5), val=0.1, seed=seed) for seed in (0, 0, 1))
    assert first.test.tolist() == again.test.tolist() != other.test.tolist()


def test_more_folds_than_rows_are_refused():
    with pytest.raises(ConfigError, match="11 folds of 10 rows"):
        hold_out(10, Fold(1, 11), val=0.0, seed=0)


def test_a_class_of_one_row_is_refused_before_the_first_step(config, tmp_path):
    write(tmp_path / "rows.csv", HEADER, [*ROWS, [45, 1, 1, "z", 1]])
    out = tmp_path / "run"
    train = f"data.train={tmp_path}/rows.csv"
    result = invoke("fit", config, "--folds", 3, "--out", out, "--quiet", "--set", train)
    assert result.exit_code == 3
    assert faults(result) == [
        f"{tmp_path}/rows.csv:47: letter: 'z' is the only row of its class",
        f"{tmp_path}/rows.csv: 1 such value in all: folds need two rows of each class: "
        "delete them, or add rows",
    ]


def test_each_fold_is_a_run_of_its_own(folds):
    assert sorted(path.name for path in folds.iterdir()) == [
        *(f"fold-{number}" for number in range(1, 5)), "folds.json", "out_of_fold.csv",
    ]  # fmt: skip
    for number in range(1, 5):
        assert (folds / f"fold-{number}" / "best.npz").exists()


def test_eval_of_a_fold_is_on_the_rows_that_it_held_out(folds):
    summary = json.loads((folds / "folds.json").read_text())
    for number, expected in enumerate(summary["metrics"]["log_loss"]["values"], 1):
        found = json.loads(invoke("eval", folds / f"fold-{number}", "--json").stdout)
        assert found["split"] == "test"
        assert found["log_loss"] == expected


def test_mean_and_deviation_are_those_of_the_folds(folds):
    summary = json.loads((folds / "folds.json").read_text())
    for found in summary["metrics"].values():
        assert found["mean"] == pytest.approx(np.mean(found["values"]), rel=1e-12)
        assert found["std"] == pytest.approx(np.std(found["values"], ddof=1), rel=1e-12)


def test_a_metric_that_a_fold_does_not_define_leaves_the_others():
    table = spread([{"roc_auc": None}, {"roc_auc": 0.5}, {"roc_auc": 0.7}])
    assert table["roc_auc"]["mean"] == pytest.approx(0.6)
    assert table["roc_auc"]["values"] == [None, 0.5, 0.7]


def test_predictions_out_of_fold_stand_in_the_order_of_the_file(folds):
    out = folds / "out_of_fold.csv"
    assert column(out, "row") == [str(i) for i in range(1, 46)]
    assert column(out, "letter") == [row[3] for row in ROWS]
    assert set(column(out, "fold")) == set("1234")


def test_predictions_out_of_fold_give_the_metrics_of_each_fold(folds):
    header, rows = read(folds / "out_of_fold.csv")
    assert header == ["row", "fold", "letter", "predicted_letter", "proba_a", "proba_b", "proba_c"]
    summary = json.loads((folds / "folds.json").read_text())
    for number in range(4):
        mine = [row for row in rows if row[1] == str(number + 1)]
        truth, predicted = [row[2] for row in mine], [row[3] for row in mine]
        p = np.array([row[4:] for row in mine], float)
        accuracy = summary["metrics"]["accuracy"]["values"][number]
        loss = summary["metrics"]["log_loss"]["values"][number]
        assert accuracy == pytest.approx(metrics.accuracy_score(truth, predicted), rel=1e-9)
        assert loss == pytest.approx(metrics.log_loss(truth, p), rel=1e-9)


def test_the_truth_of_a_regression_keeps_every_digit(config, tmp_path):
    sets = ["--set", "data.target=size", "--set", "data.ignore=[id, letter]", "--set", "loss=mae"]
    result = invoke("fit", config, "--folds", 3, "--out", tmp_path / "r", "--json", *sets)
    header, rows = read(tmp_path / "r" / "out_of_fold.csv")
    assert header == ["row", "fold", "size", "predicted_size"]
    assert [float(row[2]) for row in rows] == [row[4] for row in ROWS]
    assert json.loads(result.stdout) == json.loads((tmp_path / "r" / "folds.json").read_text())


def test_twice_the_same_folds_give_the_same_predictions(config, folds, tmp_path):
    invoke("fit", config, "--folds", 4, "--out", tmp_path / "again", "--quiet")
    again = (tmp_path / "again" / "out_of_fold.csv").read_bytes()
    assert again == (folds / "out_of_fold.csv").read_bytes()


def test_the_test_part_of_the_config_is_set_aside(folds):
    saved = (folds / "fold-2" / "config.yaml").read_text()
    assert "test: null" in saved
    assert "fold: {number: 2, of: 4}" in saved


def test_folds_are_not_replaced_without_force(config, folds):
    result = invoke("fit", config, "--folds", 4, "--out", folds)
    assert result.exit_code == 2
    assert faults(result)[0].startswith(f"{folds}: holds a run (folds.json)")


def test_folds_cannot_be_resumed_as_a_whole(folds):
    result = invoke("fit", "--resume", folds / "fold-1", "--folds", 3)
    assert result.exit_code == 2
    assert "leave out --resume" in faults(result)[0]


def test_a_fold_and_a_test_part_exclude_each_other(config):
    result = invoke("fit", config, "--set", "data.fold={number: 1, of: 3}")
    assert result.exit_code == 2
    assert "data.fold: the fold is the test set; write test: null" in faults(result)[0]


def test_a_fold_beyond_the_last_is_refused(config):
    fold = ["--set", "data.fold={number: 4, of: 3}", "--set", "data.test=null"]
    result = invoke("fit", config, *fold)
    assert result.exit_code == 2
    assert "there is no fold 4 of 3" in faults(result)[0]
