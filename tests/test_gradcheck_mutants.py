"""Mistakes that people make in a backward pass, one by one: the gradient check catches every one.

Each mutant is a right node with one typical mistake. It has to fail, in the tensor that is wrong.
"""

import numpy as np
import pytest
from helpers import check_network, check_node

from mlptrain.data.dataset import Rows
from mlptrain.data.inputs import Inputs
from mlptrain.graph.gates import (
    Add,
    Divide,
    Max,
    Multiply,
    Power,
    Subtract,
    fold,
)
from mlptrain.graph.plan import Plan
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.activations.piecewise import LeakyReLU, Maxout, ReLU
from mlptrain.nn.activations.smooth import GELU, Sigmoid, Tanh
from mlptrain.nn.dropout import Dropout
from mlptrain.nn.initializers import xavier
from mlptrain.nn.linear import Linear
from mlptrain.nn.losses.hinge import HingeLoss
from mlptrain.nn.losses.regression import HuberLoss, MSELoss
from mlptrain.nn.losses.softmax import SoftmaxLoss
from mlptrain.nn.network import Network, perceptron
from mlptrain.nn.norm import BatchNorm, LayerNorm
from mlptrain.nn.regularizers import L1, L2

pytestmark = pytest.mark.usefixtures("strict_floats", "one_thread")


class SignOfSubtract(Subtract):
    def backward(self, upstream, inputs, out, saved, into):
        fold(upstream, into[0])
        fold(upstream, into[1])


class SwappedMultiply(Multiply):
    def backward(self, upstream, inputs, out, saved, into):
        super().backward(upstream, inputs[::-1], out, saved, into)


class DivideWithoutSquare(Divide):
    def backward(self, upstream, inputs, out, saved, into):
        fold(upstream / inputs[1], into[0])
        fold(-upstream * inputs[0] / inputs[1], into[1])


class PowerWithoutFactor(Power):
    def backward(self, upstream, inputs, out, saved, into):
        super().backward(upstream, inputs, out, saved, into)
        np.copyto(into[0], upstream * np.power(inputs[0], inputs[1] - 1))


class MaxToBoth(Max):
    def backward(self, upstream, inputs, out, saved, into):
        fold(upstream, into[0])
        fold(upstream, into[1])


class AddWithoutSum(Add):
    def backward(self, upstream, inputs, out, saved, into):
        fold(upstream, into[0])
        np.copyto(into[1], upstream[0])  # the rows were broadcast: they have to be added up


class TransposedWeights(Linear):
    def backward(self, upstream, inputs, out, saved, into):
        super().backward(upstream, inputs, out, saved, into)
        np.copyto(into[1], (inputs[0].T @ upstream).T)


class InputThroughW(Linear):
    def backward(self, upstream, inputs, out, saved, into):
        super().backward(upstream, inputs, out, saved, into)
        np.copyto(into[0], upstream @ inputs[1])  # W, not its transpose


class BiasMean(Linear):
    def backward(self, upstream, inputs, out, saved, into):
        super().backward(upstream, inputs, out, saved, into)
        np.copyto(into[2], upstream.mean(axis=0))


class BiasWithoutLastRow(Linear):
    def backward(self, upstream, inputs, out, saved, into):
        super().backward(upstream, inputs, out, saved, into)
        np.copyto(into[2], upstream[:-1].sum(axis=0))


class UnitsOffByOne(Linear):
    def backward(self, upstream, inputs, out, saved, into):
        super().backward(np.roll(upstream, 1, axis=1), inputs, out, saved, into)


class ReLUWithoutMask(ReLU):
    def backward(self, upstream, inputs, out, saved, into):
        np.copyto(into[0], upstream)


class ReLUMaskOfUpstream(ReLU):
    def backward(self, upstream, inputs, out, saved, into):
        np.copyto(into[0], upstream * (upstream > 0))


class LeakWithoutSlope(LeakyReLU):
    def backward(self, upstream, inputs, out, saved, into):
        np.copyto(into[0], upstream * (inputs[0] > 0))


class SigmoidOfInput(Sigmoid):
    def backward(self, upstream, inputs, out, saved, into):
        np.copyto(into[0], upstream * (1 - inputs[0]) * inputs[0])


class TanhWithoutSquare(Tanh):
    def backward(self, upstream, inputs, out, saved, into):
        np.copyto(into[0], upstream * (1 - out))


