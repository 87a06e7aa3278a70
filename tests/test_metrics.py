"""Metrics: equal to scikit-learn's on the same predictions, and to hand arithmetic where it has none.

Scores are rounded to halves in most cases, so that ties are everywhere.
"""

from itertools import pairwise

import numpy as np
import pytest
from sklearn import metrics as reference
from sklearn.preprocessing import label_binarize

from mlptrain.metrics import AMOUNT_METRICS, CLASSIFICATION_METRICS, REGRESSION_METRICS
from mlptrain.metrics.classification import (
    accuracy,
    balanced_accuracy,
    confusion_matrix,
    f1_macro,
    per_class,
    precision_macro,
    recall_macro,
)
from mlptrain.metrics.probability import (
    brier,
    calibration_error,
    log_loss,
    softmax,
)
from mlptrain.metrics.ranking import average_precision, margins, roc_auc
from mlptrain.metrics.regression import (
    mae,
    median_absolute_error,
    r2,
    rmse,
)
from mlptrain.nn.losses.quantile import QuantileLoss

EXACT = {"rel": 1e-9, "abs": 1e-12}


def labelled_rows(classes, ties=True, rows=200, seed=0):
    """Probabilities (N, C) and labels that go with them more often than not."""
    generator = np.random.default_rng(seed)
    y = generator.integers(0, classes, rows)
    scores = generator.normal(size=(rows, classes))
    scores[np.arange(rows), y] += 1
    return softmax(np.round(2 * scores) / 2 if ties else scores), y


def some_weights(rows=200, seed=1):
    """Weights of which one in five is zero."""
    generator = np.random.default_rng(seed)
    return generator.uniform(0, 3, rows) * (generator.random(rows) > 0.2)


def macro(function):
    def apply(p, y, w):
        return function(y, p.argmax(axis=1), average="macro", zero_division=0, sample_weight=w)

    return apply


def reference_roc_auc(p, y, w):
    if p.shape[1] == 2:
        return reference.roc_auc_score(y, p[:, 1], sample_weight=w)
    return reference.roc_auc_score(y, p, multi_class="ovr", average="macro", sample_weight=w)


def reference_average_precision(p, y, w):
    truth = y if p.shape[1] == 2 else label_binarize(y, classes=range(p.shape[1]))
    scores = p[:, 1] if p.shape[1] == 2 else p
    return reference.average_precision_score(truth, scores, average="macro", sample_weight=w)


SKLEARN_CLASSIFICATION = {
    "accuracy": lambda p, y, w: reference.accuracy_score(y, p.argmax(axis=1), sample_weight=w),
    "balanced_accuracy": lambda p, y, w: reference.balanced_accuracy_score(
        y, p.argmax(axis=1), sample_weight=w
    ),
    "precision_macro": macro(reference.precision_score),
    "recall_macro": macro(reference.recall_score),
    "f1_macro": macro(reference.f1_score),
    "roc_auc": reference_roc_auc,
    "average_precision": reference_average_precision,
    "log_loss": lambda p, y, w: reference.log_loss(y, p, labels=range(p.shape[1]), sample_weight=w),
    "calibrated_log_loss": lambda p, y, w: min(
        reference.log_loss(
            y,
            p ** (1 / T) / (p ** (1 / T)).sum(axis=1, keepdims=True),
            labels=range(p.shape[1]),
            sample_weight=w,
        )
        for T in np.geomspace(0.2, 2.2, 10)
    ),
    "brier": lambda p, y, w: reference.brier_score_loss(
        y, p, labels=range(p.shape[1]), sample_weight=w
    ),
}

SKLEARN_REGRESSION = {
    "rmse": reference.root_mean_squared_error,
    "mae": reference.mean_absolute_error,
    "r2": reference.r2_score,
    "median_absolute_error": reference.median_absolute_error,
}


@pytest.mark.parametrize("weighted", [False, True])
def test_rmsle_equals_sklearn(weighted):
    generator = np.random.default_rng(4)
    p, y = generator.uniform(-0.9, 50, (2, 200, 2))
    w = some_weights() if weighted else None
    expected = reference.root_mean_squared_log_error(y, p, sample_weight=w)
    assert REGRESSION_METRICS["rmsle"].function(p, y, w) == pytest.approx(expected, **EXACT)
    y[3, 1] = -1
    assert REGRESSION_METRICS["rmsle"].function(p, y, w) is None


