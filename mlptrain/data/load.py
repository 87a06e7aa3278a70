"""From the `data` section of a config to a Dataset, and from a file to the rows of a trained model."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from mlptrain.data.dataset import Dataset, Rows
from mlptrain.data.fitting import choose_features, fit
from mlptrain.data.preprocess import Preprocessing, complete_rows
from mlptrain.data.recipe import Recipe, make_recipe
from mlptrain.data.source import RowIndex, Source, count, require
from mlptrain.data.sources import (
    file_fingerprint,
    is_pair,
    labels_of,
    open_source,
    open_toy,
    target_names,
    toy_fingerprint,
)
from mlptrain.data.split import Parts, split
from mlptrain.data.targets import Target, class_values, fit_classes, fit_target_numbers
from mlptrain.errors import ConfigError, DataError

Part = float | str | None
"""A validation or test set: a fraction of the training file, a file of its own, or none."""


def load_dataset(
    *,
    train: str | Mapping[str, Any],
    val: Part = None,
    test: Part = None,
    target: str | Sequence[str] | None = None,
    stratify: bool = True,
    features: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    weight: str | None = None,
    scale: str = "standard",
    scale_target: str = "standard",
    missing: str | Mapping[str, Any] = "error",
    categorical: str | Mapping[str, Any] = "one_hot",
    dates: str = "refuse",
    transform: str | None = None,
    classify: bool,
    seed: int,
    dtype: DTypeLike,
    fitted: Preprocessing | None = None,
) -> Dataset:
    """Read, split, fit the preprocessing on the training rows, apply it to all.

    train    a file, or a toy set {"name": "spiral", ...}
    target   a column, or several of a regression; for `.npy` and IDX the file of labels
    fitted   a stored preprocessing, which is then applied and nothing is fitted
    Other arguments are the keys of the config's `data` section. DataError for faulty data,
    ConfigError for settings that do not go together.
    """
    recipe = make_recipe(
        features, ignore, weight, scale, scale_target, missing, categorical, dates, transform
    )
    plan = Plan(val, test, classify, stratify, seed, dtype)
    if not isinstance(train, str):
        source = open_toy(train, seed)
        toy = {source.path: toy_fingerprint(train, seed)}
        return _dataset(source, target_names(source, target), recipe, plan, fitted, toy)
    return _from_file(train, target, recipe, plan, fitted)


def load_rows(
    path: str,
    preprocessing: Preprocessing,
    *,
    target_needed: bool,
    dtype: DTypeLike,
    labels: str | None = None,
) -> tuple[Rows, tuple[str, ...]]:
    """All rows of a file as a trained model sees them, and notes on repairs and unused columns.

    Without `target_needed` y is empty and every row is kept. `labels` is the file of labels of a
    `.npy` or IDX file; by default the one beside it.
    """
    beside = labels_of(path, labels) if target_needed else None
    source = open_source(path, labels=beside, expected=preprocessing.inputs)
    rows, notes = np.arange(len(source)), preprocessing.extra(source)
    if not target_needed:
        X, filled = preprocessing.X(source, rows, dtype)
        return Rows(X, np.empty(0, np.int64)), (*notes, *filled)
    rows, dropped = preprocessing.usable(source, rows)
    notes += dropped
    return _rows(preprocessing, source, rows, dtype, path, notes), tuple(notes)


@dataclass(frozen=True)
class Plan:
    """How the rows are shared out, and what for."""

    val: Part
    test: Part
    classify: bool
    stratify: bool
    seed: int
    dtype: DTypeLike


def _from_file(
    train: str,
    target: str | Sequence[str] | None,
    recipe: Recipe,
    plan: Plan,
    fitted: Preprocessing | None,
) -> Dataset:
    """The dataset of a file; files are hashed on a second thread while the first one parses."""
    pair = is_pair(train)
    if pair and not isinstance(target, str | None):
        raise ConfigError("data.target: the labels of this file are one file")
    labels = labels_of(train, target if isinstance(target, str) else None)
    others = [part for part in (plan.val, plan.test) if isinstance(part, str)]
    files = [train, labels, *others, *(labels_of(other, None) for other in others)]
    named = [file for file in files if file is not None]
    with ThreadPoolExecutor(1) as hashing:
        fingerprints = hashing.map(file_fingerprint, named)
        source = open_source(train, labels=labels)
        names = target_names(source, None if pair else target)
        data = _dataset(source, names, recipe, plan, fitted, {})
        return replace(data, fingerprint=dict(zip(named, fingerprints, strict=True)))


def _dataset(
    source: Source,
    names: list[str],
    recipe: Recipe,
    plan: Plan,
    fitted: Preprocessing | None,
    fingerprint: dict[str, str],
) -> Dataset:
    """Share out the rows, fit unless fitted, apply."""
    if fitted is None:
        made, parts, notes = _fit(source, names, recipe, plan)
    else:
        made = fitted
        rows, notes = made.usable(source, np.arange(len(source)))
        parts = _split(source, rows, names, plan)
    sets = {"train": _rows(made, source, parts.train, plan.dtype, "train", notes)}
    for name, part, rows in (("val", plan.val, parts.val), ("test", plan.test, parts.test)):
        if isinstance(part, str):
            other = open_source(part, labels=labels_of(part, None), expected=made.inputs)
            rows, dropped = made.usable(other, np.arange(len(other)))
            notes += dropped
            sets[name] = _rows(made, other, rows, plan.dtype, name, notes)
        elif len(rows):
            sets[name] = _rows(made, source, rows, plan.dtype, name, notes)
    return Dataset(
        train=sets["train"],
        val=sets.get("val"),
        test=sets.get("test"),
        features=made.features,
        targets=made.targets,
        classes=made.classes,
        preprocessing=made,
        fingerprint=fingerprint,
        notes=tuple(notes),
    )


def _fit(
    source: Source, names: list[str], recipe: Recipe, plan: Plan
) -> tuple[Preprocessing, Parts, list[str]]:
    """Choose the columns, share out the rows, learn from the training rows."""
    if plan.classify and len(names) > 1:
        raise ConfigError("data.target: several columns need a regression loss (mse, mae, huber)")
    features, notes = choose_features(source, names, recipe)
    rows: RowIndex = np.arange(len(source))
    if recipe.missing == "drop":
        rows, dropped = complete_rows(source, features, rows)
        notes += dropped
    if plan.classify:
        class_values(source, names[0], rows)  # a missing class is refused before anything is drawn
    parts = _split(source, rows, names, plan)
    fitted: Target
    if plan.classify:
        fitted = fit_classes(source, names[0], parts.train)
    else:
        scaled = recipe.scale_target == "standard"
        fitted, constant = fit_target_numbers(source, names, parts.train, scale=scaled)
        notes += constant
    made, learned = fit(source, parts.train, features, fitted, recipe)
    return made, parts, notes + learned


def _split(source: Source, rows: RowIndex, names: list[str], plan: Plan) -> Parts:
    """The rows of each set, stratified by class where that is asked for."""
    require(source, names)
    val, test = (
        0.0 if part is None or isinstance(part, str) else float(part) for part in (plan.val, plan.test)
    )
    stratified = plan.classify and plan.stratify and (val or test)
    classes = class_values(source, names[0], rows) if stratified else None
    parts = split(len(rows), val=val, test=test, seed=plan.seed, classes=classes)
    return Parts(*(rows[part] for part in parts))


def _rows(
    made: Preprocessing,
    source: Source,
    rows: RowIndex,
    dtype: DTypeLike,
    name: str,
    notes: list[str],
) -> Rows:
    """X, y and weights of some rows; what was repaired is added to the notes."""
    if not len(rows):
        raise DataError(f"{source.path}: no rows are left ({count(len(source), 'row')} read)")
    X, filled = made.X(source, rows, dtype)
    notes += [f"{name}: {note}" for note in filled]
    return Rows(X, made.y(source, rows, dtype), made.weights(source, rows, dtype))
