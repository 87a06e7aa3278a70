"""What `find-rate` prints: the loss at some of the rates, and the rate to begin with."""

from pathlib import Path

from mlptrain.report.console import emit_json, number, say, stdout
from mlptrain.report.plots import save_rates
from mlptrain.report.sparkline import sparkline
from mlptrain.report.tables import print_table
from mlptrain.tools.find_rate import SAFE, RangeTest

EACH = 20
"""Every so many rates have a row: two for each power of ten."""


def show(test: RangeTest, out: Path | None, *, as_json: bool) -> None:
    """A table, the course of the loss and the suggestion; and a picture, where one is asked for."""
    if out is not None:
        save_rates(test, out)
    if as_json:
        emit_json(test.document())
        return
    shown = sorted({*range(0, len(test.rates), EACH), test.turn, len(test.rates) - 1})
    rows = [
        (f"{test.rates[i]:.2g}", number(test.smoothed[i]), "lowest" if i == test.turn else "")
        for i in shown
    ]
    console = stdout()
    print_table(console, ("rate", "loss", ""), rows)
    say(console, f"loss  {sparkline(test.smoothed, 40)}  the rate grows to the right; {test.ended}")
    say(console, verdict(test))


def verdict(test: RangeTest) -> str:
    """The suggestion, and how it was come to.

    >>> verdict(RangeTest([0.1, 1.0, 2.0], [1.0, 0.5, 3.0], [1.0, 0.5, 3.0], ""))
    'suggested optimizer.learning_rate: 0.1 (a tenth of 1, where the smoothed loss is lowest: 0.5)'
    """
    if test.suggestion is None:
        return "the loss falls at no rate: look at `mlptrain check`"
    lowest, loss = test.rates[test.turn], number(test.smoothed[test.turn])
    tenth = f"a tenth of {lowest:.2g}" if SAFE == 0.1 else f"{SAFE:g} of {lowest:.2g}"
    reason = f"{tenth}, where the smoothed loss is lowest: {loss}"
    return f"suggested optimizer.learning_rate: {test.suggestion:.2g} ({reason})"