def test_the_median_relative_error_counts_a_missed_zero_as_infinite():
    function = REGRESSION_METRICS["median_relative_error"].function
    p, y = np.array([[12.0], [0.0], [1.0]]), np.array([[10.0], [0.0], [0.0]])
    assert function(p, y) == pytest.approx(0.2, rel=1e-15)  # 0, 0.2, infinity
    assert function(p, y, np.array([1.0, 0.0, 1.0])) is None  # between 0.2 and infinity


@pytest.mark.parametrize("weighted", [False, True])
def test_poisson_deviance_equals_sklearn(weighted):
    generator = np.random.default_rng(3)
    p, y = generator.uniform(0.1, 5, (200, 2)), generator.poisson(1.0, (200, 2)).astype(float)
    w = some_weights() if weighted else None
    each = [reference.mean_poisson_deviance(y[:, k], p[:, k], sample_weight=w) for k in range(2)]
    assert AMOUNT_METRICS["poisson_deviance"].function(p, y, w) == pytest.approx(np.mean(each), **EXACT)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_metrics_of_quantiles_equal_sklearn_and_counting(weighted):
    generator, levels = np.random.default_rng(6), (0.1, 0.5, 0.9)
    y, ends = generator.normal(size=(200, 2)), np.sort(generator.normal(size=(200, 2, 3)), axis=2)
    w = some_weights() if weighted else None
    metrics = QuantileLoss(levels=levels).metrics
    found = {name: metrics[name].function(ends.reshape(200, 6), y, w) for name in metrics}
    each = [
        reference.mean_pinball_loss(y[:, k], ends[:, k, j], sample_weight=w, alpha=t)
        for k in range(2)
        for j, t in enumerate(levels)
    ]
    assert found["pinball_loss"] == pytest.approx(np.mean(each), **EXACT)
    inside = (ends[:, :, 0] <= y) & (y <= ends[:, :, 2])
    assert found["coverage"] == pytest.approx(np.average(inside.mean(axis=1), weights=w), **EXACT)
    width = (ends[:, :, 2] - ends[:, :, 0]).mean(axis=1)
    assert found["interval_width"] == pytest.approx(np.average(width, weights=w), **EXACT)
    middle = reference.mean_absolute_error(y, ends[:, :, 1], sample_weight=w)
    assert found["mae"] == pytest.approx(middle, **EXACT)


def test_one_quantile_is_covered_by_what_lies_up_to_it_and_has_no_width():
    metrics, p = QuantileLoss(levels=[0.9]).metrics, np.array([[1.0], [1.0]])
    assert metrics["coverage"].function(p, np.array([[1.0], [2.0]]), None) == 0.5
    assert metrics["interval_width"].function(p, p, None) is None


@pytest.mark.parametrize(
    ("p", "y", "expected"), [(0, 0, 0.0), (0, 1, None), (-1, 0, None), (1, -1, None)]
)
def test_poisson_deviance_is_not_defined_where_a_rate_cannot_be(p, y, expected):
    function = AMOUNT_METRICS["poisson_deviance"].function
    assert function(np.array([[float(p)]]), np.array([[float(y)]])) == expected


@pytest.mark.parametrize("name", SKLEARN_CLASSIFICATION)
@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ties", [False, True])
def test_classification_metric_equals_sklearn(name, classes, weighted, ties):
    p, y = labelled_rows(classes, ties)
    w = some_weights() if weighted else None
    expected = SKLEARN_CLASSIFICATION[name](p, y, w)
    assert CLASSIFICATION_METRICS[name].function(p, y, w) == pytest.approx(expected, **EXACT)


@pytest.mark.parametrize("name", SKLEARN_REGRESSION)
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("rows", [199, 200])
def test_regression_metric_equals_sklearn(name, outputs, weighted, rows):
    generator = np.random.default_rng(2)
    targets = 1e4 + np.round(generator.normal(size=(rows, outputs)), 1)
    predictions = targets + np.round(generator.normal(size=(rows, outputs)), 1)
    w = some_weights(rows) if weighted else None
    expected = SKLEARN_REGRESSION[name](targets, predictions, sample_weight=w)
    assert REGRESSION_METRICS[name].function(predictions, targets, w) == pytest.approx(
        expected, **EXACT
    )


