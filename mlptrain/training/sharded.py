"""The gradient of a step from the shards of its minibatches, here or on many ranks."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from mlptrain.data.batches import batches
from mlptrain.data.source import RowNumbers
from mlptrain.graph.plan import Plan
from mlptrain.nn.dropout import skip_mask
from mlptrain.system.team import STEP, Order
from mlptrain.training.experiment import Experiment
from mlptrain.training.gradients import is_finite
from mlptrain.training.minibatches import load_batch, shares_of
from mlptrain.training.shards import Node, Shards, add_tree
from mlptrain.training.slices import ready_slice, traded


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
        self.loss = 0.0  # of all shards of this rank
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
        """Leave the gradient of a shard in the network, and add its loss to `loss`, by its share."""
        shard = shards[number]
        plan = self.load(shard.rows, shard.first)
        plan.forward()
        plan.backward(shard.share)
        self.loss += shard.share * float(plan.value(self.training.loss))


def sharded(experiment: Experiment, shards: Shards, rows: RowNumbers, step: int) -> Plan | None:
    """The gradient of one step, each minibatch of it added up from its shards: a slice on each rank.

    Returns the plan of a shard; None where the sum is not finite, and on all ranks but rank 0.
    """
    ranks = shards.ranks
    if ranks.rank == 0:
        ranks.ask(Order(STEP, step, rows))
    work, minibatches = Work(experiment, step), cut(experiment, shards, rows)
    sum_up = summed_here if ranks.window is None else summed_in_slices
    finite = sum_up(experiment, shards, minibatches, work)
    ranks.answered()
    return work.plan if ranks.rank == 0 and finite else None


def summed_here(
    experiment: Experiment, shards: Shards, minibatches: Sequence[Sequence[Shard]], work: Work
) -> bool:
    """Leave in the gradients the sum over all minibatches; whether it is finite."""
    dw = experiment.network.parameters.gradients
    total = np.zeros_like(dw) if len(minibatches) > 1 else dw
    for each in minibatches:
        shards.add_up(len(each), partial(work.differentiate, each), [dw])
        if total is not dw:
            total += dw
    if total is not dw:
        np.copyto(dw, total)
    return is_finite(work.loss, dw)


def summed_in_slices(
    experiment: Experiment, shards: Shards, minibatches: Sequence[Sequence[Shard]], work: Work
) -> bool:
    """The same over ranks, each of which adds up its slice; on rank 0, whether all are finite."""
    ranks, before = shards.ranks, None
    assert ranks.window is not None
    for each in minibatches:
        if each is not minibatches[0]:
            ranks.together("the gradients of a minibatch are not added up")
        shards.add_up(len(each), partial(work.differentiate, each), ranks.window.gradients[ranks.rank])
        pieces = traded(shards, len(each))
        if each is not minibatches[-1]:
            total = add_tree(pieces, Node(0, len(each)))
            before = np.zeros_like(total) if before is None else before
            before += total
    return ready_slice(experiment, shards, pieces, work.loss, before)


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
