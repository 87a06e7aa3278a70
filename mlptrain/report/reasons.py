"""Why a first config is as it is, on the terminal."""

from collections.abc import Sequence

from mlptrain.messages import shortened
from mlptrain.report.console import say, stdout
from mlptrain.tools.first_config.reasons import Why

LONGEST = 60
"""Of a value so much is shown."""


def show_reasons(settings: Sequence[Why]) -> None:
    """Each setting with its reason, and below it what was measured."""
    out = stdout()
    say(out, "Measured: the mean of five networks without the part to that with it, on twelve tables;")
    say(out, "above 1 it is worse without, and below 1 % a difference is noise (docs/quality.md).")
    for key, value, comment, measured in settings:
        say(out, f"{key}: {shortened(value, LONGEST)}{'  # ' + comment if comment else ''}")
        if measured:
            say(out, f"    {measured}")
