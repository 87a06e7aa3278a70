"""Checks of the columns as the network sees them: constant ones, and ones out of proportion."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlptrain.messages import count, some
from mlptrain.tools.check.case import Case
from mlptrain.tools.check.verdict import Verdict, doubt, fault, fine

BLOCK = 1 << 16
LARGE = 30
"""Typical numbers of a column beyond this are large for a network that starts at weights of order 1."""
APART, FAR_APART = 30, 1000
"""How many times larger the numbers of one column may be than those of a typical one."""
UNSCALED_TARGET = 30
"""A target with a mean or a deviation beyond this (or a deviation below the inverse) learns slowly."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Extent:
    """Per column of X, over all training rows: lowest, highest, root mean square."""

    low: Floats
    high: Floats
    size: Floats


def extent(case: Case) -> Extent:
    """One pass over the training rows, in blocks: they may be in a file."""
    X = case.data.train.inputs.numbers
    width = X.shape[1]
    low, high, squares = np.full(width, np.inf), np.full(width, -np.inf), np.zeros(width)
    for start in range(0, len(X), BLOCK):
        block = np.asarray(X[start : start + BLOCK], np.float64)
        low, high = np.minimum(low, block.min(axis=0)), np.maximum(high, block.max(axis=0))
        squares += np.square(block).sum(axis=0)
    return Extent(low, high, np.sqrt(squares / len(X)))


def constant_columns(case: Case) -> Verdict:
    """A column that never changes teaches nothing; of a picture, a corner often is one."""
    found = extent(case)
    names = [case.data.features[j] for j in np.flatnonzero(found.low == found.high)]
    total = count(len(case.data.features), "column")
    if not names:
        return fine(f"none of {total} is constant")
    verb = "is" if len(names) == 1 else "are"
    line = f"{len(names)} of {total} {verb} constant: {some(names)}"
    if case.config.data.image_shape is not None:
        return fine(f"{line} (pixels of a picture)")
    shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
    return doubt(line, f"leave them out: data.ignore: [{shown}]")


def column_scales(case: Case) -> Verdict:
    """A column whose numbers are far larger than the others' drowns them, and makes steps erratic."""
    found = extent(case)
    changing = np.flatnonzero(found.low < found.high)
    if not len(changing):
        return fine("every column is constant")
    sizes = found.size[changing]
    typical = float(np.median(sizes))
    # Between two columns the median lies in the middle: compare with the smaller one as well.
    least = typical if len(sizes) > 2 else float(sizes.min())
    odd = sizes > APART * max(least, np.finfo(float).tiny)
    line = f"typical sizes of the columns from {sizes.min():.3g} to {sizes.max():.3g}"
    advice = (
        "`scale: standard`" if case.scale == "none" else "`scale: smooth_clip`, or correct outliers"
    )
    names = some([str(case.data.features[j]) for j in changing[odd]])
    if odd.any() and sizes.max() > LARGE:
        large = fault if sizes.max() > FAR_APART * least else doubt
        return large(f"{line}; out of proportion: {names}", advice)
    if typical > LARGE:
        return doubt(f"{line}: large numbers throughout", advice)
    return fine(line)


def target_scale(case: Case) -> Verdict | None:
    """A network that starts around 0 takes long to reach a target of thousands."""
    if case.data.classes is not None:
        return None
    y = np.asarray(case.sample.y, np.float64)
    mean, spread = float(np.abs(y.mean(axis=0)).max()), y.std(axis=0)
    line = f"the network learns a mean of {mean:.3g}, a deviation of {spread.max():.3g}"
    if not spread.all():
        return fault("a target has one value in every training row", "choose another data.target")
    if mean > UNSCALED_TARGET or not 1 / UNSCALED_TARGET < spread.max() < UNSCALED_TARGET:
        return doubt(line, "`scale_target: standard`")
    return fine(line)
