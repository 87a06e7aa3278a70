"""Where the parameters of a network start, each drawn from a stream of its own."""

from mlptrain.nn.initializers import Initializer
from mlptrain.nn.parameters import Parameters
from mlptrain.streams import stream


def draw(parameters: Parameters, initializer: Initializer, seed: int, bias_std: float = 0.0) -> None:
    """Draw what is drawn: weights by the initializer, biases from N(0, bias_std^2), scales of members
    as signs, embeddings from N(0, 1).

    Row 0 of an embedding stays 0: what training did not know adds nothing.
    """
    for number, weight in enumerate(parameters.of_kind("weight"), 1):
        if weight.spec.start == "drawn":
            generator = stream(seed, "init", number)
            weight.value[...] = initializer(generator, weight.value.shape, weight.spec.fans)
    for number, bias in enumerate(parameters.of_kind("bias"), 1):
        if bias.spec.start == "drawn" and bias_std:
            generator = stream(seed, "init bias", number)
            bias.value[...] = generator.normal(0.0, bias_std, bias.value.shape)
    for number, scale in enumerate(parameters.of_kind("scale"), 1):
        if scale.spec.start == "signs":
            signs = stream(seed, "init signs", number).choice((-1.0, 1.0), scale.value.shape)
            scale.value[...] = signs
    for number, table in enumerate(parameters.of_kind("embedding"), 1):
        table.value[...] = stream(seed, "embedding", number).standard_normal(table.value.shape)
        table.value[0] = 0