def test_every_metric_is_held_against_sklearn_but_the_one_it_lacks():
    assert set(CLASSIFICATION_METRICS) - set(SKLEARN_CLASSIFICATION) == {"calibration_error"}
    assert set(REGRESSION_METRICS) == {*SKLEARN_REGRESSION, "rmsle", "median_relative_error"}


@pytest.mark.parametrize("name", CLASSIFICATION_METRICS)
def test_larger_is_better_is_the_direction_from_wrong_to_right(name):
    y = np.array([0, 1, 2, 0, 1, 2])
    right = softmax(9 * np.eye(3)[y])
    wrong = softmax(9 * np.eye(3)[(y + 1) % 3])
    metric = CLASSIFICATION_METRICS[name]
    improved = metric.function(right, y, None) > metric.function(wrong, y, None)
    assert improved == metric.larger_is_better


@pytest.mark.parametrize("name", REGRESSION_METRICS)
def test_larger_is_better_is_the_direction_from_far_to_near(name):
    targets = np.array([[1.0], [2.0], [4.0]])
    metric = REGRESSION_METRICS[name]
    improved = metric.function(targets + 0.1, targets, None) > metric.function(
        targets + 5, targets, None
    )
    assert improved == metric.larger_is_better


def test_only_metrics_of_probabilities_need_them():
    needing = {name for name, metric in CLASSIFICATION_METRICS.items() if metric.needs_probabilities}
    assert needing == {"log_loss", "calibrated_log_loss", "brier", "calibration_error"}


def test_weights_of_two_count_a_row_twice():
    p, y = labelled_rows(3, rows=60)
    twice = np.arange(60) < 20
    doubled_p, doubled_y = np.concatenate([p, p[twice]]), np.concatenate([y, y[twice]])
    for metric in CLASSIFICATION_METRICS.values():
        by_weight = metric.function(p, y, 1.0 + twice)
        assert by_weight == pytest.approx(metric.function(doubled_p, doubled_y, None), **EXACT)


@pytest.mark.parametrize("table", [CLASSIFICATION_METRICS, REGRESSION_METRICS])
def test_nothing_is_defined_where_no_row_carries_weight(table):
    p, y = labelled_rows(3)
    truth = y if table is CLASSIFICATION_METRICS else p
    assert {m.function(p, truth, np.zeros(len(y))) for m in table.values()} == {None}


@pytest.mark.parametrize("table", [CLASSIFICATION_METRICS, REGRESSION_METRICS])
def test_nothing_is_defined_without_rows(table):
    truth = np.empty(0, np.int64) if table is CLASSIFICATION_METRICS else np.empty((0, 3))
    assert {m.function(np.empty((0, 3)), truth, None) for m in table.values()} == {None}


def test_float32_scores_are_averaged_in_float64():
    y = np.zeros(3, np.int64)
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4]], np.float32)
    assert log_loss(p, y) == pytest.approx(-np.log(p[:, 0].astype(np.float64)).mean(), rel=1e-15)


class TestConfusionMatrix:
    def test_rows_are_the_truth_and_columns_the_decisions(self):
        scores = np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0], [0.0, 1.0, 2.0], [0.0, 3.0, 1.0]])
        y = np.array([0, 1, 1, 1])
        assert confusion_matrix(scores, y).tolist() == [[1, 0, 0], [0, 1, 2], [0, 0, 0]]

    def test_it_counts_in_integers_and_weighs_in_floats(self):
        p, y = labelled_rows(3)
        assert confusion_matrix(p, y).dtype == np.int64
        assert confusion_matrix(p, y, some_weights()).dtype == np.float64

    @pytest.mark.parametrize("w", [None, some_weights()])
    def test_it_equals_sklearn_with_all_labels_named(self, w):
        p, y = labelled_rows(5)
        y[y == 3] = 4
        expected = reference.confusion_matrix(y, p.argmax(axis=1), labels=range(5), sample_weight=w)
        assert confusion_matrix(p, y, w) == pytest.approx(expected, **EXACT)


