"""Which rows train, validate and test; and learning from those that train."""

from dataclasses import replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.preprocessing.class_target import ClassTarget
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
from mlptrain.data.settings import Fold, Settings
from mlptrain.data.source import Source, require
from mlptrain.data.split import TEST, VAL, Assignment, Partition, hold_out, split
from mlptrain.data.split_columns import check_no_class_in_one_group, given_sets, group_numbers, times
from mlptrain.data.split_groups import hold_out_groups, split_groups
from mlptrain.data.split_time import hold_out_time, split_time
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
        if settings.classes is None:
            target = fit_classes(source, names[0], found.train)
        else:
            target = ClassTarget(names[0], settings.classes)
        notes += spelled_alike(names[0], target.classes)
    elif settings.targets == "flags":
        target = fit_flags(source, names, found.train, settings.classes)
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
    """The rows of each set, in the way that the settings ask for."""
    require(source, [*names, *settings.of_split])
    if settings.fold is not None and settings.fold.holds == "val":
        return _validating_fold(source, rows, names, settings, settings.fold)
    if settings.split_column is not None:
        assigned = given_sets(source, settings.split_column, rows)
    elif settings.time is not None:
        assigned = _by_time(times(source, settings.time, rows), settings)
    else:
        assigned = _at_random(source, rows, names, settings)
    if settings.fold is not None and not settings.val:  # then the fold takes their place
        assigned[assigned == TEST] = VAL
    return Partition(*rows.split(assigned, len(Partition._fields)))


def _validating_fold(
    source: Source, rows: RowSet, names: list[str], settings: Settings, fold: Fold
) -> Partition:
    """The test rows are those of a split without folds; of the others one fold validates."""
    outer = partition(source, rows, names, replace(settings, fold=None, val=None))
    inside = replace(settings, fold=Fold(fold.number, fold.of), val=None, test=None)
    inner = partition(source, cast(RowSet, outer.train), names, inside)
    return inner._replace(test=outer.test)  # without `val` the fold validates


def _fractions(settings: Settings) -> tuple[float, float]:
    """The shares of val and test; 0 for a file of their own."""
    val, test = (
        0.0 if part is None or isinstance(part, str) else part for part in (settings.val, settings.test)
    )
    return val, test


def _by_time(found: NDArray[np.float64], settings: Settings) -> Assignment:
    val, test = _fractions(settings)
    if settings.fold is None:
        return split_time(found, val=val, test=test)
    return hold_out_time(found, settings.fold, val=val)


def _at_random(source: Source, rows: RowSet, names: list[str], settings: Settings) -> Assignment:
    """Row by row or group by group, stratified by class where that is asked for."""
    (val, test), fold, seed = _fractions(settings), settings.fold, settings.seed
    stratified = settings.classify and settings.stratify and (val or test or fold)
    classes = class_values(source, names[0], rows) if stratified else None
    if fold is not None and classes is not None:
        check_no_class_alone(source, names[0], rows, classes)
    if settings.group is not None:
        groups = group_numbers(source, settings.group, rows, settings)
        if fold is None:
            return split_groups(groups, val=val, test=test, seed=seed, classes=classes)
        if classes is not None:
            check_no_class_in_one_group(source, (names[0], settings.group), rows, classes, groups)
        return hold_out_groups(groups, fold, val=val, seed=seed, classes=classes)
    if fold is None:
        return split(len(rows), val=val, test=test, seed=seed, classes=classes)
    return hold_out(len(rows), fold, val=val, seed=seed, classes=classes)
