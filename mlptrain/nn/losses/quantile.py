"""The quantile loss: how high, how low, and how far apart the answers may be."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from mlptrain.arrays import Array, Shape
from mlptrain.bounds import Levels
from mlptrain.metrics import LEVEL_METRICS, QUANTILE_METRICS
from mlptrain.metrics.metric import MetricFunction
from mlptrain.nn.losses.loss import RegressionLoss


class QuantileLoss(RegressionLoss):
    """max(t (y - s), (1 - t) (s - y)), summed over levels t.   local: 1 - t above y, -t below it.

    shapes   scores (N, K L)   y (N, K)   weights (N,), optional   ->   L ()

    The pinball loss: its minimum is the quantile, the number that a share t of the targets does not
    exceed (Koenker and Bassett, 1978). The scores s are those of target 1 at every level, then of
    target 2. Computed as |d| / 2 + (1/2 - t) d with d = s - y, whose slope at 0 is 1/2 - t.

    Predictions are the scores of a target in rising order: levels never cross, and the loss never
    grows by that (Chernozhukov, Fernandez-Val and Galichon, 2010). Each level is learned by itself.

    >>> scores, y = np.array([[1.0, 4.0]]), np.array([[2.0]])
    >>> apply(QuantileLoss(levels=(0.25, 0.75)), scores, y, dtype=float)  # 1/4 1 + (1 - 3/4) 2
    array(0.75)
    """

    metrics = QUANTILE_METRICS
    headline = "pinball_loss"

    def __init__(self, *, levels: Levels = (0.1, 0.5, 0.9)) -> None:
        self.levels = tuple(levels)
        self.per_target = len(self.levels)
        self.metrics = {
            name: metric._replace(function=self._measure(metric.function, name in LEVEL_METRICS))
            for name, metric in QUANTILE_METRICS.items()
        }

    def _measure(self, function: Callable[..., float | None], of_levels: bool) -> MetricFunction:
        """A metric of all levels, or of the one nearest to the median."""
        if of_levels:
            return partial(function, levels=self.levels)
        return lambda predictions, truth, weights: function(self.point(predictions), truth, weights)

    def shape(self, *inputs: Shape) -> Shape:
        scores, targets, *weights = inputs
        wide = (*targets[:-1], targets[-1] * self.per_target) if targets else targets
        return super().shape(scores, wide, *weights)

    def response(self, scores: Array) -> Array:
        return np.sort(self._by_level(scores), axis=2).reshape(scores.shape)

    def point(self, predictions: Array) -> Array:
        middle = int(np.abs(np.array(self.levels) - 0.5).argmin())
        return np.asarray(self._by_level(predictions)[:, :, middle])

    def columns(self, targets: Sequence[str]) -> list[str]:
        """`price_q0.1`, `price_q0.9`, ...; of one level the name of the target."""
        if self.per_target == 1:
            return list(targets)
        return [f"{name}_q{level:g}" for name in targets for level in self.levels]

    def remarks(self) -> list[str]:
        low, high = self.levels[0], self.levels[-1]
        middle = self.point(np.array([self.levels]))[0, 0]
        promised = f"{high - low:g} is right for {low:g} to {high:g}"
        if self.per_target == 1:
            promised = f"{low:g} is right, the share of targets up to it"
        return [f"coverage: {promised}; rmse, mae, r2 and the like: of level {middle:g}"]

    def piece(self, *inputs: Array) -> Array | None:
        return np.sign(self.difference(inputs[0], inputs[1], np.empty_like(inputs[0])))

    def difference(self, scores: Array, targets: Array, into: Array) -> Array:
        np.subtract(self._by_level(scores), targets[:, :, None], out=self._by_level(into))
        return into

    def penalty(self, d: Array) -> Array:
        return np.abs(d) * 0.5 + self._tilt(d) * d

    def derivative(self, d: Array, into: Array) -> None:
        np.sign(d, out=into)
        into *= 0.5
        into += self._tilt(d)

    def _by_level(self, scores: Array) -> Array:
        """(N, K L) -> (N, K, L), without a copy."""
        return scores.reshape(len(scores), -1, self.per_target)

    def _tilt(self, d: Array) -> Array:
        """(K L) 1/2 - t."""
        return np.tile(0.5 - np.array(self.levels, d.dtype), d.shape[1] // self.per_target)
