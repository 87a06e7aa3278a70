"""What each column adds to the prediction of one row: integrated gradients.

    contribution of x_j = (x_j - b_j) integral_0^1 dF/dx_j(b + a (x - b)) da

Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks" (2017). The contributions add up
to F(x) - F(b), so the residual says how exact the integral is. The baseline b is the mean row: of the
numbers that the network reads, those of one-hot columns and embeddings included, the mean over rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlptrain.inference.average import weighted_mean
from mlptrain.inference.explain.outputs import Output, outputs_of
from mlptrain.inference.explain.subject import Encoded, Subject
from mlptrain.metrics.metric import Floats
from mlptrain.nn.input_gradients import InputGradients

EXACT = 1e-3
"""The residual aimed at, as a share of the difference."""
FIRST, HALVINGS = 32, 24
"""Steps of the integral at first, and how often one that is not exact is halved."""
GAUSS = 0.5 / 3**0.5
"""Both points of Gauss and Legendre lie so far from the middle of a step of length 1."""


@dataclass(frozen=True)
class Contributions:
    """What each column adds to one number of one row.

    of           what that number is
    value        F(x) of the row
    baseline     F(b) of the mean row
    columns      of each column of the file, or of r and theta
    """

    of: str
    value: float
    baseline: float
    columns: dict[str, float]

    @property
    def residual(self) -> float:
        """What the contributions miss of the difference."""
        return self.value - self.baseline - sum(self.columns.values())

    def in_order(self) -> list[tuple[str, float]]:
        """The largest first, whatever its sign."""
        return sorted(self.columns.items(), key=lambda each: -abs(each[1]))


@dataclass(frozen=True)
class RowExplanation:
    """The prediction of one row, and what each column adds to it.

    row         where it stands, from 1
    predicted   each prediction by its name: probabilities of classes, or numbers
    values      of the columns, as they stand in the file
    """

    row: int
    predicted: dict[str, float]
    values: dict[str, str]
    outputs: tuple[Contributions, ...]

    def document(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "row": self.row,
            "predicted": self.predicted,
            "outputs": [
                {
                    "of": each.of,
                    "value": each.value,
                    "baseline": each.baseline,
                    "residual": each.residual,
                    "columns": [
                        {"column": name, "value": self.values.get(name), "contribution": contribution}
                        for name, contribution in each.in_order()
                    ],
                }
                for each in self.outputs
            ],
        }


def contributions(row: Subject, around: Subject, chosen: int) -> tuple[Contributions, ...]:
    """Of a subject of one row; its baseline is the mean of the rows `around`, by the same members.

    Of several members the mean: that of their log-odds, or of their numbers. `chosen` is the class.
    """
    (part,), (beside,) = row.parts, around.parts
    each = [
        [integral(own, others, output) for output in outputs_of(own.member.network, own.made, chosen)]
        for own, others in zip(part.encoded, beside.encoded, strict=True)
    ]
    weights = [own.member.weight for own in part.encoded]
    return tuple(mean_of(found, weights) for found in zip(*each, strict=True))


def integral(own: Encoded, around: Encoded, output: Output) -> Contributions:
    """By the network of one member."""
    gradients = InputGradients(own.member.network)
    (x,) = gradients.embedded(*own.inputs.arrays)
    b = gradients.embedded(*around.inputs.arrays).mean(axis=0)

    def at(points: Floats) -> tuple[Floats, Floats]:
        return gradients.at(b + points[:, None] * (x - b), output.function)

    parts = (x - b) * integrated(at, x - b)
    columns = dict.fromkeys((column.name for column in own.made.columns), 0.0)
    for name, part in zip(owners(own), parts, strict=True):
        columns[name] += float(part)
    baseline, value = at(np.array([0.0, 1.0]))[0]
    return Contributions(output.name, float(value), float(baseline), columns)


def owners(encoded: Encoded) -> list[str]:
    """The column of the file behind each number that the first layer reads."""
    columns = encoded.made.columns
    numbers = [each.name for each in columns if each.array == "numbers" for _ in each.outputs]
    return numbers + [each.name for each in columns if each.array == "codes" for _ in each.vector]


def integrated(at: Callable[[Floats], tuple[Floats, Floats]], d: Floats) -> Floats:
    """(D,) the mean of the gradient from 0 to 1, in steps as short as F asks for.

    at   points (P,) -> F there (P,), and its gradient (P, D)

    On a step the gradient times d is to give what F gains there. Where it does not (a ReLU has a kink),
    the step is halved.
    """
    ends = at(np.array([0.0, 1.0]))[0]
    tolerance = EXACT * abs(ends[1] - ends[0]) + 1e-12
    low = np.arange(FIRST) / FIRST
    total, length = np.zeros(len(d)), 1 / FIRST
    for halving in range(HALVINGS + 1):
        middle = low + length / 2
        gained = at(low + length)[0] - at(low)[0]
        slopes = (at(middle - GAUSS * length)[1] + at(middle + GAUSS * length)[1]) / 2
        exact = np.abs(slopes @ d * length - gained) <= tolerance * length
        if halving == HALVINGS:
            exact[:] = True
        total += length * slopes[exact].sum(axis=0)
        low, length = np.sort(np.concatenate([low[~exact], middle[~exact]])), length / 2
        if not len(low):
            break
    return total


def mean_of(found: Sequence[Contributions], weights: Sequence[float]) -> Contributions:
    """The weighted mean over several members."""

    def mean(values: Sequence[float]) -> float:
        return float(weighted_mean([np.asarray(value) for value in values], weights))

    columns = {name: mean([each.columns[name] for each in found]) for name in found[0].columns}
    value, baseline = (mean([getattr(f, key) for f in found]) for key in ("value", "baseline"))
    return Contributions(found[0].of, value, baseline, columns)
