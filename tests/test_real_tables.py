"""Real tables through the commands, unchanged: init, fit, eval, predict; and the numbers are right."""

import hashlib
import json
import os
import random
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from runs import ROOT, invoke
from sklearn import metrics
from tables import REAL, column, installed, read, write
from threadpoolctl import threadpool_limits

import mlptrain
from mlptrain.data.chunks import iterate_features
from mlptrain.data.load import load_rows
from mlptrain.training.build import load as load_data

pytestmark = pytest.mark.usefixtures("one_thread")

FULL = "MLPTRAIN_FULL_TABLES" in os.environ
"""Whether the commands run exactly as a user types them (`make tables`)."""

QUICK = {"digits": (12, 0.93), "diamonds": (4, 0.9), "health insurance": (10, 0.03)}
SHORT = {} if FULL else QUICK
"""Fewer epochs than the config asks for, where that is slow, and the accuracy or R2 of so few."""

ROW = r"^\| (.+) \| .+ \| [\d,]+ \| \d+ \| .+ \| (?:accuracy|R2) (-?[\d.]+) \|$"
PAGE = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
SHOWN = {name: float(reached) for name, reached in re.findall(ROW, PAGE, re.MULTILINE)}
"""What docs/tables.md says is reached on each table."""


class Worked(NamedTuple):
    """What the four commands left behind for one table."""

    name: str
    table: Path
    target: str
    separator: str
    run: Path
    predicted: Path
    evaluated: dict
    tested: dict

    def truth(self) -> list[str]:
        """The column to predict, as it is in the file."""
        return column(self.table, self.target, self.separator)


SLOW = ("diamonds", "health insurance", "Seattle weather", "mortgages", "companies", "baseball teams")
"""A third of the tables takes two thirds of the time."""
TABLES = [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in REAL]


@pytest.fixture(scope="module", params=TABLES)
def worked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Worked:
    """init, fit, predict and eval of one table."""
    name = request.param
    package, target, file, separator = REAL[name]
    if installed(package) is None:
        pytest.skip(f"{package} is not installed: it comes with the extra `dev`")
    folder = tmp_path_factory.mktemp("table")
    table, config, run, out = file(folder), folder / "config.yaml", folder / "run", folder / "out.csv"
    short = ["--set", f"train.epochs={SHORT[name][0]}"] if name in SHORT else []
    stdout("init", table, "--target", target, "--preset", "fast", "--test", 0.2, "-o", config)
    stdout("fit", config, "--out", run, "--quiet", *short)
    with threadpool_limits(limits=1):  # as in the tests: another number gives other bits
        evaluated = json.loads(stdout("eval", run, "--data", table, "--json"))
        tested = json.loads(stdout("eval", run, "--json"))
        stdout("predict", run, table, "-o", out, *proba(evaluated))
    return Worked(name, table, target, separator, run, out, evaluated, tested)


def stdout(*arguments: object) -> str:
    """What a command prints, once it has succeeded."""
    result = invoke(*arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def proba(evaluated: dict) -> list[str]:
    """Probabilities are asked for where there are classes."""
    return ["--proba"] if "classes" in evaluated else []


@pytest.mark.slow
def test_the_first_config_reaches_what_the_page_shows(worked):
    found = worked.tested["accuracy" if "accuracy" in worked.tested else "r2"]
    assert worked.tested["split"] == "test"
    if worked.name in SHORT:
        assert found >= SHORT[worked.name][1]
    else:
        assert found == pytest.approx(SHOWN[worked.name], abs=0.05)  # machines differ in the last bits


def test_the_page_shows_every_table():
    assert list(SHOWN) == list(REAL)


@pytest.mark.slow
def test_there_is_a_prediction_for_each_row(worked):
    assert len(column(worked.predicted, worked.target)) == len(worked.truth())


@pytest.mark.slow
def test_metrics_of_the_predictions_are_those_of_sklearn(worked):
    found, expected = worked.evaluated, {}
    if "accuracy" in found:
        expected = classification(worked)
        matrix = metrics.confusion_matrix(*answers(worked), labels=found["classes"])
        assert found["confusion_matrix"] == matrix.tolist()
    else:
        expected = regression(worked)
    assert {key: found[key] for key in expected} == pytest.approx(expected, rel=1e-9, abs=1e-9)


def answers(worked: Worked) -> tuple[list[str], list[str]]:
    """True and predicted classes under their own names."""
    return worked.truth(), column(worked.predicted, worked.target)


def classification(worked: Worked) -> dict[str, float]:
    truth, predicted = answers(worked)
    classes = worked.evaluated["classes"]
    header, rows = read(worked.predicted)
    assert header == [worked.target, *(f"proba_{name}" for name in classes)]
    p = np.array([row[1:] for row in rows], float)
    y = np.array([classes.index(each) for each in truth])
    onehot = np.eye(len(classes))[y]
    two = len(classes) == 2
    ranked = (y, p[:, 1]) if two else (onehot, p)
    return {
        "accuracy": metrics.accuracy_score(truth, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted),
        "precision_macro": metrics.precision_score(truth, predicted, average="macro", zero_division=0),
        "recall_macro": metrics.recall_score(truth, predicted, average="macro", zero_division=0),
        "f1_macro": metrics.f1_score(truth, predicted, average="macro", zero_division=0),
        "log_loss": metrics.log_loss(y, p, labels=range(len(classes))),
        "roc_auc": metrics.roc_auc_score(*ranked, average="macro"),
        "average_precision": metrics.average_precision_score(*ranked, average="macro"),
        "brier": np.square(p - onehot).sum(axis=1).mean() / (2 if two else 1),
    }


def regression(worked: Worked) -> dict[str, float]:
    truth = np.array(worked.truth(), float)
    predicted = np.array(column(worked.predicted, worked.target), float)
    return {
        "rmse": metrics.root_mean_squared_error(truth, predicted),
        "mae": metrics.mean_absolute_error(truth, predicted),
        "r2": metrics.r2_score(truth, predicted),
        "median_absolute_error": metrics.median_absolute_error(truth, predicted),
    }


def digest(X: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(X).tobytes()).hexdigest()


@pytest.mark.slow
def test_fit_eval_and_predict_see_the_same_matrix(worked):
    model = mlptrain.load(worked.run)
    made, dtype = model.preprocessing, model.network.dtype
    fitted = load_data(model.config, made)
    whole = np.empty((len(worked.truth()), len(made.features)), dtype)
    for rows, part in zip(fitted.partition, (fitted.train, fitted.val, fitted.test), strict=True):
        assert part is not None
        whole[rows] = part.inputs.numbers
    evaluated, _ = load_rows(str(worked.table), made, target_needed=True, dtype=dtype)
    predicted = [
        chunk.inputs.numbers for chunk in iterate_features(str(worked.table), made, 1000, dtype)
    ]

    assert digest(whole) == digest(evaluated.inputs.numbers) == digest(np.vstack(predicted))


@pytest.mark.slow
def test_shuffled_columns_change_no_prediction(worked, tmp_path):
    header, rows = read(worked.table, worked.separator)
    order = list(range(len(header)))
    random.Random(1).shuffle(order)
    shuffled = write(
        tmp_path / "shuffled.csv", [header[i] for i in order], [[row[i] for i in order] for row in rows]
    )
    out = tmp_path / "out.csv"
    stdout("predict", worked.run, shuffled, "-o", out, *proba(worked.evaluated))
    assert out.read_bytes() == worked.predicted.read_bytes()
