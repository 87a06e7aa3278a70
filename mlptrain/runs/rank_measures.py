"""What a job of ranks measures for `bench --ranks`: a step over them, and the parts that it is made of.

A machine is not as fast in one second as in the next, nor is one core as fast as the other. So rank 0
alone, all ranks side by side, and the step over ranks take turns: figures are medians over the turns.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.config import load_config
from mlptrain.data.batches import batches, epoch_order
from mlptrain.data.source import RowNumbers
from mlptrain.runs.cost_model import StepCost
from mlptrain.runs.ranks import admission, follow, leading, obey, serve
from mlptrain.system.ranks import Ranks
from mlptrain.system.team import END, Order
from mlptrain.system.threads import cores, use_threads
from mlptrain.training.build import build
from mlptrain.training.experiment import Experiment
from mlptrain.training.gradients import gradient_norm, is_finite
from mlptrain.training.minibatches import load_batch
from mlptrain.training.record import Progress
from mlptrain.training.shards import Node
from mlptrain.training.slices import add_up
from mlptrain.training.trainer import take_step

Work = Callable[[], object]
TURNS = 9
SECONDS = 0.1
"""So many turns, in each of which everything is called for so many seconds."""
SIZES = tuple(8 << shift for shift in range(0, 23, 2))
"""Bytes of the messages by which a link is measured: 8 B to 32 MB."""
PARTS = (1, 2, 4, 8)
"""A minibatch is cut into so many, to see what its calls cost and what its rows."""
MEETINGS = 32
"""In each turn; the ranks may be of one core, where each takes a time slice."""


class Steps:
    """Training steps of an experiment, one after the other."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment, self.progress, self.rows = experiment, Progress(), steps_of(experiment)
        self.lr = experiment.optimizer.learning_rate * 1e-3  # thousands must not run away

    def take(self) -> None:
        """One step of `fit`."""
        take_step(self.experiment, self.progress, next(self.rows), self.lr)


