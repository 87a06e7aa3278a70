"""The layers of a network: each declares what it learns, and joins a training or a prediction graph.

A network is a list of layers. Training and prediction differ in two of them: batch norm reads the
statistics of the minibatch in one graph and the running ones in the other, and dropout stands in the
training graph alone. Both share the same parameters.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mlptrain.arrays import Array
from mlptrain.graph.gates import Multiply
from mlptrain.graph.graph import Graph
from mlptrain.graph.node import Node
from mlptrain.graph.plan import Plan, Value
from mlptrain.nn.activations import Activation
from mlptrain.nn.dropout import Dropout
from mlptrain.nn.embedding import Concatenate, Embedding
from mlptrain.nn.linear import Linear
from mlptrain.nn.members import Heads, Shared
from mlptrain.nn.norm import BatchNorm, FixedNorm, LayerNorm
from mlptrain.nn.parameters import Parameter, Parameters, ParameterSpec, Start
from mlptrain.nn.scale import FanIn, InputScale

RUNNING = 0.1
"""Share of the newest minibatch in the running statistics of batch norm."""

Statistics = Mapping[str, Array]
"""Arrays that a layer keeps beside its parameters, by name; no gradient flows to them."""


@dataclass
class Wiring:
    """A graph while layers join it, and what they leave behind.

    trains   whether gradients are wanted: the training graph
    codes    the input that embeddings look up, where there is one
    leaves   the parameters read, by name
    outputs  of each layer of units, by its name: activations, and the scores of the last one
    hidden   those that are activations
    weights  of each layer of units, by its name
    masks    the inputs that take dropout masks, each with its probability
    running  batch norms whose statistics are followed, by name
    members  how many members of an ensemble the values have so far; 0 where there is none
    scale    the factors of what the next layer of units reads: it takes them to its weights
    """

    graph: Graph
    parameters: Parameters
    statistics: Statistics
    trains: bool
    codes: Value | None = None
    leaves: dict[str, Value] = field(default_factory=dict)
    outputs: dict[str, Value] = field(default_factory=dict)
    hidden: dict[str, Value] = field(default_factory=dict)
    weights: dict[str, Parameter] = field(default_factory=dict)
    masks: dict[Value, float] = field(default_factory=dict)
    running: dict[str, Value] = field(default_factory=dict)
    members: int = 0
    scale: Value | None = None

    def scale_inputs(self, factors: Value) -> None:
        """Let the next layer of units read each input times its factor, and times those before."""
        if self.scale is not None:
            factors = self.graph.add(Multiply(), self.scale, factors, name="scales")
        self.scale = factors

    def shared(self, node: Node) -> Node:
        """The node as it is, or shared by all members."""
        return Shared(node) if self.members else node

    def leaf(self, name: str) -> Value:
        """A parameter of the network; the graph that trains asks for its gradient."""
        parameter = self.parameters[name]
        gradient = parameter.gradient if self.trains else None
        self.leaves[name] = self.graph.parameter(name, parameter.value, gradient)
        return self.leaves[name]

    def statistic(self, name: str) -> Value:
        """A running statistic, read as it stands."""
        return self.graph.parameter(name, self.statistics[name])

    def seen(self, plan: Plan) -> dict[str, Array]:
        """The statistics of the minibatch that a plan has just run, by name."""
        found = {}
        for name, norm in self.running.items():
            _, mean, variance = plan.saved(norm)
            found[f"{name}.mean"] = mean[0].copy()
            # N / (N - 1) times the variance of the minibatch: the unbiased one
            found[f"{name}.variance"] = variance[0] * (plan.rows / max(plan.rows - 1, 1))
        return found

    def follow(self, seen: Mapping[str, Array]) -> None:
        """Move the running statistics towards those of a minibatch."""
        for name, newest in seen.items():
            running = self.statistics[name]
            running += RUNNING * (newest - running)


class Layer(ABC):
    """One layer. `name` is the first part of the names of all that belongs to it."""

    name: str

    def units(self, width: int) -> int:
        """How many numbers a row has behind it, given how many come in."""
        return width

    def parameters(self, width: int) -> Sequence[ParameterSpec]:
        """What it learns, in the order of the flat vector."""
        return ()

    def statistics(self, width: int) -> Mapping[str, float]:
        """The vectors (width,) that it keeps besides, and the number they start with."""
        return {}

    @abstractmethod
    def join(self, wiring: Wiring, x: Value) -> Value:
        """Add its nodes to a graph behind `x`; their output."""


@dataclass(frozen=True)
class ScaleInputs(Layer):
    """A learned factor for each input, 1 at first."""

    name: str = "input"

    def parameters(self, width: int) -> Sequence[ParameterSpec]:
        return (ParameterSpec(f"{self.name}.scale", (width,), "scale", start="ones"),)

    def join(self, wiring: Wiring, x: Value) -> Value:
        wiring.scale_inputs(wiring.leaf(f"{self.name}.scale"))
        return x


@dataclass(frozen=True)
class ScaleMembers(Layer):
    """Factors for each input and each of `members`, random signs at first: here an ensemble begins."""

    members: int
    name: str = "ensemble"

    def parameters(self, width: int) -> Sequence[ParameterSpec]:
        return (ParameterSpec(f"{self.name}.scale", (self.members, width), "scale", start="signs"),)

    def join(self, wiring: Wiring, x: Value) -> Value:
        wiring.members = self.members
        wiring.scale_inputs(wiring.leaf(f"{self.name}.scale"))
        return x


@dataclass(frozen=True)
class Embed(Layer):
    """Puts the vector of each code beside the numbers: `embedding1.table`, `embedding2.table`, ...

    tables   (rows, width) of each column of codes. Row 0 stands for what training did not know
    """

    tables: Sequence[tuple[int, int]]
    name: str = "embedding"

    def units(self, width: int) -> int:
        return width + sum(units for _, units in self.tables)

    def parameters(self, width: int) -> Sequence[ParameterSpec]:
        return [
            ParameterSpec(f"{self.name}{number}.table", tuple(shape), "embedding")
            for number, shape in enumerate(self.tables, 1)
        ]

    def join(self, wiring: Wiring, x: Value) -> Value:
        if wiring.codes is None:
            raise ValueError("embeddings need codes")
        parts = [x]
        for column in range(len(self.tables)):
            name = f"{self.name}{column + 1}"
            table = wiring.leaf(f"{name}.table")
            parts.append(wiring.graph.add(Embedding(column), table, wiring.codes, name=name))
        return wiring.graph.add(Concatenate(), *parts, name="embedded")


@dataclass(frozen=True)
class Dense(Layer):
    """Linear scores X W + b of `outputs` units (P23, P49).

    ntk     X is divided by sqrt(D) before, see `FanIn`
    start   of W and b
    heads   of an ensemble: so many members have a W and a b of their own; 0: they share one
    """

    name: str
    outputs: int
    bias: bool = True
    ntk: bool = False
    start: Start = "drawn"
    heads: int = 0

    def units(self, width: int) -> int:
        return self.outputs

    def parameters(self, width: int) -> Sequence[ParameterSpec]:
        members, fans = (self.heads,) if self.heads else (), (width, self.outputs)
        shape = (*members, *fans)
        W = ParameterSpec(f"{self.name}.W", shape, "weight", fans, self.start, decays=True)
        b = ParameterSpec(f"{self.name}.b", (*members, self.outputs), "bias", start=self.start)
        return (W, b) if self.bias else (W,)

    def join(self, wiring: Wiring, x: Value) -> Value:
        letters = "Wb" if self.bias else "W"
        W, *b = [wiring.leaf(f"{self.name}.{letter}") for letter in letters]
        scale, wiring.scale = wiring.scale, None
        fan_in = f"{self.name}.fan_in"
        node = Heads() if self.heads else wiring.shared(Linear())
        if scale is None:
            x = wiring.graph.add(FanIn(), x, name=fan_in) if self.ntk else x
        else:  # (X s / sqrt(D)) W = X (s / sqrt(D) W)
            scale = wiring.graph.add(FanIn(), scale, name=fan_in) if self.ntk else scale
            W = wiring.graph.add(InputScale(), W, scale, name=f"{self.name}.scaled")
            node = Heads() if wiring.members else Linear()
        scores = wiring.graph.add(node, x, W, *b, name=f"{self.name}.scores")
        wiring.outputs[self.name] = scores
        wiring.weights[self.name] = wiring.parameters[f"{self.name}.W"]
        return scores


@dataclass(frozen=True)
class Activate(Layer):
    """An activation function of `outputs` units: the output of a hidden layer (P32)."""

    name: str
    activation: Activation
    outputs: int

    def units(self, width: int) -> int:
        return self.outputs

    def join(self, wiring: Wiring, x: Value) -> Value:
        value = wiring.graph.add(self.activation, x, name=f"{self.name}.activation")
        wiring.outputs[self.name] = wiring.hidden[self.name] = value
        return value


class Normalization(Layer):
    """gamma h + beta, with h the normalized scores: gamma starts at 1, beta at 0."""

    def parameters(self, width: int) -> Sequence[ParameterSpec]:
        gamma = ParameterSpec(f"{self.name}.gamma", (width,), "gain", start="ones")
        return gamma, ParameterSpec(f"{self.name}.beta", (width,), "shift", start="zeros")

    def leaves(self, wiring: Wiring) -> list[Value]:
        """gamma and beta."""
        return [wiring.leaf(f"{self.name}.{letter}") for letter in ("gamma", "beta")]


@dataclass(frozen=True)
class NormalizeBatch(Normalization):
    """Batch norm: statistics of the minibatch in training, running ones in prediction."""

    name: str

    def statistics(self, width: int) -> Mapping[str, float]:
        return {f"{self.name}.mean": 0.0, f"{self.name}.variance": 1.0}

    def join(self, wiring: Wiring, x: Value) -> Value:
        if not wiring.trains:
            fixed = [wiring.statistic(f"{self.name}.{kind}") for kind in ("mean", "variance")]
            return wiring.graph.add(FixedNorm(), x, *self.leaves(wiring), *fixed, name=self.name)
        value = wiring.graph.add(BatchNorm(), x, *self.leaves(wiring), name=self.name)
        wiring.running[self.name] = value
        return value


@dataclass(frozen=True)
class NormalizeRows(Normalization):
    """Layer norm: statistics over the units of each row, in both graphs."""

    name: str

    def join(self, wiring: Wiring, x: Value) -> Value:
        node = wiring.shared(LayerNorm())
        return wiring.graph.add(node, x, *self.leaves(wiring), name=self.name)


@dataclass(frozen=True)
class Drop(Layer):
    """Dropout with probability `p`: a mask for each step in training, nothing in prediction."""

    name: str
    p: float
    outputs: int

    def join(self, wiring: Wiring, x: Value) -> Value:
        if not wiring.trains:
            return x
        members = (wiring.members,) if wiring.members else ()
        mask = wiring.graph.input(f"mask{len(wiring.masks) + 1}", (*members, None, self.outputs))
        wiring.masks[mask] = self.p
        return wiring.graph.add(Dropout(), x, mask, name=f"{self.name}.dropout")
