"""Predicting: the rows of a file through a trained model, chunk by chunk.

Only one chunk is in memory at a time, so a file larger than memory works, and so does stdin.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mlptrain.arrays import Array
from mlptrain.data.chunks import Chunk, iterate_features
from mlptrain.data.preprocessing.flag_target import FlagTarget
from mlptrain.data.preprocessing.policies import AS_IN_TRAINING, Policies, RangePolicy
from mlptrain.data.preprocessing.repairs import Repair
from mlptrain.errors import ConfigError, DataError
from mlptrain.inference.model import Model
from mlptrain.inference.outside import Outside, Ranges
from mlptrain.training.evaluate import predictions

ENTRIES = 1 << 19
"""Numbers in a chunk: 4 MB of them while they are prepared in float64."""
BATCH = 1024
"""Rows of a chunk are a multiple of this, the batch of the network."""


@dataclass(frozen=True)
class Predicted:
    """Some consecutive rows: the columns by name, each with one value per row; and what to tell."""

    columns: dict[str, list[str] | list[float]]
    notes: tuple[str, ...]
    repairs: tuple[Repair, ...]
    outside: Outside


def predict(
    model: Model,
    data: str,
    *,
    proba: bool = False,
    decide: bool = False,
    keep: Sequence[str] = (),
    policies: Policies = AS_IN_TRAINING,
) -> Iterator[Predicted]:
    """One row for each row of the file `data` (`-`: stdin), in its order.

    The columns are those of `keep` as they are written in the file, then the target's name with the
    class name or the number in the target's own unit (of several quantiles `price_q0.1`, `price_q0.9`,
    ...) and, with `proba`, `proba_CLASS` for each class; with `decide` the class is that of the
    threshold. ConfigError where the model gives no probabilities or has no threshold, or two columns
    would share a name.
    """
    if decide and model.threshold is None:
        raise ConfigError(
            "--decide: this model has no threshold: leave it out, or train with "
            "`decision: {metric: f1}` (two classes)"
        )
    names = column_names(model, proba=proba, keep=keep)
    twice = next((name for name, times in Counter(names).items() if times > 1), None)
    if twice is not None:
        raise ConfigError(
            f"--keep: two columns would be called {twice!r}: rename the one in the data, "
            "or leave it out"
        )
    return _chunks(model.under(policies), data, proba, decide, keep, policies.out_of_range)


def column_names(model: Model, *, proba: bool, keep: Sequence[str]) -> list[str]:
    """The columns of a prediction in their order."""
    names = [*keep, *model.network.loss.columns(model.preprocessing.targets)]
    if not proba:
        return names
    if isinstance(model.preprocessing.target, FlagTarget):
        return [*names, *(f"proba_{name}" for name in model.preprocessing.targets)]
    if model.preprocessing.classes is None or not model.network.loss.gives_probabilities:
        raise ConfigError(
            f"--proba: a model trained with the {model.config.loss.name} loss gives no probabilities: "
            "leave it out, or train with the softmax or sigmoid loss"
        )
    return [*names, *(f"proba_{name}" for name in model.preprocessing.classes)]


def _chunks(
    model: Model,
    data: str,
    proba: bool,
    decide: bool,
    keep: Sequence[str],
    out_of_range: RangePolicy,
) -> Iterator[Predicted]:
    preprocessing = model.preprocessing
    rows = max(1, ENTRIES // (BATCH * max(len(preprocessing.features), 1))) * BATCH
    first, ranges = 1, Ranges(preprocessing, model.network.dtype)
    dtype, others = model.network.dtype, model.others
    for chunk in iterate_features(data, preprocessing, rows, dtype, keep, others):
        outside = ranges.found(chunk.inputs.numbers, out_of_range)
        for made, inputs in zip(others, chunk.others, strict=True):
            Ranges(made, dtype).found(inputs.numbers, out_of_range)
        columns = _columns(model, data, chunk, first, proba, decide)
        yield Predicted(columns, chunk.notes, chunk.repairs, outside)
        first += len(chunk.inputs)


def _columns(
    model: Model, data: str, chunk: Chunk, first: int, proba: bool, decide: bool
) -> dict[str, list[str] | list[float]]:
    with np.errstate(all="ignore"):  # what is not finite is refused here
        scores = model.scores_of(chunk.inputs, chunk.others)
    predicted = predictions(model.network, scores, model.preprocessing)
    _check_finite(data, np.hstack([scores, predicted]), first)
    columns: dict[str, list[str] | list[float]] = {**chunk.kept}
    target = model.preprocessing.target
    if isinstance(target, FlagTarget):
        columns.update(zip(target.names, target.decided(predicted), strict=True))
        if proba:
            probabilities = (f"proba_{name}" for name in target.names)
            columns.update(zip(probabilities, predicted.T.tolist(), strict=True))
        return columns
    if model.preprocessing.classes is None:
        names = model.network.loss.columns(model.preprocessing.targets)
        columns.update(zip(names, predicted.T.tolist(), strict=True))
        return columns
    columns[model.preprocessing.targets[0]] = [
        model.preprocessing.classes[c] for c in model.class_numbers(scores, decide=decide)
    ]
    if proba:
        probabilities = (f"proba_{name}" for name in model.preprocessing.classes)
        columns.update(zip(probabilities, predicted.T.tolist(), strict=True))
    return columns


def _check_finite(data: str, scores: Array, first: int) -> None:
    """DataError for rows so far from the training rows that the network overflows."""
    (faulty,) = np.nonzero(~np.isfinite(scores).all(axis=1))
    if len(faulty):
        name = "stdin" if data == "-" else data
        raise DataError(
            f"{name}: row {first + int(faulty[0])}: its values are too large for the network: "
            "correct them"
        )
