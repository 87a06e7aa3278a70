"""Averaging of weights: the mean of where the steps have been is often better than where they are.

Minibatches push the parameters to and fro around a minimum; their average lies nearer to it (Polyak and
Juditsky, 1992). It costs one pass over the parameters a step, and one evaluation more.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from mlptrain.arrays import Array
from mlptrain.nn.network import Network


class Average:
    """a <- d a + (1 - d) w after each update, for all that a prediction reads; a = w after the first.

    d = 0.99 looks back about 100 updates. Running statistics of batch norm are averaged too: they
    belong to the weights with which they were measured.

    >>> from mlptrain.nn.losses import LOSSES
    >>> from mlptrain.nn.network import perceptron
    >>> network = Network(perceptron(1, 1, bias=False), LOSSES["mse"]())
    >>> average = Average(network, 0.75)
    >>> for t, w in ((1, 4.0), (2, 8.0)):
    ...     network.parameters.values[...] = w
    ...     average.follow(network, t)
    >>> float(average.values[0])  # 3/4 of 4 and 1/4 of 8
    5.0
    """

    def __init__(self, network: Network, decay: float) -> None:
        self.decay = decay
        self.values = network.parameters.values.copy()
        self.statistics = {name: array.copy() for name, array in network.statistics.items()}

    def follow(self, network: Network, updates: int) -> None:
        """Take in the parameters after so many updates."""
        share = 1 - self.decay if updates > 1 else 1.0
        self.values += share * (network.parameters.values - self.values)
        for name, mean in self.statistics.items():
            mean += share * (network.statistics[name] - mean)

    @contextmanager
    def in_place(self, network: Network) -> Iterator[None]:
        """The network with the averages for parameters; afterwards it is as it was."""
        pairs = [(network.parameters.values, self.values)]
        pairs += [(network.statistics[name], mean) for name, mean in self.statistics.items()]
        kept = [array.copy() for array, _ in pairs]
        try:
            for array, mean in pairs:
                np.copyto(array, mean)
            yield
        finally:
            for (array, _), before in zip(pairs, kept, strict=True):
                np.copyto(array, before)

    def arrays(self, network: Network) -> dict[str, Array]:
        """The averages under the names of what they are averages of."""
        parameters = {
            each.name: self.values[each.segment.start : each.segment.stop].reshape(each.spec.shape)
            for each in network.parameters
        }
        return {**parameters, **self.statistics}
