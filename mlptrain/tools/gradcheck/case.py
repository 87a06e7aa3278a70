"""What a gradient check works on: a plan whose inputs are filled, and the tensors to be checked."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mlptrain.graph.plan import Plan, Value


class Case(NamedTuple):
    """One network, or one node with a projection behind it. The last value of the plan is L.

    `part` says what L is where the loss of a network is checked in parts.
    """

    network: str
    plan: Plan
    tensors: Sequence[Value]
    generator: np.random.Generator
    part: str = "loss"
