"""Training: the loop of the lecture as a generator (P6-P10).

    batch -> forward -> loss -> backward -> step

It prints nothing and writes nothing. It yields after every step, so that whoever runs it can look at
the clock, at a signal or at the checkpoint interval: None usually, a `Record` when the step ended
with an evaluation. What a resumed run needs besides parameters and optimizer is in `Progress`; all
randomness is a function of (seed, epoch, step).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from mlptrain.data.batches import batches, epoch_order
from mlptrain.data.source import RowNumbers
from mlptrain.errors import DivergenceError
from mlptrain.graph.plan import Plan
from mlptrain.nn.layers import Statistics
from mlptrain.system.team import GRADIENTS
from mlptrain.training.experiment import Experiment
from mlptrain.training.gradients import gradient_norm, is_finite, origin
from mlptrain.training.histograms import histograms
from mlptrain.training.minibatches import load_batch, shares
from mlptrain.training.record import Clock, Progress, Record, measure
from mlptrain.training.sharded import last_minibatch, sharded
from mlptrain.training.slices import bring, update

MOST_SKIPPED = 10
"""With `nonfinite: skip`, this many steps in a row may be dropped."""


def train(experiment: Experiment, progress: Progress) -> Iterator[Record | None]:
    """Train from `progress.step` on; yield after every step, a record where an evaluation was due.

    Raises DivergenceError before the update of a step whose loss or gradient is not finite, unless
    `nonfinite` is `skip`. Steps in `progress.poisoned` change nothing. A run that was stopped early
    stays stopped.
    """
    if progress.stopped:
        return
    per_epoch, total = experiment.steps_per_epoch, experiment.total_steps
    clock = Clock(progress.seconds)
    for epoch in range(progress.step // per_epoch, experiment.epochs):
        for rows in rows_of_steps(experiment, epoch, progress.step % per_epoch):
            factor = experiment.schedule(progress.step, total, per_epoch) * progress.rate_factor
            lr = experiment.optimizer.learning_rate * factor
            done = progress.step + 1
            ends = done == total or experiment.out_of_time(clock.seconds())
            due = experiment.eval_every.due(done, per_epoch) or ends
            seen = None
            if due and experiment.log_histograms:
                norm, seen = watched_step(experiment, progress, rows, lr)
            else:
                _, norm = take_step(experiment, progress, rows, lr)
            clock.count(len(rows))
            if due:
                if norm is None:
                    bring(experiment, GRADIENTS)
                    norm = gradient_norm(experiment.network.parameters.gradients)
                record = replace(measure(experiment, progress, lr, norm, clock), histograms=seen)
                if ends and done < total and not progress.stopped:
                    progress.stopped = time_is_up(experiment)
                yield record
                if progress.stopped:
                    return
            else:
                yield None


def rows_of_steps(experiment: Experiment, epoch: int, done: int = 0) -> Iterator[RowNumbers]:
    """The training rows of each step of an epoch, but for those already done."""
    order = epoch_order(experiment.seed, epoch, len(experiment.data.train))
    fewest = 1 if experiment.drop_last else experiment.fewest_rows
    steps = batches(order, experiment.rows_per_step, fewest)
    return islice(steps, done, experiment.steps_per_epoch)


def take_step(
    experiment: Experiment, progress: Progress, rows: RowNumbers, lr: float
) -> tuple[Plan, float | None]:
    """One step of minibatch gradient descent on these training rows, at learning rate `lr`.

    Returns the training graph as it ran last, with the values of its minibatch, and the norm of all
    gradients before they were clipped, where they were.
    """
    network, norm, step = experiment.network, None, progress.step
    with np.errstate(all="ignore"):  # what is not finite is dealt with in `usable`
        done = sharded(experiment, rows, step, None if step in progress.poisoned else lr)
        plan, seen, finite = (done.plan, (), True) if done else descent(experiment, rows, step)
        if usable(experiment, progress, plan, rows, lr, finite=finite):
            norm = done.norm if done else update(experiment, lr)
            for statistics in seen:
                network.training.wiring.follow(statistics)
            if experiment.average is not None:
                experiment.average.follow(network, experiment.optimizer.t)
    progress.step += 1
    return plan, norm


def descent(
    experiment: Experiment, rows: RowNumbers, step: int
) -> tuple[Plan, Sequence[Statistics], bool]:
    """Loss and gradient of one step: forward and backward on its rows, minibatch by minibatch.

    The gradients of several minibatches, each with its share, add up to that of all rows at once.
    Stops at one that is not finite. Returns the last plan, what batch norms have seen, and whether all
    is finite. A sum over shards that is not is formed again here from whole minibatches, to see where
    that begins.
    """
    training, dw = experiment.network.training, experiment.network.parameters.gradients
    wiring = training.wiring
    masks = training.mask_streams(experiment.seed, step) if wiring.masks else ()
    if experiment.accumulate == 1 or len(rows) < experiment.batch_size + experiment.fewest_rows:
        plan = load_batch(experiment, rows, masks)
        plan.forward()
        plan.backward()
        finite = experiment.shards is None and is_finite(float(plan.value(training.loss)), dw)
        return plan, (wiring.seen(plan),) if wiring.running else (), finite
    total, seen = np.zeros_like(dw), list[Statistics]()
    for batch, share in shares(experiment, rows):
        plan = load_batch(experiment, batch, masks)
        plan.forward()
        plan.backward(share)
        if not is_finite(float(plan.value(training.loss)), dw):
            return plan, (), False
        total += dw
        seen.append(wiring.seen(plan))
    np.copyto(dw, total)
    return plan, seen, experiment.shards is None and is_finite(0.0, dw)


def watched_step(
    experiment: Experiment, progress: Progress, rows: RowNumbers, lr: float
) -> tuple[float | None, dict[str, Any]]:
    """The same step: the norm of its gradients before clipping, and its histograms."""
    values, step = experiment.network.parameters.values, progress.step
    before = values.copy()
    plan, norm = take_step(experiment, progress, rows, lr)
    if experiment.shards is not None:
        after = values.copy()
        np.copyto(values, before)
        plan = last_minibatch(experiment, rows, step)
        np.copyto(values, after)
        bring(experiment, GRADIENTS)
    return norm, histograms(experiment, plan, values - before)


def usable(
    experiment: Experiment,
    progress: Progress,
    plan: Plan,
    rows: RowNumbers,
    lr: float,
    *,
    finite: bool,
) -> bool:
    """Whether the step may be taken; DivergenceError where it may not and the policy is to stop."""
    if progress.step in progress.poisoned:
        return False
    if finite:
        progress.skipped = 0
        return True
    progress.skipped += 1
    if experiment.nonfinite == "skip" and progress.skipped <= MOST_SKIPPED:
        return False
    epoch = progress.step // experiment.steps_per_epoch + 1
    raise DivergenceError(
        f"step {progress.step + 1} (epoch {epoch}): {origin(plan)} at learning rate {lr:g}; "
        f"rows {preview(rows)} of the training set. Lower optimizer.learning_rate, lengthen "
        "schedule.warmup or set train.clip_norm"
    )


def time_is_up(experiment: Experiment) -> str:
    """Why a run ended that was out of time."""
    return f"train.max_minutes: {(experiment.max_seconds or 0) / 60:g} are over; raise it to go on"


def preview(rows: RowNumbers) -> str:
    """The first few row numbers, counted from 0."""
    return ", ".join(map(str, rows[:5])) + (", …" if len(rows) > 5 else "")
