"""The estimators for scikit-learn: what its own checks ask for, and the bits of the command line."""

import copy
import doctest
import re
from pathlib import Path

import numpy as np
import polars
import pytest
from runs import invoke

import mlptrain
from mlptrain.config.keys import keywords

pytest.importorskip("sklearn")

from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_methods_subset_invariance, parametrize_with_checks

from mlptrain.sklearn import NO_PARAMETERS, MLPTrainClassifier, MLPTrainRegressor

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "sklearn.md"
RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(2, 60))
TABLE = polars.DataFrame({"a": A, "b": B, "colour": np.where(B > 0, "red", "blue")})
SIDE = np.where(A > 0, "right", "left")
QUICK = {"epochs": 10, "learning_rate": 0.05, "hidden": (8,)}

ROW = r"^\| `(check_\w+)` \| (both|`(\w+)`) \| (.+) \|$"
EXPECTED = re.findall(ROW, PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def expected(estimator):
    """The checks that the page says fail, with its reasons; one that passes fails the test."""
    name = type(estimator).__name__
    return {check: why for check, _, of, why in EXPECTED if of in ("", name)}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks([MLPTrainClassifier(), MLPTrainRegressor()], expected_failed_checks=expected)
def test_scikit_learn_checks_what_an_estimator_is(estimator, check):
    check(estimator)


@pytest.mark.slow
def test_in_float64_a_row_is_predicted_alike_in_any_company():
    check_methods_subset_invariance("MLPTrainRegressor", MLPTrainRegressor(dtype="float64"))


@pytest.mark.parametrize("make", [MLPTrainClassifier, MLPTrainRegressor])
def test_every_setting_of_the_config_is_a_parameter_or_named_as_none(make):
    parameters = make().get_params()

    assert set(parameters) - {"random_state"} == set(keywords()) - set(NO_PARAMETERS)
    assert set(NO_PARAMETERS) <= set(keywords())
    with pytest.raises(TypeError, match="epoch"):
        make(epoch=3)


def test_the_command_line_gives_the_same_bits(tmp_path):
    estimator = MLPTrainClassifier(**QUICK, random_state=7).fit(TABLE, SIDE)
    TABLE.with_columns(polars.Series("y", SIDE)).write_csv(tmp_path / "rows.csv")
    config = tmp_path / "c.yaml"
    config.write_text(
        f"seed: 7\ndata: {{train: {tmp_path / 'rows.csv'}, val: null, test: null}}\n"
        "model: {hidden: [8]}\noptimizer: {learning_rate: 0.05}\ntrain: {epochs: 10}\n"
    )
    assert invoke("fit", config, "--out", tmp_path / "run").exit_code == 0

    there = mlptrain.load(tmp_path / "run").checkpoint.arrays
    for name, array in estimator.model_.checkpoint.arrays.items():
        np.testing.assert_array_equal(there[name], array, err_msg=name)


def test_text_columns_names_and_copies():
    estimator = MLPTrainClassifier(**QUICK).fit(TABLE, SIDE)
    expected = estimator.predict_proba(TABLE)

    assert estimator.classes_.tolist() == ["left", "right"]
    assert estimator.feature_names_in_.tolist() == ["a", "b", "colour"]
    assert estimator.score(TABLE, SIDE) > 0.9
    np.testing.assert_array_equal(copy.deepcopy(estimator).predict_proba(TABLE), expected)
    np.testing.assert_array_equal(clone(estimator).fit(TABLE, SIDE).predict_proba(TABLE), expected)
    with pytest.raises(ValueError, match="feature names"):
        estimator.predict(TABLE.rename({"a": "A"}))


@pytest.mark.slow
def test_proba_has_the_order_of_classes_whatever_that_of_the_model():
    """Text numbers: "10" is before "9" for NumPy, after it for a table."""
    y = np.where(A > 0, "10", "9")
    estimator = MLPTrainClassifier(**QUICK).fit(TABLE, y)

    assert estimator.classes_.tolist() == ["10", "9"]
    assert estimator.model_.classes == ("9", "10")
    winners = estimator.classes_[estimator.predict_proba(TABLE).argmax(axis=1)]
    assert (winners == estimator.predict(TABLE)).all()
    assert estimator.score(TABLE, y) > 0.9


@pytest.mark.slow
def test_partial_fit_goes_on_epoch_by_epoch():
    """All rows at a time are as many epochs of fit: same optimizer, same order of the rows."""
    straight = MLPTrainRegressor(**QUICK | {"epochs": 3}).fit(TABLE, A)
    estimator = MLPTrainRegressor(**QUICK)
    for _ in range(3):
        estimator.partial_fit(TABLE, A)

    assert estimator.n_iter_ == straight.n_iter_ == 3
    np.testing.assert_array_equal(estimator.predict(TABLE), straight.predict(TABLE))

    classifier = MLPTrainClassifier(**QUICK)
    classifier.partial_fit(TABLE[:10], np.repeat("left", 10), classes=["right", "left", "up"])
    assert classifier.predict_proba(TABLE).shape == (60, 3)
    with pytest.raises(ValueError, match="y has a class that classes_ lacks"):
        classifier.partial_fit(TABLE[:1], ["down"])


@pytest.mark.slow
def test_it_goes_where_estimators_go():
    estimator = MLPTrainClassifier(**QUICK)
    pytest.importorskip("pyarrow")  # polars makes data frames of pandas by it
    assert cross_val_score(estimator, TABLE.to_pandas(), SIDE, cv=3).mean() > 0.8
    columns = make_column_transformer((StandardScaler(), ["a", "b"]), remainder="passthrough")
    pipeline = make_pipeline(columns.set_output(transform="pandas"), estimator).fit(
        TABLE.to_pandas(), SIDE
    )
    assert pipeline[-1].feature_names_in_.tolist()[-1] == "remainder__colour"
    calibrated = CalibratedClassifierCV(estimator, cv=2).fit(TABLE.to_pandas(), SIDE)
    assert calibrated.predict_proba(TABLE.to_pandas()).shape == (60, 2)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_examples_of_the_page_run(tmp_path, monkeypatch):
    pytest.importorskip("pandas")
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    examples = "\n".join(re.findall(r"```pycon\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    test = doctest.DocTestParser().get_doctest(examples, {}, PAGE.name, str(PAGE), 0)
    said = []
    assert doctest.DocTestRunner(verbose=False).run(test, out=said.append).failed == 0, "".join(said)


def test_several_labels_are_a_yes_or_no_each():
    """What scikit-learn calls multilabel: the same bits as two targets by name, whatever holds y."""
    y = np.column_stack([A > 0, A + B > 0]).astype(int)
    estimator = MLPTrainClassifier(**QUICK).fit(TABLE, y)
    frame = TABLE.with_columns(polars.DataFrame(y, schema=["loud", "green"]))
    settings = {**QUICK, "hidden": [8], "loss": "sigmoid", "val": None}
    by_name = mlptrain.fit(frame, ["loud", "green"], preset="none", **settings)

    assert [each.tolist() for each in estimator.classes_] == [[0, 1], [0, 1]]
    expected = by_name.predict_proba(TABLE)
    np.testing.assert_array_equal(estimator.predict_proba(TABLE), expected)
    np.testing.assert_array_equal(estimator.predict(TABLE), by_name.predict(TABLE))
    np.testing.assert_array_equal(estimator.decision_function(TABLE) > 0, expected > 0.5)
    assert estimator.score(TABLE, y) == (estimator.predict(TABLE) == y).all(axis=1).mean() > 0.6
    scores = cross_val_score(
        estimator, TABLE.to_numpy()[:, :2].astype(float), y, scoring="roc_auc", cv=2
    )
    assert scores.min() > 0.7
    for held in (csr_matrix(y), polars.DataFrame(y), y.tolist()):
        again = MLPTrainClassifier(**QUICK).fit(TABLE, held)
        np.testing.assert_array_equal(again.predict_proba(TABLE), expected)
    assert MLPTrainClassifier(**QUICK).fit(TABLE, y > 0).predict(TABLE).dtype == bool


def test_labels_piece_by_piece_need_not_show_both_values():
    y = np.column_stack([A > 0, A + B > 0]).astype(int)
    estimator = MLPTrainClassifier(**QUICK).partial_fit(TABLE[:5], np.zeros((5, 2), int))
    assert estimator.partial_fit(TABLE, y).predict(TABLE).shape == (60, 2)
    with pytest.raises(ValueError, match="another number of columns"):
        estimator.partial_fit(TABLE, SIDE)
    with pytest.raises(ValueError, match=r"y has shape \(60, 3\)"):
        estimator.partial_fit(TABLE, np.column_stack([y, y[:, 0]]))


@pytest.mark.parametrize(
    ("loss", "y", "needed"),
    [
        ("hinge", np.eye(2, dtype=int)[np.arange(60) % 2], "several labels need sigmoid"),
        ("sigmoid", SIDE, "classes need softmax or hinge"),
        ("mse", SIDE, "classes need softmax or hinge"),
    ],
)
def test_a_loss_that_does_not_suit_y_is_refused(loss, y, needed):
    with pytest.raises(ValueError, match=f"loss='{loss}': {needed}"):
        MLPTrainClassifier(loss=loss).fit(TABLE, y)


def test_an_estimator_of_folds_is_the_mean_of_its_networks():
    X, y = np.linspace(-1, 1, 40)[:, None], np.repeat(["low", "high"], 20)
    made = MLPTrainClassifier(folds=2, epochs=3, hidden=(4,)).fit(X, y)
    assert len(made.model_.members) == 2
    assert "out_of_fold_accuracy" in made.model_.figures
    assert np.array_equal(made.predict(X), made.model_.predict(X))
    with pytest.raises(ValueError, match="partial_fit trains one network: leave out folds"):
        made.partial_fit(X, y)
