"""Which candidates predict, and with what weights: decided by the rows that each fold held out.

Every candidate has predicted every such row without having seen it, so the loss on them tells which
is best, and which average is better still. Choosing is nearly as good as weighing, and predicts with
a part of the networks.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from mlptrain.arrays import Array
from mlptrain.config import Config, resolved
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.errors import DivergenceError
from mlptrain.inference.average import averaged, to_average
from mlptrain.inference.model import Model
from mlptrain.inference.out_of_fold import HeldOut, pooled
from mlptrain.nn.network import Network
from mlptrain.training.combination import Combination, Part
from mlptrain.training.evaluate import Evaluation

LOG_LOSS = "log_loss"
STEPS = 20
"""How often the greedy search adds a candidate: weights are whole multiples of a part of this."""


def combination(config: Config, held_out: Mapping[str, Evaluation]) -> Combination:
    """How much each candidate counts, from what its folds say of all rows that were held out.

    Compared is the log-loss, calibrated where the config asks for it, else the loss.
    """
    measured = {name: each.measured() for name, each in held_out.items()}
    by = compared_by(list(held_out.values()))
    if not any(_is_finite(each[by]) for each in measured.values()):
        raise DivergenceError(f"no candidate has a finite {by} on the rows held out; lower the rate")
    weights = weights_for(config, list(held_out.values()))
    parts = [
        Part(name, weight, each) for (name, each), weight in zip(measured.items(), weights, strict=True)
    ]
    return Combination(by, resolved(config), tuple(parts))


def compared_by(held_out: Sequence[Evaluation]) -> str:
    """The name of the value by which candidates are compared."""
    return LOG_LOSS if all(LOG_LOSS in each.network.loss.metrics for each in held_out) else "loss"


def weights_for(config: Config, held_out: Sequence[Evaluation]) -> list[float]:
    """The weight of each candidate, by what it says of the same rows."""
    steps = STEPS if config.combine == "greedy" else 1
    return greedy(_loss_of(held_out, compared_by(held_out)), len(held_out), steps)


def chosen_without(config: Config, candidates: Sequence[tuple[Model, Sequence[HeldOut]]]) -> Evaluation:
    """All rows held out, those of a fold with the weights that the other folds alone would give.

    The best of several is partly the luckiest, so the rows that choose a candidate flatter it; these
    rows had no part in the choice.   candidates: each with its folds, as it scores them
    """
    first, found = candidates[0][0], list[HeldOut]()
    for fold, part in enumerate(candidates[0][1]):
        others = [
            pooled(model, [each for place, each in enumerate(folds) if place != fold]).evaluation
            for model, folds in candidates
        ]
        own = [
            to_average(model.network, model.preprocessing, folds[fold].scores)
            for model, folds in candidates
        ]
        scores = _average(own, weights_for(config, others), first.network, first.preprocessing)
        found.append(replace(part, scores=scores))
    return pooled(first, found).evaluation


def greedy(loss_of: Callable[[Sequence[float]], float], count: int, steps: int) -> list[float]:
    """Weights that make a loss low: at each step the candidate counts once more that helps most.

    The first of equally good ones counts, and of equally good steps the first is kept (Caruana et al.,
    2004). One step chooses the best candidate.

    >>> greedy(lambda weights: (weights[0] - 0.7) ** 2, 2, 20)
    [0.7, 0.3]
    >>> greedy(lambda weights: 1.0, 2, 20)
    [1.0, 0.0]
    """
    counts, kept, lowest = [0] * count, [1.0] + [0.0] * (count - 1), math.inf
    for step in range(1, steps + 1):
        tried = [
            [(times + (other == place)) / step for other, times in enumerate(counts)]
            for place in range(count)
        ]
        losses = [loss_of(weights) for weights in tried]
        place = losses.index(min(losses))
        counts[place] += 1
        if losses[place] < lowest:
            kept, lowest = tried[place], losses[place]
    return kept


def _loss_of(candidates: Sequence[Evaluation], by: str) -> Callable[[Sequence[float]], float]:
    """The loss of the average with given weights; infinite where it is not defined."""
    first = candidates[0]
    arrays = [to_average(each.network, each.preprocessing, each.scores) for each in candidates]

    def loss_of(weights: Sequence[float]) -> float:
        scores = _average(arrays, weights, first.network, first.preprocessing)
        evaluation = replace(first, scores=scores)
        found = evaluation.data_loss() if by == "loss" else evaluation.metrics([by])[by]
        return found if found is not None and _is_finite(found) else math.inf

    return loss_of


def _average(
    each: Sequence[Array], weights: Sequence[float], network: Network, made: Preprocessing
) -> Array:
    """The scores of the average of candidates; those of weight 0 have no part in it."""
    used = [(array, weight) for array, weight in zip(each, weights, strict=True) if weight]
    return averaged([array for array, _ in used], network.loss, made, [weight for _, weight in used])


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
