"""Numbers to be predicted: their mean and spread, or those of their logarithms."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mlptrain.arrays import Targets
from mlptrain.data.preprocessing.checks import DELETE, check_finite, check_present
from mlptrain.data.preprocessing.moments import moments
from mlptrain.data.source import (
    RowIndex,
    Source,
    digits_lost,
    faulty_values,
    first_places,
    in_blocks,
    require,
)
from mlptrain.errors import DataError
from mlptrain.messages import some

Log = Literal["log", "log1p"]
POSITIVE = "`scale_target: log` needs positive targets: correct them, or use log1p, which takes 0"
ABOVE = "`scale_target: log1p` takes log(1 + y): correct them, or use `scale_target: standard`"
AMOUNT = "`loss: poisson` predicts amounts: correct them, or use `loss: mse`"


@dataclass(frozen=True)
class NumberTarget:
    """Columns of numbers to be predicted: the network sees (y - mean) / std, or that of log y.

    amounts     they are at least 0, in every set of rows
    log         the logarithm that is taken first: `log`, or `log1p`, which is log(1 + y)
    low, high   the range of the training rows that predictions are kept in; empty: none
    """

    columns: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    amounts: bool = False
    log: Log | None = None
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()

    @property
    def kind(self) -> Targets:
        """What they are."""
        return "amounts" if self.amounts else "numbers"

    @property
    def names(self) -> tuple[str, ...]:
        """The target columns."""
        return self.columns

    def encode(self, source: Source, rows: RowIndex, dtype: DTypeLike) -> NDArray[np.floating]:
        """(n, K) scaled targets; DataError for one that is missing, infinite or out of its domain."""
        require(source, self.columns)
        _numeric(source, self.columns)
        names = list(self.columns)
        y = source.block(names, rows)
        if not np.isfinite(y).all():
            check_present(source, names, rows, DELETE)
            check_finite(source, names, rows)
        self._check_domain(source, y, rows)
        y = self.transformed(y)
        with np.errstate(over="ignore"):
            y -= np.array(self.mean)
            y /= np.array(self.std)
            scaled: NDArray[np.floating] = y.astype(dtype, copy=False)
        if not np.isfinite(scaled).all():
            raise DataError(f"{source.path}: {some(names)}: values too large: scale the target")
        return scaled

    def truth(self, source: Source, rows: RowIndex) -> NDArray[np.float64]:
        """(n, K) targets in their own unit, every bit kept."""
        return source.block(list(self.columns), rows)

    def decode(self, scaled: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, K) targets in their own unit; or (n, K L), L predictions of each.

        Through the logarithm a mean becomes the mean of the logarithms: of the targets the median.
        A quantile stays one.
        """
        std, mean = (_for_each(values, scaled) for values in (self.std, self.mean))
        y = scaled.astype(np.float64) * std + mean
        if self.log is None:
            return y
        return np.asarray(np.exp(y) if self.log == "log" else np.expm1(y))

    def within_range(self, predictions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Predictions kept within the range of the training rows, where that is asked for."""
        if not self.low:
            return predictions
        low, high = (_for_each(values, predictions) for values in (self.low, self.high))
        return np.clip(predictions, low, high)

    def scaled(self, y: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, K) or (n, K L) in their own unit as the network sees them: the inverse of `decode`."""
        std, mean = (_for_each(values, y) for values in (self.std, self.mean))
        return (self.transformed(y) - mean) / std

    def transformed(self, y: NDArray[np.float64]) -> NDArray[np.float64]:
        """The targets (n, K) whose mean and spread are learned."""
        if self.log is None:
            return y
        return np.log(y) if self.log == "log" else np.log1p(y)

    def _check_domain(self, source: Source, y: NDArray[np.float64], rows: RowIndex) -> None:
        """DataError with the places of targets that cannot be: below 0, or without a logarithm."""
        for wrong, what, advice in (
            (y < 0 if self.amounts else None, "is below 0", AMOUNT),
            (y <= 0 if self.log == "log" else None, "is not above 0", POSITIVE),
            (y <= -1 if self.log == "log1p" else None, "is not above -1", ABOVE),
        ):
            if wrong is not None and wrong.any():
                places = [
                    place
                    for k, name in enumerate(self.columns)
                    for place in first_places(name, wrong[:, k], rows)
                ]
                raise faulty_values(source, places, int(wrong.sum()), what, advice)


def check_target_numbers(source: Source, target: NumberTarget, rows: RowIndex) -> None:
    """DataError where a target has anything but numbers of its domain, listed over all rows."""
    _numeric(source, target.columns)
    for _ in in_blocks(partial(target.encode, source, dtype=np.float64), rows, len(target.columns)):
        pass  # refuses faulty values


def fit_target_numbers(
    source: Source, plain: NumberTarget, rows: RowIndex, *, scale: bool, clip: bool
) -> tuple[NumberTarget, list[str]]:
    """Mean and standard deviation of the training rows, or 0 and 1; their range; and notes.

    Of amounts the mean is the unit: a score of 0 is then the mean, whatever that is.
    """
    names = plain.columns
    own = moments(source, names, rows)
    notes = [
        f"target {name} has one value, {low:g}, in every training row"
        for name, low, same in zip(names, own.low, own.constant, strict=True)
        if same
    ]
    target = replace(plain, low=floats(own.low), high=floats(own.high)) if clip else plain
    if not scale:
        return target, notes
    if target.amounts:
        return replace(target, std=floats(np.where(own.mean > 0, own.mean, 1.0))), notes
    found = own if plain.log is None else moments(source, names, rows, plain.transformed)
    std = np.where(found.constant, 1.0, found.std)
    if not np.isfinite(std).all() or not (std > 0).all():
        raise DataError(f"{source.path}: {some(names)}: values too far apart to scale")
    return replace(target, mean=floats(found.mean), std=floats(std)), notes


def _for_each(values: tuple[float, ...], predictions: NDArray[np.floating]) -> NDArray[np.float64]:
    """(K,) -> (K L,): the value of its target for each prediction (n, K L)."""
    return np.repeat(np.array(values), predictions.shape[1] // len(values))


def floats(values: NDArray[np.float64]) -> tuple[float, ...]:
    """As a checkpoint keeps them."""
    return tuple(values.tolist())


def _numeric(source: Source, names: tuple[str, ...] | list[str]) -> None:
    """DataError where a target of a regression holds anything but numbers."""
    classes = "a class: `loss: softmax`" if len(names) == 1 else "a yes or no for each: `loss: sigmoid`"
    for name in names:
        kind = source.kind(name)
        if kind == "text" and source.looks_numeric(name):
            _no_numbers(source, name)
        if kind == "number" and len(lost := source.inexact(name)):
            advice = "to predict a class: `loss: softmax`; a quantity takes fewer digits"
            raise digits_lost(source, name, lost, advice)
        if kind not in ("number", "blank"):
            what = {"text": "text", "boolean": "true and false", "date": "dates"}.get(
                kind, "no numbers"
            )
            raise DataError(
                f"{source.path}: target {name!r} holds {what}: a regression needs numbers; "
                f"to predict {classes}"
            )


def _no_numbers(source: Source, name: str) -> None:
    """DataError with the values that are no numbers, which a target is not to lack."""
    try:
        source.numbers(name)
    except DataError as error:
        advice = "correct them, or delete the rows; to predict a class: `loss: softmax`"
        total = error.faults[-1].partition(" in all: ")[0]
        raise DataError(*error.faults[:-1], f"{total} in all: {advice}") from None
