"""Targets that are neither classes nor plain numbers: every command works on them, and agrees."""

import json
from pathlib import Path

import numpy as np
import pytest
from runs import faults, invoke, write_config
from tables import column, read, write

import mlptrain
from mlptrain.storage.archive import read_archive

N = 160
HEADER = ["u", "v", "count"]
KINDS: dict[str, dict] = {
    "poisson": {"data": {"target": "count", "features": ["u", "v"]}, "loss": "poisson"},
}
HEADLINES = {"poisson": "poisson_deviance"}
COLUMNS = {"poisson": ["count"]}


def rows() -> list[list]:
    generator = np.random.default_rng(7)
    X = generator.normal(size=(N, 2))
    rates = np.exp(0.8 * X[:, 0] - 0.5)
    return [[*x, int(n)] for x, n in zip(X.round(4).tolist(), generator.poisson(rates), strict=True)]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("kinds") / "rows.csv", HEADER, rows())


def config(table: Path, kind: str, **data: object) -> dict:
    made = KINDS[kind]
    return {
        **made,
        "data": {"train": str(table), "val": 0.2, "test": 0.2, "cache": "none", **made["data"], **data},
        "model": {"hidden": [6]},
        "optimizer": {"name": "adam", "learning_rate": 0.02},
        "train": {"epochs": 6, "batch_size": 16},
    }


@pytest.fixture(scope="module", params=KINDS)
def trained(request, table: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    run = mlptrain.fit(config(table, request.param), out=tmp_path_factory.mktemp("runs") / "run")
    return request.param, run.directory.path


def numbers(texts: list[str]) -> np.ndarray:
    return np.array([float(text) for text in texts])


def test_streamed_predictions_are_those_of_a_model_in_python(trained, table, tmp_path):
    kind, run = trained
    out = tmp_path / "out.csv"
    assert invoke("predict", run, table, "-o", out).exit_code == 0
    assert read(out)[0] == COLUMNS[kind]
    found = np.stack([numbers(column(out, name)) for name in COLUMNS[kind]], axis=1)
    X = np.stack([numbers(column(table, name)) for name in ("u", "v")], axis=1)
    np.testing.assert_allclose(found.squeeze(), mlptrain.load(run).predict(X), rtol=1e-6)
    assert np.isfinite(found).all()


def test_a_fit_from_the_cache_has_the_parameters_of_one_in_memory(trained, table, tmp_path):
    kind, run = trained
    cached = config(table, kind, cache=str(tmp_path / "cache"))
    again = mlptrain.fit(cached, out=tmp_path / "run").directory.path
    (one, _), (other, _) = (read_archive(each / "best.npz") for each in (run, again))
    assert {name: array.tobytes() for name, array in one.items()} == {
        name: array.tobytes() for name, array in other.items()
    }


def test_eval_report_and_records_name_the_metric_of_the_loss(trained, table):
    kind, run = trained
    headline = HEADLINES[kind]
    found = json.loads(invoke("eval", run, "--json").stdout)
    summary = json.loads((run / "summary.json").read_text())
    assert found[headline] == summary["test"][headline] is not None
    assert f"val_{headline}" in (run / "metrics.jsonl").read_text()
    assert invoke("report", run).exit_code == 0
    assert headline in (run / "report.html").read_text()
    by_file = json.loads(invoke("eval", run, "--data", table, "--json").stdout)
    assert by_file[headline] is not None


def test_check_gradcheck_folds_and_resume_work(trained, table, tmp_path):
    kind, _ = trained
    path = write_config(tmp_path / "c.yaml", config(table, kind))
    assert invoke("gradcheck", path).exit_code == 0
    assert "0 FAIL" in invoke("check", path).stdout
    folds = tmp_path / "folds"
    assert invoke("fit", path, "--folds", 2, "--out", folds, "--set", "train.epochs=1").exit_code == 0
    target = KINDS[kind]["data"]["target"]
    targets = [target] if isinstance(target, str) else target
    header, cells = read(folds / "out_of_fold.csv")
    assert header[2:] == [*targets, *(f"predicted_{name}" for name in COLUMNS[kind])]
    assert len(cells) == N
    short = tmp_path / "short"
    assert invoke("fit", path, "--out", short, "--set", "train.epochs=2").exit_code == 0
    assert invoke("fit", "--resume", short, "--set", "train.epochs=3").exit_code == 0


# poisson


def test_a_network_of_amounts_predicts_the_mean_where_it_knows_nothing(table, tmp_path):
    untrained = config(table, "poisson", val=0, test=0)
    untrained["model"] = {"hidden": [], "initializer": {"name": "zeros"}}
    untrained["optimizer"] = {"name": "sgd", "learning_rate": 1e-12}
    untrained["train"] = {"epochs": 1}
    model = mlptrain.load(mlptrain.fit(untrained, out=tmp_path / "run").directory.path)
    mean = numbers(column(table, "count")).mean()
    assert model.predict([[0.0, 0.0], [3.0, -3.0]]) == pytest.approx([mean, mean], rel=1e-6)


def test_a_negative_amount_is_refused_with_its_line(table, tmp_path):
    header, cells = read(table)
    cells[3][2] = "-1"
    other = write(tmp_path / "negative.csv", header, cells)
    path = write_config(tmp_path / "c.yaml", config(other, "poisson"))
    lines = faults(invoke("fit", path, "--out", tmp_path / "run"))
    assert f"{other}:5: count: '-1' is below 0" in lines[0]
    assert "`loss: mse`" in lines[-1]
