"""Sharing out the rows of a source, and learning from those that train."""

from dataclasses import dataclass

from numpy.typing import DTypeLike

from mlptrain.data.preprocessing.fitting import choose_features, fit
from mlptrain.data.preprocessing.preprocess import Preprocessing, complete_rows
from mlptrain.data.preprocessing.recipe import Recipe
from mlptrain.data.preprocessing.targets import (
    Target,
    check_no_class_alone,
    class_values,
    fit_classes,
    fit_target_numbers,
)
from mlptrain.data.row_set import RowSet, every_row
from mlptrain.data.source import Source, require
from mlptrain.data.split import (
    Fold,
    Parts,
    hold_out,
    split,
)
from mlptrain.errors import ConfigError

Part = float | str | None
"""A validation or test set: a fraction of the training file, a file of its own, or none."""


@dataclass(frozen=True)
class Sharing:
    """How the rows are shared out, and what for."""

    val: Part
    test: Part
    classify: bool
    stratify: bool
    fold: Fold | None
    seed: int
    dtype: DTypeLike


def learn(
    source: Source, names: list[str], recipe: Recipe, sharing: Sharing
) -> tuple[Preprocessing, Parts, list[str]]:
    """Choose the columns, share out the rows, learn from the training rows."""
    if sharing.classify and len(names) > 1:
        raise ConfigError("data.target: several columns need a regression loss (mse, mae, huber)")
    features, notes = choose_features(source, names, recipe)
    rows = every_row(len(source))
    if recipe.missing == "drop":
        rows, dropped = complete_rows(source, features)
        notes += dropped
    if sharing.classify:
        class_values(source, names[0], rows)  # a missing class is refused before anything is drawn
    parts = share_out(source, rows, names, sharing)
    fitted: Target
    if sharing.classify:
        fitted = fit_classes(source, names[0], parts.train)
    else:
        scaled = recipe.scale_target == "standard"
        fitted, constant = fit_target_numbers(source, names, parts.train, scale=scaled)
        notes += constant
    made, learned = fit(source, parts.train, features, fitted, recipe)
    return made, parts, notes + learned


def share_out(source: Source, rows: RowSet, names: list[str], sharing: Sharing) -> Parts:
    """The rows of each set, stratified by class where that is asked for."""
    require(source, names)
    val, test = (
        0.0 if part is None or isinstance(part, str) else float(part)
        for part in (sharing.val, sharing.test)
    )
    stratified = sharing.classify and sharing.stratify and (val or test or sharing.fold)
    classes = class_values(source, names[0], rows) if stratified else None
    if sharing.fold is None:
        part_of = split(len(rows), val=val, test=test, seed=sharing.seed, classes=classes)
    else:
        if classes is not None:
            check_no_class_alone(source, names[0], rows, classes)
        part_of = hold_out(len(rows), sharing.fold, val=val, seed=sharing.seed, classes=classes)
    return Parts(*rows.parts(part_of, len(Parts._fields)))