class TestPerClass:
    @pytest.mark.parametrize("w", [None, some_weights()])
    def test_it_equals_sklearn_with_all_labels_named(self, w):
        p, y = labelled_rows(5)
        y[y == 3] = 4
        ours = per_class(p, y, w)
        expected = reference.precision_recall_fscore_support(
            y, p.argmax(axis=1), labels=range(5), zero_division=0, sample_weight=w
        )
        for mine, theirs in zip(ours[:4], expected, strict=True):
            assert mine == pytest.approx(theirs, **EXACT)

    def test_a_class_that_does_not_occur_has_a_row_of_zeros(self):
        result = per_class(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), np.array([0, 1]))
        assert [values[2] for values in result] == [0, 0, 0, 0, False]

    def test_a_tie_goes_to_the_first_class(self):
        assert accuracy(np.array([[1.0, 1.0]]), np.array([0])) == 1


class TestAbsentClasses:
    """Four classes; class 3 is never true. Rows: truth 0 0 1 2, decisions 0 1 1 2."""

    y = np.array([0, 0, 1, 2])
    unseen = np.eye(4)[[0, 1, 1, 2]]  # nobody is given class 3
    given = np.eye(4)[[0, 3, 1, 2]]  # one row is given class 3

    def test_a_class_in_neither_truth_nor_decisions_is_left_out_of_the_mean(self):
        # precision 1, 1/2, 1; recall 1/2, 1, 1; f1 2/3, 2/3, 1
        assert precision_macro(self.unseen, self.y) == pytest.approx(2.5 / 3, **EXACT)
        assert recall_macro(self.unseen, self.y) == pytest.approx(2.5 / 3, **EXACT)
        assert f1_macro(self.unseen, self.y) == pytest.approx((2 / 3 + 2 / 3 + 1) / 3, **EXACT)

    def test_a_class_that_was_only_given_counts_as_zero(self):
        # precision 1, 1, 1, 0; recall 1/2, 1, 1, 0; f1 2/3, 1, 1, 0
        assert precision_macro(self.given, self.y) == pytest.approx(3 / 4, **EXACT)
        assert recall_macro(self.given, self.y) == pytest.approx(2.5 / 4, **EXACT)
        assert f1_macro(self.given, self.y) == pytest.approx((2 / 3 + 2) / 4, **EXACT)

    @pytest.mark.parametrize("name", ["precision_macro", "recall_macro", "f1_macro"])
    @pytest.mark.parametrize("case", ["unseen", "given"])
    def test_the_means_equal_sklearn(self, name, case):
        p = getattr(self, case)
        expected = SKLEARN_CLASSIFICATION[name](p, self.y, None)
        assert CLASSIFICATION_METRICS[name].function(p, self.y, None) == pytest.approx(
            expected, **EXACT
        )

    def test_balanced_accuracy_is_the_mean_over_the_classes_that_have_rows(self):
        assert balanced_accuracy(self.given, self.y) == pytest.approx(2.5 / 3, **EXACT)

    def test_log_loss_and_brier_do_not_mind(self):
        p, y = labelled_rows(4)
        y[y == 3] = 2
        for name in ("log_loss", "brier"):
            expected = SKLEARN_CLASSIFICATION[name](p, y, None)
            assert CLASSIFICATION_METRICS[name].function(p, y, None) == pytest.approx(expected, **EXACT)

    def test_roc_auc_is_not_defined_without_rows_of_each_class(self):
        p, y = labelled_rows(4)
        y[y == 3] = 2
        assert roc_auc(p, y) is None

    def test_roc_auc_is_not_defined_with_one_class_only(self):
        assert roc_auc(np.array([[0.2, 0.8], [0.4, 0.6]]), np.array([1, 1])) is None

    def test_average_precision_of_an_absent_class_is_zero_as_in_sklearn(self):
        p, y = labelled_rows(4)
        y[y == 3] = 2
        with pytest.warns(UserWarning, match="No positive class"):
            expected = reference_average_precision(p, y, None)
        assert average_precision(p, y) == pytest.approx(expected, **EXACT)


