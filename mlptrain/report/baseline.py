"""What stands beside the figures of a model: those of the same answer for every row."""

from collections.abc import Mapping

from mlptrain.report.console import number


def baseline_words(found: Mapping[str, float | None]) -> str:
    """One line.

    >>> baseline_words({"accuracy": 0.9461, "log_loss": 0.21})
    'baseline: accuracy 0.9461, log_loss 0.21 (the same answer for every row)'
    """
    values = ", ".join(f"{name} {number(value)}" for name, value in found.items())
    return f"baseline: {values} (the same answer for every row)"
