"""The scores of an evaluation over ranks: each has a part of the rows, rank 0 gets all of them.

A part consists of whole pieces that one process would give to the prediction graph, and whatever is
measured is measured on rank 0 of all scores. So no number of ranks changes a bit.
"""

import numpy as np

from mlptrain.arrays import Array
from mlptrain.data.dataset import Rows
from mlptrain.nn.network import AT_ONCE
from mlptrain.system.team import SCORES, Order
from mlptrain.training.experiment import Experiment
from mlptrain.training.shards import Shards
from mlptrain.training.slices import parts_of

SETS = ("train", "val")
"""What is evaluated while a run trains: the training rows that are measured, the validation rows."""


def scores_of(experiment: Experiment, split: str, rows: Rows) -> Array:
    """The scores of the rows of a set: here, or over ranks where there are pieces to share."""
    shards = experiment.shards
    if shards is None or shards.ranks.size == 1 or len(rows) <= AT_ONCE:
        return experiment.network.scores(rows.inputs.arrays)
    return sharded_scores(experiment, shards, SETS.index(split))


def sharded_scores(experiment: Experiment, shards: Shards, number: int) -> Array:
    """All scores of a set on rank 0; on other ranks those of their own part."""
    ranks, network = shards.ranks, experiment.network
    if ranks.rank == 0:
        ranks.ask(Order(SCORES, number))
    val = experiment.data.val
    rows = val if SETS[number] == "val" and val is not None else experiment.measured
    parts = parts_of(len(rows), ranks.size, AT_ONCE)
    own = parts[ranks.rank]
    found = network.scores([array[own] for array in rows.inputs.arrays])
    if ranks.rank:
        ranks.send(found, 0)
        return found
    scores = np.empty((len(rows), *found.shape[1:]), found.dtype)
    scores[own] = found
    for source, part in enumerate(parts[1:], 1):
        ranks.receive(scores[part], source)
    ranks.answered()
    return scores
