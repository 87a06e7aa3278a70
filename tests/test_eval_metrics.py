"""`eval` shows every metric, `monitor` follows any of them, and weights count in loss and metrics."""

import json
from pathlib import Path

import numpy as np
import pytest
from runs import faults, invoke, records, write_config
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