def test_average_precision_is_of_the_class_that_is_rare_by_far():
    p = np.random.default_rng(4).uniform(size=60)
    both = np.column_stack([1 - p, p])
    for rows, positive in ((10, 0), (11, 1), (50, 1), (30, 1)):
        y = (np.arange(60) >= rows).astype(int)  # so many of class 0
        expected = reference.average_precision_score(y == positive, both[:, positive])
        assert average_precision(both, y) == pytest.approx(expected, **EXACT)


class TestRanking:
    def test_a_tie_between_a_positive_and_a_negative_counts_one_half(self):
        # Pairs (positive, negative): 0.8 > 0.5, 0.8 > 0.2, 0.5 = 0.5, 0.5 > 0.2: 3.5 of 4.
        p = np.array([0.8, 0.5, 0.5, 0.2])
        assert roc_auc(np.column_stack([1 - p, p]), np.array([1, 1, 0, 0])) == 3.5 / 4

    def test_equal_scores_everywhere_are_chance(self):
        assert roc_auc(np.full((6, 2), 0.5), np.array([0, 1, 0, 1, 1, 1])) == 0.5

    def test_a_heavy_row_of_zero_weight_at_the_top_changes_nothing(self):
        p, y = labelled_rows(2)
        top = np.array([[0.0, 1.0]])
        with_top = np.concatenate([p, top]), np.append(y, 0), np.append(np.ones(len(y)), 0)
        assert roc_auc(*with_top) == pytest.approx(roc_auc(p, y), **EXACT)
        assert average_precision(*with_top) == pytest.approx(average_precision(p, y), **EXACT)

    def test_two_class_hinge_scores_rank_by_their_difference(self):
        # The second scores alone would rank the last row first; it is class 0 by three.
        scores = np.array([[0.0, 1.0], [1.0, 1.5], [1.0, 0.0], [8.0, 5.0]])
        assert roc_auc(margins(scores), np.array([1, 1, 0, 0])) == 1

    def test_margins_keep_the_winner(self):
        scores = np.random.default_rng(3).integers(0, 4, (50, 5)).astype(np.float64)
        assert (margins(scores).argmax(axis=1) == scores.argmax(axis=1)).all()

    def test_margins_of_hand_made_scores(self):
        assert margins(np.array([[1.0, 4.0, 2.0], [3.0, 3.0, 0.0]])).tolist() == [
            [-3, 2, -2],
            [0, 0, -3],
        ]

    def test_several_classes_of_margins_equal_sklearn_class_by_class(self):
        p, y = labelled_rows(4)
        m = margins(np.log(p))
        areas = [reference.roc_auc_score(y == c, m[:, c]) for c in range(4)]
        assert roc_auc(m, y) == pytest.approx(np.mean(areas), **EXACT)


