"""A rare class: what init, fit and eval make of it with nothing edited."""

import numpy as np
import polars as pl
import pytest
import yaml
from runs import invoke
from sklearn import metrics as reference

import mlptrain
from mlptrain.tools.first_config import first_config
from mlptrain.tools.first_config.choices import Wish

pytestmark = pytest.mark.usefixtures("one_thread")


def lopsided_table(path, rows=6000, seed=0):
    """2 % of the rows are ill, by two columns, a product of two others, and noise."""
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(rows, 6))
    risk = 1.4 * X[:, 0] - X[:, 1] + X[:, 2] * X[:, 3] + 0.7 * generator.logistic(size=rows)
    kinds = np.where(risk > np.quantile(risk, 0.98), "ill", "well")
    lines = [",".join([*map("{:.4f}".format, row), kind]) for row, kind in zip(X, kinds, strict=True)]
    path.write_text("\n".join(["a,b,c,d,e,f,state", *lines]) + "\n")
    return path


def test_ranking_stands_first_for_two_lopsided_classes(tmp_path):
    config = yaml.safe_load(
        first_config(
            str(lopsided_table(tmp_path / "t.csv", 700)), ["state"], Wish(preset="fast", test=0.3)
        ).text
    )
    config["train"]["epochs"] = 2
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(config))
    fitted = invoke(
        "fit", tmp_path / "c.yaml", "--out", tmp_path / "run", "--quiet"
    ).stdout.splitlines()
    shown = [line.split()[0] for line in invoke("eval", tmp_path / "run").stdout.splitlines() if line]

    assert any(line.startswith("test: roc_auc ") and ", average_precision " in line for line in fitted)
    assert shown[3:7] == ["roc_auc", "average_precision", "loss", "accuracy"]
    assert "roc_auc and average_precision: of class ill" in invoke("eval", tmp_path / "run").stdout


def test_classes_of_one_size_are_read_by_their_accuracy(tmp_path):
    moons = {"data": {"train": {"name": "moons", "points_per_class": 20}}, "train": {"epochs": 1}}
    mlptrain.fit(moons, out=tmp_path / "run")
    shown = [line.split()[0] for line in invoke("eval", tmp_path / "run").stdout.splitlines() if line]

    assert shown[3:5] == ["loss", "accuracy"]


@pytest.mark.slow
def test_a_rare_class_is_ranked_and_found_by_default(tmp_path):
    """Nothing edited: against the base rate, a logistic regression on the same folds, and weights."""
    linear_model = pytest.importorskip("sklearn.linear_model")
    table, new = lopsided_table(tmp_path / "t.csv"), lopsided_table(tmp_path / "new.csv", seed=1)
    config = yaml.safe_load(first_config(str(table), ["state"]).text)
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(config))
    assert invoke("fit", tmp_path / "c.yaml", "--out", tmp_path / "run", "--quiet").exit_code == 0
    balanced = {
        **{key: value for key, value in config.items() if key not in ("calibration", "decision")},
        "loss": {"name": "softmax", "class_weights": "balanced"},
        "train": {**config["train"], "monitor": "val_balanced_accuracy"},
    }
    (tmp_path / "b.yaml").write_text(yaml.safe_dump(balanced))
    assert invoke("fit", tmp_path / "b.yaml", "--out", tmp_path / "weights", "--quiet").exit_code == 0

    out = pl.read_csv(tmp_path / "run" / "out_of_fold.csv")
    X = pl.read_csv(table).select("a", "b", "c", "d", "e", "f").to_numpy()
    ill, p, fold = (out[name].to_numpy() for name in ("state", "proba_ill", "fold"))
    ill, logistic = ill == "ill", np.empty(len(X))
    for number in np.unique(fold):
        held = fold == number
        one = linear_model.LogisticRegression(max_iter=1000).fit(X[~held], ill[~held])
        logistic[held] = one.predict_proba(X[held])[:, 1]
    found, by_weights = (
        mlptrain.load(tmp_path / run).predict(new, decide=decide) == "ill"
        for run, decide in (("run", True), ("weights", False))
    )
    truth = pl.read_csv(new)["state"].to_numpy() == "ill"

    figures = {
        "log-loss": (reference.log_loss(ill, p), reference.log_loss(ill, np.full(len(p), ill.mean()))),
        "ROC AUC": (reference.roc_auc_score(ill, p), reference.roc_auc_score(ill, logistic)),
        "F1": (reference.f1_score(truth, found), reference.f1_score(truth, by_weights)),
    }
    print(*(f"{name}: {ours:.3f}, {other:.3f}" for name, (ours, other) in figures.items()), sep="\n")
    assert figures["log-loss"][0] < 0.9 * figures["log-loss"][1]
    assert figures["ROC AUC"][0] >= figures["ROC AUC"][1]
    assert figures["F1"][0] >= figures["F1"][1]
