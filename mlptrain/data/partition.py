"""Which rows train, validate and test; and learning from those that train."""

from mlptrain.data.preprocessing.fitting import choose_features, fit
from mlptrain.data.preprocessing.flag_target import SEVERAL, fit_flags
from mlptrain.data.preprocessing.number_target import (
    NumberTarget,
    check_target_numbers,
    fit_target_numbers,
)
from mlptrain.data.preprocessing.preprocess import Preprocessing, usable_rows
from mlptrain.data.preprocessing.targets import (
    Target,
    check_no_class_alone,
    class_values,
    fit_classes,
    spelled_alike,
)
from mlptrain.data.row_set import RowSet
from mlptrain.data.settings import Settings
from mlptrain.data.source import Source, require
from mlptrain.data.split import Partition, hold_out, split
from mlptrain.errors import ConfigError


def learn(
    source: Source, names: list[str], settings: Settings
) -> tuple[Preprocessing, Partition, list[str]]:
    """Choose the columns, partition the rows, learn from those that train. `names` are the targets."""
    if settings.classify and len(names) > 1:
        raise ConfigError(f"data.target: {SEVERAL}")
    features, notes = choose_features(source, names, settings)
    plain = plain_target(names, settings)
    rows, dropped = usable_rows(
        source,
        features if settings.missing.policy == "drop" else (),
        names if settings.target_missing == "drop" else (),
    )
    notes += dropped
    if settings.targets in ("classes", "flags"):
        for name in names:
            class_values(source, name, rows)  # a missing class is refused before anything is drawn
    else:
        check_target_numbers(source, plain, rows)
    found = partition(source, rows, names, settings)
    target: Target
    if settings.classify:
        target = fit_classes(source, names[0], found.train)
        notes += spelled_alike(names[0], target.classes)
    elif settings.targets == "flags":
        target = fit_flags(source, names, found.train)
    else:
        scaled = settings.scale_target != "none"
        target, constant = fit_target_numbers(
            source, plain, found.train, scale=scaled, clip=settings.clip_target
        )
        notes += constant
    preprocessing, remarks = fit(source, found.train, features, target, settings)
    return preprocessing, found, notes + remarks


def plain_target(names: list[str], settings: Settings) -> NumberTarget:
    """The numbers that the settings ask for, before anything is learned of them."""
    n, amounts = len(names), settings.targets == "amounts"
    log = settings.scale_target if settings.scale_target in ("log", "log1p") else None
    return NumberTarget(tuple(names), (0.0,) * n, (1.0,) * n, amounts, log)


def partition(source: Source, rows: RowSet, names: list[str], settings: Settings) -> Partition:
    """The rows of each set, stratified by class where that is asked for."""
    require(source, names)
    held_out = (settings.val, settings.test)
    val, test = (0.0 if part is None or isinstance(part, str) else part for part in held_out)
    fold, seed = settings.fold, settings.seed
    stratified = settings.classify and settings.stratify and (val or test or fold)
    classes = class_values(source, names[0], rows) if stratified else None
    if fold is None:
        assigned = split(len(rows), val=val, test=test, seed=seed, classes=classes)
    else:
        if classes is not None:
            check_no_class_alone(source, names[0], rows, classes)
        assigned = hold_out(len(rows), fold, val=val, seed=seed, classes=classes)
    return Partition(*rows.split(assigned, len(Partition._fields)))