class Parts:
    """The parts of a step, alone: what they change is not looked at."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment, self.rows = experiment, steps_of(experiment)
        network = experiment.network
        self.masks = network.training.mask_streams(experiment.seed, 0)
        self.w, self.dw = network.parameters.values, network.parameters.gradients
        self.kept, self.other = np.zeros_like(self.dw), np.zeros_like(self.dw)

    def differentiate(self, count: int) -> None:
        """Forward and backward of so many rows."""
        plan = load_batch(self.experiment, next(self.rows)[:count], self.masks)
        plan.forward()
        plan.backward()

    def copy(self) -> None:
        """A gradient put aside."""
        np.copyto(self.kept, self.dw)

    def add(self) -> None:
        """Two gradients added up."""
        np.add(self.dw, self.other, self.dw)

    def add_up_slice(self) -> None:
        """The slice of this rank, of the gradients that all ranks have in a window."""
        shards = self.experiment.shards
        assert shards is not None
        count = min(shards.count, rows_of(self.experiment))
        pieces = shards.exchanges[count].pieces  # of the step before
        add_up(pieces, Node(0, count), self.dw[self.experiment.optimizer.part])

    def update(self) -> None:
        """The check of the gradients, and the rule of the optimizer for its part of them."""
        part = self.experiment.optimizer.part
        is_finite(0.0, self.dw[part])
        if self.experiment.clip_norm is not None:
            gradient_norm(self.dw[part])
        self.experiment.optimizer.step(self.w, self.dw, 0.0)


def measure_here(team: Ranks, config: Path, overrides: Sequence[str]) -> dict[str, Any] | int:
    """One rank of a job: rank 0 has the figures, the others their exit code."""
    times = [round_trip(team, size) / 2 for size in SIZES]
    if team.rank:
        return follow(team, config, overrides, take_turns)
    with leading(team):
        checked = load_config(config, overrides)
        alone = build(checked, 1)
        joined = admission(team, config, overrides)(checked, build(checked, 1))
        try:
            return measured(team, alone, joined, times)
        except BaseException as error:
            team.fail(error)  # the others take turns, and hear of no end in their sleep


def measured(
    team: Ranks, alone: Experiment, joined: Experiment, times: Sequence[float]
) -> dict[str, Any]:
    """The figures of rank 0; `times` are those of messages of the sizes of `SIZES`."""
    batch = rows_of(alone)
    sizes = [batch // each for each in PARTS if batch >= each]
    parts, steps, over = Parts(alone), Steps(alone), Steps(joined)
    kinds: list[Work] = [steps.take, *(partial(parts.differentiate, size) for size in sizes)]
    kinds += [parts.copy, parts.add, parts.update]
    by_turn = list[dict[str, Any]]()
    with use_threads(1), np.errstate(all="ignore"):
        over.take()  # with it all hosts have the parameters
        pause(team)
        for _ in range(TURNS):
            alone_now = in_turn(kinds)
            team.wake()
            by_turn.append({"alone": alone_now, **side_by_side(team, joined)})
            by_turn[-1]["step"] = median(durations(over.take))
            pause(team)
    step, *seconds = np.median([each["alone"] for each in by_turn], axis=0).tolist()
    *passes, keep, add, update = seconds
    call, row = line_through(sizes, passes)
    n = alone.network.parameters.values.nbytes
    shards = None if alone.shards is None else alone.shards.count
    cost = StepCost(call, row, update, n, keep / n, add / n, batch, cores(), shards)
    link = fitted(times, n)
    if not team.hosts.several:
        link["latency"] = median(each["meeting"] for each in by_turn) / (team.size - 1).bit_length()
    return {
        "alone": step,
        "step": median(each["step"] for each in by_turn),
        "cost": asdict(cost),
        "beside": median(each["beside"] for each in by_turn),
        "window": not team.hosts.several,
        **link,
    }


def take_turns(team: Ranks, experiment: Experiment | None) -> int:
    """What the other ranks do meanwhile."""
    if experiment is None or team.window is None:
        return serve(team, experiment)
    with use_threads(1), np.errstate(all="ignore"):
        obey(team, experiment)
        for _ in range(TURNS):
            team.sleep()
            side_by_side(team, experiment)
            obey(team, experiment)
    return serve(team, experiment)


def pause(team: Ranks) -> None:
    """On rank 0, the end of what the others do for it at the moment."""
    team.ask(Order(END))
    team.answered()


def side_by_side(team: Ranks, joined: Experiment) -> dict[str, float]:
    """Seconds until all ranks have computed their parts, and those of a meeting.

    Nobody waits within the first: times of the ranks are set beside each other afterwards. Of ranks
    with a core each the slowest counts; others have it in turn, and all of them end after as long.
    """
    parts = Parts(joined)
    rows = rows_of(joined) // team.size
    kinds: list[Work] = [partial(parts.differentiate, rows), parts.add_up_slice, parts.update]
    once = duration(lambda: [kind() for kind in kinds], 3)
    repeats = int(team.share(str(max(3, int(SECONDS / once)))))
    team.meet()
    own = np.array([[duration(kind, 1) for kind in kinds] for _ in range(repeats)])
    found = team.collect(own.reshape(-1), [own.size] * team.size).reshape(team.size, *own.shape)
    last = np.median(found.max(axis=0), axis=0) if team.size <= cores() else found.mean(axis=(0, 1))
    return {"beside": float(last.sum()), "meeting": meeting(team, parts)}


def meeting(team: Ranks, parts: Parts) -> float:
    """Seconds in which ranks meet that come at the same time, with other things in the cache."""
    times = list[float]()
    for _ in range(MEETINGS):
        team.together("a rank has not come to a meeting")
        parts.copy()
        times.append(duration(partial(team.together, "a rank has not come to a meeting"), 1))
    return median(times)


def rows_of(experiment: Experiment) -> int:
    """The rows of a minibatch."""
    return min(experiment.batch_size, len(experiment.data.train))


def steps_of(experiment: Experiment) -> Iterator[RowNumbers]:
    """The rows of each step, again and again."""
    order = epoch_order(experiment.seed, 0, len(experiment.data.train))
    return cycle(list(islice(batches(order, experiment.rows_per_step), experiment.steps_per_epoch)))


def round_trip(team: Ranks, nbytes: int) -> float:
    """Seconds for a message from rank 0 to rank 1 and back; the same calls on every rank."""
    bounce = partial(team.bounce, np.zeros(nbytes, np.uint8))
    once = duration(bounce, 3)
    repeats = int(team.share(str(max(1, int(SECONDS / 4 / max(once, 1e-7))))))  # rank 0 has the clock
    return median(duration(bounce, repeats) for _ in range(TURNS))


def fitted(times: Sequence[float], nbytes: int) -> dict[str, float]:
    """Latency and seconds for each byte: from the smallest message, and from those like `nbytes`.

    What fits into a cache travels faster, so sizes far from `nbytes` say little about it.
    """
    latency = times[0]
    near = sorted(zip(SIZES, times, strict=True), key=lambda each: abs(np.log(each[0] / nbytes)))[:3]
    return {"latency": latency, "per_byte": median(max(0.0, t - latency) / n for n, t in near)}


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


def in_turn(parts: Sequence[Work]) -> list[float]:
    """Seconds of each of several calls, which take turns as in a step: medians.

    Alone in a loop a call finds in the cache what the others would have pushed out of it.
    """
    once = duration(lambda: [part() for part in parts], 1)
    times = np.empty((max(1, int(len(parts) * SECONDS / 2 / max(once, 1e-7))), len(parts)))
    for turn in times:
        for place, part in enumerate(parts):
            turn[place] = duration(part, 1)
    return [float(each) for each in np.median(times, axis=0)]


def durations(work: Work) -> NDArray[np.float64]:
    """Seconds of each of as many calls as `SECONDS` lets."""
    once = duration(work, 1)
    return np.array([duration(work, 1) for _ in range(max(3, int(SECONDS / max(once, 1e-7))))])


def duration(work: Work, repeats: int) -> float:
    """Seconds of one call, averaged over `repeats`."""
    started = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - started) / repeats
