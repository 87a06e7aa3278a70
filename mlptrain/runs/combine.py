"""Which candidates predict, and with what weights: decided by the rows that each fold held out.

Every candidate has predicted every such row without having seen it, so the loss on them tells which
is best, and which average is better still. Choosing is nearly as good as weighing, and predicts with
a part of the networks.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from mlptrain.config import Config, resolved
from mlptrain.errors import DivergenceError
from mlptrain.inference.average import averaged, to_average
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
    by = LOG_LOSS if all(LOG_LOSS in each for each in measured.values()) else "loss"
    if not any(_is_finite(each[by]) for each in measured.values()):
        raise DivergenceError(f"no candidate has a finite {by} on the rows held out; lower the rate")
    loss_of = _loss_of(list(held_out.values()), by)
    weights = greedy(loss_of, len(measured), STEPS if config.combine == "greedy" else 1)
    parts = [
        Part(name, weight, each) for (name, each), weight in zip(measured.items(), weights, strict=True)
    ]
    return Combination(by, resolved(config), tuple(parts))


def greedy(loss_of: Callable[[Sequence[float]], float], count: int, steps: int) -> list[float]:
    """Weights that make a loss low: at each step the candidate counts once more that helps most.

    The first of equally good ones counts, and of equally good steps the first is kept (Caruana et al.,
    2004). One step chooses the best candidate.

    >>> greedy(lambda weights: (weights[0] - 0.7) ** 2, 2, 20)
    [0.7, 0.3]
    >>> greedy(lambda weights: 1.0, 2, 20)
    [1.0, 0.0]
    """
    counts, kept, lowest = [0] * count, [0.0] * count, math.inf
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
        used = [(array, weight) for array, weight in zip(arrays, weights, strict=True) if weight]
        each, shares = [array for array, _ in used], [weight for _, weight in used]
        scores = averaged(each, first.network.loss, first.preprocessing, shares)
        evaluation = replace(first, scores=scores)
        found = evaluation.data_loss() if by == "loss" else evaluation.metrics([by])[by]
        return found if found is not None and _is_finite(found) else math.inf

    return loss_of


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
