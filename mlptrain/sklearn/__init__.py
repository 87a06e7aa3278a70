"""Estimators for scikit-learn: a classifier and a regressor whose parameters are the keys of a config.

Extra `sklearn`. They take arrays and data frames, text columns included, and train as `mlptrain.fit`
does on the same rows, with the same bits. docs/sklearn.md shows them in pipelines and searches.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mlptrain.config.keys import keywords, setting_default
from mlptrain.data.handed_over import handed_over, is_named
from mlptrain.data.source import label
from mlptrain.errors import ConfigError, DataError
from mlptrain.inference.model import Model
from mlptrain.nn.losses import LOSSES
from mlptrain.runs.epoch_by_epoch import one_more_epoch
from mlptrain.runs.from_python import Session, fit_rows
from mlptrain.sklearn.parameters import NO_PARAMETERS, constructor
from mlptrain.system.installation import install_command

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.metaestimators import available_if
    from sklearn.utils.multiclass import check_classification_targets, type_of_target
    from sklearn.utils.validation import (
        _check_sample_weight,
        check_array,
        check_consistent_length,
        check_is_fitted,
        column_or_1d,
        validate_data,
    )
except ImportError as error:
    needed = f"mlptrain.sklearn needs scikit-learn; {install_command('sklearn')}"
    raise ImportError(needed) from error


@contextmanager
def _as_value_error() -> Iterator[None]:
    """What scikit-learn expects of data and parameters that do not fit."""
    try:
        yield
    except (ConfigError, DataError) as error:
        raise ValueError(str(error)) from error


class _Estimator(BaseEstimator):
    """What classifier and regressor share: settings, rows, and the model after `fit`."""

    model_: Model
    n_iter_: int

    def _settings(self) -> dict[str, Any]:
        """The settings of the config by their dotted keys; those up to a choice only where given."""
        random = self.random_state
        seed = random if isinstance(random, int | np.integer) else _seed(random)
        found: dict[str, Any] = {"seed": int(seed)}
        words = [word for word in keywords() if word not in NO_PARAMETERS]
        for path, value in sorted((keywords()[word], getattr(self, word)) for word in words):
            if value is not None or setting_default(path) is not None:
                found[".".join(map(str, path))] = value
        return found

    def _fit(self, X: Any, y: NDArray[Any], weight: Any) -> Self:
        with _as_value_error():
            alone = Session(jobs=1 if self.folds else None)  # scikit-learn has n_jobs of its own
            self.model_ = fit_rows(X, y, weight, self._settings(), alone)
        self.n_iter_ = self.model_.checkpoint["record"]["epoch"]
        return self

    def _one_more(self, X: Any, y: NDArray[Any], weight: Any, classes: Any = None) -> Self:
        if self.folds is not None:
            raise ValueError("partial_fit trains one network: leave out folds, or call fit")
        before = getattr(self, "model_", None)
        done = self.n_iter_ if before is not None else 0
        with _as_value_error():
            rows = handed_over("X", X, y, weight)
            settings = self._settings()
            self.model_ = one_more_epoch(before, rows, settings, done=done, classes=classes)
        self.n_iter_ = done + 1
        return self

    def _rows(self, X: Any, *, reset: bool) -> Any:
        """X checked: a data frame as it is, anything else as an array (N, D)."""
        if is_named(X):
            validate_data(self, X, reset=reset, skip_check_array=True)
            if hasattr(self, "feature_names_in_"):
                return X
        blanks = "allow-nan" if self._takes_blanks() else True
        return validate_data(self, X, reset=reset, dtype=None, ensure_all_finite=blanks)

    def _takes_blanks(self) -> bool:
        missing = getattr(self, "missing", None)
        return (missing.get("policy") if isinstance(missing, Mapping) else missing) not in (
            None,
            "error",
        )

    def _checked(self, X: Any, y: Any, weight: Any, *, reset: bool) -> tuple[Any, Any, Any]:
        """X, y and weights of the same length."""
        if y is None:
            name = type(self).__name__
            raise ValueError(f"{name} requires y to be passed, but the target y is None")
        X = self._rows(X, reset=reset)
        check_consistent_length(X, y)
        return X, y, None if weight is None else _check_sample_weight(weight, X)

    def _scores(self, X: Any) -> NDArray[Any]:
        check_is_fitted(self)
        with _as_value_error():
            return self.model_.scores(self._rows(X, reset=False))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self._takes_blanks()
        tags.input_tags.string = True
        return tags


def _seed(random: Any) -> int:
    return int(check_random_state(random).randint(np.iinfo(np.int32).max))


def _loss(estimator: Any) -> Any:
    """The class of its loss; None for a name that is none, which the config refuses."""
    loss = estimator.loss
    return LOSSES.get(loss.get("name", "softmax") if isinstance(loss, Mapping) else loss)


def _gives_probabilities(estimator: Any) -> bool:
    loss = _loss(estimator)
    return loss is not None and (loss.gives_probabilities or loss.targets == "flags")


class MLPTrainClassifier(ClassifierMixin, _Estimator):
    """A classifier: a multi-layer perceptron. Every parameter is a key of the config, by its own word.

    After `fit`: classes_, n_features_in_, feature_names_in_ (of a data frame), n_iter_ (epochs to the
    best one), and model_, the `mlptrain.Model`. All rows train; val=0.1 keeps some to choose the epoch.

    y is (N,) classes, or (N, K) of 0 and 1 where each row may have several labels. Then the loss is
    sigmoid, classes_ a list of K arrays, and `predict_proba` has the probability of each 1.

    >>> X, y = [[0.0], [1.0], [8.0], [9.0]] * 5, ["low", "low", "high", "high"] * 5
    >>> MLPTrainClassifier(epochs=20, learning_rate=0.1).fit(X, y).predict([[0.5], [8.5]]).tolist()
    ['low', 'high']
    """

    __init__ = constructor(loss="softmax")
    classes_: Any

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train anew on these rows."""
        X, y, weight = self._classified(X, y, sample_weight, reset=True)
        self.classes_ = _classes_of(y)
        return self._fit(X, y, weight)

    def partial_fit(
        self, X: Any, y: Any, classes: Sequence[Any] | None = None, sample_weight: Any = None
    ) -> Self:
        """One more epoch, on these rows. The first call needs `classes` unless y has all of them."""
        first = not hasattr(self, "model_")
        X, y, weight = self._classified(X, y, sample_weight, reset=first)
        if first:
            self.classes_ = _classes_of(y, classes)
        known = self.classes_[0] if self._has_labels() else self.classes_
        unknown = np.setdiff1d(y, known)
        if len(unknown):
            raise ValueError(
                f"y has a class that classes_ lacks, {unknown[0]!r}: name it in the first call"
            )
        return self._one_more(X, y, weight, known if first else None)

    def _classified(self, X: Any, y: Any, weight: Any, *, reset: bool) -> tuple[Any, Any, Any]:
        X, y, weight = self._checked(X, y, weight, reset=reset)
        if type_of_target(y, input_name="y") == "multilabel-indicator":
            y = y.toarray() if hasattr(y, "toarray") else np.asarray(y)
        else:
            y = column_or_1d(y, warn=True)
            check_classification_targets(y)
        if not reset and y.shape[1:] != ((len(self.classes_),) if self._has_labels() else ()):
            raise ValueError(f"y has shape {y.shape}: the first call had another number of columns")
        return X, y, weight

    def _has_labels(self) -> bool:
        return isinstance(self.classes_, list)

    def _settings(self) -> dict[str, Any]:
        """The settings of the config; of several labels the default loss has a sigmoid for each."""
        found, loss = super()._settings(), _loss(self)
        if self._has_labels() and self.loss == "softmax":
            return {**found, "loss": "sigmoid"}
        needed = "flags" if self._has_labels() else "classes"
        if loss is not None and loss.targets != needed:
            what = (
                "several labels need sigmoid" if self._has_labels() else "classes need softmax or hinge"
            )
            raise ValueError(f"loss={self.loss!r}: {what}")
        return found

    def decision_function(self, X: Any) -> NDArray[Any]:
        """The scores (N, C) in the order of classes_, or (N, K) of labels; of two classes (N,)."""
        scores = self._scores(X)
        if self._has_labels():
            return scores
        scores = scores[:, self._order()]
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def predict(self, X: Any) -> NDArray[Any]:
        """The class of each row (N,), or 0 and 1 of each label (N, K)."""
        check_is_fitted(self)
        if self._has_labels():
            return (self.predict_proba(X) > 0.5).astype(self.classes_[0].dtype)
        scores = self._scores(X)
        return self.classes_[scores[:, self._order()].argmax(axis=1)]

    @available_if(_gives_probabilities)
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """The probabilities (N, C) in the order of classes_, or (N, K) of each label."""
        check_is_fitted(self)
        with _as_value_error():
            found = self.model_.predict_proba(self._rows(X, reset=False))
        return found if self._has_labels() else found[:, self._order()]

    def _order(self) -> list[int]:
        """Where the classes of classes_ are among those of the model."""
        names = self.model_.preprocessing.classes or ()
        return [names.index(label(value)) for value in self.classes_]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _classes_of(y: NDArray[Any], given: Any = None) -> Any:
    """The classes of y (N,); of labels (N, K) what each may be: 0 and 1."""
    if y.ndim == 2:
        return [np.array([0, 1], y.dtype)] * y.shape[1]
    return np.unique(y if given is None else given)


