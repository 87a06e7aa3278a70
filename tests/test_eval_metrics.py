"""`eval` shows every metric, `monitor` follows any of them, and weights count in loss and metrics."""

import json
from pathlib import Path

import numpy as np
import pytest
from helpers import changed
from runs import THIRTY, faults, invoke, records, write_config
from sklearn import metrics
from tables import column, write

import mlptrain
from mlptrain.metrics import CLASSIFICATION_METRICS, REGRESSION_METRICS

ROWS = [
    [(i * 37 % 101) / 40 + (i % 3) / 2, (i * 61 % 89) / 40, "abc"[i % 3], (i * 7 % 13) / 5, i % 4 / 2]
    for i in range(90)
]
HEADER = ["u", "v", "kind", "size", "weight"]
CLASS = {"target": "kind", "ignore": ["size", "weight"]}
NUMBER = {"target": "size", "ignore": ["kind", "weight"]}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("metrics") / "rows.csv", HEADER, ROWS)


def config(table: Path, data: dict, **sections: object) -> dict:
    return {
        "data": {"train": str(table), "val": 0.3, "test": 0, **data},
        "model": {"hidden": [4]},
        "train": {"epochs": 4},
        **sections,
    }


def fitted(table: Path, tmp_path: Path, data: dict, **sections: object) -> Path:
    run = mlptrain.fit(config(table, data, **sections), out=tmp_path / "run", force=True)
    return run.directory.path


def evaluated(run: Path, table: Path) -> dict:
    return json.loads(invoke("eval", run, "--data", table, "--json").stdout)


@pytest.mark.parametrize(
    ("data", "loss", "names"),
    [
        (CLASS, "softmax", set(CLASSIFICATION_METRICS)),
        (CLASS, "hinge", {n for n, m in CLASSIFICATION_METRICS.items() if not m.needs_probabilities}),
        (NUMBER, "huber", set(REGRESSION_METRICS)),
    ],
)
def test_json_and_console_show_every_metric(table, tmp_path, data, loss, names):
    run = fitted(table, tmp_path, data, loss=loss)
    document, console = evaluated(run, table), invoke("eval", run, "--data", table).stdout
    assert names <= set(document)
    shown = {line.split()[0] for line in console.splitlines() if line.strip()}
    assert {"loss", *names} <= shown


def test_the_console_shows_each_class_and_the_confusion_matrix(table, tmp_path):
    run = fitted(table, tmp_path, CLASS)
    console = invoke("eval", run, "--data", table).stdout
    for word in ("precision", "recall", "f1", "support", "true \\ predicted"):
        assert word in console


@pytest.mark.slow
@pytest.mark.parametrize("part", ["train", "val"])
@pytest.mark.parametrize("name", sorted(CLASSIFICATION_METRICS))
def test_monitor_follows_any_metric_of_classes(table, tmp_path, part, name):
    key = f"{part}_{name}"
    train = {"epochs": 3, "monitor": key}
    run = fitted(table, tmp_path, CLASS, train=train)
    values = [record[key] for record in records(run)]
    better = max if CLASSIFICATION_METRICS[name].larger_is_better else min
    assert json.loads((run / "summary.json").read_text())["best"] == better(values)


@pytest.mark.parametrize("name", sorted(REGRESSION_METRICS))
def test_monitor_follows_any_metric_of_a_regression(table, tmp_path, name):
    key = f"val_{name}"
    run = fitted(table, tmp_path, NUMBER, loss="mse", train={"epochs": 3, "monitor": key})
    values = [record[key] for record in records(run)]
    better = max if REGRESSION_METRICS[name].larger_is_better else min
    assert json.loads((run / "summary.json").read_text())["best"] == better(values)


@pytest.fixture
def one_class(tmp_path: Path) -> dict:
    """A config whose validation rows are of one class: val_roc_auc is not defined on them."""
    write(tmp_path / "train.csv", ["a", "y"], [[i % 7, "np"[i % 2]] for i in range(60)])
    write(tmp_path / "val.csv", ["a", "y"], [[i % 7, "n"] for i in range(20)])
    data = {"train": str(tmp_path / "train.csv"), "val": str(tmp_path / "val.csv"), "target": "y"}
    return {
        "data": {**data, "test": 0.2},
        "model": {"hidden": [3]},
        "train": {"epochs": 6, "monitor": "val_roc_auc"},
    }


