"""A network of two numbers: what it answers everywhere on their plane, and what each unit does there.

Maps are grids of bytes, row by row from the top, in base64: a page draws them without more.
"""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from mlptrain.arrays import Array, RowArray
from mlptrain.data.preprocessing.columns.number import Number
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.errors import MLPTrainError
from mlptrain.graph.graph import Graph
from mlptrain.inference.handed_over import rows_of
from mlptrain.inference.member import Member
from mlptrain.report.live.digits import rounded
from mlptrain.training.evaluate import predictions

GRID, UNIT_GRID = 48, 24
"""Points of the plane in each direction at which the network, and each unit, is asked."""
MOST_LAYERS, MOST_UNITS = 4, 16
"""Hidden layers, and units of each, that have a map: the first ones."""
MARGIN = 0.08
"""Share of the range of the training rows that is shown beyond its ends."""
ZERO, STEPS = 128, 127
"""The byte of 0 on a map of signed values, and how many there are to each side."""


def plane(member: Member, points: Sequence[Sequence[float]]) -> dict[str, Any] | None:
    """The maps of a network, and the points given; None where its inputs are not two numbers."""
    made = member.preprocessing
    limits = limits_of(made)
    if limits is None:
        return None
    try:
        arrays = [inputs_on_plane(member, limits, size) for size in (GRID, UNIT_GRID)]
    except MLPTrainError:  # the plane reaches farther than its preprocessing does
        return None
    with np.errstate(all="ignore"):  # what is not finite is drawn as 0
        return {
            "names": list(made.inputs),
            "limits": [[rounded(end) for end in each] for each in limits],
            "points": points,
            "size": GRID,
            "answer": answer(member, member.network.scores(arrays[0])),
            "unit_size": UNIT_GRID,
            "layers": units(member, arrays[1]),
        }


def limits_of(made: Preprocessing) -> list[tuple[float, float]] | None:
    """From where to where each of the two inputs is shown; None where they are not two numbers."""
    columns = [each for each in made.columns if isinstance(each, Number) and each.kind == "number"]
    if not len(made.inputs) == len(made.columns) == len(columns) == 2:
        return None
    ends = [(each.low, each.high) for each in columns]
    if made.transform == "polar":
        ends = [(-radius, radius) for radius in [ends[0][1] or 1.0] * 2]
    return [beyond(low, high) for low, high in ends if low is not None and high is not None] or None


def beyond(low: float, high: float) -> tuple[float, float]:
    """A range and a little more.

    >>> beyond(0.0, 100.0), beyond(2.0, 2.0)
    ((-8.0, 108.0), (1.0, 3.0))
    """
    margin = MARGIN * (high - low) or 1.0
    return low - margin, high + margin


def inputs_on_plane(
    member: Member, limits: Sequence[tuple[float, float]], size: int
) -> Sequence[RowArray]:
    """What the network reads at size x size points of the plane, from the top left on."""
    across, up = (np.linspace(*each, size) for each in limits)
    grid = np.stack(np.meshgrid(across, up[::-1]), axis=-1).reshape(-1, 2)
    source = rows_of(grid, member.preprocessing)
    inputs, _ = member.preprocessing.apply(source, np.arange(len(source)), member.network.dtype)
    return inputs.arrays


def answer(member: Member, scores: Array) -> dict[str, Any]:
    """Of a classifier the class at each point and how sure it is; else the first number predicted.

    The certainty of C classes is (p - 1/C) / (1 - 1/C): 0 where all are alike, 1 without a doubt.
    """
    predicted = predictions(member.network, scores, member.preprocessing)
    classes = member.preprocessing.classes
    if classes is None:
        values = np.nan_to_num(np.asarray(predicted[:, 0], np.float64), posinf=0.0, neginf=0.0)
        low, high = float(values.min()), float(values.max())
        middle = (low + high) / 2
        return {"low": rounded(low), "high": rounded(high), "map": signed(values - middle)}
    sure = np.ones(len(scores))
    if member.network.loss.gives_probabilities:
        chance = 1 / len(classes)
        sure = (np.nan_to_num(predicted.max(axis=1)) - chance) / (1 - chance)
    shades = np.clip(sure * 255, 0, 255)
    return {
        "classes": list(classes),
        "map": as_bytes(scores.argmax(axis=1) % 256),
        "sure": as_bytes(shades),
    }


def units(member: Member, arrays: Sequence[RowArray]) -> list[dict[str, Any]]:
    """The activations of the first units of each hidden layer; of an ensemble none: it has many."""
    network = member.network
    if network.architecture.members:
        return []
    graph = Graph(network.dtype)
    inputs = network.inputs_of(graph)
    wiring, _ = network.wire(graph, *inputs, trains=False)
    plan = graph.plan(len(arrays[0]))
    for value, array in zip(inputs, arrays, strict=True):
        plan.value(value)[...] = array
    plan.forward()
    found = []
    for name, value in list(wiring.hidden.items())[:MOST_LAYERS]:
        activations = np.nan_to_num(plan.value(value).astype(np.float64), posinf=0.0, neginf=0.0)
        maps = [signed(unit) for unit in activations.T[:MOST_UNITS]]
        found.append({"name": name, "units": activations.shape[1], "maps": maps})
    return found


def signed(values: Array) -> str:
    """Values in proportion to the largest of them, as bytes around ZERO."""
    largest = float(np.abs(values).max())
    return as_bytes(ZERO + STEPS * (values / largest if largest else values))


def as_bytes(values: Array) -> str:
    """Whole numbers from 0 to 255, in base64.

    >>> as_bytes(np.array([0.0, 1.0, 255.0]))
    'AAH/'
    """
    return base64.b64encode(np.rint(values).astype(np.uint8).tobytes()).decode()
