"""Layers: what each declares, and that a network takes all it knows from there."""

from dataclasses import dataclass

import numpy as np
import pytest

from mlptrain.graph.graph import Graph
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.layers import Activate, Dense, Layer
from mlptrain.nn.linear import Linear
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.network import Architecture, Network, PredictionGraph, perceptron
from mlptrain.nn.parameters import ParameterSpec
from mlptrain.nn.regularizers import L2
from mlptrain.optim import OPTIMIZERS


@dataclass(frozen=True)
class Slow(Layer):
    """A linear layer under another name whose weights learn slowly and never decay."""

    name: str
    outputs: int

    def units(self, width):
        return self.outputs

    def parameters(self, width):
        shape = (width, self.outputs)
        return (ParameterSpec(f"{self.name}.kernel", shape, "weight", fans=(50, 2), rate=0.1),)

    def join(self, wiring, x):
        kernel = wiring.leaf(f"{self.name}.kernel")
        return wiring.graph.add(Linear(), x, kernel, name=f"{self.name}.output")


def network(dtype=np.float64):
    layers = [Slow("slow", 4), Activate("hidden", ACTIVATIONS["tanh"](), 4), Dense("last", 3)]
    return Network(Architecture(2, layers), LOSSES["softmax"](), [L2(0.1)], dtype=dtype)


def test_a_network_is_its_list_of_layers():
    made = network()

    assert [p.name for p in made.parameters] == ["slow.kernel", "last.W", "last.b"]
    assert made.architecture.widths() == [2, 4, 4, 3]
    assert list(made.training.wiring.hidden) == ["hidden"]
    names = [value.name for value in PredictionGraph(made).graph.values if value.node is not None]
    assert names == ["slow.output", "hidden.activation", "last.scores"]


def test_the_initializer_takes_the_fans_that_a_layer_states():
    made, seen = network(), {}

    def initializer(generator, shape, fans):
        seen[shape] = fans
        return np.ones(shape)

    made.initialize(initializer, 0)

    assert seen == {(2, 4): (50, 2), (4, 3): (4, 3)}
    assert made.parameters["slow.kernel"].value.all()
    assert not made.parameters["last.b"].value.any()


def test_only_what_decays_is_penalized():
    made = network()
    made.parameters.values[...] = 1

    assert made.regularization_loss() == pytest.approx(0.1 * 12)  # last.W alone: 4 x 3 ones


def test_a_layer_that_learns_slowly_moves_a_tenth_as_far(rng):
    made = network()
    made.parameters.values[...] = rng.normal(size=made.parameters.values.size)
    plan = made.training.fill([rng.normal(size=(6, 2))], rng.integers(0, 3, 6), None, 0)
    plan.forward()
    plan.backward()
    before = {p.name: p.value.copy() for p in made.parameters}
    optimizer = OPTIMIZERS["sgd"]()
    optimizer.attach(made.parameters.values, made.parameters.segments)

    optimizer.step(made.parameters.values, made.parameters.gradients, 0.5)

    for parameter in made.parameters:
        rate = 0.05 if parameter.name == "slow.kernel" else 0.5
        moved = before[parameter.name] - parameter.value
        np.testing.assert_allclose(moved, rate * parameter.gradient, rtol=1e-9)


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_dropout_stands_in_the_training_graph_alone_and_batch_norm_is_fixed_in_the_other(norm, dropout):
    activations = [ACTIVATIONS["relu"]()]
    made = Network(perceptron(3, 2, [4], activations, norm=norm, dropout=dropout), LOSSES["mse"]())

    def kinds(graph):
        return [type(value.node).__name__ for value in graph.values if value.node is not None]

    normalized = {"none": [], "batch": ["BatchNorm"], "layer": ["LayerNorm"]}[norm]
    fixed = {"none": [], "batch": ["FixedNorm"], "layer": ["LayerNorm"]}[norm]
    dropped = ["Dropout"] if dropout else []
    assert kinds(made.training.graph) == ["Linear", *normalized, "ReLU", *dropped, "Linear", "MSELoss"]
    assert kinds(PredictionGraph(made).graph) == ["Linear", *fixed, "ReLU", "Linear"]
    assert set(made.statistics) == ({"norm1.mean", "norm1.variance"} if norm == "batch" else set())


def test_a_prediction_graph_wants_no_gradients():
    assert not any(value.wants_gradient for value in PredictionGraph(network()).graph.values[1:])


def test_a_layer_joins_any_graph_behind_any_value(rng):
    made = network()
    graph = Graph(np.float64)
    x = graph.input("x", (None, 2))
    _, scores = made.wire(graph, x, trains=False)
    X = rng.normal(size=(5, 2))
    plan = graph.plan(5)
    plan.value(x)[...] = X
    plan.forward()

    np.testing.assert_array_equal(plan.value(scores), made.scores([X]))
