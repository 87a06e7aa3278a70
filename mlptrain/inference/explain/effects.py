"""How the prediction depends on one column: partial dependence, and accumulated local effects.

Partial dependence (Friedman, 2001) is the mean prediction where every row has the same value in the
column; with columns that go together, such rows need not exist. Accumulated local effects (Apley and
Zhu, 2020) add up how the prediction changes from one edge of a bin to the next for the rows in that
bin, which do exist.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.preprocessing.columns.number import Number
from mlptrain.inference.explain.subject import Subject
from mlptrain.metrics.metric import Floats
from mlptrain.metrics.ranking import positive_class

BINS, LEVELS = 20, 20
ROWS = 500
"""Rows behind a partial dependence."""
SINGLE = 40
"""Of these so many are kept one by one."""


@dataclass(frozen=True)
class Effect:
    """How each output depends on a column.

    at        (G,) the values looked at: edges of bins with as many rows each, or labels
    shown     (G,) the same as text, where they are no plain numbers
    rows      (G - 1,) rows of each bin, or (G,) of each label
    partial   of each output (G,) the mean prediction
    local     of each output (G,) accumulated local effects, of mean 0 over the rows; none of labels
    single    of each output (S, G) predictions of single rows
    """

    column: str
    at: NDArray[Any]
    shown: tuple[str, ...] | None
    rows: NDArray[np.int64]
    partial: Mapping[str, Floats]
    local: Mapping[str, Floats] | None
    single: Mapping[str, Floats]

    def document(self) -> dict[str, Any]:
        """As JSON, without single rows."""
        local = None if self.local is None else {key: v.tolist() for key, v in self.local.items()}
        return {
            "column": self.column,
            "at": list(self.shown) if self.shown is not None else self.at.tolist(),
            "rows": self.rows.tolist(),
            "partial_dependence": {key: values.tolist() for key, values in self.partial.items()},
            "accumulated_local_effects": local,
        }


Predict = Callable[[Subject, Mapping[str, NDArray[Any]]], Floats]
"""The outputs (N, K) of rows with other values in some columns."""


def output_names(subject: Subject) -> tuple[list[str], list[int]]:
    """The predictions that are looked at: of two classes one, and the place of each."""
    made, loss = subject.preprocessing, subject.network.loss
    if made.classes is None:
        names = loss.columns(made.targets)
        return names, list(range(len(names)))
    chosen = list(range(len(made.classes)))
    if len(chosen) == 2:
        chosen = [positive_class(subject.truth.y, subject.truth.weights)]
    kind = "P" if loss.gives_probabilities else "margin"
    return [f"{kind}({made.classes[c]})" for c in chosen], chosen


def effect(subject: Subject, column: str, seed: int) -> Effect:
    """The effect of one column of the file."""
    names, places = output_names(subject)

    def predict(of: Subject, changes: Mapping[str, NDArray[Any]]) -> Floats:
        return np.asarray(of.predictions(of.scores(changes))[:, places], np.float64)

    def named(values: Floats) -> dict[str, Floats]:
        return {name: values[..., k] for k, name in enumerate(names)}

    labelled, values, few = subject.by_label(column), subject.values(column), subject.sample(ROWS, seed)
    at, rows = level_grid(values) if labelled else number_grid(values)
    each = np.stack([predict(few, {column: np.full(len(few), value)}) for value in at])  # (G, n, K)
    local = None
    if not labelled and len(at) > 1:
        local = named(accumulated(subject, column, values, at, predict))
    return Effect(
        column,
        at,
        shown_as(subject, column, at),
        rows,
        named(each.mean(axis=1)),
        local,
        named(np.moveaxis(each[:, :SINGLE], 0, 1)),
    )


def level_grid(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The most frequent labels in their order, and how many rows have each."""
    found, counts = np.unique(values, return_counts=True)
    most = np.sort(np.argsort(-counts, kind="stable")[:LEVELS])
    return found[most], counts[most].astype(np.int64)


def number_grid(values: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Edges of bins with about as many rows each, and how many rows those have."""
    there = values[values == values]
    edges = np.unique(np.quantile(there, np.linspace(0, 1, BINS + 1), method="nearest"))
    return edges, np.bincount(bin_of(there, edges), minlength=max(1, len(edges) - 1)).astype(np.int64)


def bin_of(values: Floats, edges: Floats) -> NDArray[np.intp]:
    """The bin of each value: (edge, next edge], and the lowest value in the first one."""
    return np.clip(np.searchsorted(edges, values) - 1, 0, max(0, len(edges) - 2))


def accumulated(
    subject: Subject, column: str, values: Floats, edges: Floats, predict: Predict
) -> Floats:
    """(G, K) the sums of mean differences over the bins, less their mean over the rows."""
    there = values == values
    own = bin_of(np.where(there, values, edges[0]), edges)
    low, high = (predict(subject, {column: edges[own + side]}) for side in (0, 1))
    counts = np.bincount(own[there], minlength=len(edges) - 1)[:, None]
    sums = np.stack(
        [np.bincount(own[there], d, minlength=len(edges) - 1) for d in (high - low)[there].T], axis=1
    )
    means = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
    curve = np.vstack([np.zeros((1, means.shape[1])), np.cumsum(means, axis=0)])
    middle = (curve[:-1] + curve[1:]) / 2
    return np.asarray(curve - (counts * middle).sum(axis=0) / counts.sum())


def shown_as(subject: Subject, column: str, at: NDArray[Any]) -> tuple[str, ...] | None:
    """Values that a person reads as something else than a number: labels, dates, true and false."""
    if at.dtype.kind == "U":
        return tuple(str(value) or "(missing)" for value in at)
    kinds = {each.name: each for each in subject.preprocessing.columns if isinstance(each, Number)}
    kind = kinds.get(column)
    if kind is None or kind.kind == "number":
        return None
    if kind.kind == "boolean":
        return tuple("true" if value else "false" for value in at)
    return tuple(kind.shown(float(value)) for value in at)


def effects(subject: Subject, columns: Sequence[str], seed: int) -> list[Effect]:
    """Of several columns."""
    return [effect(subject, column, seed) for column in columns]