class GELUWithoutCubic(GELU):
    def backward(self, upstream, inputs, out, saved, into):
        (x,), (t, _) = inputs, saved
        slope = np.sqrt(2 / np.pi) * (1 + 0.044715 * x * x)  # 3 * 0.044715 is right
        np.copyto(into[0], upstream * 0.5 * (1 + t + x * (1 - t * t) * slope))


class MaxoutToAllPieces(Maxout):
    def backward(self, upstream, inputs, out, saved, into):
        np.copyto(into[0], np.repeat(upstream, self.pieces, axis=1))


class DropoutWithoutMask(Dropout):
    def backward(self, upstream, inputs, out, saved, into):
        np.copyto(into[0], upstream)


class DropoutNotScaled(Dropout):
    def backward(self, upstream, inputs, out, saved, into):
        np.copyto(into[0], upstream * (inputs[1] > 0))


class BatchNormConstantMean(BatchNorm):
    def backward(self, upstream, inputs, out, saved, into):
        super().backward(upstream, inputs, out, saved, into)
        np.copyto(into[0], upstream * inputs[1] / np.sqrt(saved[2] + 1e-5))


class LayerNormWithoutGamma(LayerNorm):
    def backward(self, upstream, inputs, out, saved, into):
        ones = np.ones_like(inputs[1])
        super().backward(upstream, (inputs[0], ones, inputs[2]), out, saved, into)


class SoftmaxOfTheNextClass(SoftmaxLoss):
    def backward(self, upstream, inputs, out, saved, into):
        super().backward(upstream, inputs, out, saved, into)
        into[0][...] = np.roll(into[0], 1, axis=1)


class SoftmaxSum(SoftmaxLoss):
    def backward(self, upstream, inputs, out, saved, into):
        super().backward(upstream, inputs, out, saved, into)
        into[0][...] *= len(into[0])  # the sum over the rows, where the loss is their mean


class HingeWithoutTruth(HingeLoss):
    def backward(self, upstream, inputs, out, saved, into):
        super().backward(upstream, inputs, out, saved, into)
        into[0][np.arange(len(inputs[1])), inputs[1]] = 0


class MSEWithoutTwo(MSELoss):
    def derivative(self, d, into):
        np.copyto(into, d)


class HuberNotClipped(HuberLoss):
    def derivative(self, d, into):
        np.copyto(into, d)


class L2WithoutTwo(L2):
    def backward(self, upstream, inputs, out, saved, into):
        for W, dW in zip(inputs, into, strict=True):
            np.multiply(W, self.strength * upstream, out=dW)


class L1WithoutSign(L1):
    def backward(self, upstream, inputs, out, saved, into):
        for dW in into:
            dW[...] = self.strength * upstream


def numbers(*shape):
    """Numbers of both signs, none within 0.2 of 0 and no two alike."""
    generator = np.random.default_rng(sum(shape))
    return generator.uniform(0.2, 2, shape) * generator.choice((-1.0, 1.0), shape)


CLASSES = np.array([0, 3, 1, 1, 2])
MASK = np.where(numbers(4, 6) > 0, 2.0, 0.0)

MUTANTS = [
    (SignOfSubtract(), [numbers(4, 3), numbers(4, 3)], "y"),
    (SwappedMultiply(), [numbers(4, 3), numbers(4, 3) + 3], "xy"),
    (DivideWithoutSquare(), [numbers(4, 3), numbers(4, 3)], "y"),
    (PowerWithoutFactor(), [abs(numbers(4, 3)), numbers(4, 3)], "x"),
    (MaxToBoth(), [numbers(4, 3), numbers(4, 3)[::-1]], "xy"),
    (AddWithoutSum(), [numbers(4, 3), numbers(3)], "y"),
    (TransposedWeights(), [numbers(4, 5), numbers(5, 5), numbers(5)], "y"),
    (InputThroughW(), [numbers(4, 5), numbers(5, 5), numbers(5)], "x"),
    (BiasMean(), [numbers(4, 3), numbers(3, 5), numbers(5)], "z"),
    (BiasWithoutLastRow(), [numbers(4, 3), numbers(3, 5), numbers(5)], "z"),
    (UnitsOffByOne(), [numbers(4, 3), numbers(3, 5), numbers(5)], "xyz"),
    (ReLUWithoutMask(), [numbers(4, 6)], "x"),
    (ReLUMaskOfUpstream(), [numbers(4, 6)], "x"),
    (LeakWithoutSlope(), [numbers(4, 6)], "x"),
    (SigmoidOfInput(), [numbers(4, 6)], "x"),
    (TanhWithoutSquare(), [numbers(4, 6)], "x"),
    (GELUWithoutCubic(), [numbers(4, 6)], "x"),
    (MaxoutToAllPieces(), [numbers(4, 6)], "x"),
    (DropoutWithoutMask(), [numbers(4, 6), MASK], "x"),
    (DropoutNotScaled(), [numbers(4, 6), MASK], "x"),
    (BatchNormConstantMean(), [numbers(6, 3), numbers(3), numbers(3)], "x"),
    (LayerNormWithoutGamma(), [numbers(6, 3), numbers(3), numbers(3)], "x"),
    (SoftmaxOfTheNextClass(), [numbers(5, 4), CLASSES], "x"),
    (SoftmaxSum(), [numbers(5, 4), CLASSES], "x"),
    (HingeWithoutTruth(), [numbers(5, 4), CLASSES], "x"),
    (MSEWithoutTwo(), [numbers(5, 4), numbers(5, 4) + 3], "x"),
    (HuberNotClipped(), [numbers(5, 4), numbers(5, 4) + 3], "x"),
    (L2WithoutTwo(0.3), [numbers(4, 3), numbers(3, 2)], "xy"),
    (L1WithoutSign(0.3), [numbers(4, 3), numbers(3, 2)], "xy"),
]


