"""What stands beside a figure: that of the same answer for every row."""

import csv
import json

import numpy as np
import pytest
from runs import invoke, write_config
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss, mean_absolute_error, mean_pinball_loss
from tables import write

import mlptrain
from mlptrain.config import load_config
from mlptrain.config.model import Model
from mlptrain.runs import fold_outcome
from mlptrain.training.baseline import baseline
from mlptrain.training.build import load
from mlptrain.training.linear_model import linear_answers, linear_figures

X = np.arange(40.0)[:, None] % 7
WEIGHT = np.arange(40) % 3 + 0.5
QUICK = {"epochs": 1, "hidden": [], "val": None}


def of(y, weight=None, **settings):
    """The baseline of a model that was trained on y, on the same rows."""
    model = mlptrain.fit(X, y, **QUICK, **settings)
    part = model.explained_rows(X, y, weight)
    return baseline(part.evaluation(part.scores()))


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_that_of_classes_is_the_prior_of_scikit_learn(weight):
    y = np.where(np.arange(40) % 4 == 1, "b", "a")
    dummy = DummyClassifier().fit(X, y, sample_weight=weight)
    found = of(y, weight)
    assert found["accuracy"] == pytest.approx(dummy.score(X, y, sample_weight=weight))
    expected = log_loss(y, dummy.predict_proba(X), sample_weight=weight)
    assert found["log_loss"] == pytest.approx(expected, rel=1e-6)


def test_class_weights_do_not_move_it():
    y = np.where(np.arange(40) % 4 == 1, "b", "a")
    weighted = of(y, loss={"name": "softmax", "class_weights": "balanced"})
    assert weighted["log_loss"] == pytest.approx(of(y)["log_loss"], rel=1e-6)


def test_of_two_lopsided_classes_it_cannot_rank():
    found = of(np.where(np.arange(40) % 10 == 1, "b", "a"))
    assert (found["roc_auc"], found["average_precision"]) == (0.5, pytest.approx(0.1))


def test_that_of_numbers_is_their_mean():
    y = np.arange(40.0) ** 2
    mean = DummyRegressor().fit(X, y).predict(X)
    found = of(y, loss="mse")
    assert found["rmse"] == pytest.approx(y.std(), rel=1e-6)
    assert found["mae"] == pytest.approx(mean_absolute_error(y, mean), rel=1e-6)
    assert of(y, loss="poisson")["mae"] == pytest.approx(found["mae"], rel=1e-6)


def test_that_of_quantiles_are_those_of_the_rows():
    y = np.arange(40.0) ** 2
    found = of(y, loss={"name": "quantile", "levels": [0.25, 0.5]})
    each = [DummyRegressor(strategy="quantile", quantile=q).fit(X, y).predict(X) for q in (0.25, 0.5)]
    expected = [mean_pinball_loss(y, p, alpha=q) for p, q in zip(each, (0.25, 0.5), strict=True)]
    assert found["pinball_loss"] == pytest.approx(np.mean(expected), rel=0.01)


def test_a_hinge_loss_names_the_largest_class():
    y = np.where(np.arange(40) % 4 == 1, "b", "a")
    assert of(y, loss="hinge") == {"accuracy": 0.75}


@pytest.mark.parametrize("weight", [None, "w"])
def test_the_linear_model_is_that_of_scikit_learn(tmp_path, weight):
    generator = np.random.default_rng(0)
    X = generator.normal(size=(300, 4))
    y = (X @ [1.0, -2.0, 0.5, 0.0] + generator.normal(size=300) > 0.7).astype(int)
    w = generator.random(300) + 0.5
    rows = [[*x, each, k] for x, each, k in zip(X.tolist(), w.tolist(), y.tolist(), strict=True)]
    table = write(tmp_path / "rows.csv", ["a", "b", "c", "d", "w", "k"], rows)
    data = {"train": str(table), "target": "k", "val": 0, "test": 0, "scale": "none"}
    data |= {"weight": "w"} if weight else {"ignore": ["w"]}
    config = load_config({"data": data, "model": {"hidden": [5], "dtype": "float64"}})
    dataset = load(config)
    found = linear_figures(config, dataset, dataset.train)
    # of two classes each has weights of its own here: half of theirs, so twice the room
    theirs = LogisticRegression(C=2.0, tol=1e-8).fit(
        X, y, sample_weight=w / w.mean() if weight else None
    )
    expected = log_loss(y, theirs.predict_proba(X), sample_weight=w if weight else None)
    assert found["log_loss"] == pytest.approx(expected, rel=1e-4)


