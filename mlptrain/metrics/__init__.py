"""The metrics by name: what `eval` prints and what `monitor` can follow.

Each function takes (predictions (N, C), y (N,), row weights or None), or for a regression
(predictions (N, K), targets (N, K), row weights or None), and returns a float, or None where the
value is not defined. All predictions must be finite. Pass `softmax(scores)` for a softmax loss and
`margins(scores)` for a hinge loss, whose scores are no probabilities.
"""

from mlptrain.metrics.calibration import calibrated_log_loss
from mlptrain.metrics.classification import (
    accuracy,
    balanced_accuracy,
    f1_macro,
    precision_macro,
    recall_macro,
)
from mlptrain.metrics.flags import (
    exact_match,
    mean_accuracy,
    mean_average_precision,
    mean_f1_macro,
    mean_log_loss,
    mean_roc_auc,
)
from mlptrain.metrics.metric import Metric
from mlptrain.metrics.probability import brier, calibration_error, log_loss
from mlptrain.metrics.quantiles import coverage, interval_width, pinball_loss
from mlptrain.metrics.ranking import average_precision, roc_auc
from mlptrain.metrics.regression import (
    mae,
    median_absolute_error,
    median_relative_error,
    poisson_deviance,
    r2,
    rmse,
    rmsle,
)

CLASSIFICATION_METRICS = {
    "accuracy": Metric(accuracy, larger_is_better=True, of_winners=True),
    "balanced_accuracy": Metric(balanced_accuracy, larger_is_better=True, of_winners=True),
    "precision_macro": Metric(precision_macro, larger_is_better=True, of_winners=True),
    "recall_macro": Metric(recall_macro, larger_is_better=True, of_winners=True),
    "f1_macro": Metric(f1_macro, larger_is_better=True, of_winners=True),
    "roc_auc": Metric(roc_auc, larger_is_better=True),
    "average_precision": Metric(average_precision, larger_is_better=True),
    "log_loss": Metric(log_loss, larger_is_better=False, needs_probabilities=True),
    "calibrated_log_loss": Metric(
        calibrated_log_loss, larger_is_better=False, needs_probabilities=True, last_of_ties=True
    ),
    "brier": Metric(brier, larger_is_better=False, needs_probabilities=True),
    "calibration_error": Metric(calibration_error, larger_is_better=False, needs_probabilities=True),
}

SCORE_METRICS = {
    name: metric for name, metric in CLASSIFICATION_METRICS.items() if not metric.needs_probabilities
}
"""Those of scores that are no probabilities."""

REGRESSION_METRICS = {
    "rmse": Metric(rmse, larger_is_better=False),
    "mae": Metric(mae, larger_is_better=False),
    "r2": Metric(r2, larger_is_better=True),
    "median_absolute_error": Metric(median_absolute_error, larger_is_better=False),
    "median_relative_error": Metric(median_relative_error, larger_is_better=False),
    "rmsle": Metric(rmsle, larger_is_better=False),
}

LEVEL_METRICS = {
    "pinball_loss": Metric(pinball_loss, larger_is_better=False),
    "coverage": Metric(coverage, larger_is_better=True),
    "interval_width": Metric(interval_width, larger_is_better=False),
}

QUANTILE_METRICS = {**LEVEL_METRICS, **REGRESSION_METRICS}
"""Those of all levels, and those of the level nearest to the median."""

AMOUNT_METRICS = {
    "poisson_deviance": Metric(poisson_deviance, larger_is_better=False),
    **REGRESSION_METRICS,
}

FLAG_METRICS = {
    "mean_accuracy": Metric(mean_accuracy, larger_is_better=True),
    "exact_match": Metric(exact_match, larger_is_better=True),
    "mean_f1_macro": Metric(mean_f1_macro, larger_is_better=True),
    "mean_roc_auc": Metric(mean_roc_auc, larger_is_better=True),
    "mean_average_precision": Metric(mean_average_precision, larger_is_better=True),
    "mean_log_loss": Metric(mean_log_loss, larger_is_better=False),
}

METRICS = {**CLASSIFICATION_METRICS, **AMOUNT_METRICS, **LEVEL_METRICS, **FLAG_METRICS}
"""All of them."""


def larger_is_better(key: str) -> bool:
    """The direction of progress of a key of a record, which names the rows first.

    >>> larger_is_better("val_accuracy"), larger_is_better("val_loss")
    (True, False)
    """
    known = METRICS.get(key.partition("_")[2])
    return known is not None and known.larger_is_better