class TestProbability:
    def test_softmax_of_large_scores_does_not_overflow(self):
        assert softmax(np.array([[1e4, 0.0], [-1e4, -1e4]])).tolist() == [[1, 0], [0.5, 0.5]]

    def test_softmax_leaves_the_scores_alone(self):
        scores = np.array([[1.0, 2.0]])
        softmax(scores)
        assert scores.tolist() == [[1, 2]]

    def test_softmax_is_computed_in_float64(self):
        assert softmax(np.zeros((1, 3), np.float32)).dtype == np.float64

    def test_log_loss_of_a_certain_error_is_finite_as_in_sklearn(self):
        p, y = np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([1, 0])
        assert log_loss(p, y) == pytest.approx(reference.log_loss(y, p), rel=1e-12)

    def test_brier_of_two_classes_is_the_squared_error_of_the_second(self):
        p, y = np.array([[0.2, 0.8], [0.7, 0.3]]), np.array([1, 1])
        assert brier(p, y) == pytest.approx((0.2**2 + 0.7**2) / 2, rel=1e-12)

    def test_brier_of_three_classes_sums_over_the_classes(self):
        p, y = np.array([[0.5, 0.3, 0.2]]), np.array([0])
        assert brier(p, y) == pytest.approx(0.5**2 + 0.3**2 + 0.2**2, rel=1e-12)

    def test_calibration_error_by_hand(self):
        # Bin (12/15, 13/15]: two rows at 0.85, one right: gap 0.35, weight 2 of 5.
        # Bin (8/15, 9/15]: three rows at 0.6, all right: gap 0.4, weight 3 of 5.
        top = np.array([0.85, 0.85, 0.6, 0.6, 0.6])
        y = np.array([0, 1, 0, 0, 0])
        expected = 2 / 5 * 0.35 + 3 / 5 * 0.4
        assert calibration_error(np.column_stack([top, 1 - top]), y) == pytest.approx(expected)

    def test_calibration_error_puts_an_upper_edge_into_the_bin_below(self):
        # 0.6 = 9/15 shares bin (8/15, 9/15] with 0.55; right once: |1 - 1.15| / 2.
        top = np.array([0.6, 0.55])
        p = np.column_stack([top, 1 - top])
        assert calibration_error(p, np.array([0, 1])) == pytest.approx(0.15 / 2)

    def test_calibration_error_of_certain_right_rows_is_zero(self):
        assert calibration_error(np.eye(3), np.arange(3)) == 0

    def test_calibration_error_weighs_rows_within_and_between_bins(self):
        top, w = np.array([0.85, 0.85, 0.6]), np.array([3.0, 1.0, 4.0])
        y = np.array([0, 1, 1])
        # Bin of 0.85: accuracy 3/4, weight 4; bin of 0.6: accuracy 0, weight 4.
        expected = (4 * 0.1 + 4 * 0.6) / 8
        assert calibration_error(np.column_stack([top, 1 - top]), y, w) == pytest.approx(expected)

    def test_calibration_error_sums_its_fifteen_bins_against_a_plain_loop(self):
        p, y = labelled_rows(4, ties=False)
        confidence, right = p.max(axis=1), p.argmax(axis=1) == y
        expected = 0.0
        for low, high in pairwise(np.linspace(0, 1, 16)):
            rows = (confidence > low) & (confidence <= high)
            if rows.any():
                expected += rows.mean() * abs(right[rows].mean() - confidence[rows].mean())
        assert calibration_error(p, y) == pytest.approx(expected, **EXACT)


class TestRegression:
    def test_r2_of_a_constant_target_that_is_hit_is_one(self):
        targets = np.full((4, 1), 0.1)
        assert r2(targets.copy(), targets) == 1 == reference.r2_score(targets, targets)

    def test_r2_of_a_constant_target_that_is_missed_is_zero(self):
        assert r2(np.array([[0.1], [0.2], [0.1]]), np.full((3, 1), 0.1), np.full(3, 0.3)) == 0

    def test_r2_of_one_row_is_not_defined(self):
        assert r2(np.array([[1.0]]), np.array([[2.0]])) is None

    def test_r2_of_the_mean_is_zero(self):
        assert r2(np.full((3, 1), 2.0), np.array([[1.0], [2.0], [3.0]])) == 0

    def test_two_outputs_are_averaged_after_the_root(self):
        predictions, targets = np.array([[3.0, 0.0]]), np.array([[0.0, 4.0]])
        assert rmse(predictions, targets) == 3.5
        assert mae(predictions, targets) == 3.5

    def test_weighted_median_by_hand(self):
        # Errors 1, 2, 10 with weights 1, 1, 3: half of 5 is reached at 10.
        predictions, targets = np.array([[1.0], [2.0], [10.0]]), np.zeros((3, 1))
        assert median_absolute_error(predictions, targets, np.array([1.0, 1.0, 3.0])) == 10

    def test_weighted_median_in_the_middle_of_exactly_half(self):
        # Weight 2 of 4 is reached at error 1: the middle between 1 and 5, past the row of weight 0.
        predictions, targets = np.array([[1.0], [3.0], [5.0]]), np.zeros((3, 1))
        assert median_absolute_error(predictions, targets, np.array([2.0, 0.0, 2.0])) == 3

    def test_a_vector_against_a_column_is_refused(self):
        with pytest.raises(ValueError, match=r"\(3,\) and \(3, 1\)"):
            rmse(np.zeros(3), np.zeros((3, 1)))


def test_a_target_that_never_varies_has_no_spread_of_rounding():
    y = np.full((7, 1), 0.1)
    assert r2(y + 0.5, y) == 0.0
    assert r2(y, y) == 1.0
