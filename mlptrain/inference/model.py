"""A trained model, loaded from a checkpoint: it predicts and is evaluated without its training data."""

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlptrain.arrays import Array
from mlptrain.data.dataset import Rows
from mlptrain.data.inputs import Inputs
from mlptrain.data.matrix import Matrix, checked
from mlptrain.metrics.probability import softmax
from mlptrain.training.checkpoint import Checkpoint
from mlptrain.training.evaluate import Evaluation, evaluate, predictions
from mlptrain.training.restore import config_of, network_of


class Model:
    """The network of a checkpoint together with its preprocessing and class names.

    >>> from mlptrain import fit
    >>> clouds = {"data": {"train": {"name": "gaussians", "classes": 2}}, "train": {"epochs": 5}}
    >>> model = Model.load(fit(clouds, set={"optimizer.learning_rate": 0.1}).best)
    >>> model.predict([[3.0, 0.0], [-3.0, 0.0]])
    array(['0', '1'], dtype='<U1')
    >>> model.evaluate([[3.0, 0.0], [-3.0, 0.0]], ["0", "1"])["accuracy"]
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

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Class names in the order of the columns of `predict_proba`; None for a regression."""
        return self.preprocessing.classes

    def scores(self, X: ArrayLike) -> Array:
        """Scores (N, C) of raw rows X (N, D), whose columns are in the order of training."""
        return self.network.scores(self._inputs(self._source(X, None)).arrays)

    def predict(self, X: ArrayLike) -> NDArray[np.generic]:
        """The class name of each row, or (N,) or (N, K) numbers in the target's own unit."""
        scores = self.scores(X)
        if self.classes is not None:
            return np.asarray(self.classes)[scores.argmax(axis=1)]
        numbers = predictions(self.network, scores, self.preprocessing)
        return numbers[:, 0] if numbers.shape[1] == 1 else numbers

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """(N, C) probabilities; TypeError for a model whose loss gives none."""
        if not self.network.loss.gives_probabilities:
            raise TypeError(
                f"a model trained with the {self.config.loss.name} loss has no probabilities"
            )
        return softmax(self.scores(X))

    def evaluate(self, X: ArrayLike, y: ArrayLike) -> dict[str, float | None]:
        """Loss and all metrics on raw rows and their classes or target values."""
        source = self._source(X, y)
        rows, dtype = np.arange(len(source)), self.network.dtype
        y = self.preprocessing.encode(source, rows, dtype)
        truth = self.preprocessing.truth(source, rows)
        return self.evaluation(Rows(self._inputs(source), y, truth=truth)).measured()

    def evaluation(self, rows: Rows) -> Evaluation:
        """The scores of rows that are preprocessed already, for whatever is to be measured."""
        return evaluate(self.network, rows, self.preprocessing)

    def _inputs(self, source: Matrix) -> Inputs:
        return self.preprocessing.apply(source, np.arange(len(source)), self.network.dtype)[0]

    def _source(self, X: ArrayLike, y: ArrayLike | None) -> Matrix:
        labels = {} if y is None else {self.preprocessing.targets[0]: np.asarray(y)}
        return checked("X", np.asarray(X), labels, self.preprocessing.inputs)


def load(path: str | Path) -> Model:
    """The model of a checkpoint, or of the best checkpoint of a run directory."""
    return Model.load(path)
