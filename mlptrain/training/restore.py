"""From a checkpoint back to objects: its config, and its network with its parameters."""

from mlptrain.config import Config, load_config
from mlptrain.errors import CheckpointError, ConfigError
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.network import Network
from mlptrain.training.build import architecture_for, network_for, outputs
from mlptrain.training.checkpoint import Checkpoint, restore_network


def config_of(checkpoint: Checkpoint) -> Config:
    """The config that a checkpoint was trained with."""
    try:
        return load_config(checkpoint["config"])
    except ConfigError as error:
        raise CheckpointError(
            f"{checkpoint.path}: its config is not valid: {error.faults[0]}"
        ) from None


def network_of(checkpoint: Checkpoint) -> Network:
    """The network of a checkpoint, its parameters restored."""
    config, preprocessing = config_of(checkpoint), checkpoint.preprocessing()
    weights = checkpoint["class_weights"]
    calibration, threshold = checkpoint.calibration(), checkpoint.threshold()
    sure = LOSSES[config.loss.name].gives_probabilities
    inputs = len(preprocessing.features)
    width = outputs(config, preprocessing)
    if (
        checkpoint["architecture"] != {"inputs": inputs, "outputs": width}
        or LOSSES[config.loss.name].targets != preprocessing.target.kind
        or (weights is not None and len(weights) != width)
        or (calibration is not None and not sure)
        or (threshold is not None and not (sure and width == 2))
    ):
        raise CheckpointError(
            f"{checkpoint.path}: its config, sizes and preprocessing do not go together; "
            "use another one"
        )
    architecture = architecture_for(config, inputs, width, preprocessing.tables)
    checkpoint.check_shapes(architecture.parameters())
    network = network_for(config, architecture, weights)
    restore_network(network, checkpoint)
    network.calibration = calibration
    return network
