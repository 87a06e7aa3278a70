"""The gradient of a step from the shards of its minibatches, here or on many ranks."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from mlptrain.data.batches import batches
from mlptrain.data.source import RowNumbers
from mlptrain.graph.plan import Plan
from mlptrain.nn.dropout import skip_mask
from mlptrain.training.experiment import Experiment
from mlptrain.training.gradients import is_finite
from mlptrain.training.minibatches import load_batch, shares_of
from mlptrain.training.shards import Shards
from mlptrain.training.slices import ready_slice


class Shard(NamedTuple):
    """A part of a minibatch."""

    rows: RowNumbers
    first: int  # how many rows of the step come before
    share: float  # of the loss of the step


class Work:
    """What one rank does for a step. Its masks are those that one process would draw."""

    def __init__(self, experiment: Experiment, step: int) -> None:
        self.experiment = experiment
        self.training = experiment.network.training
        self.masks: Sequence[np.random.Generator] = ()
        if self.training.wiring.masks:
            self.masks = self.training.mask_streams(experiment.seed, step)
        self.drawn = 0  # rows of the step whose masks are drawn
        self.loss = np.zeros(1)
        self.plan: Plan | None = None

    def load(self, rows: RowNumbers, first: int) -> Plan:
        """Rows of the step, of which `first` come before."""
        if self.masks and first > self.drawn:
            self.skip_masks(first - self.drawn)
        self.drawn = first + len(rows)
        self.plan = load_batch(self.experiment, rows, self.masks)
        return self.plan

    def skip_masks(self, rows: int) -> None:
        """Draw the masks of so many rows for nothing: another rank has the rows."""
        wiring = self.training.wiring
        widths = [mask.shape[-1] or 0 for mask in wiring.masks for _ in range(wiring.members or 1)]
        for width, generator in zip(widths, self.masks, strict=True):
            skip_mask(generator, rows * width, self.experiment.network.dtype)

    def differentiate(self, shards: Sequence[Shard], number: int) -> None:
        """Leave the loss and the gradient of a shard in `loss` and the network, by its share."""
        shard = shards[number]
        plan = self.load(shard.rows, shard.first)
        plan.forward()
        plan.backward(shard.share)
        self.loss[0] = shard.share * float(plan.value(self.training.loss))


def sharded(experiment: Experiment, shards: Shards, rows: RowNumbers, step: int) -> Plan | None:
    """Loss and gradient of one step on rank 0, each minibatch of it added up from its shards.

    Returns the plan of a shard; None where the sum is not finite, and on all other ranks.
    """
    ranks, parameters = shards.ranks, experiment.network.parameters
    if ranks.rank == 0:
        ranks.ask(step, rows, parameters.values)
    work, dw = Work(experiment, step), parameters.gradients
    minibatches = cut(experiment, shards, rows)
    if ranks.window is not None:
        return in_slices(experiment, shards, minibatches, work)
    loss = add_up(experiment, shards, minibatches, work)
    ranks.answered()
    return work.plan if ranks.rank == 0 and is_finite(loss, dw) else None


def in_slices(
    experiment: Experiment, shards: Shards, minibatches: Sequence[Sequence[Shard]], work: Work
) -> Plan | None:
    """The same in memory that all ranks see: each adds up, and checks, its slice of the gradients.

    The sum is in the gradients of rank 0. Where a rank has several sums to add, those of several
    minibatches or subtrees, rank 0 adds them up, and only the check is shared.
    """
    ranks, loss, count = shards.ranks, work.loss, len(minibatches[0])
    alone = len(minibatches) == 1 and shards.are_subtrees(count)
    if alone:
        sums = (experiment.network.parameters.gradients, loss)
        shards.add_up_own(count, partial(work.differentiate, minibatches[0]), sums)
    else:
        loss[0] = add_up(experiment, shards, minibatches, work)
    ranks.together("the gradients of a step are not there")
    finite = ready_slice(experiment, shards, count if alone else 0)
    all_finite = ranks.all_say(finite and bool(np.isfinite(loss[0])))
    ranks.answered()
    return work.plan if ranks.rank == 0 and all_finite else None


def add_up(
    experiment: Experiment, shards: Shards, minibatches: Sequence[Sequence[Shard]], work: Work
) -> float:
    """Leave in the gradients of rank 0 the sum over all minibatches; on rank 0, that of the loss."""
    dw, ranks = experiment.network.parameters.gradients, shards.ranks
    several = len(minibatches) > 1 and ranks.rank == 0
    total, loss = np.zeros_like(dw) if several else dw, 0.0
    for each in minibatches:
        last = each is minibatches[-1]
        shards.add_up(len(each), partial(work.differentiate, each), (dw, work.loss), last=last)
        loss += work.loss[0]
        if total is not dw:
            total += dw
    if total is not dw:
        np.copyto(dw, total)
    return loss


def cut(experiment: Experiment, shards: Shards, rows: RowNumbers) -> list[list[Shard]]:
    """The shards of each minibatch of a step."""
    minibatches = list(batches([rows], experiment.batch_size, experiment.fewest_rows))
    pieces = [shards.cut(minibatch) for minibatch in minibatches]
    share = iter(shares_of(experiment, [piece for each in pieces for piece in each]))
    first, found = 0, list[list[Shard]]()
    for each in pieces:
        found.append([])
        for piece in each:
            found[-1].append(Shard(piece, first, next(share)))
            first += len(piece)
    return found


def last_minibatch(experiment: Experiment, rows: RowNumbers, step: int) -> Plan:
    """The training graph after the forward pass of the last minibatch of a step, as a whole."""
    *_, last = batches([rows], experiment.batch_size, experiment.fewest_rows)
    plan = Work(experiment, step).load(last, len(rows) - len(last))
    plan.forward()
    return plan
