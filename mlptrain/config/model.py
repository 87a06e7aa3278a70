"""The keys of `model`: layers, and where they start."""

from typing import Annotated, Literal

from annotated_types import Ge, Le, Len
from pydantic import Strict

from mlptrain.bounds import Fraction, NonNegative
from mlptrain.config.choices import Choice, Named, Option
from mlptrain.config.kinds import Kinds, ShortFor
from mlptrain.config.section import Section, setting
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.initializers import INITIALIZERS

Size = Annotated[int, Ge(1), Le(10_000_000)]

Activation = Annotated[Choice, Named("an activation", ACTIVATIONS, "relu"), ShortFor("name")]
Initializer = Annotated[
    Choice,
    Named("an initializer", INITIALIZERS, "he", common={"bias_std": Option(NonNegative, 0.0)}),
    ShortFor("name"),
]


class Model(Section):
    """The network."""

    hidden: Annotated[tuple[Size, ...], Strict(False), Len(0, 1000)] = setting(
        [100], "units of each hidden layer; [] is a linear model"
    )
    activation: Annotated[
        Activation | Annotated[tuple[Activation, ...], Strict(False)],
        Kinds("an activation, or a list of them"),
    ] = setting(
        "relu", "non-linearity after each hidden layer: one for all, or a list with one for each"
    )
    initializer: Initializer = setting(
        "he",
        "where the weights start: he for relu and its family, xavier for tanh; every one takes "
        "bias_std, the deviation of the biases",
    )
    ensemble: Annotated[
        Annotated[int, Ge(2), Le(1000)] | None, Kinds("a number of members, or null")
    ] = setting(
        None,
        "this many members in one network: input scales and last layers of their own, hidden layers "
        "shared; their mean predicts. 8 is usual, and costs 3 to 4 times as much; null: one network",
    )
    bias: bool = setting(True, "whether the linear layers have biases")
    input_scale: bool = setting(
        False,
        "a learned factor for each input, in front of the first layer: useless inputs fade sooner",
    )
    parametrization: Literal["standard", "ntk"] = setting(
        "standard",
        "ntk: X W / sqrt(D) + b, so that one learning rate fits layers of any width; for the "
        "initializer {name: normal, std: 1}",
    )
    last_layer: Literal["random", "zeros"] = setting(
        "random",
        "where the last layer starts: drawn by the initializer, or at 0, so that all scores are",
    )
    dropout: Fraction = setting(
        0.0, "probability that a hidden unit is switched off in a step; 0.2 to 0.5 if it overfits"
    )
    norm: Literal["none", "batch", "layer"] = setting(
        "none", "normalize the scores of each hidden layer"
    )
    dtype: Literal["float32", "float64"] = setting(
        "float32", "precision; float64 is slower and for checking"
    )
