"""The exact gradients of scores by what the first layer reads: the network's graph, run backward."""

from collections.abc import Callable

import numpy as np

from mlptrain.arrays import Array, RowArray
from mlptrain.graph.graph import Graph
from mlptrain.nn.layers import Embed, Wiring
from mlptrain.nn.network import Network
from mlptrain.nn.parameters import Parameters


class InputGradients:
    """A prediction graph behind the embeddings, in float64: embedded rows (N, D) -> scores (N, C).

    An embedding looks up a code, and a code has no gradient; the vector that it stands for has one.
    """

    def __init__(self, network: Network) -> None:
        architecture = network.architecture
        parameters = Parameters(architecture.parameters(), np.float64)
        parameters.values[...] = network.parameters.values
        self.tables = [each.value for each in parameters.of_kind("embedding")]
        self.graph = Graph(np.float64)
        width = architecture.inputs + sum(table.shape[1] for table in self.tables)
        self.x = x = self.graph.input("X", (None, width), wants_gradient=True)
        wiring = Wiring(self.graph, parameters, network.statistics, trains=False)
        for layer in architecture.layers:
            if not isinstance(layer, Embed):
                x = layer.join(wiring, x)
        self.scores = network.loss.combined(self.graph, x) if architecture.members else x

    def embedded(self, numbers: RowArray, codes: RowArray | None = None) -> Array:
        """(N, D) what the first layer reads: the numbers, and behind them the vectors of the codes."""
        looked_up = [] if codes is None else [t[codes[:, k]] for k, t in enumerate(self.tables)]
        return np.hstack([np.asarray(numbers, np.float64), *looked_up])

    def at(self, x: Array, function: Callable[[Array], tuple[Array, Array]]) -> tuple[Array, Array]:
        """A function of the scores for each row (N, D): its values (N,), and dF/dx (N, D).

        function   scores (N, C) -> values (N,) and their derivatives by the scores, (N, C)
        """
        plan = self.graph.plan(len(x))
        plan.value(self.x)[...] = x
        plan.forward()
        values, upstream = function(plan.value(self.scores))
        plan.backward(upstream)
        return values, plan.gradient(self.x).copy()
