"""The `sweep` block of a first config: which settings are worth trying on this table.

Around the preset's own, which were found on other tables: the rate within a factor of four, sizes and
dropout on both sides, bins or none, smoothing or none. What hardly moved anything in the ablation
(docs/quality.md) is not tried: each key more thins out the trials.
"""

from typing import Any

from mlptrain.tools.first_config.presets import SMOOTHING, hidden_units, rate
from mlptrain.tools.first_config.task import Task


def sweep_for(task: Task, rows: int, *, bins: bool, minutes: float | None) -> dict[str, Any]:
    """The block; `minutes` after which no trial begins."""
    usual = hidden_units(rows)
    half, double = usual // 2, 2 * usual
    space: dict[str, Any] = {
        "optimizer.learning_rate": {"min": rate(task) / 4, "max": rate(task) * 4, "log": True},
        "model.hidden": [[half, half], [usual, usual], [double, double], [usual] * 3],
        "model.dropout": {"zero_or": {"min": 0.05, "max": 0.4}},
    }
    if bins:
        space["data.numeric.encode"] = ["piecewise", "none"]
    if task.loss == "softmax":
        space["loss.label_smoothing"] = [0.0, SMOOTHING]
    limit = {} if minutes is None else {"time_limit": minutes}
    return {"sweep": {"space": space, "trials": 40, **limit}}
