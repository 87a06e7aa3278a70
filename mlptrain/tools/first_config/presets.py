"""The presets: what `init` writes beside the columns, each setting with its reason.

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
from typing import Any, Literal, NamedTuple, get_args

from mlptrain.messages import count
from mlptrain.tools.first_config.declared import Comments
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
INPUTS_FOR, INPUTS_OF_ALL = 17, 340
"""Inputs that a column becomes with its bins, where there are many, and all of them where few."""
STEP = 0.3e-3
"""Seconds of a step on one core, however little there is to compute; ..."""
STEP_PARAMETER = 4e-9
"""... for each parameter that it moves; ..."""
STEP_OPERATION = 3e-11
"""... and for each operation of its products, evaluations included."""
MEMBERS = 6
"""Networks of the ensemble; ..."""
ENSEMBLE_COST = 4.5
"""... which takes so many times as long as one; ..."""
PLAIN_COST = 0.5
"""... and the candidate without bins such a part."""
START = 1.0
"""Seconds until the first step, and behind the last."""
PATIENT = 300.0
"""Seconds for which `good` is worth waiting without being asked."""


class Size(NamedTuple):
    """What the time of a fit depends on."""

    rows: int
    columns: int

    def seconds(self, preset: Preset) -> float:
        """About how long a fit takes on one core.

        >>> round(Size(10_000, 20).seconds("good"))
        11
        """
        networks = {"fast": 1, "good": FOLDS, "best": (1 + PLAIN_COST + ENSEMBLE_COST) * FOLDS}[preset]
        batch, units = batch_size(self.rows), hidden_units(self.rows)
        parameters = units * (max(INPUTS_FOR * self.columns, INPUTS_OF_ALL) + units)
        step = STEP + (STEP_PARAMETER + 6 * batch * STEP_OPERATION) * parameters
        return START + networks * epochs(preset, self.rows) * LEARNING * self.rows / batch * step


class Chosen(NamedTuple):
    """A preset, and why it is not the one that would be usual; "" where it is."""

    preset: Preset
    reason: str = ""


def choose_preset(asked: Preset | None, size: Size, *, timed: bool) -> Chosen:
    """The preset asked for, else `good`; `fast` where that takes too long or the split is by time."""
    if timed and asked != "fast":
        return Chosen("fast", "one network: folds would train on what comes after their held-out rows")
    if asked is not None:
        return Chosen(asked)
    minutes = size.seconds("good") / 60
    if 60 * minutes > PATIENT:
        return Chosen("fast", f"preset fast: good would take about {minutes:,.0f} minutes on one core")
    return Chosen("good")


def batch_size(rows: int) -> int:
    """Rows of a minibatch."""
    if rows >= MANY_ROWS:
        return BATCH_OF_MANY
    return next((size for limit, size in SMALL_BATCHES if rows < limit), BATCH)


def hidden_units(rows: int) -> int:
    """Units of each of the two hidden layers."""
    return UNITS_OF_MANY if rows >= MANY_ROWS else UNITS


def epochs(preset: Preset, rows: int) -> int:
    """Passes over the rows."""
    return EPOCHS_OF_FAST if preset == "fast" and rows >= MANY_ROWS else EPOCHS


def of_parts(preset: Preset, test: float, comments: Comments) -> dict[str, Any]:
    """`val` and `test`: all rows learn, in one fold or another, unless some are asked for."""
    folds = preset != "fast"
    comments[("data", "val")] = (
        "each fold is validated on the rows it holds out"
        if folds
        else "these rows choose the best epoch"
    )
    comments[("data", "test")] = (
        "kept for the end, and measured then"
        if test
        else "none are kept for the end: init --test 0.2 does so"
    )
    return {"val": 0 if folds else 0.2, "test": test or 0}


def settings_of(
    preset: Preset, rows: int, task: Task, *, bins: bool, comments: Comments
) -> dict[str, Any]:
    """The sections beside `data`; `bins` says whether numbers enter as bins too."""
    return {
        "model": _model(rows, comments),
        "loss": _loss(task, comments),
        "optimizer": _optimizer(task, comments),
        "schedule": "coslog4",
        "train": _train(preset, rows, task, comments),
        **_probabilities(preset, task, comments),
        **(_candidates(bins, comments) if preset == "best" else {}),
    }


def _model(rows: int, comments: Comments) -> dict[str, Any]:
    """Two layers of the NTK parametrization behind a learned factor for each input."""
    comments[("model", "hidden")] = "two small layers: larger ones gain nothing on tables"
    comments[("model", "initializer")] = "with parametrization ntk: every weight starts at N(0, 1) ..."
    comments[("model", "parametrization")] = "... and a layer divides by the root of its inputs"
    comments[("model", "input_scale")] = "a learned factor for each input: which ones matter"
    comments[("model", "last_layer")] = "the first prediction is the mean, or all classes alike"
    return {
        "hidden": [hidden_units(rows)] * 2,
        "activation": "relu",
        "initializer": {"name": "normal", "std": 1, "bias_std": 1},
        "parametrization": "ntk",
        "input_scale": True,
        "last_layer": "zeros",
    }


def _loss(task: Task, comments: Comments) -> str | dict[str, Any]:
    """The loss of the task; classes are smoothed, which the calibration undoes."""
    comments[("loss",)] = task.loss_means
    if task.loss != "softmax":
        return task.loss
    comments[("loss", "label_smoothing")] = (
        "fewer errors; calibration makes the probabilities right again"
    )
    return {"name": "softmax", "label_smoothing": SMOOTHING}


def _optimizer(task: Task, comments: Comments) -> dict[str, Any]:
    """Adam at a high rate, with factors for biases and input scale."""
    comments[("optimizer", "learning_rate")] = "high, as the NTK parametrization asks for"
    comments[("optimizer", "beta2")] = "a short memory: the rate changes much"
    comments[("optimizer", "rate_factors")] = "biases learn slowly, the factors of the inputs fast"
    comments[("schedule",)] = "the rate rises and falls to 0 four times, each time more slowly"
    return {
        "name": "adam",
        "learning_rate": RATES.get(task.loss, RATE),
        "beta2": 0.95,
        "rate_factors": {"bias": 0.1, "scale": 2},
    }


def _train(preset: Preset, rows: int, task: Task, comments: Comments) -> dict[str, Any]:
    """The loop: its end is fixed, since the schedule needs its end."""
    batch = batch_size(rows)
    steps = count(max(1, int(LEARNING * rows) // batch), "step")
    comments[("train", "epochs")] = f"passes over the rows, {steps} each; the schedule needs its end"
    comments[("train", "drop_last")] = "a short last batch would be a noisy step"
    comments[("train", "monitor")] = "the epoch that is best by this is kept"
    if task.lopsided:
        comments[("train", "monitor")] += f"; {task.lopsided}: accuracy would say little"
    settings: dict[str, Any] = {
        "epochs": epochs(preset, rows),
        "batch_size": batch,
        "drop_last": True,
        "monitor": MONITORS.get(task.loss, "val_loss"),
    }
    if preset != "fast":
        settings["folds"] = FOLDS
        comments[("train", "folds")] = "so many networks; the mean of their answers predicts"
    return settings


def _probabilities(preset: Preset, task: Task, comments: Comments) -> dict[str, Any]:
    """Right probabilities, and of two lopsided classes a threshold for the rare one."""
    if task.loss != "softmax":
        return {}
    rows = "rows held out" if preset != "fast" else "val rows"
    settings: dict[str, Any] = {"calibration": "temperature"}
    comments[("calibration",)] = f"makes the model as sure as it is right, by the {rows}"
    if task.rare:
        settings["decision"] = {"metric": "f1", "positive": task.rare}
        comments[("decision",)] = "from which probability on `predict --decide` names the rare class"
    return settings


def _candidates(bins: bool, comments: Comments) -> dict[str, Any]:
    """What is tried on the same folds."""
    plain: dict[str, Any] = {"name": "plain"}
    if bins:
        plain |= {"data": {"numeric": "none"}, "optimizer": {"rate_factors": {"scale": 6}}}
    tried = [{"name": "bins"}] * bins + [plain, {"name": "ensemble", "model": {"ensemble": MEMBERS}}]
    comments[("candidates",)] = "each as what it changes; the best by the rows held out predicts"
    return {"candidates": tried, "combine": "choose"}
