"""One more epoch on rows that a program hands over piece by piece, in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mlptrain.config import load_config, resolved
from mlptrain.data.handed_over import PLACE, HandedOver, load_handed_over
from mlptrain.data.source import in_order, label
from mlptrain.inference.model import Model
from mlptrain.runs.from_python import IN_MEMORY, config_of_rows
from mlptrain.system.threads import use_threads
from mlptrain.training.build import build, settings_of
from mlptrain.training.checkpoint import (
    Checkpoint,
    arrays_of,
    constants_of,
    document_of,
    restore_network,
    restore_optimizer,
)
from mlptrain.training.members import Members
from mlptrain.training.record import Progress
from mlptrain.training.trainer import train


def one_more_epoch(
    before: Model | None,
    rows: HandedOver,
    settings: Mapping[str, Any],
    *,
    done: int,
    classes: Sequence[Any] | None = None,
) -> Model:
    """The model after one pass over all these rows, at a constant learning rate.

    before    where it begins, with its optimizer and preprocessing; None: anew, learning the latter too
    settings  by their dotted keys
    done      the epochs so far: each shuffles in its own order
    classes   those of the target; some may not be among the rows
    """
    fixed = {"schedule": "constant", "train.epochs": done + 1, "data.val": None}
    config = load_config(config_of_rows(rows), {**settings, **fixed})
    asked = settings_of(config)
    if classes is not None:
        asked = replace(asked, classes=tuple(in_order(label(each) for each in classes)))
    fitted = None if before is None else before.preprocessing
    experiment = build(config, None, load_handed_over({PLACE.format("X"): rows}, asked, fitted))
    if before is not None:
        restore_network(experiment.network, before.checkpoint)
        restore_optimizer(experiment, before.checkpoint)
    progress, values = Progress(step=done * experiment.steps_per_epoch), None
    with use_threads(experiment.threads):
        for record in train(experiment, progress):
            values = values if record is None else record.values
        constants = constants_of(experiment, resolved(config), {})
    arrays = {name: array.copy() for name, array in arrays_of(experiment).items()}
    document = document_of(constants, experiment, progress, values, 0)
    return Model(IN_MEMORY, Members((Checkpoint(IN_MEMORY, arrays, document),)))
