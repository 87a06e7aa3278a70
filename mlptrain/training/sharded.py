"""The gradient of a step from the shards of its minibatches, here or on many ranks."""

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np

from mlptrain.data.batches import batches
from mlptrain.data.source import RowNumbers
from mlptrain.graph.plan import Plan
from mlptrain.nn.dropout import skip_mask
from mlptrain.system.team import STEP, Order
from mlptrain.training.experiment import Experiment
from mlptrain.training.gradients import is_finite
from mlptrain.training.minibatches import load_batch, shares_of, weighs_rows
from mlptrain.training.shards import Node, Shards, add_tree
from mlptrain.training.slices import ready_slice, traded, update, update_slice


class Shard(NamedTuple):
    """A part of a minibatch: those rows of the step from `first` to before `end`."""

    first: int
    end: int
    share: float  # of the loss of the step


class Done(NamedTuple):
    """A finite step: the plan of a shard, and the norm of all gradients where they are clipped."""

    plan: Plan
    norm: float | None


class Work:
    """What one rank does for a step. Its masks are those that one process would draw."""

    def __init__(self, experiment: Experiment, rows: RowNumbers, step: int) -> None:
        self.experiment, self.rows = experiment, rows
        self.training = experiment.network.training
        self.masks: Sequence[np.random.Generator] = ()
        if self.training.wiring.masks:
            self.masks = self.training.mask_streams(experiment.seed, step)
        self.drawn = 0  # rows of the step whose masks are drawn
        self.loss = 0.0  # of all shards of this rank
        self.plan: Plan | None = None

    def load(self, first: int, end: int) -> Plan:
        """The rows of the step from `first` to before `end`."""
        if self.masks and first > self.drawn:
            self.skip_masks(first - self.drawn)
        self.drawn = end
        self.plan = load_batch(self.experiment, self.rows[first:end], self.masks)
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
        plan = self.load(shard.first, shard.end)
        plan.forward()
        plan.backward(shard.share)
        self.loss += shard.share * float(plan.value(self.training.loss))


def sharded(experiment: Experiment, rows: RowNumbers, step: int, lr: float | None) -> Done | None:
    """One step over the shards of its minibatches: the sum of their gradients, and the update.

    lr   None: the gradients change nothing

    Returns None on other ranks, where something is not finite, which changes nothing, and where nothing
    is cut into shards.
    """
    shards = experiment.shards
    if shards is None:
        return None
    ranks = shards.ranks
    if ranks.rank == 0:
        ranks.ask(Order(STEP, step, rows, experiment.optimizer.t, lr))
    work, minibatches = Work(experiment, rows, step), cut(experiment, shards, rows)
    if ranks.window is None:
        finite, norm = summed_here(experiment, shards, minibatches, work), None
        if finite and lr is not None:
            norm = update(experiment, lr)
    else:
        finite, norm = summed_in_slices(experiment, shards, minibatches, work)
        if finite and lr is not None:
            update_slice(experiment, ranks, lr, norm)
    ranks.answered()
    return Done(work.plan, norm) if finite and ranks.rank == 0 and work.plan is not None else None


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
) -> tuple[bool, float | None]:
    """The same over ranks, each of which adds up its slice: whether all are finite, and the norm."""
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
    return ready_slice(experiment, ranks, pieces, work.loss, before)


def cut(experiment: Experiment, shards: Shards, rows: RowNumbers) -> Sequence[Sequence[Shard]]:
    """The shards of each minibatch of a step."""
    sizes = experiment.batch_size, experiment.fewest_rows
    found = evenly(len(rows), *sizes, shards.count)
    if not weighs_rows(experiment):
        return found
    pieces = [rows[shard.first : shard.end] for each in found for shard in each]
    share = iter(shares_of(experiment, pieces))
    return [[shard._replace(share=next(share)) for shard in each] for each in found]


@lru_cache(maxsize=16)
def evenly(count: int, batch_size: int, fewest: int, shards: int) -> Sequence[Sequence[Shard]]:
    """The shards of each minibatch of a step of so many rows, each with its share of the rows.

    >>> [[(*shard,) for shard in each] for each in evenly(10, 6, 1, 2)]
    [[(0, 3, 0.3), (3, 6, 0.3)], [(6, 8, 0.2), (8, 10, 0.2)]]
    """
    return [
        [
            Shard(int(piece[0]), int(piece[-1]) + 1, len(piece) / count)
            for piece in np.array_split(minibatch, min(shards, len(minibatch)))
        ]
        for minibatch in batches([np.arange(count)], batch_size, fewest)
    ]


def last_minibatch(experiment: Experiment, rows: RowNumbers, step: int) -> Plan:
    """The training graph after the forward pass of the last minibatch of a step, as a whole."""
    *_, last = batches([rows], experiment.batch_size, experiment.fewest_rows)
    plan = Work(experiment, rows, step).load(len(rows) - len(last), len(rows))
    plan.forward()
    return plan
