"""How a column of numbers comes to a common scale: z = (x - center) * factor, from the training rows.

    standard     center = mean      factor = 1 / standard deviation (of the population, 1/N)
    minmax       center = minimum   factor = 1 / (maximum - minimum)
    smooth_clip  center = median    factor = 1 / (upper - lower quartile), then z / sqrt(1 + (z/3)^2);
                 where the quartiles are equal, 2 / (maximum - minimum)
    log          standard, of sign(x) log(1 + |x| / u), u the smallest value above 0; not for columns
                 with a training value below 0
    none         center = 0         factor = 1

All in float64. A column that is constant within rounding becomes 0 (except under `none`), true and
false stay 1 and 0. Missing values do not enter. The robust scaling and its smooth clip are those of
Holzmueller et al. 2024, "Better by default" (arXiv:2407.04491).
"""

import math
from typing import NamedTuple

import numpy as np

from mlptrain.arrays import Array
from mlptrain.data.preprocessing.moments import Moments
from mlptrain.data.preprocessing.quantiles import Spread
from mlptrain.data.settings import Scale

NEEDS_VALUES = ("smooth_clip", "log")
"""The scales that moments do not suffice for."""


class Scaling(NamedTuple):
    """z = (x - center) * factor; of `log`, of the logarithm of x / unit."""

    center: float
    factor: float
    unit: float = 0.0


def scaling(scale: Scale, found: Moments, j: int, spread: Spread) -> Scaling:
    """The scaling of column j; its spread matters where the scale NEEDS_VALUES."""
    low, high, mean = float(found.low[j]), float(found.high[j]), float(found.mean[j])
    if scale == "none":
        return Scaling(0.0, 1.0)
    if found.constant[j]:
        return Scaling(low if low == high else mean, 0.0)
    if scale == "smooth_clip":
        lower, upper = spread.lower, spread.upper
        return Scaling(spread.median, _inverse(upper - lower if upper > lower else (high - low) / 2))
    if scale == "log":
        values = spread.values
        unit = float(np.min(values, where=values > 0, initial=np.inf))
        logarithms = signed_log(values, unit)
        return Scaling(float(np.nanmean(logarithms)), _inverse(np.nanstd(logarithms)), unit)
    if scale == "minmax":
        return Scaling(low, _inverse(high - low))
    return Scaling(mean, _inverse(found.std[j]))


def signed_log(x: Array, unit: float) -> Array:
    """sign(x) log(1 + |x| / unit): close to the logarithm of a large x, and finite for every x.

    >>> signed_log(np.array([0.0, 2.0, -2.0]), 2.0).round(3).tolist()
    [0.0, 0.693, -0.693]
    """
    with np.errstate(over="ignore"):
        return np.asarray(np.copysign(np.log1p(np.abs(x) / unit), x))


def from_log(z: Array, unit: float) -> Array:
    """The inverse of `signed_log`.

    >>> from_log(signed_log(np.array([3.0, -5.0]), 2.0), 2.0).round(9).tolist()
    [3.0, -5.0]
    """
    with np.errstate(over="ignore"):
        return np.asarray(np.copysign(np.expm1(np.abs(z)) * unit, z))


def _inverse(spread: float | np.floating) -> float:
    """1 / spread, infinite where that overflows."""
    return 1 / float(spread) if spread else math.inf
