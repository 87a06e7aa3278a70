"""One checkpoint that gives scores: a network with the preprocessing it was trained with."""

from mlptrain.arrays import Array
from mlptrain.data.inputs import Inputs
from mlptrain.training.checkpoint import Checkpoint
from mlptrain.training.restore import config_of, network_of


class Member:
    """The network of a checkpoint, its preprocessing, and the config that both were trained with.

    weight   how much it counts beside other members
    """

    def __init__(self, checkpoint: Checkpoint, weight: float = 1.0) -> None:
        self.checkpoint, self.weight = checkpoint, weight
        self.config = config_of(checkpoint)
        self.preprocessing = checkpoint.preprocessing()
        self.network = network_of(checkpoint)
        self.threshold = checkpoint.threshold()

    def scores(self, inputs: Inputs) -> Array:
        """Scores (N, C) of rows as its own preprocessing makes them."""
        return self.network.scores(inputs.arrays)

    @property
    def figures(self) -> dict[str, float | None]:
        """Losses and metrics at the best epoch, of training, validation and (after `fit`) test rows."""
        record = self.checkpoint["record"] or {}
        test = self.checkpoint["test"] if "test" in self.checkpoint.document else None
        every = record | {f"test_{name}": value for name, value in (test or {}).items()}
        names = [
            each for split in ("train_", "val_", "test_") for each in sorted(every) if split in each
        ]
        return {name: every[name] for name in names if every[name] is not None}
