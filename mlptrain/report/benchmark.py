"""What `bench` prints: the phases of a step, and the step beside its products."""

from mlptrain.messages import count
from mlptrain.report.console import emit_json, say, stdout
from mlptrain.report.tables import print_table
from mlptrain.tools.bench import Benchmark


def show(measured: Benchmark, *, as_json: bool) -> None:
    """A row for each phase; then the step as a whole."""
    if as_json:
        emit_json(measured.document())
        return
    step, products, phases = measured.step_ms, measured.products_ms, measured.phases_ms
    total = sum(phases.values())
    rows = [(name, f"{ms:.3g}", f"{ms / total:.0%}") for name, ms in phases.items()]
    out = stdout()
    print_table(out, ("phase", "ms", "share"), rows)
    rate = f"{measured.examples_per_second:,.0f} examples/s"
    say(out, f"a step takes {step:.3g} ms, {rate} ({count(measured.threads, 'thread')})")
    say(out, f"its matrix products alone: {products:.3g} ms, {products / step:.0%} of the step")
