"""The runs of the suite as Markdown: medians, ratios, what failed, and the machine."""

import datetime
import math
import os
import platform
from itertools import pairwise
from pathlib import Path
from statistics import geometric_mean, median
from typing import Any, NamedTuple

Run = dict[str, Any]

OURS = "mlptrain"
LIMIT = "products"
PRODUCTS = (LIMIT, "products of torch")
NO_LOSS_TO_COMPARE = ("sklearn", LIMIT, "bare step", "products of torch")


class Best(NamedTuple):
    """The median step of a contender at its better number of threads."""

    ms: float
    threads: int


Bests = dict[tuple[str, str], Best]


def best_times(runs: list[Run]) -> Bests:
    """(case, contender) -> its best; nothing for one that failed."""
    times: dict[tuple[str, str, int], list[float]] = {}
    for run in runs:
        if "error" not in run:
            key = (run["case"], run["contender"], run["threads"])
            times.setdefault(key, []).append(run["step_ms"])
    bests: Bests = {}
    for (case, contender, threads), steps in times.items():
        candidate = Best(median(steps), threads)
        bests[case, contender] = min(bests.get((case, contender), candidate), candidate)
    return bests


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table, its first column to the left and the others to the right."""
    rule = [":--"] + ["--:"] * (len(head) - 1)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def times_table(cases: list[str], contenders: list[str], bests: Bests) -> str:
    """Milliseconds a step, with the number of threads in brackets."""

    def cell(case: str, contender: str) -> str:
        best = bests.get((case, contender))
        return f"{best.ms:.3g} ({best.threads})" if best else "–"

    rows = [[case, *(cell(case, contender) for contender in contenders)] for case in cases]
    return table(["case", *contenders], rows)


def ratio(case: str, rivals: list[str], bests: Bests) -> float | None:
    """How many times our step the step of the fastest of `rivals` takes."""
    times = [bests[case, rival].ms for rival in rivals if (case, rival) in bests]
    if not times or (case, OURS) not in bests:
        return None
    return min(times) / bests[case, OURS].ms


def ratios_table(cases: list[str], extra: set[str], contenders: list[str], bests: Bests) -> str:
    """Ratios to our step, and below them their geometric mean over the cases that are not extra."""
    torch = [name for name in contenders if name.startswith("torch")]
    columns = {"best torch": torch} if torch else {}
    columns |= {name: [name] for name in contenders if name not in (OURS, *torch)}
    values = {
        name: {case: ratio(case, rivals, bests) for case in cases} for name, rivals in columns.items()
    }
    rows = [[case, *(two_digits(values[name][case]) for name in columns)] for case in cases]
    means = []
    for name in columns:
        found = [values[name][case] for case in cases if case not in extra]
        complete = found and all(value is not None for value in found)
        means.append(geometric_mean([value or math.nan for value in found]) if complete else None)
    rows.append(["geometric mean", *(two_digits(mean) for mean in means)])
    return table(["case", *columns], rows)


def two_digits(value: float | None) -> str:
    """2.345 -> 2.35; a dash where there is nothing."""
    return "–" if value is None else f"{value:.2f}"


def multiply_adds(sizes: list[int], batch: int) -> int:
    """Those of all matrix products of a step: three for a layer, two for the first."""
    layers = [a * b for a, b in pairwise(sizes)]
    return batch * (3 * sum(layers) - layers[0])


def speeds_table(runs: list[Run], cases: list[str], contenders: list[str], bests: Bests) -> str:
    """How many thousand million operations a second the matrix products reach."""
    work = {run["case"]: 2 * multiply_adds(run["sizes"], run["batch"]) for run in runs}
    timed = [name for name in PRODUCTS if name in contenders]

    def cell(case: str, contender: str) -> str:
        best = bests.get((case, contender))
        return f"{work[case] / best.ms / 1e6:.0f}" if best else "–"

    return table(
        ["case", *timed], [[case, *(cell(case, contender) for contender in timed)] for case in cases]
    )


def remarks(runs: list[Run]) -> list[str]:
    """What failed, and cases in which contenders do not end with the same loss."""
    found = [f"- {r['case']}, {r['contender']}: {r['error']}" for r in runs if "error" in r]
    losses: dict[str, dict[str, float]] = {}
    for run in runs:
        # Dropout draws other masks everywhere; rounding alone stays far below the limit in float32.
        comparable = run["contender"] not in NO_LOSS_TO_COMPARE and run["dropout"] == 0
        if "error" not in run and comparable:
            losses.setdefault(run["case"], {})[run["contender"]] = run["loss"]
    for case, by_contender in losses.items():
        low, high = min(by_contender.values()), max(by_contender.values())
        if not high - low <= 0.01 + 0.02 * high:
            ends = ", ".join(f"{name} {loss:.4g}" for name, loss in by_contender.items())
            found.append(f"- {case}: the losses at the end differ: {ends}")
    return found


def processor() -> str:
    """The processor by its name where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def machine(runs: list[Run], load: float) -> str:
    """Where and with what: one line."""
    versions = dict(pair for run in runs for pair in run.get("versions", {}).items())
    return ", ".join(
        [
            f"{datetime.date.today()}: {processor()}",
            f"{len(os.sched_getaffinity(0))} processors",
            f"load {load:.1f} at the start",
            f"Python {platform.python_version()}",
            *(f"{name} {version}" for name, version in sorted(versions.items())),
        ]
    )


def markdown(runs: list[Run], contenders: list[str], load: float) -> str:
    """Everything the suite prints to stdout."""
    bests = best_times(runs)
    cases = list(dict.fromkeys(run["case"] for run in runs))
    extra = {run["case"] for run in runs if run["extra"]}
    rounds = 1 + max((run["round"] for run in runs), default=0)
    parts = [
        machine(runs, load),
        f"Milliseconds a step, median of {rounds} rounds, at the better number of threads (bracketed):",
        times_table(cases, contenders, bests),
        f"The step of the others as a multiple of that of {OURS} (above 1: {OURS} is faster; "
        f"`{LIMIT}`: the share of the step that is matrix products). Geometric mean over the cases "
        "without dropout and in float32:",
        ratios_table(cases, extra, contenders, bests),
    ]
    if set(PRODUCTS) & set(contenders):
        parts += ["GFLOP/s of the products:", speeds_table(runs, cases, contenders, bests)]
    found = remarks(runs)
    return "\n\n".join([*parts, "\n".join(["Remarks:", "", *found])] if found else parts)
