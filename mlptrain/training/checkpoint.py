"""What a checkpoint holds: one file from which a run goes on, or a model predicts, bit for bit.

The arrays are the parameters under their names, the running statistics of batch norm, the state of
the optimizer as `optimizer.m` and so on, and averages of weights as `average.layer1.W`. Where these are
better, best.npz has them under the plain names, and the weights themselves as `raw.layer1.W`. The
document holds everything else. How the two become a file is the business of `archive`; where the file
lies, of `run_directory`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from mlptrain.arrays import Array
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.errors import CheckpointError
from mlptrain.metrics.calibration import Calibration
from mlptrain.metrics.decision import Threshold
from mlptrain.nn.network import Network
from mlptrain.nn.parameters import ParameterSpec
from mlptrain.storage.archive import read_archive
from mlptrain.storage.documents import finite
from mlptrain.storage.fold_directory import checkpoint_of
from mlptrain.storage.run_directory import RunDirectory
from mlptrain.system.environment import environment
from mlptrain.system.team import RESTORED, STATE
from mlptrain.training.calibrate import fitted_on_val
from mlptrain.training.checkpoint_schema import checked
from mlptrain.training.experiment import Experiment
from mlptrain.training.record import Progress
from mlptrain.training.slices import bring

OPTIMIZER = "optimizer."
"""Prefix of the arrays that hold the state of the optimizer."""
AVERAGE, RAW = "average.", "raw."
"""Prefixes of averages beside the weights, and of weights beside averages that are better."""


@dataclass(frozen=True)
class Checkpoint:
    """The content of a checkpoint, the path it came from, and what is to be told about that."""

    path: Path
    arrays: Mapping[str, Array]
    document: Mapping[str, Any]
    notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """A checkpoint file; a run directory stands for its best.npz."""
        file = checkpoint_of(path)
        arrays, document = read_archive(file)
        if "members" in document:
            raise CheckpointError(
                f"{file}: holds several members, which only predict; name one of its folds"
            )
        return cls(file, arrays, document)

    @classmethod
    def newest(cls, directory: RunDirectory) -> Self:
        """The newest checkpoint of a run that can be read."""
        return cls(*directory.newest_valid())

    def __getitem__(self, key: str) -> Any:
        """An entry of the document; CheckpointError if it is missing or of another form."""
        if key not in self.document:
            raise CheckpointError(f"{self.path}: has no entry {key!r}; use another one")
        try:
            return checked(key, self.document[key])
        except ValueError:
            raise CheckpointError(
                f"{self.path}: its entry {key!r} is not as this program writes it; use another one"
            ) from None

    def preprocessing(self) -> Preprocessing:
        """The fitted preprocessing."""
        return Preprocessing.from_json(self["preprocessing"])

    def progress(self) -> Progress:
        """Where the run stood."""
        return Progress(**vars(self["progress"]))

    def calibration(self) -> Calibration | None:
        """What makes probabilities of its scores; None where it was not asked for."""
        found = self["calibration"] if "calibration" in self.document else None
        return None if found is None else Calibration(**vars(found))

    def threshold(self) -> Threshold | None:
        """The threshold between its two classes; None where it was not asked for."""
        found = self["threshold"] if "threshold" in self.document else None
        return None if found is None else Threshold(**vars(found))

    def check_shapes(self, shapes: Iterable[ParameterSpec]) -> None:
        """CheckpointError unless the parameters are these; asked before anything is allocated."""
        for each in shapes:
            array = self.arrays.get(each.name)
            if array is None:
                raise CheckpointError(f"{self.path}: has no array {each.name}, which the model needs")
            if array.shape != each.shape:
                raise CheckpointError(
                    f"{self.path}: {each.name} is {array.shape}, the model needs {each.shape}"
                )


def arrays_of(experiment: Experiment, *, averaged: bool = False) -> dict[str, Array]:
    """Every array that changes while training.

    Under the plain names are the parameters with which to predict: with `averaged` the averages.
    """
    bring(experiment, STATE)
    network, average = experiment.network, experiment.average
    arrays = {parameter.name: parameter.value for parameter in network.parameters}
    arrays.update(network.statistics)
    if average is not None:
        means = average.arrays(network)
        first, second, prefix = (means, arrays, RAW) if averaged else (arrays, means, AVERAGE)
        arrays = {**first, **{prefix + name: array for name, array in second.items()}}
    arrays.update({OPTIMIZER + slot: array for slot, array in experiment.optimizer.state.items()})
    return arrays


def constants_of(
    experiment: Experiment, config: Mapping[str, Any], places: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """The part of the document that stays as it is from step to step."""
    return {
        **learned(experiment),
        "config": dict(config),
        "places": {key: list(paths) for key, paths in places.items()},
        "fingerprint": dict(experiment.data.fingerprint),
        "environment": environment(),
    }


def learned(experiment: Experiment) -> dict[str, Any]:
    """What was learned from the data before training: it says what each number of the network means."""
    data, architecture = experiment.data, experiment.network.architecture
    class_weights = experiment.network.loss.class_weights
    return {
        "architecture": {"inputs": architecture.inputs, "outputs": architecture.outputs},
        "features": list(data.features),
        "targets": list(data.targets),
        "classes": None if data.classes is None else list(data.classes),
        "class_weights": None if class_weights is None else np.asarray(class_weights).tolist(),
        "preprocessing": data.preprocessing.to_json(),
    }


def document_of(
    constants: Mapping[str, Any],
    experiment: Experiment,
    progress: Progress,
    values: Mapping[str, Any] | None,
    metrics_bytes: int,
    *,
    averaged: bool = False,
) -> dict[str, Any]:
    """Everything else: what a resumed run, an evaluation or a prediction needs to know.

    With `averaged` the averages of the weights are those with which to predict.
    """
    return {
        **constants,
        **fitted_on_val(experiment, averaged=averaged),
        "progress": asdict(progress),
        "updates": experiment.optimizer.t,
        "record": finite(values),
        "metrics_bytes": metrics_bytes,
    }


def parameter_names(network: Network) -> list[str]:
    """The arrays that must be finite for a checkpoint to be worth anything."""
    return [*(parameter.name for parameter in network.parameters), *network.statistics]


def restore_network(network: Network, checkpoint: Checkpoint) -> None:
    """Write the parameters and running statistics of the checkpoint into the network."""
    for parameter in network.parameters:
        _copy(checkpoint, parameter.name, parameter.value)
    for name, array in network.statistics.items():
        _copy(checkpoint, name, array)


def restore_training(experiment: Experiment, checkpoint: Checkpoint) -> None:
    """Put network, averages and optimizer back to where the checkpoint was written."""
    arrays, network = checkpoint.arrays, experiment.network
    raw = {name.removeprefix(RAW): each for name, each in arrays.items() if name.startswith(RAW)}
    restore_network(network, replace(checkpoint, arrays={**arrays, **raw}))
    if experiment.average is not None:
        for name, mean in experiment.average.arrays(network).items():
            _copy(checkpoint, name if raw else AVERAGE + name, mean)
    restore_optimizer(experiment, checkpoint)


def restore_optimizer(experiment: Experiment, checkpoint: Checkpoint) -> None:
    """Write the optimizer's state and its count of updates."""
    for slot, array in experiment.optimizer.state.items():
        _copy(checkpoint, OPTIMIZER + slot, array)
    experiment.optimizer.t = checkpoint["updates"]
    bring(experiment, RESTORED)


def _copy(checkpoint: Checkpoint, name: str, into: Array) -> None:
    array = checkpoint.arrays.get(name)
    if array is None:
        raise CheckpointError(f"{checkpoint.path}: has no array {name}, which the model needs")
    if array.shape != into.shape or array.dtype != into.dtype:
        raise CheckpointError(
            f"{checkpoint.path}: {name} is {array.dtype} {array.shape}, "
            f"the model needs {into.dtype} {into.shape}"
        )
    if not np.isfinite(array).all():
        raise CheckpointError(f"{checkpoint.path}: {name} holds numbers that are not finite")
    np.copyto(into, array)
