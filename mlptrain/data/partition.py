"""Which rows train, validate and test; and learning from those that train."""

from mlptrain.data.preprocessing.fitting import choose_features, fit
from mlptrain.data.preprocessing.preprocess import Preprocessing, complete_rows
from mlptrain.data.preprocessing.targets import (
    Target,
    check_no_class_alone,
    check_target_numbers,
    class_values,
    fit_classes,
    fit_target_numbers,
    spelled_alike,
)
from mlptrain.data.row_set import RowSet, every_row
from mlptrain.data.settings import Settings
from mlptrain.data.source import Source, require
from mlptrain.data.split import TEST, VAL, Partition, hold_out, split
from mlptrain.errors import ConfigError


def learn(
    source: Source, names: list[str], settings: Settings
) -> tuple[Preprocessing, Partition, list[str]]:
    """Choose the columns, partition the rows, learn from those that train. `names` are the targets."""
    if settings.classify and len(names) > 1:
        raise ConfigError("data.target: several columns need a regression loss (mse, mae, huber)")
    features, notes = choose_features(source, names, settings)
    rows = every_row(len(source))
    if settings.missing.policy == "drop":
        rows, dropped = complete_rows(source, features)
        notes += dropped
    if settings.classify:
        class_values(source, names[0], rows)  # a missing class is refused before anything is drawn
    else:
        check_target_numbers(source, names, rows)
    found = partition(source, rows, names, settings)
    target: Target
    if settings.classify:
        target = fit_classes(source, names[0], found.train)
        notes += spelled_alike(names[0], target.classes)
    else:
        scaled = settings.scale_target == "standard"
        target, constant = fit_target_numbers(source, names, found.train, scale=scaled)
        notes += constant
    preprocessing, remarks = fit(source, found.train, features, target, settings)
    return preprocessing, found, notes + remarks


def partition(source: Source, rows: RowSet, names: list[str], settings: Settings) -> Partition:
    """The rows of each set, stratified by class where that is asked for."""
    require(source, names)
    parts = (settings.val, settings.test)
    val, test = (0.0 if part is None or isinstance(part, str) else part for part in parts)
    fold, seed = settings.fold, settings.seed
    stratified = settings.classify and settings.stratify and (val or test or fold)
    classes = class_values(source, names[0], rows) if stratified else None
    if fold is None:
        assigned = split(len(rows), val=val, test=test, seed=seed, classes=classes)
    else:
        if classes is not None:
            check_no_class_alone(source, names[0], rows, classes)
        held_out = TEST if settings.val else VAL  # who has no validation rows validates on the fold
        assigned = hold_out(len(rows), fold, val=val, seed=seed, held_out=held_out, classes=classes)
    return Partition(*rows.split(assigned, len(Partition._fields)))
