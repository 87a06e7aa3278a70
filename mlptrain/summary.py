"""What a network is made of: layers, shapes, parameters, multiply-adds, memory."""

from dataclasses import dataclass

from mlptrain.network import Network


@dataclass(frozen=True)
class Layer:
    """One row of the table that `show` prints."""

    name: str
    kind: str
    output: int  # units
    shapes: tuple[str, ...]  # of its parameters
    parameters: int
    multiply_adds: int  # for one row, forward


def layers(network: Network) -> list[Layer]:
    """The nodes of the training graph that stand between X and the scores."""
    values = network.training.graph.values
    rows = []
    plan = network.training.graph.plan(1)
    for value in values[: network.training.scores.index + 1]:
        if value.node is None:
            continue
        own = [source for source in value.sources if source.array is not None]
        arrays = [source.array for source in own if source.array is not None]
        products = [array.size for array in arrays if array.ndim == 2]
        rows.append(
            Layer(
                name=value.name,
                kind=type(value.node).__name__,
                output=plan.value(value).shape[-1],
                shapes=tuple(
                    f"{source.name} {array.shape}" for source, array in zip(own, arrays, strict=True)
                ),
                parameters=sum(array.size for array in arrays),
                multiply_adds=sum(products),
            )
        )
    return rows


def memory(network: Network, batch_rows: int, slots: int) -> dict[str, int]:
    """Bytes while training: parameters, gradients, optimizer state, and what one minibatch needs."""
    parameters = network.parameters.values.nbytes
    # So much for one row and so much for each more: the batch itself may be larger than the memory.
    one, two = (network.training.graph.plan(rows).nbytes() for rows in (1, 2))
    return {
        "parameters": parameters,
        "gradients": parameters,
        "optimizer state": slots * parameters,
        "minibatch": one + (batch_rows - 1) * (two - one),
    }
