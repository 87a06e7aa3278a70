"""A threshold between two classes: chosen on the validation rows, kept, used when asked for."""

import csv
import json

import numpy as np
import pytest
from helpers import changed
from runs import THIRTY, faults, invoke
from sklearn import metrics as reference

import mlptrain
from mlptrain.inference.model import Model
from mlptrain.metrics.decision import Criterion, best_threshold, counts_of
from mlptrain.training.build import build

pytestmark = pytest.mark.usefixtures("one_thread")

LOPSIDED_MOONS = changed(
    THIRTY, {"decision": {"metric": "cost", "cost": {"fp": 1.0, "fn": 20.0}}, "data.test": 0.2}
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run whose threshold weighs a missed row 20 times a false alarm."""
    path = tmp_path_factory.mktemp("decision") / "run"
    mlptrain.fit(LOPSIDED_MOONS, out=path)
    return path


# the choice


@pytest.mark.parametrize(
    ("criterion", "score"),
    [
        (Criterion("f1"), lambda y, called, w: reference.f1_score(y, called, sample_weight=w)),
        (
            Criterion("balanced_accuracy"),
            lambda y, called, w: reference.balanced_accuracy_score(y, called, sample_weight=w),
        ),
        (
            Criterion("cost", fp=2.0, fn=7.0),
            lambda y, called, w: -(w * np.where(called & ~y, 2, np.where(~called & y, 7, 0))).sum(),
        ),
    ],
    ids=["f1", "balanced_accuracy", "cost"],
)
def test_no_threshold_is_better_by_sklearn(rng, criterion, score):
    p = rng.uniform(size=60).round(1)  # with ties
    positive, w = rng.uniform(size=60) < p, rng.integers(0, 3, 60)

    t = best_threshold(p, positive, criterion, w)
    others = [score(positive, p > other, w) for other in [0, *np.arange(0.05, 1, 0.1), 1]]

    assert score(positive, p > t, w) == pytest.approx(max(others), rel=1e-12)


@pytest.mark.parametrize(
    ("p", "positive", "expected"),
    [
        ([0.2, 0.8], [0, 1], 0.5),  # [0.2, 0.8) holds 1/2
        ([0.2, 0.4], [0, 1], 0.3),  # the middle of [0.2, 0.4)
        ([0.5, 0.9], [0, 1], 0.5),  # p > 1/2 leaves out 1/2 itself
        ([0.1, 0.5], [0, 1], 0.3),  # so 1/2 is no threshold for it
        ([0.0, 0.0, 1.0, 1.0], [0, 1, 0, 1], 0.5),  # nothing between: any cut is as good, or worse
        ([0.7, 0.9], [1, 0], 0.5),  # both called: f1 2/3; [0, 0.7) holds 1/2
        ([0.3, 0.3], [1, 0], 0.15),  # the same, in [0, 0.3)
    ],
)
def test_the_threshold_of_a_few_rows_by_hand(p, positive, expected):
    found = best_threshold(np.array(p), np.array(positive) == 1, Criterion("f1"))

    assert found == pytest.approx(expected, abs=1e-15)


def test_of_two_equally_good_thresholds_the_one_nearer_to_a_half_counts_and_then_the_higher():
    # balanced accuracy is 3/4 above 0.3 and above 0.6, and 1/2 in between of no row
    p, positive = np.array([0.1, 0.3, 0.6, 0.9]), np.array([False, True, False, True])
    criterion = Criterion("balanced_accuracy")

    assert best_threshold(p, positive, criterion) == pytest.approx(0.75)  # 0.2 is as good, and farther
    p = np.array([0.125, 0.25, 0.75, 0.875])  # in the middles of [1/8, 1/4) and [3/4, 7/8)
    assert best_threshold(p, positive, criterion) == 0.8125


def test_rows_of_weight_0_do_not_cut_an_interval():
    p, positive = np.array([0.0, 0.2, 0.4]), np.array([False, False, True])

    assert best_threshold(p, positive, Criterion("f1"), np.array([1, 0, 1])) == pytest.approx(0.2)


# in a model


def test_predict_decides_when_it_is_asked_to(run, tmp_path):
    model = Model.load(run)
    X = np.random.default_rng(0).normal(size=(60, 2)).round(3)
    (tmp_path / "x.csv").write_text("x0,x1\n" + "".join(f"{a},{b}\n" for a, b in X))
    found = {}
    for flags in ((), ("--decide",)):
        invoke("predict", run, tmp_path / "x.csv", "--proba", *flags, "-o", tmp_path / "p.csv")
        with open(tmp_path / "p.csv") as file:
            rows = list(csv.DictReader(file))
        p = np.array([float(row["proba_1"]) for row in rows])
        found[flags] = np.array([int(row["y"]) for row in rows])

    np.testing.assert_array_equal(found[()], p > 0.5)
    np.testing.assert_array_equal(found["--decide",], p > model.threshold.value)
    np.testing.assert_array_equal(model.predict(X, decide=True), found["--decide",])
    assert model.threshold.value < 0.5  # a missed row is dear
    assert found["--decide",].sum() > found[()].sum()


def test_the_threshold_is_the_best_one_of_the_validation_rows(run):
    model = Model.load(run)
    val = build(model.config).data.val
    p = model.evaluation(val).predictions()[:, 1]

    expected = best_threshold(p, val.y == 1, Criterion("cost", fp=1.0, fn=20.0))

    assert model.threshold.value == pytest.approx(expected, rel=1e-6)


def test_eval_shows_the_threshold_beside_a_half(run):
    printed = json.loads(invoke("eval", run, "--json").stdout)["decision"]
    model = Model.load(run)
    test = build(model.config).data.test
    p = model.evaluation(test).predictions()[:, 1]
    lines = invoke("eval", run).stdout.splitlines()
    heading = next(line for line in lines if line.startswith("threshold of 1"))

    for name, t in (("without", 0.5), ("at_threshold", model.threshold.value)):
        called, shown = p > t, printed[name]
        assert shown["f1"] == pytest.approx(reference.f1_score(test.y, called))
        assert shown["recall"] == pytest.approx(reference.recall_score(test.y, called))
        assert shown["balanced_accuracy"] == pytest.approx(
            reference.balanced_accuracy_score(test.y, called)
        )
        counts = counts_of(called, test.y == 1)
        assert shown["cost_per_row"] == pytest.approx((counts.fp + 20 * counts.fn) / len(p))
    assert (printed["metric"], printed["positive"]) == ("cost", "1")
    assert "cost_per_row" in heading
    assert lines[lines.index(heading) + 2].split()[0] == "0.5"


def test_decide_without_a_threshold_is_an_error_that_says_what_to_do(tmp_path):
    mlptrain.fit(THIRTY, out=tmp_path / "run")
    (tmp_path / "x.csv").write_text("x0,x1\n0,1\n")
    result = invoke("predict", tmp_path / "run", tmp_path / "x.csv", "--decide")

    assert result.exit_code == 2
    assert "train with `decision: {metric: f1}`" in faults(result)[0]
    with pytest.raises(TypeError, match="no threshold"):
        Model.load(tmp_path / "run").predict([[0.0, 1.0]], decide=True)


THREE = {"data.train": {"name": "spiral", "points_per_class": 30}}
F1 = {"metric": "f1"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"decision": F1, "loss": "hinge"}, "decision: needs probabilities"),
        ({"decision": F1, "data.val": 0}, "decision: is fitted on the validation rows"),
        ({"decision": {"metric": "cost"}}, "decision.cost: metric: cost needs both costs"),
        (
            {"decision": {**F1, "cost": {"fp": 1.0, "fn": 2.0}}},
            "decision.cost: metric: f1 reads no costs; leave out",
        ),
        ({"decision": {**F1, "positive": "yes"}}, "decision.positive: 'yes' is no class"),
        ({"decision": F1, **THREE}, "the target has 3 classes (0, 1, 2); leave it out"),
    ],
    ids=["hinge", "no val", "no costs", "costs", "no class", "three classes"],
)
def test_a_decision_that_cannot_be_made_is_refused(tmp_path, changes, said):
    path = tmp_path / "c.yaml"
    path.write_text(json.dumps(changed(THIRTY, changes)))
    result = invoke("fit", path)

    assert result.exit_code == 2
    assert said in faults(result)[0]


@pytest.mark.parametrize("key", [{"decision": F1}, {"calibration": "temperature"}], ids=str)
def test_validation_rows_of_one_class_are_refused(tmp_path, key):
    for name, kinds in (("train", "ab" * 10), ("val", "aaaa")):
        lines = [f"{i},{kind}\n" for i, kind in enumerate(kinds)]
        (tmp_path / f"{name}.csv").write_text("u,kind\n" + "".join(lines))
    data = {"train": str(tmp_path / "train.csv"), "val": str(tmp_path / "val.csv")}
    path = tmp_path / "c.yaml"
    path.write_text(json.dumps({"data": {**data, "target": "kind", "test": 0}, **key}))
    result = invoke("fit", path)

    assert result.exit_code == 2
    assert f"{next(iter(key))}: the 4 validation rows hold only a; set a larger" in faults(result)[0]
