"""The slices of a step over ranks that see one memory; here two ranks take turns in one process."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import TOY, changed

from mlptrain.config import load_config
from mlptrain.system.team import Alone
from mlptrain.training.build import build
from mlptrain.training.gradients import BLOCK, clip, gradient_norm
from mlptrain.training.shards import Shards
from mlptrain.training.slices import parts_of, ready_slice, update, update_slice

WIDE = {"model.hidden": [300, 310], "model.dtype": "float32", "optimizer": {"name": "adam"}}
"""94,502 parameters or so: six blocks, the last one short."""


class Two(Alone):
    """A rank of two that keeps what rank 0 asks for."""

    def ask_update(self, updates, lr, scale):
        self.asked = (updates, lr, scale)


def experiments(most):
    """One experiment alone, and the same on each of two ranks."""
    config = load_config(changed(TOY, {**WIDE, "train.clip_norm": most}))
    alone = build(config)
    size = alone.network.parameters.values.size
    dtype = alone.network.dtype
    window = SimpleNamespace(
        values=alone.network.parameters.values.copy(),
        state=[np.zeros(size, dtype) for _ in alone.optimizer.slots],
        squares=np.full(-(-size // BLOCK), np.nan),
        gradients=[np.empty(size, dtype) for _ in range(2)],
    )
    ranks = []
    for rank, part in enumerate(parts_of(size, 2, BLOCK)):
        sliced = alone.optimizer.sliced(window.values, part, window.state)
        shards = Shards(2, Two(rank, 2, window))
        ranks.append(replace(build(config), optimizer=sliced, shards=shards))
    return alone, ranks, window


@pytest.mark.parametrize("most", [None, 0.5, 1e6])
def test_two_ranks_clip_and_update_to_the_bits_of_one(most, rng):
    alone, ranks, window = experiments(most)
    w, dw = alone.network.parameters.values, alone.network.parameters.gradients
    for _ in range(3):
        halves = rng.normal(size=(2, w.size)).astype(np.float32)
        np.add(*halves, dw)
        for gradients, half in zip(window.gradients, halves, strict=True):
            np.copyto(gradients, half)
        assert all(ready_slice(each, each.shards, 2) for each in ranks)
        np.testing.assert_array_equal(window.gradients[0], dw)

        norm = update(ranks[0], 0.01)
        updates, lr, scale = ranks[0].shards.ranks.asked
        ranks[1].optimizer.t = updates
        update_slice(ranks[1], ranks[1].shards, lr, scale)

        assert norm == (None if most is None else gradient_norm(dw))
        if most is not None:
            clip(dw, most)
        alone.optimizer.step(w, dw, 0.01)
        np.testing.assert_array_equal(window.values, w)
        np.testing.assert_array_equal(window.gradients[0], dw)
    assert ranks[0].optimizer.t == ranks[1].optimizer.t == 3


def test_each_rank_looks_at_its_own_slice(rng):
    _, ranks, window = experiments(None)
    for gradients in window.gradients:
        gradients.fill(1)
    window.gradients[1][-1] = np.nan

    assert [ready_slice(each, each.shards, 2) for each in ranks] == [True, False]
    window.gradients[0][-1], window.gradients[0][0] = 1, np.inf
    assert [ready_slice(each, each.shards, 0) for each in ranks] == [False, True]


@pytest.mark.parametrize(("length", "ranks"), [(1, 3), (BLOCK, 2), (3 * BLOCK + 1, 2), (10 * BLOCK, 4)])
def test_parts_are_whole_blocks_that_follow_each_other(length, ranks):
    parts = parts_of(length, ranks, BLOCK)

    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert parts[-1].stop == length
    assert all(part.start % BLOCK == 0 for part in parts if part.start < length)