class MLPTrainRegressor(RegressorMixin, _Estimator):
    """A regressor: a multi-layer perceptron. Every parameter is a key of the config, by its own word.

    After `fit`: n_features_in_, feature_names_in_ (of a data frame), n_iter_ (epochs to the best one),
    and model_, the `mlptrain.Model`. y is (N,), or (N, K) for several targets.

    >>> X = np.linspace(-1, 1, 60)[:, None]
    >>> y = 3 * X[:, 0] + 10
    >>> MLPTrainRegressor(epochs=100, learning_rate=0.01).fit(X, y).score(X, y) > 0.99
    True
    """

    __init__ = constructor(loss="mse")

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train anew on these rows."""
        return self._fit(*self._numbers(X, y, sample_weight, reset=True))

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """One more epoch, on these rows."""
        reset = not hasattr(self, "model_")
        return self._one_more(*self._numbers(X, y, sample_weight, reset=reset))

    def _numbers(self, X: Any, y: Any, weight: Any, *, reset: bool) -> tuple[Any, Any, Any]:
        X, y, weight = self._checked(X, y, weight, reset=reset)
        y = check_array(y, ensure_2d=False, dtype="numeric", input_name="y")
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return X, y, weight

    def predict(self, X: Any) -> NDArray[np.float64]:
        """(N,) or (N, K) numbers in the unit of y."""
        check_is_fitted(self)
        with _as_value_error():
            return np.asarray(self.model_.predict(self._rows(X, reset=False)), np.float64)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        return tags