def caught(node, inputs):
    """The tensors in which a node fails."""
    wanted = len(inputs) if inputs[-1] is not MASK and inputs[-1].dtype.kind == "f" else 1
    if isinstance(node, MSELoss | HuberLoss):
        wanted = 1
    rows = check_node("mutant", node, inputs, seed=0, gradients=wanted)
    return "".join(row.tensor for row in rows if not row.passed)


def name(mutant):
    return type(mutant[0]).__name__


@pytest.mark.slow
@pytest.mark.parametrize(("mutant", "inputs", "tensors"), MUTANTS, ids=map(name, MUTANTS))
def test_a_mistake_in_a_backward_pass_is_caught_where_it_is(mutant, inputs, tensors):
    assert caught(mutant, inputs) == tensors


@pytest.mark.parametrize(("mutant", "inputs", "tensors"), MUTANTS, ids=map(name, MUTANTS))
def test_the_node_without_the_mistake_passes(mutant, inputs, tensors):
    right = type(mutant).__base__
    node = right(0.3) if right in (L1, L2) else right()

    assert caught(node, inputs) == ""


def test_there_are_at_least_ten_mutants():
    assert len(MUTANTS) >= 10


# mistakes of the graph and of a whole network


@pytest.fixture
def network():
    """Two hidden layers of tanh units, with a penalty: every W has two readers."""
    activations = [ACTIVATIONS["tanh"]() for _ in range(2)]
    made = Network(perceptron(4, 3, [5, 5], activations), SoftmaxLoss(), [L2(0.05)], dtype=float)
    made.initialize(xavier, 0)
    return made


def failures(network):
    rows = Rows(Inputs(numbers(6, 4)), np.array([0, 1, 2, 0, 1, 2]))
    return [row.tensor for row in check_network("n", network, rows, 0) if not row.passed]


def test_a_branch_that_forgets_its_first_reader_is_caught(network, monkeypatch):
    bind = Plan._bind_node_backward

    def overwrite(self, value, node):
        start = len(self._backward)
        bind(self, value, node)
        for i, (call, arguments) in enumerate(self._backward[start:], start):
            if call is np.add:  # the later gradient takes the place of the sum
                self._backward[i] = (np.copyto, (arguments[2], arguments[1]))

    monkeypatch.setattr(Plan, "_bind_node_backward", overwrite)

    assert failures(network) == ["layer1.W", "layer2.W", "layer3.W"]


def test_the_input_gradient_of_a_square_layer_through_W_is_caught_below(network, monkeypatch):
    class Transposed(Linear):
        def backward(self, upstream, inputs, out, saved, into):
            super().backward(upstream, inputs, out, saved, into)
            if into[0] is not None and inputs[1].shape == (5, 5):
                np.copyto(into[0], upstream @ inputs[1])

    monkeypatch.setattr("mlptrain.nn.layers.Linear", Transposed)
    activations = [ACTIVATIONS["tanh"]() for _ in range(2)]
    mutant = Network(perceptron(4, 3, [5, 5], activations), SoftmaxLoss(), dtype=float)
    mutant.initialize(xavier, 0)

    assert failures(mutant) == ["layer1.W", "layer1.b"]


def test_the_network_without_a_mistake_passes(network):
    assert failures(network) == []