def test_a_monitor_without_a_value_is_said_and_ends_no_run(one_class, tmp_path):
    one_class["train"]["early_stopping"] = {"patience": 2}
    file = write_config(tmp_path / "c.yaml", one_class)
    result = invoke("fit", file, "--out", tmp_path / "run")
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())

    assert result.exit_code == 0
    assert summary["status"] == "completed"
    assert (summary["epochs"], summary["best"], summary["best_epoch"]) == (6, None, None)
    (note,) = [note for note in summary["notes"] if "val_roc_auc" in note]
    assert note.startswith("val_roc_auc is null, not defined on these rows or not finite: ")
    assert result.stderr.replace("\n", " ").count(note) == 1
    assert "val_roc_auc was never a finite number, so there is no best.npz" in result.stdout
    assert not (tmp_path / "run" / "best.npz").exists()
    assert [record["val_roc_auc"] for record in records(tmp_path / "run")] == [None] * 6


def test_the_loss_of_rows_that_weigh_nothing_is_null_and_never_the_best(one_class, tmp_path):
    """A mean over nothing used to be 0, the best loss there can be."""
    one_class["loss"] = {"name": "softmax", "class_weights": {"n": 0, "p": 1}}
    one_class["train"]["monitor"] = "val_loss"
    run = mlptrain.fit(one_class, out=tmp_path / "run")

    assert [record["val_loss"] for record in records(tmp_path / "run")] == [None] * 6
    assert run.summary["best"] is None
    document = json.loads(
        invoke("eval", tmp_path / "run" / "last.npz", "--split", "val", "--json").stdout
    )
    assert document["loss"] is None


def test_minibatches_that_weigh_nothing_are_said(tmp_path):
    """Nine of ten rows weigh 0, so do all of 4 in 0.9^4 = 66 % of the minibatches."""
    rows = [[i % 7, "np"[i % 2], int(i % 10 == 0)] for i in range(100)]
    write(tmp_path / "rows.csv", ["a", "y", "w"], [*rows, [3, "p", 1]])
    data = {"train": str(tmp_path / "rows.csv"), "target": "y", "weight": "w", "val": 0, "test": 0}
    base = {"data": data, "model": {"hidden": [3]}, "train": {"epochs": 3, "batch_size": 4}}
    few = mlptrain.fit(base, out=tmp_path / "few")
    many = mlptrain.fit(base, out=tmp_path / "many", set={"train.batch_size": 101})

    (note,) = few.notes
    assert note.startswith("0.891 of the training rows weigh 0: in 0.63 of the minibatches of 4 all do")
    assert many.notes == []


def test_a_minibatch_of_weights_next_to_nothing_teaches_nothing_and_ends_nothing(tmp_path):
    """1 / 1e-44 is infinite in float32: such a minibatch used to end the run."""
    rows = [[i % 7, "np"[i % 2], 1 if i < 4 else 1e-44] for i in range(64)]
    write(tmp_path / "rows.csv", ["a", "y", "w"], rows)
    data = {"train": str(tmp_path / "rows.csv"), "target": "y", "weight": "w", "val": 0, "test": 0}
    train = {"epochs": 3, "batch_size": 4, "eval_every": {"steps": 1}}
    run = mlptrain.fit({"data": data, "model": {"hidden": [3]}, "train": train}, out=tmp_path / "run")
    norms = [record["grad_norm"] for record in records(tmp_path / "run")]

    assert run.summary["status"] == "completed"
    assert 0 < np.count_nonzero(norms) <= 12  # minibatches with one of the four rows


def test_row_weights_count_in_the_metrics_and_in_the_loss(table, tmp_path):
    data = {"target": "kind", "ignore": ["size"], "weight": "weight"}
    run = fitted(table, tmp_path, data)
    found = evaluated(run, table)
    out = tmp_path / "p.csv"
    invoke("predict", run, table, "--proba", "-o", out)
    p = np.column_stack([np.array(column(out, f"proba_{c}"), float) for c in "abc"])
    truth, given = column(table, "kind"), column(out, "kind")
    w = np.array(column(table, "weight"), float)
    y = ["abc".index(each) for each in truth]

    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, given, sample_weight=w))
    assert found["log_loss"] == pytest.approx(metrics.log_loss(y, p, sample_weight=w), rel=1e-9)
    assert found["loss"] == pytest.approx(found["log_loss"], rel=1e-5)  # in float32
    assert found["roc_auc"] == pytest.approx(
        metrics.roc_auc_score(y, p, multi_class="ovr", sample_weight=w), rel=1e-9
    )
    confused = metrics.confusion_matrix(truth, given, labels=list("abc"), sample_weight=w)
    np.testing.assert_allclose(found["confusion_matrix"], confused)
    support = [found["per_class"][name]["support"] for name in "abc"]
    assert support == pytest.approx([w[[each == name for each in truth]].sum() for name in "abc"])


