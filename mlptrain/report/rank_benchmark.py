"""What `bench --ranks` prints: steps over ranks here, measured and predicted, and on networks."""

from collections.abc import Mapping
from typing import Any

from mlptrain.messages import count
from mlptrain.report.console import emit_json, say, stdout
from mlptrain.report.tables import print_table
from mlptrain.runs.rank_bench import PREDICTED, RankBenchmark
from mlptrain.system.environment import environment


def show(measured: RankBenchmark, *, as_json: bool) -> None:
    """A row for each number of ranks here; then a row for each link, with its break-even."""
    if as_json:
        emit_json({**measured.document(), "environment": environment()})
        return
    out, cost = stdout(), measured.cost
    rows = []
    for line in measured.lines:
        predicted = "" if line.predicted_ms is None else f"{line.predicted_ms:.3g}"
        speed = f"{line.times_as_fast:.2f}"
        rows.append((line.ranks, line.threads, f"{line.measured_ms:.3g}", predicted, speed))
    say(out, f"a step of {cost.rows:,} rows on this machine ({cost.cores} cores)")
    print_table(out, ("ranks", "threads each", "measured ms", "predicted ms", "times as fast"), rows)
    say(out, "on this machine and on networks (usual figures), the same rows for all ranks together")
    links = []
    for place, link in enumerate(measured.links):
        steps = [f"{1e3 * cost.step(p, link, here=place == 0):.3g}" for p in PREDICTED]
        links.append(
            (
                link.name,
                f"{1e6 * link.latency:.3g}",
                f"{1e-9 / link.per_byte:.3g}" if link.per_byte else "-",
                f"{cost.break_even(link):,.0f}",
                *steps,
            )
        )
    heads = ("link", "latency us", "GB/s", "rows/rank", *(count(p, "rank") for p in PREDICTED))
    print_table(out, heads, links)
    say(out, "rows/rank: with fewer rows for each rank a second one makes a step slower")


def show_measured(found: Mapping[str, Any]) -> None:
    """What one job of ranks has measured, for the process that started it."""
    emit_json(dict(found))
