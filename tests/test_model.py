"""The model in Python: its answers are in the words and the unit of the table it was trained on.

The networks are linear and their numbers are set by hand, so that every answer is known on paper.
"""

import math

import numpy as np
import pytest
from tables import write

import mlptrain
from mlptrain.errors import CheckpointError
from mlptrain.storage.archive import read_archive, write_archive

X = np.array([[0.0], [1.0], [2.0], [3.0]])
PRICES = np.array([10.0, 20.0, 30.0, 60.0])
MEAN, STD = 30.0, math.sqrt(350)  # of the prices: (400 + 100 + 0 + 900) / 4 = 350
KINDS = ["no", "yes", "yes", "no"]


@pytest.fixture
def model(tmp_path):
    """A linear model of some columns whose scores are the same for every row."""

    def model(target, loss, scores):
        header = ["a", "price", "half", "kind"]
        rows = [[x, p, p / 2, kind] for (x,), p, kind in zip(X, PRICES, KINDS, strict=True)]
        names = [target] if isinstance(target, str) else list(target)
        data = {
            "train": str(write(tmp_path / "rows.csv", header, rows)),
            "target": target,
            "ignore": [name for name in header[1:] if name not in names],
            "val": 0,
            "test": 0,
        }
        config = {"data": data, "model": {"hidden": []}, "loss": loss, "train": {"epochs": 1}}
        model = mlptrain.load(mlptrain.fit(config, out=tmp_path / "run").best)
        model.network.parameters["layer1.W"].value[...] = 0
        model.network.parameters["layer1.b"].value[...] = scores
        return model

    return model


def test_a_regression_is_predicted_in_the_unit_of_its_target(model):
    """A score of 1 is one standard deviation above the mean."""
    predicted = model("price", "mse", [1.0]).predict(X)

    assert predicted.shape == (4,)
    np.testing.assert_allclose(predicted, MEAN + STD, rtol=1e-6)


def test_several_targets_are_predicted_each_in_its_own_unit(model):
    predicted = model(["price", "half"], "mse", [1.0, -1.0]).predict(X)

    assert predicted.shape == (4, 2)
    np.testing.assert_allclose(predicted, [[MEAN + STD, (MEAN - STD) / 2]] * 4, rtol=1e-6)


def test_classes_are_predicted_by_name(model):
    two = model("kind", "softmax", [0.0, 1.0])

    assert two.classes == ("no", "yes")
    assert two.predict(X).tolist() == ["yes"] * 4


def test_probabilities_are_the_softmax_of_the_scores(model):
    """Scores of 0 and log 3: odds of one to three."""
    probabilities = model("kind", "softmax", [0.0, math.log(3)]).predict_proba(X)

    np.testing.assert_allclose(probabilities, [[0.25, 0.75]] * 4, rtol=1e-6)


def test_a_hinge_loss_gives_scores_but_no_probabilities(model):
    hinge = model("kind", "hinge", [0.0, 1.0])

    assert hinge.scores(X).tolist() == [[0, 1]] * 4
    with pytest.raises(TypeError, match="hinge loss has no probabilities"):
        hinge.predict_proba(X)


def test_the_loss_of_a_classifier_is_the_mean_of_its_rows(model):
    """Three rows of `yes` at 3/4, one of `no` at 1/4."""
    found = model("kind", "softmax", [0.0, math.log(3)]).evaluate(X, ["yes", "yes", "no", "yes"])

    assert found["loss"] == pytest.approx((3 * math.log(4 / 3) + math.log(4)) / 4, rel=1e-6)
    assert found["accuracy"] == 0.75


def test_the_loss_of_a_regression_is_of_scaled_numbers_and_its_metrics_of_real_ones(model):
    """Scaled targets have mean 0 and mean square 1, so that a score of 1 misses by 1 + 1."""
    found = model("price", "mse", [1.0]).evaluate(X, PRICES)

    assert found["loss"] == pytest.approx(2, rel=1e-6)
    assert found["rmse"] == pytest.approx(STD * math.sqrt(2), rel=1e-6)
    assert found["r2"] == pytest.approx(-1, rel=1e-6)


def test_targets_are_measured_as_they_are_given_and_not_as_the_network_rounds_them(model):
    """The score 0 is the mean, 30, exactly; 13 scaled to float32 and back would be off by 1e-7."""
    found = model("price", "mse", [0.0]).evaluate(X[:1], [13.0])

    assert found["mae"] == pytest.approx(17, rel=1e-13)


def test_a_hinge_loss_ranks_rows_by_their_margins_and_not_by_a_score_alone(model):
    """s_yes grows with the column, but s_no twice as fast: the first rows speak for `yes`."""
    hinge = model("kind", "hinge", [0.0, 0.0])
    hinge.network.parameters["layer1.W"].value[...] = [[2.0, 1.0]]

    assert hinge.evaluate(X, ["yes", "yes", "no", "no"])["roc_auc"] == 1


def test_a_checkpoint_whose_loss_has_other_targets_than_its_preprocessing_is_refused(model, tmp_path):
    """As wide as the right one, so that nothing but the kind of target tells."""
    model("price", "mse", [1.0])
    arrays, document = read_archive(tmp_path / "run" / "best.npz")
    document["config"]["loss"] = {"name": "sigmoid"}
    write_archive(tmp_path / "other.npz", arrays, document)

    with pytest.raises(CheckpointError, match="do not go together"):
        mlptrain.load(tmp_path / "other.npz")


@pytest.mark.parametrize(
    ("target", "loss", "scores", "truth"),
    [
        ("price", "mse", [math.inf], PRICES),
        ("kind", "softmax", [math.inf, math.inf], KINDS),
        ("kind", "hinge", [math.nan, 0.0], KINDS),
    ],
)
def test_what_is_not_finite_has_no_metric(model, target, loss, scores, truth):
    found = model(target, loss, scores).evaluate(X, truth)

    assert {found[name] for name in found if name != "loss"} == {None}
