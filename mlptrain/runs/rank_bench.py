"""`bench --ranks N`: a step over ranks on this machine, measured, and beside it what the model says."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from mlptrain.config import load_config
from mlptrain.data.batches import batches, epoch_order
from mlptrain.data.source import RowNumbers
from mlptrain.errors import EnvironmentFault
from mlptrain.runs.cost_model import NETWORKS, Link, StepCost
from mlptrain.runs.launch import output_of
from mlptrain.runs.ranks import admission, follow, leading
from mlptrain.system.ranks import Ranks
from mlptrain.system.threads import cores, use_threads
from mlptrain.training.build import build
from mlptrain.training.experiment import Experiment
from mlptrain.training.gradients import gradient_norm, is_finite
from mlptrain.training.minibatches import load_batch
from mlptrain.training.record import Progress
from mlptrain.training.trainer import take_step

BLOCKS = 9
SECONDS = 0.1
"""A figure is the median over so many blocks of so many seconds."""
SIZES = tuple(8 << shift for shift in range(0, 23, 2))
"""Bytes of the messages by which a link is measured: 8 B to 32 MB."""
PARTS = (1, 2, 4, 8)
"""A minibatch is cut into so many, to see what its calls cost and what its rows."""
PREDICTED = (1, 2, 4, 10, 100, 1000)
"""Ranks for which the model says how long a step takes."""


@dataclass(frozen=True)
class Line:
    """A step of the whole minibatch: so many ranks, threads each; predicted only over ranks."""

    ranks: int
    threads: int
    measured_ms: float
    predicted_ms: float | None


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
        return {"cost": asdict(self.cost), "links": links, "steps": [*map(asdict, self.lines)]}


def bench_ranks(config: Path, overrides: Sequence[str], most: int) -> RankBenchmark:
    """Measure 1, 2, 4, ... up to `most` ranks with one thread each, and one rank with two threads."""
    checked = load_config(config, overrides)
    cost = cost_of(build(checked, 1))
    alone = {threads: 1e3 * step_of(build(checked, threads)) for threads in (1, 2)}
    counts = sorted({*(1 << i for i in range(1, most.bit_length())), most} - {1})
    found = [over(count, config, overrides) for count in counts]
    cost = slowed(cost, {count: each["beside"] for count, each in zip(counts, found, strict=True)})
    links = [
        Link("shared memory", each["latency"], each["per_byte"], bool(each["window"])) for each in found
    ]
    lines = [Line(1, 1, alone[1], 1e3 * cost.step(1, links[0])), Line(1, 2, alone[2], None)]
    for count, each, link in zip(counts, found, links, strict=True):
        lines.append(Line(count, 1, each["step_ms"], 1e3 * cost.step(count, link, here=True)))
    return RankBenchmark(cost, (links[0], *NETWORKS), tuple(lines))


def slowed(cost: StepCost, beside: Mapping[int, float]) -> StepCost:
    """The cost with how much ranks that have all cores to themselves slow each other down.

    beside   for numbers of ranks the seconds of `beside`

    >>> cost = StepCost(call=0, row=1e-3, update=0, nbytes=0, keep=0, add=0, rows=100, cores=2)
    >>> slowed(cost, {2: 0.06, 4: 0.09}).slower
    1.2
    """
    ranks = max((count for count in beside if count <= cost.cores), default=min(beside))
    alone = (cost.call + (cost.row * cost.rows + cost.update) / ranks) * max(1.0, ranks / cost.cores)
    return replace(cost, slower=max(1.0, beside[ranks] / alone))


def over(count: int, config: Path, overrides: Sequence[str]) -> dict[str, float]:
    """What a job of so many ranks has measured."""
    settings = [word for each in overrides for word in ("--set", each)]
    said = output_of(count, ["bench", str(config), *settings, "--ranks", str(count), "--json"])
    try:
        found: dict[str, float] = json.loads(said)
    except ValueError:
        raise EnvironmentFault(f"bench over {count} ranks ended early; see above") from None
    return found


def measure_here(team: Ranks, config: Path, overrides: Sequence[str]) -> dict[str, float] | int:
    """One rank of such a job: rank 0 has the figures, the others their exit code."""
    times = [round_trip(team, size) / 2 for size in SIZES]
    if team.rank:
        return follow_beside(team, config, overrides)
    with leading(team):
        checked = load_config(config, overrides)
        alone = build(checked, 1)
        team.share("{}")
        seconds = beside(team, alone)
        joined = admission(team, config, overrides)(checked, build(checked, 1))
        link = fitted(times, joined.network.parameters.values.nbytes)
        window = float(not team.hosts.several)
        return {"step_ms": 1e3 * step_of(joined), "window": window, "beside": seconds, **link}


def follow_beside(team: Ranks, config: Path, overrides: Sequence[str]) -> int:
    """What the other ranks do: keep a core at work beside rank 0, and then what it asks."""
    wanted = json.loads(team.share(""))
    if "code" in wanted:
        team.leave()
        return int(wanted["code"])
    try:
        beside(team, build(load_config(config, overrides), 1))
    except BaseException as error:
        team.fail(error)
    return follow(team, config, overrides)


def round_trip(team: Ranks, nbytes: int) -> float:
    """Seconds for a message from rank 0 to rank 1 and back; the same calls on every rank."""
    bounce = partial(team.bounce, np.zeros(nbytes, np.uint8))
    once = duration(bounce, 3)
    repeats = int(team.share(str(max(1, int(SECONDS / 4 / max(once, 1e-7))))))  # rank 0 has the clock
    return median(duration(bounce, repeats) for _ in range(BLOCKS))


def fitted(times: Sequence[float], nbytes: int) -> dict[str, float]:
    """Latency and seconds for each byte: from the smallest message, and from those like `nbytes`.

    What fits into a cache travels faster, so sizes far from `nbytes` say little about it.
    """
    latency = times[0]
    near = sorted(zip(SIZES, times, strict=True), key=lambda each: abs(np.log(each[0] / nbytes)))[:3]
    return {"latency": latency, "per_byte": median(max(0.0, t - latency) / n for n, t in near)}


def step_of(experiment: Experiment) -> float:
    """Seconds of a step of `fit`."""
    progress, steps = Progress(), steps_of(experiment)
    lr = experiment.optimizer.learning_rate * 1e-3  # thousands of steps must not run away
    with use_threads(experiment.threads):
        return timed(lambda: take_step(experiment, progress, next(steps), lr))


def steps_of(experiment: Experiment) -> Iterator[RowNumbers]:
    """The rows of each step, again and again."""
    order = epoch_order(experiment.seed, 0, len(experiment.data.train))
    return cycle(list(islice(batches(order, experiment.rows_per_step), experiment.steps_per_epoch)))


def cost_of(experiment: Experiment) -> StepCost:
    """What the parts of a step cost on this machine, with one thread."""
    batch = min(experiment.batch_size, len(experiment.data.train))
    sizes = [batch // part for part in PARTS if batch >= part]
    seconds, keep, add, updates = zip(*(parts_of_step(experiment, n) for n in sizes), strict=True)
    call, row = line_through(sizes, seconds)
    n = experiment.network.parameters.values.nbytes
    count = None if experiment.shards is None else experiment.shards.count
    return StepCost(
        call, row, median(updates), n, median(keep) / n, median(add) / n, batch, cores(), count
    )


def parts_of_step(experiment: Experiment, rows: int) -> list[float]:
    """Seconds of forward and backward of some rows, of a copy and a sum of gradients, of an update."""
    network = experiment.network
    w, dw = network.parameters.values, network.parameters.gradients
    masks, steps = network.training.mask_streams(experiment.seed, 0), steps_of(experiment)
    kept, other = np.zeros_like(dw), np.zeros_like(dw)

    def pass_through() -> None:
        plan = load_batch(experiment, next(steps)[:rows], masks)
        plan.forward()
        plan.backward()

    def update() -> None:
        is_finite(0.0, dw)
        if experiment.clip_norm is not None:
            gradient_norm(dw)
        experiment.optimizer.step(w, dw, 0.0)

    copy, add = partial(np.copyto, kept, dw), partial(np.add, dw, other, dw)
    with use_threads(1), np.errstate(all="ignore"):
        return in_turn([pass_through, copy, add, update])


def beside(team: Ranks, experiment: Experiment) -> float:
    """Seconds in which a rank computes its part of a step while all others compute theirs."""
    rows = min(experiment.batch_size, len(experiment.data.train)) // team.size
    team.meet()
    seconds, _, _, update = parts_of_step(experiment, rows)
    return seconds + update / team.size


def in_turn(parts: Sequence[Callable[[], object]]) -> list[float]:
    """Seconds of each of several calls, which take turns as in a step: medians.

    Alone in a loop a call finds in the cache what the others would have pushed out of it.
    """
    once = duration(lambda: [part() for part in parts], 3)
    times = np.empty((max(BLOCKS, int(BLOCKS * SECONDS / max(once, 1e-7))), len(parts)))
    for turn in times:
        for place, part in enumerate(parts):
            turn[place] = duration(part, 1)
    return [float(each) for each in np.median(times, axis=0)]


def line_through(sizes: Sequence[int], seconds: Sequence[float]) -> tuple[float, float]:
    """(c0, c1) of c0 + c1 rows, by least squares of the relative errors; c0 is never negative.

    >>> [float(round(each, 6)) for each in line_through([10, 20, 40], [0.3, 0.5, 0.9])]
    [0.1, 0.02]
    """
    n, t = np.asarray(sizes, float), np.asarray(seconds)
    (call, row), *_ = np.linalg.lstsq(np.stack([1 / t, n / t], 1), np.ones(len(t)), rcond=None)
    if call < 0 or row <= 0 or len(t) < 2:
        return 0.0, float(np.median(t / n))
    return float(call), float(row)


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call: the median over blocks, after a warm-up."""
    once = duration(work, 3)
    repeats = max(1, int(SECONDS / max(once, 1e-7)))
    return median(duration(work, repeats) for _ in range(BLOCKS))


def duration(work: Callable[[], object], repeats: int) -> float:
    """Seconds of one call, averaged over `repeats`."""
    started = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - started) / repeats
