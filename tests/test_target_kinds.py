"""Targets that are neither classes nor plain numbers: every command works on them, and agrees."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from runs import faults, invoke, write_config
from sklearn.metrics import log_loss, recall_score, roc_auc_score
from tables import column, read, write

import mlptrain
from mlptrain.storage.archive import read_archive
from mlptrain.tools.first_config import first_config

N = 160
HEADER = ["u", "v", "count", "price", "late", "paid"]
DATA = {"features": ["u", "v"]}
KINDS: dict[str, dict] = {
    "poisson": {"data": {"target": "count"}, "loss": "poisson"},
    "log": {"data": {"target": "price", "scale_target": "log", "clip_target": True}, "loss": "mse"},
    "sigmoid": {"data": {"target": ["late", "paid"]}, "loss": "sigmoid"},
    "quantile": {
        "data": {"target": "price", "scale_target": "log", "clip_target": True},
        "loss": {"name": "quantile", "levels": [0.1, 0.5, 0.9]},
    },
}
HEADLINES = {
    "poisson": "poisson_deviance",
    "log": "rmse",
    "sigmoid": "mean_accuracy",
    "quantile": "pinball_loss",
}
COLUMNS = {
    "poisson": ["count"],
    "log": ["price"],
    "sigmoid": ["late", "paid"],
    "quantile": ["price_q0.1", "price_q0.5", "price_q0.9"],
}


def rows() -> list[list]:
    generator = np.random.default_rng(7)
    X = generator.normal(size=(N, 2))
    rates = np.exp(0.8 * X[:, 0] - 0.5)
    prices = np.exp(9 + X[:, 0] + 0.5 * generator.normal(size=N)).round(2)
    late, paid = ((X[:, k] + generator.normal(size=N) > 0) for k in (0, 1))
    flags = (np.where(late, "yes", "no").tolist(), paid.astype(int).tolist())
    columns = (X.round(4).tolist(), generator.poisson(rates).tolist(), prices.tolist(), *flags)
    return [[*x, *more] for x, *more in zip(*columns, strict=True)]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("kinds") / "rows.csv", HEADER, rows())


def config(table: Path, kind: str, **data: object) -> dict:
    made = KINDS[kind]
    return {
        **made,
        "data": {
            "train": str(table),
            "val": 0.2,
            "test": 0.2,
            "cache": "none",
            **DATA,
            **made["data"],
            **data,
        },
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
    X = np.stack([numbers(column(table, name)) for name in ("u", "v")], axis=1)
    found = np.stack([column(out, name) for name in COLUMNS[kind]], axis=1).squeeze()
    expected = mlptrain.load(run).predict(X)
    if expected.dtype.kind == "f":
        np.testing.assert_allclose(found.astype(float), expected, rtol=1e-6)
    else:
        assert found.tolist() == expected.tolist()


def test_a_fit_from_the_cache_has_the_parameters_of_one_in_memory(trained, table, tmp_path):
    kind, run = trained
    cached = config(table, kind, cache=str(tmp_path / "cache"))
    again = mlptrain.fit(cached, out=tmp_path / "run").directory.path
    (one, _), (other, _) = (read_archive(each / "best.npz") for each in (run, again))
    assert {name: array.tobytes() for name, array in one.items()} == {
        name: array.tobytes() for name, array in other.items()
    }


@pytest.mark.slow
def test_eval_report_and_records_name_the_metric_of_the_loss(trained, table):
    pytest.importorskip("matplotlib")
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


@pytest.mark.slow
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
    proba = [f"proba_{name}" for name in COLUMNS[kind] if kind == "sigmoid"]
    assert header[2:] == [*targets, *(f"predicted_{name}" for name in COLUMNS[kind]), *proba]
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


# scale_target: log, clip_target, target_missing


def linear(data: dict, **sections: object) -> dict:
    """A linear model that is trained to the end on the whole table."""
    return {
        "data": {"val": 0, "test": 0, "scale": "none", "target": "y", **data},
        "model": {"hidden": [], "dtype": "float64"},
        "optimizer": {"name": "adam", "learning_rate": 0.1},
        "schedule": "cosine",
        "loss": "mse",
        "train": {"epochs": 300, "batch_size": 100},
        **sections,
    }


def test_a_target_on_the_log_scale_is_predicted_by_its_median(tmp_path):
    # log y is 2x - 1, 2x or 2x + 7: the mean of the logarithms is 2x + 2, and so e^(2x + 2) comes out
    rows = [[x, math.exp(2 * x + e)] for x in (-1.0, 0.0, 1.0) for e in (-1, 0, 7)]
    table = write(tmp_path / "t.csv", ["x", "y"], rows)
    run = mlptrain.fit(linear({"train": str(table), "scale_target": "log"}), out=tmp_path / "run")
    model = mlptrain.load(run.directory.path)
    assert model.predict([[0.0], [1.0]]) == pytest.approx([math.exp(2), math.exp(4)], rel=1e-3)


@pytest.mark.parametrize(
    ("scale", "value", "found", "advice"),
    [("log", "0", "is not above 0", "log1p"), ("log1p", "-1", "is not above -1", "standard")],
)
def test_a_target_without_a_logarithm_is_refused_with_its_line(tmp_path, scale, value, found, advice):
    table = write(tmp_path / "t.csv", ["x", "y"], [[0, 1], [1, value], [2, 3], [3, 2]])
    path = write_config(tmp_path / "c.yaml", linear({"train": str(table), "scale_target": scale}))
    lines = faults(invoke("fit", path))
    assert lines[0] == f"{table}:3: y: '{value}' {found}"
    assert advice in lines[-1]


def test_zeros_have_a_logarithm_with_log1p(tmp_path):
    table = write(tmp_path / "t.csv", ["x", "y"], [[x, math.expm1(x)] for x in (0.0, 1.0, 2.0)])
    run = mlptrain.fit(linear({"train": str(table), "scale_target": "log1p"}), out=tmp_path / "run")
    found = mlptrain.load(run.directory.path).predict([[0.0], [3.0]])
    assert found == pytest.approx([0, math.expm1(3)], rel=1e-3, abs=1e-3)


def test_poisson_takes_the_logarithm_by_itself(table, tmp_path):
    path = write_config(tmp_path / "c.yaml", config(table, "poisson", scale_target="log"))
    (line,) = faults(invoke("fit", path))
    assert "scale_target: poisson predicts logarithms by itself; write standard, got log" in line


@pytest.mark.parametrize("clip", [False, True])
def test_predictions_are_kept_in_the_range_of_training_where_that_is_asked_for(tmp_path, clip):
    table = write(tmp_path / "t.csv", ["x", "y"], [[x, 2 * x] for x in (0.0, 1.0, 2.0, 3.0)])
    run = mlptrain.fit(linear({"train": str(table), "clip_target": clip}), out=tmp_path / "run")
    other = write(tmp_path / "other.csv", ["x", "y"], [[-5, -10], [1, 2], [9, 18]])
    out = tmp_path / "out.csv"
    assert invoke("predict", run.directory.path, other, "-o", out).exit_code == 0
    expected = [0, 2, 6] if clip else [-10, 2, 18]
    assert numbers(column(out, "y")) == pytest.approx(expected, abs=1e-2)
    found = json.loads(invoke("eval", run.directory.path, "--data", other, "--json").stdout)
    assert found["mae"] == pytest.approx(22 / 3 if clip else 0, abs=1e-2)  # of the true values


def test_rows_without_a_target_are_left_out_and_counted_where_that_is_asked_for(tmp_path):
    rows = [[x, "" if x % 3 == 0 else 2 * x] for x in range(1, 13)]
    table = write(tmp_path / "t.csv", ["x", "y"], rows)
    refused = write_config(tmp_path / "c.yaml", linear({"train": str(table)}))
    lines = faults(invoke("fit", refused))
    assert lines[0].startswith(f"{table}:4: y")
    assert "`target_missing: drop`" in lines[-1]
    told = f"{table}: 4 rows without a target dropped"
    made = linear({"train": str(table), "val": str(table), "target_missing": "drop"})
    run = mlptrain.fit(made, out=tmp_path / "run")
    assert len(run.experiment.data.train) == len(run.experiment.data.val) == 8
    assert run.experiment.data.notes.count(told) == 2
    result = invoke("eval", run.directory.path, "--data", table)
    assert result.exit_code == 0
    assert told in result.stderr
    out = tmp_path / "out.csv"
    assert invoke("predict", run.directory.path, table, "-o", out).exit_code == 0
    assert len(column(out, "y")) == 12  # these are what there is to predict


# sigmoid


def test_each_target_gets_its_answer_in_its_own_words_and_a_probability(table, tmp_path):
    run = mlptrain.fit(config(table, "sigmoid"), out=tmp_path / "run").directory.path
    out = tmp_path / "out.csv"
    assert invoke("predict", run, table, "--proba", "-o", out).exit_code == 0
    assert read(out)[0] == ["late", "paid", "proba_late", "proba_paid"]
    for name, no, yes in (("late", "no", "yes"), ("paid", "0", "1")):
        above = numbers(column(out, f"proba_{name}")) > 0.5
        assert column(out, name) == [yes if each else no for each in above]
        assert 0 < above.mean() < 1
    X = np.stack([numbers(column(table, name)) for name in ("u", "v")], axis=1)
    p = np.stack([numbers(column(out, f"proba_{name}")) for name in ("late", "paid")], axis=1)
    model = mlptrain.load(run)
    np.testing.assert_allclose(model.predict_proba(X), p, rtol=1e-6)
    y = np.stack([column(table, "late"), column(table, "paid")], axis=1)
    late, paid = y[:, 0] == "yes", y[:, 1] == "1"
    found = model.evaluate(X, y)
    auc = [roc_auc_score(late, p[:, 0]), roc_auc_score(paid, p[:, 1])]
    assert found["mean_roc_auc"] == pytest.approx(np.mean(auc), rel=1e-9)
    right = np.stack([(p[:, 0] > 0.5) == late, (p[:, 1] > 0.5) == paid])
    assert found["mean_accuracy"] == pytest.approx(right.mean())
    assert found["exact_match"] == pytest.approx(right.all(axis=0).mean())
    losses = [log_loss(late, p[:, 0]), log_loss(paid, p[:, 1])]
    assert found["mean_log_loss"] == pytest.approx(np.mean(losses), rel=1e-6)
    assert found["loss"] == pytest.approx(np.sum(losses), rel=1e-5)
    by_file = invoke("eval", run, "--data", table).stdout
    assert "late=yes" in by_file
    per_target = json.loads(invoke("eval", run, "--data", table, "--json").stdout)["per_target"]
    assert per_target["paid=1"]["recall"] == pytest.approx(recall_score(paid, p[:, 1] > 0.5))


def test_a_target_of_three_values_is_no_flag(table, tmp_path):
    header, cells = read(table)
    cells[5][4] = "perhaps"
    path = config(write(tmp_path / "t.csv", header, cells), "sigmoid", val=0, test=0)
    (line,) = faults(invoke("fit", write_config(tmp_path / "c.yaml", path)))
    assert "target 'late' has 3 values in the training rows (no, perhaps, yes)" in line


def test_several_targets_of_two_values_are_sent_to_sigmoid_and_init_takes_it(table, tmp_path):
    wrong = {**config(table, "sigmoid"), "loss": "softmax"}
    (line,) = faults(invoke("fit", write_config(tmp_path / "c.yaml", wrong)))
    assert "`loss: sigmoid`, where each holds two values" in line
    wrong["loss"] = "mse"
    (line,) = faults(invoke("fit", write_config(tmp_path / "c.yaml", wrong)))
    assert line.endswith("to predict a yes or no for each: `loss: sigmoid`")
    out = tmp_path / "made.yaml"
    assert invoke("init", table, "--target", "late", "--target", "paid", "-o", out).exit_code == 0
    assert "loss: sigmoid" in out.read_text()


# quantile


def test_an_interval_covers_about_what_its_levels_promise(tmp_path):
    generator = np.random.default_rng(3)
    u = generator.normal(size=1500)
    y = 10 * u + np.where(u > 0, 4, 1) * generator.normal(size=1500)
    path = write(tmp_path / "rows.csv", ["u", "y"], np.stack([u, y], axis=1).round(4).tolist())
    settings = {"train": str(path), "target": "y", "val": 0.2, "test": 0.3, "cache": "none"}
    run = mlptrain.fit(
        {
            "data": settings,
            "model": {"hidden": [16]},
            "loss": {"name": "quantile", "levels": [0.1, 0.5, 0.9]},
            "optimizer": {"name": "adam", "learning_rate": 0.02},
            "schedule": "cosine",
            "train": {"epochs": 20, "batch_size": 64},
        },
        out=tmp_path / "run",
    ).directory.path
    shown = invoke("eval", run).stdout
    assert "coverage: 0.8 is right for 0.1 to 0.9; rmse, mae, r2 and the like: of level 0.5" in shown
    found = json.loads(invoke("eval", run, "--json").stdout)
    assert 0.74 < found["coverage"] < 0.86  # 450 rows: 0.8 with a deviation of 0.02
    ends = mlptrain.load(run).predict(np.array([[-1.5], [1.5]]))
    width = ends[:, 2] - ends[:, 0]
    assert width[1] > 2 * width[0] > 0  # 2.56 deviations, of 1 and of 4
    assert (np.diff(ends, axis=1) >= 0).all()


def test_levels_that_do_not_rise_are_refused_with_those_that_do(table, tmp_path):
    made = config(table, "quantile") | {"loss": {"name": "quantile", "levels": [0.9, 0.1, 0.1]}}
    (line,) = faults(invoke("fit", write_config(tmp_path / "c.yaml", made), "--out", tmp_path / "run"))
    assert "loss.levels: levels rise; write [0.1, 0.9], got [0.9, 0.1, 0.1]" in line


def test_a_network_of_one_number_does_not_start_one_of_several_levels(table, tmp_path):
    run = tmp_path / "one"
    mlptrain.fit(config(table, "log"), out=run, set={"train.epochs": 1})
    path = write_config(tmp_path / "c.yaml", config(table, "quantile"))
    refused = invoke("fit", path, "--init-from", run, "--out", tmp_path / "run")
    assert "predicts price, not price_q0.1, price_q0.5, price_q0.9" in refused.stderr


# a class that is called NA


def test_a_class_called_na_is_kept_as_the_advice_says(tmp_path):
    countries = ["DE", "NA", "FR"] * 20
    cells = [[i % 3 + i / 100, name] for i, name in enumerate(countries)]
    path = write(tmp_path / "rows.csv", ["u", "country"], cells)
    advice = "if 'NA' is a value: `columns: {country: {present: [NA]}}`"
    proposed = first_config(str(path), ["country"])
    assert any(f"20 rows without country: left out; {advice}" in note for note in proposed.notes)
    data = {"train": str(path), "target": "country", "cache": "none"}
    refused = invoke("fit", write_config(tmp_path / "c.yaml", {"data": data}), "--out", tmp_path / "no")
    assert advice in refused.stderr
    declared = {**data, "columns": {"country": {"present": ["NA"]}}}
    made = {"data": declared, "train": {"epochs": 1}}
    run = mlptrain.fit(made, out=tmp_path / "run").directory.path
    assert mlptrain.load(run).classes == ("DE", "FR", "NA")
