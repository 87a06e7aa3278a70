"""What stands beside the figures of a model: those of the same answer for every row, and of a line."""

from collections.abc import Mapping

from mlptrain.report.console import number


def baseline_words(
    found: Mapping[str, float | None], linear: Mapping[str, float | None] | None = None
) -> list[str]:
    """A line for each.

    >>> baseline_words({"accuracy": 0.9461}, {"accuracy": 0.953})[1]
    'linear model: accuracy 0.953 (on the same columns)'
    """
    lines = [f"baseline: {_values(found)} (the same answer for every row)"]
    if linear:
        lines.append(f"linear model: {_values(linear)} (on the same columns)")
    return lines


def _values(found: Mapping[str, float | None]) -> str:
    return ", ".join(f"{name} {number(value)}" for name, value in found.items())