def test_row_weights_change_what_is_learned_as_repeated_rows_would(tmp_path):
    rows = [[i % 7, i % 5, "ab"[(i * i) % 3 > 0], 1 + i % 2] for i in range(40)]
    header = ["u", "v", "kind", "times"]
    weighted = write(tmp_path / "w.csv", header, rows)
    repeated = write(tmp_path / "r.csv", header, [row for row in rows for _ in range(row[3])])
    common = {"val": 0, "test": 0, "scale": "none", "target": "kind"}
    whole = {"epochs": 3, "batch_size": 1000}
    sections = {"model": {"hidden": [3], "dtype": "float64"}, "train": whole}
    runs = [
        mlptrain.fit(
            {"data": {"train": str(path), **common, **data}, **sections}, out=tmp_path / path.stem
        )
        for path, data in ((weighted, {"weight": "times"}), (repeated, {"ignore": ["times"]}))
    ]
    first, second = (run.experiment.network.parameters.values for run in runs)
    np.testing.assert_allclose(first, second, rtol=1e-10, atol=1e-12)


def test_a_mapping_of_class_weights_is_by_name_and_the_others_weigh_one(table, tmp_path):
    weights = {"c": 5.0}
    run = fitted(table, tmp_path, CLASS, loss={"name": "softmax", "class_weights": weights})
    model = mlptrain.load(run)
    assert model.network.loss.class_weights.tolist() == [1, 1, 5]
    out = tmp_path / "p.csv"
    invoke("predict", run, table, "--proba", "-o", out)
    p = np.column_stack([np.array(column(out, f"proba_{c}"), float) for c in "abc"])
    y = np.array(["abc".index(each) for each in column(table, "kind")])
    w = np.array([1, 1, 5])[y]
    p = p * [1, 1, 5] / (p * [1, 1, 5]).sum(axis=1, keepdims=True)  # with weights, as in training
    expected = (w * -np.log(p[np.arange(90), y])).sum() / w.sum()

    assert evaluated(run, table)["loss"] == pytest.approx(expected, rel=1e-5)


def test_balanced_weights_are_those_of_the_training_rows(tmp_path):
    rows = [[i, i % 5, "rare" if i % 6 == 0 else "usual"] for i in range(60)]
    path = write(tmp_path / "t.csv", ["u", "v", "kind"], rows)
    data = {"train": str(path), "target": "kind", "val": 0, "test": 0}
    loss = {"name": "softmax", "class_weights": "balanced"}
    run = mlptrain.fit({"data": data, "loss": loss, "train": {"epochs": 1}}, out=tmp_path / "run")
    # N / (C count): 60 / (2 * 10) and 60 / (2 * 50)
    assert run.experiment.network.loss.class_weights.tolist() == [3.0, 0.6]


def test_an_unknown_metric_is_refused_with_the_nearest(table, tmp_path):
    path = write_config(tmp_path / "c.yaml", config(table, CLASS, train={"monitor": "val_roc_acu"}))
    result = invoke("fit", path)
    assert result.exit_code == 2
    assert "val_roc_auc" in faults(result)[0]


def test_eval_says_what_its_names_do_not(tmp_path):
    data = {"train": {"name": "moons", "points_per_class": 30}, "val": 0.2, "test": 0.2}
    loss = {"name": "softmax", "class_weights": {"0": 1, "1": 3}}
    config = write_config(tmp_path / "c.yaml", changed(THIRTY, {"data": data, "loss": loss}))
    invoke("fit", config, "--out", tmp_path / "run", "--quiet")
    lines = invoke("eval", tmp_path / "run").stdout.splitlines()

    assert "loss is with class_weights, as in training; log_loss is without" in lines
    assert "class_weights decide which class is named; probabilities are without them" in lines
    assert "roc_auc and average_precision: of class 1" in lines


def test_a_run_without_test_rows_ends_with_the_metric_of_its_best_epoch(tmp_path):
    config = write_config(tmp_path / "c.yaml", changed(THIRTY, {"train.eval_every": 1}))
    lines = invoke("fit", config, "--out", tmp_path / "run", "--quiet").stdout.splitlines()
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    best = [each for each in records(tmp_path / "run") if each["epoch"] == summary["best_epoch"]]

    assert lines[1].endswith(f"val_accuracy {best[0]['val_accuracy']:.4g}")


def test_layer_norm_of_one_unit_is_refused(tmp_path):
    model = {"hidden": [8, 1], "norm": "layer"}
    config = write_config(tmp_path / "c.yaml", changed(THIRTY, {"model": model}))
    result = invoke("fit", config, "--dry-run")

    assert result.exit_code == 2
    assert "a layer of 1 unit 0 on every row" in result.stderr
