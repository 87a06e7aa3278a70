"""The presets: what `init` writes beside the columns; `reasons` says why each setting is what it is.

fast   one small network; a fifth of the rows chooses its best epoch
good   five of them, each with another fifth of the rows held out; the mean of their answers predicts
best   candidates on the same folds: with bins of the numbers, without them, and as an ensemble of six
       networks that share their layers; the best by the rows held out predicts

One recipe for small networks is behind all three (docs/quality.md says what each part of it gains):
numbers by quartiles with a soft limit and in bins, a learned factor for each input, two small hidden
layers in the NTK parametrization, Adam at a high rate that swings to 0 four times, no early
stopping, and probabilities calibrated afterwards.
"""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from mlptrain.messages import count
from mlptrain.tools.first_config.task import Task

Preset = Literal["fast", "good", "best"]
PRESETS: tuple[Preset, ...] = get_args(Preset)
FOLDS = 5
EPOCHS, EPOCHS_OF_FAST = 32, 24
"""Passes over the rows; of many, `fast` does fewer: 1 % worse, in two thirds of the time."""
SMOOTHING = 0.1
LEARNING = 0.8
"""The share of the rows that each network learns from."""
MONITORS: Mapping[str, str] = {"softmax": "val_calibrated_log_loss", "mse": "val_rmse"}
"""What decides which epoch is best, by loss."""
RATES: Mapping[str, float] = {"softmax": 0.04, "hinge": 0.04, "sigmoid": 0.04}
RATE = 0.07
"""The learning rate for losses on numbers."""
MANY_ROWS = 8_000
"""From here on layers of half the size and larger batches take half the time and lose about 1 %."""
UNITS, UNITS_OF_MANY = 128, 64
BATCH, BATCH_OF_MANY = 64, 128
SMALL_BATCHES = ((200, 16), (500, 32))
"""Tables with fewer rows have smaller batches, for there to be enough steps."""
MOST_IN_BINS = 2_000
"""More columns of numbers enter without bins: with them they take 17 times the memory and the time,
and there are hardly rows enough to learn one weight for each column."""
MEMBERS = 6
"""Networks of the ensemble."""


def rate(task: Task) -> float:
    """The learning rate."""
    return RATES.get(task.loss, RATE)


def batch_size(rows: int) -> int:
    """Rows of a minibatch."""
    if rows >= MANY_ROWS:
        return BATCH_OF_MANY
    return next((size for limit, size in SMALL_BATCHES if rows < limit), BATCH)


def hidden_units(rows: int) -> int:
    """Units of each of the two hidden layers."""
    return UNITS_OF_MANY if rows >= MANY_ROWS else UNITS


def usual_epochs(preset: Preset, rows: int) -> int:
    """Passes over the rows."""
    return EPOCHS_OF_FAST if preset == "fast" and rows >= MANY_ROWS else EPOCHS


def steps_per_epoch(rows: int) -> int:
    """Steps of one network in an epoch."""
    return max(1, int(LEARNING * rows) // batch_size(rows))


def facts(preset: Preset, rows: int, test: float, task: Task) -> dict[str, str]:
    """What the comments say of this table."""
    folds = preset != "fast"
    return {
        "val": "each network is validated on the rows it holds out"
        if folds
        else "these rows choose the best epoch",
        "test": "set aside, and measured once at the end"
        if test
        else "no rows are set aside for a final test; init --test 0.2 does so",
        "held": "rows held out" if folds else "val rows",
        "loss": task.loss_means,
        "steps": count(steps_per_epoch(rows), "step"),
        "lopsided": f"; {task.lopsided}: accuracy would say little" if task.lopsided else "",
    }


def of_parts(preset: Preset, test: float) -> dict[str, Any]:
    """`val` and `test`: all rows learn, in one fold or another, unless some are asked for."""
    return {"val": 0.2 if preset == "fast" else 0, "test": test or 0}


def settings_of(
    preset: Preset, epochs: int | None, rows: int, task: Task, *, bins: bool
) -> dict[str, Any]:
    """The sections beside `data`; `bins` says whether numbers enter as bins too."""
    return {
        "model": {
            "hidden": [hidden_units(rows)] * 2,
            "activation": "relu",
            "initializer": {"name": "normal", "std": 1, "bias_std": 1},
            "parametrization": "ntk",
            "input_scale": True,
            "last_layer": "zeros",
        },
        "loss": {"name": "softmax", "label_smoothing": SMOOTHING}
        if task.loss == "softmax"
        else task.loss,
        "optimizer": {
            "name": "adam",
            "learning_rate": rate(task),
            "beta2": 0.95,
            "rate_factors": {"bias": 0.1, "scale": 2},
        },
        "schedule": "coslog4",
        "train": {
            "epochs": epochs or usual_epochs(preset, rows),
            "batch_size": batch_size(rows),
            "drop_last": True,
            "monitor": MONITORS.get(task.loss, "val_loss"),
            **({"folds": FOLDS} if preset != "fast" else {}),
        },
        **_probabilities(task),
        **(_candidates(bins) if preset == "best" else {}),
    }


def _probabilities(task: Task) -> dict[str, Any]:
    """Right probabilities, and of two lopsided classes a threshold for the rare one."""
    if task.loss != "softmax":
        return {}
    asked = {"decision": {"metric": "f1", "positive": task.rare}} if task.rare else {}
    return {"calibration": "temperature", **asked}


def _candidates(bins: bool) -> dict[str, Any]:
    """What is tried on the same folds."""
    plain: dict[str, Any] = {"name": "plain"}
    if bins:
        plain |= {"data": {"numeric": "none"}, "optimizer": {"rate_factors": {"scale": 6}}}
    tried = [{"name": "bins"}] * bins + [plain, {"name": "ensemble", "model": {"ensemble": MEMBERS}}]
    return {"candidates": tried, "combine": "choose"}
