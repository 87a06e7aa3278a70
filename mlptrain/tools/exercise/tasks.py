"""What is to be written, and what it is compared with: the nodes and rules that `fit` trains with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlptrain.arrays import Array, Shape
from mlptrain.errors import ConfigError
from mlptrain.graph.gates import Max, Multiply
from mlptrain.graph.node import Node
from mlptrain.graph.reductions import Softmax
from mlptrain.nn.activations.piecewise import ReLU
from mlptrain.nn.activations.smooth import Sigmoid
from mlptrain.nn.linear import Linear
from mlptrain.nn.losses.hinge import HingeLoss
from mlptrain.nn.losses.softmax import SoftmaxLoss
from mlptrain.optim.adam import Adam
from mlptrain.optim.momentum import Momentum
from mlptrain.optim.optimizer import Optimizer
from mlptrain.storage.files import write_file
from mlptrain.streams import stream

STUBS = Path(__file__).parent / "stubs"


@dataclass(frozen=True)
class Exercise:
    """One task. `model` is what the student's code must compute.

    shapes   of the inputs that have a gradient
    names    what they are called in messages, the gradients with a d before
    classes  of a loss: how many; its second input holds class numbers then
    """

    number: int
    name: str
    title: str
    model: Node | Callable[[], Optimizer]
    shapes: Sequence[Shape] = ()
    names: Sequence[str] = ()
    classes: int = 0

    @property
    def file(self) -> str:
        """What the file is called that `start` writes and `check` reads."""
        return f"exercise_{self.number:02}_{self.name}.py"

    def inputs(self) -> list[Array]:
        """Random inputs, away from the kinks at 0."""
        generator = stream(0, "exercise", self.number)
        arrays = [
            generator.uniform(0.2, 2, shape) * generator.choice((-1.0, 1.0), shape)
            for shape in self.shapes
        ]
        if self.classes:
            arrays.append(generator.integers(0, self.classes, self.shapes[0][0]))
        return [np.asarray(array) for array in arrays]


GRID = ((3, 4), (3, 4))
SCORES = ((5, 4),)

EXERCISES = (
    Exercise(1, "multiply", "the multiply gate swaps its inputs (P100)", Multiply(), GRID, "xy"),
    Exercise(2, "max", "the max gate routes (P102)", Max(), GRID, "xy"),
    Exercise(3, "sigmoid", "a sigmoid from its own output (P95-P98)", Sigmoid(), GRID[:1], "x"),
    Exercise(4, "relu", "ReLU on vectors (P127-P133)", ReLU(), GRID[:1], "x"),
    Exercise(
        5, "linear", "a linear layer: make the shapes match (P138-P145)", Linear(),
        ((5, 3), (3, 4), (4,)), "XWb",
    ),
    Exercise(6, "softmax", "probabilities that cannot overflow (P5)", Softmax(), SCORES, "s"),
    Exercise(7, "softmax_loss", "the softmax loss: p - 1 at y (P5)", SoftmaxLoss(), SCORES, "s", 4),
    Exercise(8, "hinge_loss", "the hinge loss counts margins (P5, P52)", HingeLoss(), SCORES, "s", 4),
    Exercise(9, "momentum", "SGD with momentum (P9)", Momentum),
    Exercise(10, "adam", "Adam, and its first steps (P9)", Adam),
)  # fmt: skip
"""In the order of the lesson."""


def exercise(number: int) -> Exercise:
    """That of a number; ConfigError where there is none.

    >>> exercise(1).file
    'exercise_01_multiply.py'
    """
    if not 1 <= number <= len(EXERCISES):
        raise ConfigError(f"exercise {number}: there are exercises 1 to {len(EXERCISES)}")
    return EXERCISES[number - 1]


def start(number: int, folder: Path = Path()) -> Path:
    """Write the file to be completed into a folder; ConfigError where it exists already."""
    task = exercise(number)
    file = folder / task.file
    if file.exists():
        raise ConfigError(f"{file}: already exists; complete it, or delete it to start again")
    write_file(file, [(STUBS / f"{task.name}.txt").read_bytes()])
    return file
