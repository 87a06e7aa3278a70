"""How much work a first config asks for: the preset and its epochs, by the time that they take."""

import time
from itertools import islice
from typing import NamedTuple

from mlptrain.errors import ConfigError
from mlptrain.messages import count
from mlptrain.system.threads import cores, use_threads
from mlptrain.tools.first_config.presets import (
    FOLDS,
    MOST_IN_BINS,
    PRESETS,
    Preset,
    batch_size,
    hidden_units,
    steps_per_epoch,
    usual_epochs,
)
from mlptrain.training.experiment import Experiment
from mlptrain.training.record import Progress
from mlptrain.training.trainer import train

INPUTS_FOR, INPUTS_OF_ALL = 17, 340
"""Inputs that a column becomes with its bins, where there are many, and all of them where few."""
STEP = 0.25e-3
"""Seconds of a step on one core, however little there is to compute; ..."""
STEP_PARAMETER = 3.5e-9
"""... for each parameter that it moves; ..."""
STEP_OPERATION = 2.8e-11
"""... and for each operation of its products, evaluations included."""
ENSEMBLE_COST, PLAIN_COST = 3.5, 0.5
"""An ensemble takes so many times as long as one network, and one without bins such a part."""
START = 0.5
"""Seconds until the first step, and behind the last."""
NETWORKS = {"fast": 1.0, "good": FOLDS, "best": (1 + PLAIN_COST + ENSEMBLE_COST) * FOLDS}
"""How often the time of one network a preset takes."""
PATIENT = 300.0
"""Seconds for which `good` is worth waiting without being asked."""
MEASURED = 2.0
"""Seconds of training that are measured."""
AROUND = 1.25
"""Evaluations, checkpoints, reading the table and starting: a fit takes so many times its steps."""
FEWEST = 4
"""Epochs: one for each swing of the rate."""
TRIALS = 20
"""So many trials should fit into the time of a sweep."""


class Size(NamedTuple):
    """What the time of a fit depends on.

    step   seconds of a step, where they were measured
    """

    rows: int
    columns: int
    step: float | None = None

    def seconds(self, preset: Preset, epochs: int | None = None) -> float:
        """About how long a fit takes: here where it was measured, else on one core.

        >>> round(Size(10_000, 20).seconds("good"))
        9
        >>> [round(Size(1_000, k).seconds("fast")) for k in (2_000, 2_001)]  # the latter without bins
        [25, 2]
        >>> round(Size(10_000, 20, step=0.002).seconds("fast"))  # 24 epochs of 62 steps
        4
        """
        steps = (epochs or usual_epochs(preset, self.rows)) * steps_per_epoch(self.rows)
        if self.step is None:
            return START + NETWORKS[preset] * steps * self._usual_step()
        at_a_time = 1 if preset == "fast" else min(FOLDS, cores())
        return AROUND * NETWORKS[preset] * steps * self.step / at_a_time

    def _usual_step(self) -> float:
        """Seconds of a step where nothing was measured."""
        units, inputs = hidden_units(self.rows), self.columns
        if self.columns <= MOST_IN_BINS:
            inputs = max(INPUTS_FOR * self.columns, INPUTS_OF_ALL)
        parameters = units * (inputs + units)
        return STEP + (STEP_PARAMETER + 6 * batch_size(self.rows) * STEP_OPERATION) * parameters


class Effort(NamedTuple):
    """A preset, why it is not the usual one ("" where it is), and its epochs where they are not."""

    preset: Preset
    reason: str = ""
    epochs: int | None = None


def seconds_of_step(experiment: Experiment) -> float:
    """How long a step takes here: the mean of the first ones, but for the very first."""
    with use_threads(experiment.threads):
        steps, done, begun = train(experiment, Progress()), 0, 0.0
        for _ in islice(steps, 1):  # which makes arrays
            begun = time.perf_counter()
        for _ in steps:
            done += 1
            if (passed := time.perf_counter() - begun) > MEASURED:
                return passed / done
    return (time.perf_counter() - begun) / max(done, 1)


def usual_effort(asked: Preset | None, size: Size, *, timed: bool) -> Effort:
    """The preset asked for, else `good`; `fast` where that takes too long or the split is by time."""
    if timed and asked != "fast":
        return Effort("fast", "one network: folds would train on what comes after their held-out rows")
    if asked is not None:
        return Effort(asked)
    minutes = size.seconds("good") / 60
    if 60 * minutes > PATIENT:
        return Effort("fast", f"preset fast: good would take about {minutes:,.0f} minutes on one core")
    return Effort("good")


def effort_within(within: float, asked: Preset | None, size: Size, *, timed: bool) -> Effort:
    """The best preset that takes at most so many seconds here; where none does, fewer epochs."""
    possible = ("fast",) if timed else PRESETS if asked is None else (asked,)
    fitting = [each for each in possible if size.seconds(each) <= within]
    if fitting:
        return Effort(fitting[-1], f"preset {fitting[-1]}: {_times(size, possible)} here")
    preset = possible[0]
    usual = usual_epochs(preset, size.rows)
    epochs = int(usual * within / size.seconds(preset))
    if epochs < FEWEST:
        least = _time(size.seconds(preset, FEWEST))
        raise ConfigError(
            f"--within {_time(within)}: {FEWEST} epochs of preset {preset} take about {least} here; "
            "allow more time, or take fewer rows or columns"
        )
    told = f"{count(epochs, 'epoch')} of {usual}: {_times(size, possible)} here"
    return Effort(preset, f"preset {preset} with {told}", epochs)


def _times(size: Size, presets: tuple[Preset, ...]) -> str:
    """About how long each takes."""
    each = [f"{preset} takes about {_time(size.seconds(preset))}" for preset in presets]
    return ", ".join(each)


def _time(seconds: float) -> str:
    """A duration as it is typed.

    >>> _time(7.4), _time(300.0), _time(9000.0)
    ('7s', '5m', '2.5h')
    """
    if seconds < 100:
        return f"{max(1, round(seconds))}s"
    return f"{seconds / 60:.3g}m" if seconds < 6000 else f"{seconds / 3600:.3g}h"
