"""A trained model, loaded from a checkpoint: it predicts and is evaluated without its training data."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlptrain.arrays import Array
from mlptrain.data.dataset import Rows
from mlptrain.data.preprocessing.flag_target import FlagTarget
from mlptrain.data.preprocessing.policies import Policies
from mlptrain.errors import DataError
from mlptrain.inference.classes import Class, typed
from mlptrain.inference.handed_over import rows_of, with_targets
from mlptrain.messages import some
from mlptrain.metrics.probability import softmax
from mlptrain.training.checkpoint import Checkpoint
from mlptrain.training.evaluate import Evaluation, evaluate, predictions
from mlptrain.training.restore import config_of, network_of


class Model:
    """The network of a checkpoint together with its preprocessing and class names.

    X is an array (N, D) whose columns are in the order of training, or a data frame (pandas, polars,
    Arrow), whose columns are found by name; others in it are left alone.

    Any number of threads may use one model. It keeps the memory of 1,024 rows (of as many as were asked
    for at once, if fewer) for each call that ran at the same time, whatever the sizes were. The same
    rows together give the same bits each time; in other company the scores of a row differ by rounding,
    since a matrix product sums in an order that depends on the number of rows.

    >>> from mlptrain import fit
    >>> clouds = {"data": {"train": {"name": "gaussians", "classes": 2}}, "train": {"epochs": 5}}
    >>> model = Model.load(fit(clouds, set={"optimizer.learning_rate": 0.1}).best)
    >>> model.predict([[3.0, 0.0], [-3.0, 0.0]])
    array([0, 1])
    >>> model.evaluate([[3.0, 0.0], [-3.0, 0.0]], [0, 1])["accuracy"]
    1.0
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.config = config_of(checkpoint)
        self.preprocessing = checkpoint.preprocessing()
        self.network = network_of(checkpoint)

    @classmethod
    def load(cls, path: str | Path) -> "Model":
        """Read a checkpoint, or the best one of a run directory."""
        return cls(Checkpoint.read(path))

    def under(self, policies: Policies) -> "Model":
        """The same model, network and all, with other policies for new rows."""
        other = object.__new__(Model)
        vars(other).update(vars(self), preprocessing=policies.applied(self.preprocessing))
        return other

    def __reduce__(self) -> tuple[type["Model"], tuple[Checkpoint]]:
        """A copy is built from the checkpoint: copied arrays would no longer share their memory."""
        return type(self), (self.checkpoint,)

    def __repr__(self) -> str:
        made, widths = self.preprocessing, self.network.architecture.widths()
        predicted = some(made.targets)
        if made.classes is not None:
            predicted += f" ({len(made.classes)} classes: {some(made.classes)})"
        sizes = "-".join(map(str, [widths[0], *self.config.model.hidden, widths[-1]]))
        return f"<Model {self.checkpoint.path}: {some(made.inputs)} -> {predicted}; network {sizes}>"

    @property
    def classes(self) -> tuple[Class, ...] | None:
        """The classes in the order of the columns of `predict_proba`; None for a regression.

        Numbers, or booleans, where all of them are; else text.
        """
        names = self.preprocessing.classes
        return None if names is None else typed(names)

    def scores(self, X: object) -> Array:
        """Scores (N, C) of raw rows."""
        source = rows_of(X, self.preprocessing)
        inputs, _ = self.preprocessing.apply(source, np.arange(len(source)), self.network.dtype)
        return self.network.scores(inputs.arrays)

    def predict(self, X: object) -> NDArray[np.generic]:
        """The class of each row, as in `classes`; or (N,) or (N, K) numbers in the target's unit.

        Of targets that are each yes or no: their values, as numbers or booleans where they are.
        """
        scores = self.scores(X)
        if self.classes is not None:
            return np.asarray(self.classes)[scores.argmax(axis=1)]
        numbers = predictions(self.network, scores, self.preprocessing)
        if isinstance(self.preprocessing.target, FlagTarget):
            numbers = decided(self.preprocessing.target, numbers)
        return numbers[:, 0] if numbers.shape[1] == 1 else numbers

    def predict_proba(self, X: object) -> NDArray[np.float64]:
        """(N, C) probabilities, or (N, K) of a yes; TypeError for a model whose loss gives none."""
        if isinstance(self.preprocessing.target, FlagTarget):
            return predictions(self.network, self.scores(X), self.preprocessing)
        if not self.network.loss.gives_probabilities:
            raise TypeError(
                f"a model trained with the {self.config.loss.name} loss has no probabilities"
            )
        return softmax(self.scores(X))

    def evaluate(self, X: object, y: object) -> dict[str, float | None]:
        """Loss and all metrics on raw rows and what is true of them.

        y  (N,) classes as numbers, booleans or text, or target values; (N, K) values of several targets
           in the order of training, or a data frame that has them by name
        """
        made, dtype = self.preprocessing, self.network.dtype
        source = with_targets(rows_of(X, made), y, made)
        if not len(source):
            raise DataError("X has no rows: there is nothing to evaluate")
        rows = np.arange(len(source))
        inputs, encoded = made.apply(source, rows, dtype)[0], made.encode(source, rows, dtype)
        return self.evaluation(Rows(inputs, encoded, truth=made.truth(source, rows))).measured()

    def evaluation(self, rows: Rows) -> Evaluation:
        """The scores of rows that are preprocessed already, for whatever is to be measured."""
        return evaluate(self.network, rows, self.preprocessing)


def decided(target: FlagTarget, probabilities: Array) -> Array:
    """(N, K) the values that are the more probable ones, in one type for all columns."""
    pairs, yes = [np.array(typed(pair)) for pair in target.values], (probabilities > 0.5).astype(int)
    return np.stack([pair[yes[:, k]] for k, pair in enumerate(pairs)], axis=1)


def load(path: str | Path) -> Model:
    """The model of a checkpoint, or of the best checkpoint of a run directory.

    >>> from mlptrain import fit
    >>> xor = {"data": {"train": {"name": "xor", "points_per_class": 20}}, "train": {"epochs": 2}}
    >>> load(fit(xor).best).classes
    (0, 1)
    """
    return Model.load(path)
