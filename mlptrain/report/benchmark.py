"""What `bench` prints: the phases of a step, and the step beside its products."""

from mlptrain.messages import count
from mlptrain.report.console import emit_json, say, stdout, table
from mlptrain.tools.bench import Benchmark


def show(measured: Benchmark, *, as_json: bool) -> None:
    """A row for each phase; then the step as a whole."""
    if as_json:
        emit_json(measured.document())
        return
    total = sum(measured.phases_ms.values())
    rows = [(name, ms(value), f"{value / total:.0%}") for name, value in measured.phases_ms.items()]
    out = stdout()
    out.print(table(("phase", "ms", "share"), rows))
    rate = f"{measured.examples_per_second:,.0f} examples/s"
    say(out, f"a step takes {ms(measured.step_ms)} ms, {rate} ({count(measured.threads, 'thread')})")
    share = measured.products_ms / measured.step_ms
    say(out, f"its matrix products alone: {ms(measured.products_ms)} ms, {share:.0%} of the step")


def ms(value: float) -> str:
    """Three significant digits.

    >>> ms(0.04567), ms(12.34)
    ('0.0457', '12.3')
    """
    return f"{value:.3g}"