def test_the_linear_model_of_numbers_is_ridge_regression(tmp_path):
    generator = np.random.default_rng(0)
    X = generator.normal(size=(200, 3))
    y = X @ [1.0, -2.0, 0.5] + generator.normal(size=200)
    rows = [[*x, each] for x, each in zip(X.tolist(), y.tolist(), strict=True)]
    table = write(tmp_path / "rows.csv", ["a", "b", "c", "y"], rows)
    data = {
        "train": str(table),
        "target": "y",
        "val": 0,
        "test": 0,
        "scale": "none",
        "scale_target": "none",
    }
    config = load_config({"data": data, "loss": "mse", "model": {"hidden": [5], "dtype": "float64"}})
    dataset = load(config)
    found = linear_figures(config, dataset, dataset.train)
    theirs = Ridge(alpha=0.5).fit(X, y)  # sum (y - p)^2 + n / 2n sum w^2
    assert found["mae"] == pytest.approx(mean_absolute_error(y, theirs.predict(X)), rel=1e-5)
    assert (
        linear_figures(config.model_copy(update={"model": Model(hidden=())}), dataset, dataset.train)
        is None
    )


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_linear_models_of_folds_say_each_row_without_having_seen_it(tmp_path, jobs):
    """As Ridge does that is trained on the other folds, each with a scale of its own for the target."""
    generator = np.random.default_rng(1)
    X = generator.normal(size=(90, 2))
    y = 50 + 9 * X @ [1.0, -2.0] + generator.normal(size=90)
    rows = [[*x, each] for x, each in zip(X.tolist(), y.tolist(), strict=True)]
    table = write(tmp_path / "rows.csv", ["a", "b", "y"], rows)
    config = write_config(
        tmp_path / "config.yaml",
        {
            "data": {"train": str(table), "target": "y", "val": 0, "test": 0, "scale": "none"},
            "model": {"hidden": [3], "dtype": "float64"},
            "loss": "mse",
            "train": {"epochs": 1, "folds": 3},
        },
    )
    run = tmp_path / "run"
    said = invoke("fit", config, "--out", run, "--jobs", jobs, "--quiet")
    held_out = csv.DictReader((run / "out_of_fold.csv").read_text().splitlines())
    fold = np.array([int(row["fold"]) for row in held_out])
    theirs = np.zeros(90)
    for number in (1, 2, 3):
        seen, spread = fold != number, y[fold != number].std()
        ridge = Ridge(alpha=0.5).fit(X[seen], y[seen] / spread)
        theirs[~seen] = spread * ridge.predict(X[~seen])
    kept = json.loads((run / "folds.json").read_text())["linear"]
    assert kept["mae"] == pytest.approx(mean_absolute_error(y, theirs), 1e-4)
    line = f"linear model: rmse {kept['rmse']:.4g}, mae {kept['mae']:.4g} (on the same columns)"
    assert line in said.stdout.splitlines()
    assert line in invoke("eval", run).stdout.splitlines()


@pytest.mark.parametrize("folds", [None, 3])
def test_the_rows_of_another_file_have_the_linear_model_of_the_training_rows(tmp_path, folds):
    """Of folds the mean of those of Ridge, as the network is the mean of its members."""
    generator = np.random.default_rng(2)
    X = generator.normal(size=(150, 2))
    y = 50 + 9 * X @ [1.0, -2.0] + generator.normal(size=150)
    rows = [[*x, each] for x, each in zip(X.tolist(), y.tolist(), strict=True)]
    table = write(tmp_path / "rows.csv", ["a", "b", "y"], rows[:90])
    new = write(tmp_path / "new.csv", ["a", "b", "y"], rows[90:])
    config = write_config(
        tmp_path / "config.yaml",
        {
            "data": {"train": str(table), "target": "y", "val": 0, "test": 0, "scale": "none"},
            "model": {"hidden": [3], "dtype": "float64"},
            "loss": "mse",
            "train": {"epochs": 1, **({"folds": folds} if folds else {})},
        },
    )
    run = tmp_path / "run"
    invoke("fit", config, "--out", run, "--quiet")
    fold = np.zeros(90)
    if folds:
        held_out = csv.DictReader((run / "out_of_fold.csv").read_text().splitlines())
        fold = np.array([int(row["fold"]) for row in held_out])
    theirs = []
    for number in set(fold.tolist()):
        seen = (fold != number) if folds else np.ones(90, bool)
        spread = y[:90][seen].std()
        ridge = Ridge(alpha=0.5).fit(X[:90][seen], y[:90][seen] / spread)
        theirs.append(spread * ridge.predict(X[90:]))
    found = json.loads(invoke("eval", run, "--data", new, "--json").stdout)["linear"]
    assert found["mae"] == pytest.approx(mean_absolute_error(y[90:], np.mean(theirs, axis=0)), 1e-4)

    table.unlink()
    said = invoke("eval", run, "--data", new)
    assert "linear model:" not in said.stdout
    assert f"note: no linear model to compare with: {table}: no such file" in said.stderr


def test_the_test_rows_of_folds_have_the_mean_of_their_linear_models(tmp_path):
    data = {"train": {"name": "moons", "points_per_class": 200}, "val": 0, "test": 0.3}
    config = write_config(
        tmp_path / "config.yaml",
        {"data": data, "model": {"hidden": [3]}, "train": {"epochs": 1, "folds": 2}},
    )
    run = tmp_path / "run"
    invoke("fit", config, "--out", run, "--quiet")
    found = json.loads(invoke("eval", run, "--json").stdout)
    assert found["split"] == "test"
    assert found["linear"]["accuracy"] > 0.8  # a line tells most of two moons apart


def test_candidates_share_the_linear_models_of_the_first(tmp_path, monkeypatch):
    fitted = []

    def counted(config, data, rows):
        fitted.append(config.model.hidden)
        return linear_answers(config, data, rows)

    monkeypatch.setattr(fold_outcome, "linear_answers", counted)
    candidates = [{"name": "narrow"}, {"name": "wide", "model": {"hidden": [9]}}]
    config = write_config(
        tmp_path / "config.yaml",
        {
            "data": {"train": {"name": "moons", "points_per_class": 20}, "val": 0, "test": 0},
            "model": {"hidden": [3]},
            "train": {"epochs": 1, "folds": 2},
            "candidates": candidates,
        },
    )
    said = invoke("fit", config, "--out", tmp_path / "run", "--jobs", 1, "--quiet")
    assert fitted == [(3,), (3,)]
    assert "linear model: accuracy" in said.stdout
