"""How good a network is on some rows: its data loss, and any of the metrics."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from mlptrain.arrays import Array
from mlptrain.data.dataset import Rows
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.preprocessing.targets import class_masses
from mlptrain.graph.apply import apply
from mlptrain.metrics.calibration import Calibration
from mlptrain.metrics.lopsided import RANKING, headline
from mlptrain.metrics.metric import Floats
from mlptrain.metrics.probability import softmax
from mlptrain.metrics.ranking import margins
from mlptrain.nn.losses import Loss
from mlptrain.nn.network import Network


@dataclass(frozen=True)
class Evaluation:
    """Scores of some rows, and what can be measured on them."""

    network: Network
    rows: Rows
    scores: Array
    preprocessing: Preprocessing

    def data_loss(self) -> float | None:
        """The loss of the rows, without the regularization loss; None where all weights are 0."""
        y, weights = self.rows.y, self.rows.weights
        if not self.network.loss.mass(y, weights) > 0:
            return None
        targets = (y,) if weights is None else (y, weights)
        with np.errstate(all="ignore"):  # the loss of a network that overflows is not finite
            return float(apply(self.network.loss, self.scores, *targets, dtype=self.network.dtype))

    def predictions(self) -> Array:
        """Probabilities (softmax), margins (hinge), or numbers in the target's unit (regression)."""
        return predictions(self.network, self.scores, self.preprocessing)

    def truth(self) -> Array:
        """Class numbers, or targets in their own unit."""
        if self.network.loss.classifies:
            return self.rows.y
        if self.rows.truth is not None:
            return self.rows.truth
        return self.preprocessing.inverse_target(np.asarray(self.rows.y, np.float64))

    def measured(self, names: Iterable[str] | None = None) -> dict[str, float | None]:
        """The loss, and the metrics of these names (all that make sense, if not given).

        Of two lopsided classes the metrics of their ranking come first.
        """
        values = self.metrics(names or self.network.loss.metrics)
        first = {name: values[name] for name in RANKING if name in self.headline() and name in values}
        return {**first, "loss": self.data_loss(), **values}

    def headline(self) -> tuple[str, ...]:
        """The metrics that people read first."""
        loss = self.network.loss
        if not loss.classifies:
            return (loss.headline,)
        y = cast(NDArray[np.integer], self.rows.y)
        return headline(loss.headline, class_masses(y, self.scores.shape[1], self.rows.weights))

    def metrics(self, names: Iterable[str]) -> dict[str, float | None]:
        """The metrics of these names; None where one is not defined or not finite."""
        table = {name: self.network.loss.metrics[name] for name in names}
        kinds = {metric.of_winners for metric in table.values()}
        given = {winners: self.scores if winners else self.predictions() for winners in kinds}
        if not all(np.isfinite(predicted).all() for predicted in given.values()):
            return dict.fromkeys(table)
        truth, weights = self.truth(), self.rows.weights
        return {
            name: metric.function(given[metric.of_winners], truth, weights)
            for name, metric in table.items()
        }


def predictions(network: Network, scores: Array, preprocessing: Preprocessing) -> Array:
    """What a user calls a prediction: probabilities, margins, or numbers in the target's unit.

    Probabilities are without class weights, and calibrated where the network is.
    """
    with np.errstate(all="ignore"):  # what is not finite shows in the result
        if not network.loss.classifies:
            return preprocessing.predicted(network.loss.response(scores))
        if not network.loss.gives_probabilities:
            return margins(scores)
        return probabilities(network.loss, scores, network.calibration)


def probabilities(loss: Loss, scores: Array, calibration: Calibration | None) -> Floats:
    """Those of the classes, without class weights, and calibrated where there is a calibration."""
    scores = loss.unweighted(scores)
    return softmax(scores) if calibration is None else calibration(scores)


def evaluate(network: Network, rows: Rows, preprocessing: Preprocessing) -> Evaluation:
    """Run the prediction graph over the rows."""
    scores = network.scores(rows.inputs.arrays)
    return Evaluation(network, rows.with_targets_in_memory(), scores, preprocessing)
