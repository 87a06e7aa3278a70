"""Probabilities that are right: temperature, class weights taken out, and what a model keeps."""

import csv
import json

import numpy as np
import pytest
from helpers import TOY, changed
from runs import THIRTY, faults, invoke
from scipy.optimize import minimize_scalar
from sklearn import metrics as reference

import mlptrain
from mlptrain.config import load_config
from mlptrain.errors import CheckpointError
from mlptrain.inference.model import Model
from mlptrain.metrics.calibration import HIGHEST, LOWEST, Calibration, fit_calibration
from mlptrain.metrics.probability import softmax
from mlptrain.storage.archive import read_archive, write_archive
from mlptrain.training.build import build
from mlptrain.training.experiment import Monitor

pytestmark = pytest.mark.usefixtures("one_thread")

CALIBRATED = changed(
    THIRTY, {"calibration": "temperature", "decision": {"metric": "f1"}, "data.test": 0.2}
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of two classes with a temperature and a threshold."""
    path = tmp_path_factory.mktemp("calibrated") / "run"
    mlptrain.fit(CALIBRATED, out=path)
    return path


def rows_of(rng, n=200, classes=3):
    scores, y = 3 * rng.normal(size=(n, classes)), rng.integers(0, classes, n)
    scores[np.arange(n), y] += 1
    return scores, y


# the temperature


@pytest.mark.parametrize("weighted", [False, True])
def test_the_temperature_has_the_lowest_log_loss_by_scipy_and_sklearn(rng, weighted):
    scores, y = rows_of(rng)
    w = rng.integers(0, 4, len(y)) if weighted else None

    best = minimize_scalar(
        lambda u: reference.log_loss(y, softmax(np.exp(u) * scores), sample_weight=w), (-1, 1)
    )

    assert fit_calibration(scores, y, w).temperature == pytest.approx(np.exp(-best.x), rel=1e-5)


def test_a_row_of_weight_2_is_two_rows_and_one_of_weight_0_none(rng):
    scores, y = rows_of(rng, 30)
    w = np.arange(30) % 3
    twice = np.repeat(np.arange(30), w)

    by_weight, by_rows = fit_calibration(scores, y, w), fit_calibration(scores[twice], y[twice])

    assert by_weight.temperature == pytest.approx(by_rows.temperature, rel=1e-9)
    assert by_weight.rows == 20


def test_rows_without_a_mistake_and_rows_of_nothing_else_end_at_the_bounds():
    scores = np.array([[0.0, 2.0], [3.0, 0.0]])

    assert fit_calibration(scores, np.array([1, 0])).temperature == pytest.approx(LOWEST)
    assert fit_calibration(scores, np.array([0, 1])).temperature == pytest.approx(HIGHEST)


def test_no_probability_is_0_or_1_however_far_apart_the_scores_are():
    p = Calibration(temperature=1.0, rows=9)(np.array([[0.0, 1e6]]))  # 1/10 of one more row for both

    np.testing.assert_allclose(p, [[0.05, 0.95]], rtol=1e-15)


# in a model


def test_every_reader_of_probabilities_applies_the_temperature(run, tmp_path):
    model = Model.load(run)
    X = np.array([[0.3, -0.2], [1.5, 0.4], [-0.7, 0.9]])
    calibration = model.checkpoint["calibration"]
    m = 1 / (calibration.rows + 1)
    expected = (1 - m) * softmax(model.scores(X).astype(np.float64) / calibration.temperature) + m / 2
    (tmp_path / "x.csv").write_text("x0,x1\n" + "".join(f"{a},{b}\n" for a, b in X))
    invoke("predict", run, tmp_path / "x.csv", "--proba", "-o", tmp_path / "p.csv")
    with open(tmp_path / "p.csv") as file:
        written = [[float(row["proba_0"]), float(row["proba_1"])] for row in csv.DictReader(file)]
    shown = invoke("show", run).stdout

    assert calibration.rows == 20
    assert calibration.temperature != 1
    np.testing.assert_allclose(model.predict_proba(X), expected, rtol=1e-12)
    np.testing.assert_allclose(written, expected, rtol=1e-6)
    assert f"{calibration.temperature:.4g}" in shown
    assert "threshold of 1" in shown


def test_the_log_loss_of_eval_is_that_of_the_probabilities(run):
    model = Model.load(run)
    data = build(model.config).data
    p = model.evaluation(data.test).predictions()
    printed = json.loads(invoke("eval", run, "--json").stdout)

    assert printed["log_loss"] == pytest.approx(reference.log_loss(data.test.y, p), rel=1e-6)
    assert printed["loss"] == pytest.approx(
        reference.log_loss(data.test.y, softmax(model.evaluation(data.test).scores)), rel=1e-5
    )


def test_every_checkpoint_has_the_temperature_of_its_own_parameters(run):
    for name in ("best.npz", "last.npz"):
        model = Model.load(run / name)
        val = build(model.config).data.val
        expected = fit_calibration(model.evaluation(val).scores, val.y)

        assert vars(model.checkpoint["calibration"]) == pytest.approx(vars(expected))


def test_the_temperature_of_averaged_weights_is_that_of_the_averages(tmp_path):
    jumpy = {"optimizer.learning_rate": 1.0, "train.average": {"ema": 0.5}, "train.eval_every": 1}
    more = {"train.epochs": 6, "data.val": 0.4, "calibration": "temperature"}
    config = changed(TOY, {**jumpy, **more})
    run = mlptrain.fit(config, out=tmp_path / "run")
    model = Model.load(run.best)
    val = build(model.config).data.val
    expected = fit_calibration(model.evaluation(val).scores, val.y)

    assert any(name.startswith("raw.") for name in model.checkpoint.arrays)  # so averages are the best
    assert vars(model.checkpoint["calibration"]) == pytest.approx(vars(expected))


@pytest.mark.parametrize("loss", ["softmax", {"name": "softmax", "class_weights": {"1": 9.0}}], ids=str)
def test_the_average_of_folds_has_the_mean_of_calibrated_probabilities(tmp_path, loss):
    more = {"data.train.points_per_class": 30, "data.test": None, "data.val": 0.3, "loss": loss}
    config = tmp_path / "c.yaml"
    config.write_text(json.dumps(changed(CALIBRATED, more)))
    invoke("fit", config, "--folds", 2, "--out", tmp_path / "run", "--quiet")
    both, X = Model.load(tmp_path / "run"), [[0.3, -0.2], [1.5, 0.4]]
    each = [Model.load(tmp_path / f"run/fold-{k}") for k in (1, 2)]
    expected = np.mean([model.predict_proba(X) for model in each], axis=0)

    assert each[0].network.calibration != each[1].network.calibration
    np.testing.assert_allclose(both.predict_proba(X), expected, rtol=1e-6)
    weight = 1.0 if loss == "softmax" else 9.0
    np.testing.assert_array_equal(both.predict(X), weight * expected[:, 1] > expected[:, 0])


def test_training_is_the_same_bit_for_bit_without_a_temperature(run, tmp_path):
    plain = {**CALIBRATED, "calibration": "none", "decision": None}
    mlptrain.fit(plain, out=tmp_path / "plain")

    first, second = read_archive(run / "last.npz")[0], read_archive(tmp_path / "plain/last.npz")[0]

    assert all((first[name] == second[name]).all() for name in first)
    assert Model.load(tmp_path / "plain").network.calibration is None


def test_a_checkpoint_of_before_has_a_temperature_of_1(run, tmp_path):
    arrays, document = read_archive(run / "best.npz")
    old = {key: value for key, value in document.items() if key not in ("calibration", "threshold")}
    write_archive(tmp_path / "old.npz", arrays, old)
    model, X = Model.load(tmp_path / "old.npz"), [[0.3, -0.2]]

    np.testing.assert_array_equal(model.predict_proba(X), softmax(model.scores(X)))
    assert model.threshold is None


@pytest.mark.parametrize(
    "entry",
    [
        *({"calibration": {"temperature": T, "rows": 20}} for T in (0.0, -1.0, 0.01, 21.0, "1", None)),
        *({"calibration": {"temperature": 1.0, "rows": rows}} for rows in (0, -1, 2.5, 2**60)),
        {"calibration": {"temperature": 1.0}},
        {"calibration": {"temperature": 1.0, "rows": 20, "more": 1}},
        *({"threshold": {"positive": 1, "value": value}} for value in (-0.1, 1.0, 1e300, "0.5", None)),
        *({"threshold": {"positive": place, "value": 0.5}} for place in (2, -1, "1")),
    ],
    ids=str,
)
def test_a_hostile_temperature_or_threshold_is_refused(run, tmp_path, entry):
    arrays, document = read_archive(run / "best.npz")
    write_archive(tmp_path / "hostile.npz", arrays, {**document, **entry})

    with pytest.raises(CheckpointError, match="is not as this program writes it"):
        Model.load(tmp_path / "hostile.npz")


def test_a_temperature_beside_a_loss_without_probabilities_is_refused(run, tmp_path):
    arrays, document = read_archive(run / "best.npz")
    config = {**document["config"], "loss": {"name": "hinge"}, "calibration": "none", "decision": None}
    write_archive(tmp_path / "hinge.npz", arrays, {**document, "config": config})

    with pytest.raises(CheckpointError, match="do not go together"):
        Model.load(tmp_path / "hinge.npz")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"loss": "hinge"}, "calibration: needs probabilities, and the loss hinge gives none"),
        ({"data.val": 0}, "calibration: is fitted on the validation rows, and there are none"),
    ],
)
def test_a_temperature_needs_probabilities_and_validation_rows(tmp_path, changes, said):
    path = tmp_path / "c.yaml"
    path.write_text(json.dumps(changed(THIRTY, {"calibration": "temperature", **changes})))
    result = invoke("fit", path)

    assert result.exit_code == 2
    assert said in faults(result)[0]


# the monitor


def test_the_last_of_equally_good_epochs_is_the_best_by_calibrated_log_loss_only():
    monitors = [
        build(load_config(changed(THIRTY, {"train.monitor": f"val_{name}"}))).monitor
        for name in ("calibrated_log_loss", "log_loss")
    ]

    assert [monitor.is_best(0.25, 0.25) for monitor in monitors] == [True, False]
    assert [monitor.is_best(0.26, 0.25) for monitor in monitors] == [False, False]


def test_a_tie_does_not_count_as_an_improvement():
    monitor = Monitor("val_calibrated_log_loss", larger_is_better=False, last_of_ties=True)

    assert not monitor.better(0.25, 0.25)


# class weights


def test_class_weights_are_taken_out_of_the_probabilities_and_stay_in_the_classes(tmp_path):
    rows = "".join(f"{i % 2},{'rare' if i % 4 == 0 else 'usual'}\n" for i in range(8))
    rows += "".join(f"{(i + 1) % 2},{'rare' if i % 4 == 0 else 'usual'}\n" for i in range(8))
    (tmp_path / "t.csv").write_text("u,kind\n" + rows)  # u says nothing: 1/4 are rare for both of u
    config = {
        "data": {"train": str(tmp_path / "t.csv"), "target": "kind", "val": 0, "test": 0},
        "model": {"hidden": []},
        "loss": {"name": "softmax", "class_weights": {"rare": 9.0}},
        "optimizer": {"name": "adam", "learning_rate": 0.05},
        "train": {"epochs": 300, "batch_size": 16, "eval_every": 300},
    }
    model = Model.load(mlptrain.fit(config, out=tmp_path / "run").best)
    X = [[0.0], [1.0]]

    # learned: 1/4 9 to 3/4 1, that is 3 to 1
    np.testing.assert_allclose(softmax(model.scores(X)), [[0.75, 0.25]] * 2, atol=1e-3)
    np.testing.assert_allclose(model.predict_proba(X), [[0.25, 0.75]] * 2, atol=1e-3)
    assert model.predict(X).tolist() == ["rare", "rare"]


def test_weights_of_a_hinge_loss_are_said_to_move_the_margins(tmp_path):
    loss = {"name": "hinge", "class_weights": {"1": 3}}
    run = mlptrain.fit(changed(THIRTY, {"loss": loss}), out=tmp_path / "run")

    assert "class_weights move the margins: a heavy class wins more rows" in (
        invoke("eval", run.directory.path).stdout
    )


def test_a_class_of_weight_0_is_said_to_be_not_learned(tmp_path):
    loss = {"name": "softmax", "class_weights": {"0": 0}}
    run = mlptrain.fit(changed(THIRTY, {"loss": loss}), out=tmp_path / "run")

    assert "0: of weight 0, so not learned" in invoke("eval", run.directory.path).stdout
