"""`bench --ranks N`: a step over ranks on this machine, measured, and beside it what the model says."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from mlptrain.config import Config, load_config
from mlptrain.errors import EnvironmentFault
from mlptrain.runs.cost_model import NETWORKS, Link, StepCost
from mlptrain.runs.launch import output_of
from mlptrain.runs.rank_measures import TURNS, Steps, durations
from mlptrain.system.threads import use_threads
from mlptrain.training.build import build

PREDICTED = (1, 2, 4, 10, 100, 1000)
"""Ranks for which the model says how long a step takes."""


@dataclass(frozen=True)
class Line:
    """A step of the whole minibatch: so many ranks, threads each; predicted only over ranks.

    alone_ms   one rank with one thread, in turn with it
    """

    ranks: int
    threads: int
    measured_ms: float
    alone_ms: float
    predicted_ms: float | None

    @property
    def times_as_fast(self) -> float:
        """As one rank with one thread."""
        return self.alone_ms / self.measured_ms


@dataclass(frozen=True)
class RankBenchmark:
    """What was measured on this machine, and what that means elsewhere."""

    cost: StepCost
    links: tuple[Link, ...]  # the first is shared memory, measured
    lines: tuple[Line, ...]

    def document(self) -> dict[str, Any]:
        """What `--json` prints."""
        links = [
            {
                **link._asdict(),
                "break_even_rows": self.cost.break_even(link),
                "step_ms": {str(p): 1e3 * self.cost.step(p, link, here=place == 0) for p in PREDICTED},
            }
            for place, link in enumerate(self.links)
        ]
        steps = [{**vars(line), "times_as_fast": line.times_as_fast} for line in self.lines]
        return {"cost": asdict(self.cost), "links": links, "steps": steps}


def bench_ranks(config: Path, overrides: Sequence[str], most: int) -> RankBenchmark:
    """Measure 1, 2, 4, ... up to `most` ranks with one thread each, and one rank with two threads."""
    one, two = threads_in_turn(load_config(config, overrides))
    counts = sorted({*(1 << i for i in range(1, most.bit_length())), most} - {1})
    found = {count: over(count, config, overrides) for count in counts}
    lines, seen = [], list[tuple[StepCost, Link]]()
    for count, each in found.items():
        cost = slowed(StepCost(**each["cost"]), count, each["beside"])
        link = Link("shared memory", each["latency"], each["per_byte"], each["window"])
        predicted, step = cost.step(count, link, here=True), 1e3 * each["step"]
        lines.append(Line(count, 1, step, 1e3 * each["alone"], 1e3 * predicted))
        seen.append((cost, link))
    cost, link = seen[0]
    alone = lines[0].alone_ms
    first = [Line(1, 1, alone, alone, 1e3 * cost.step(1, link)), Line(1, 2, two, one, None)]
    return RankBenchmark(cost, (link, *NETWORKS), (*first, *lines))


def threads_in_turn(config: Config) -> tuple[float, float]:
    """Milliseconds of a step of one process with one thread, and with two."""
    steps = {threads: Steps(build(config, threads)) for threads in (1, 2)}
    times: dict[int, list[float]] = {1: [], 2: []}
    with np.errstate(all="ignore"):
        for _ in range(TURNS):
            for threads, each in steps.items():
                with use_threads(threads):
                    times[threads] += durations(each.take).tolist()
    return 1e3 * median(times[1]), 1e3 * median(times[2])


def slowed(cost: StepCost, ranks: int, beside: float) -> StepCost:
    """The cost with how much ranks slow each other down, from the seconds of `side_by_side`.

    >>> cost = StepCost(call=0, row=1e-3, update=0, nbytes=0, keep=0, add=0, rows=100, cores=2)
    >>> [slowed(cost, ranks, 0.06).slower for ranks in (2, 4)]
    [1.2, 1.2]
    """
    alone = replace(cost, shards=None).own(ranks) * max(1.0, ranks / cost.cores)
    return replace(cost, slower=max(1.0, beside / alone))


def over(count: int, config: Path, overrides: Sequence[str]) -> dict[str, Any]:
    """What a job of so many ranks has measured."""
    settings = [word for each in overrides for word in ("--set", each)]
    said = output_of(count, ["bench", str(config), *settings, "--ranks", str(count), "--json"])
    try:
        found: dict[str, Any] = json.loads(said)
    except ValueError:
        raise EnvironmentFault(f"bench over {count} ranks ended early; see above") from None
    return found
