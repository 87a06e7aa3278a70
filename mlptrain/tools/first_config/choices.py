"""From a table to its first config: the settings, each with its reason as a comment."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from mlptrain.config import dump
from mlptrain.data.readers.sources import labels_of, open_source, target_names
from mlptrain.data.source import Source, require
from mlptrain.errors import DataError
from mlptrain.messages import count, some
from mlptrain.tools.first_config.bad_cells import cleaned
from mlptrain.tools.first_config.declared import (
    Comments,
    asking,
    of_cells,
    of_notation,
    of_points,
    section,
)
from mlptrain.tools.first_config.heading import FEW, doubts_about, heading, left_out
from mlptrain.tools.first_config.notations import Notated, as_written
from mlptrain.tools.first_config.parts import Parts, choose_parts
from mlptrain.tools.first_config.profile import Profile, profile, profiles
from mlptrain.tools.first_config.roles import RARE, Roles, choose_roles, is_picture
from mlptrain.tools.first_config.target import target_settings, without_target
from mlptrain.tools.first_config.task import Task, choose_task

STEPS = 6000
"""About so many steps are enough for a first network; early stopping makes most runs shorter."""
FEW_ROWS = 2000
"""With fewer rows a network learns them by heart: dropout and a stronger penalty."""


class Proposal(NamedTuple):
    """A commented config as YAML, and what to tell whoever does not read it.

    answered   the config as it is when the user has answered what is asked
    """

    text: str
    notes: tuple[str, ...]
    answered: str


def proposed(
    path: str, targets: Sequence[str], group: str | None = None, time: str | None = None
) -> Proposal:
    """A commented config for the file at `path`, whose target columns are `targets`.

    `group` or `time` is the column that splits the rows; without both it is as the columns look.

    DataError for a column that is not there, with the nearest one that is.
    """
    source, names = _opened(path, targets, [name for name in (group, time) if name is not None])
    source, written, answers, task = _asked_for(source, names)
    others = [name for name in source.candidates if name not in set(names)]
    source, timed = as_written(source, [] if time is None else [time], asked=True)
    source, more = as_written(source, [name for name in others if name != group], asked=False)
    written += timed
    source, bad = cleaned(source, others)
    looks = profiles(source, others)
    parts = choose_parts(source, looks, group, time)
    features = [each for each in looks if each.name != parts.chosen.get("group")]
    roles = choose_roles(features, {each.name: each.doubt for each in more})
    points = [each.name for each in (*answers, *roles.features) if each.thousands]
    declared = [*map(of_cells, bad), *map(of_notation, written + more), *map(of_points, points)]
    if not roles.features:
        raise DataError(*left_out(roles), f"{path}: no column is left to learn from")
    comments: Comments = {}
    rows = len(source)
    config = {
        "seed": 0,
        "data": _data(path, targets, task, roles, rows, parts, comments)
        | target_settings(source, answers, task, comments)
        | section(declared, comments),
        "model": _model(rows, comments),
        "loss": task.loss,
        "regularization": {"l2": 1e-3 if rows < FEW_ROWS else 1e-4},
        "optimizer": {"name": "adam", "learning_rate": 3e-3 if rows < 10_000 else 1e-3},
        "schedule": "cosine",
        "train": _train(rows, task, comments),
        **_probabilities(task, comments),
    }
    comments[("loss",)] = task.loss_means
    comments[("seed",)] = "all randomness follows from it"
    comments[("regularization", "l2")] = "keeps the weights small; more if it overfits"
    comments[("optimizer",)] = "the rate is the first thing to change when training is slow or jumps"
    comments[("schedule",)] = "the rate falls to 0 along half a cosine"
    notes = [each.note() for each in bad] + [each.note() for each in written + more]
    notes += [without_target(source, answers)] if any(each.blanks for each in answers) else []
    doubts = [*notes, *parts.notes(), *doubts_about(roles, answers)]
    above = heading(path, source.names, rows, roles, doubts)
    answered = above + dump(config, comments)
    text = parts.with_offers(asking(answered, declared))
    return Proposal(text, (*left_out(roles), *doubts), answered)


def _opened(path: str, targets: Sequence[str], others: Sequence[str]) -> tuple[Source, list[str]]:
    """The table, and its target columns; it has the others as well."""
    source = open_source(path, labels=labels_of(path, None))
    names = target_names(source, targets[0] if len(targets) == 1 else targets)
    require(source, [*names, *others])
    return source, names


def _asked_for(
    source: Source, names: Sequence[str]
) -> tuple[Source, list[Notated], list[Profile], Task]:
    """The targets: numbers in a notation are read, unless they are classes, whose names are texts."""
    read, written = as_written(source, names, asked=True)
    answers = [profile(read, name) for name in names]
    task = choose_task(read, answers)
    if written and task.loss in ("softmax", "sigmoid"):
        read, written, answers = source, [], [profile(source, name) for name in names]
        task = choose_task(source, answers)
    return read, written, answers, task


def _data(
    path: str,
    targets: Sequence[str],
    task: Task,
    roles: Roles,
    rows: int,
    parts: Parts,
    comments: Comments,
) -> dict[str, Any]:
    small = rows < 100_000
    data: dict[str, Any] = {
        "train": path,
        "target": targets[0] if len(targets) == 1 else list(targets),
        "val": 0.15 if small else 0.05,
        "test": 0.2 if small else 0.1,
    }
    comments[("data", "target")] = task.reason
    comments[("data", "val")] = "these rows choose the best epoch ..."
    comments[("data", "test")] = "... and these are kept for the end"
    for key, name in parts.chosen.items():
        data[key] = name
        comments[("data", key)] = parts.reasons[key]
    if roles.ignored:
        data["ignore"] = list(roles.ignored)
        comments[("data", "ignore")] = "columns to leave out, and why"
        for place, (name, reason) in enumerate(roles.ignored.items()):
            use = "; delete the line to use it" if name in roles.usable else ""
            comments[("data", "ignore", place)] = reason + use
    _scale(data, roles, comments)
    _blanks(data, roles, comments)
    _categories(data, roles, comments)
    if roles.dates:
        data["dates"] = "number"
        names = some([each.name for each in roles.dates], FEW)
        comments[("data", "dates")] = f"{names}: days since 1970-01-01; `ignore` leaves them out"
    return data


def _scale(data: dict[str, Any], roles: Roles, comments: Comments) -> None:
    """Robust where outliers rule, minmax where all columns share one unit, as pixels do."""
    numbers = [each for each in roles.numbers if each.kind == "number"]
    heavy = [each.name for each in numbers if each.heavy_tails]
    if heavy and 5 * len(heavy) >= len(numbers):
        data["scale"] = "robust"
        comments[("data", "scale")] = f"median and quartiles: values far out in {some(heavy, FEW)}"
    elif is_picture(numbers):
        data["scale"] = "minmax"
        comments[("data", "scale")] = "whole numbers from 0 in one unit, as pixels are: 0 to 1 each"
        side = math.isqrt(len(numbers))
        if side * side == len(roles.features):
            data["image_shape"] = [side, side]
            comments[("data", "image_shape")] = "how to draw a row, if it is a picture"
    elif numbers:
        data["scale"] = "standard"
        comments[("data", "scale")] = "mean 0 and deviation 1; robust if there are outliers"


def _blanks(data: dict[str, Any], roles: Roles, comments: Comments) -> None:
    with_blanks = [each.name for each in roles.numbers if each.blanks]
    if with_blanks:
        data["missing"] = {"policy": "median", "indicator": True}
        comments[("data", "missing")] = (
            f"blanks in {some(with_blanks, FEW)}: the median, and a column that says where"
        )
    elif roles.numbers:
        data["missing"] = "mean"
        comments[("data", "missing")] = "no blanks here; one in new data becomes the mean"


def _categories(data: dict[str, Any], roles: Roles, comments: Comments) -> None:
    if not roles.texts:
        return
    setting: dict[str, Any] = {"encode": "one_hot"}
    here: tuple[str, ...] = ("data", "categorical")
    setting |= {"unseen": "zeros", "missing": "zeros"}
    rare = [each.name for each in roles.texts if each.counts.min(initial=RARE) < RARE]
    blank = [each.name for each in roles.texts if each.blanks]
    comments[here] = f"a 0/1 column per category of {some([each.name for each in roles.texts], FEW)}"
    seldom = f"rare categories in {some(rare, FEW)}: " if rare else ""
    comments[(*here, "unseen")] = f"{seldom}a new one is all zeros, and counted"
    blanks = f"blanks in {some(blank, FEW)}" if blank else "no blanks here; one in new data"
    comments[(*here, "missing")] = f"{blanks}: all zeros"
    if roles.categories:
        setting["columns"] = list(roles.categories)
        comments[(*here, "columns")] = "codes, not quantities"
    data["categorical"] = setting


def _model(rows: int, comments: Comments) -> dict[str, Any]:
    units = 64 if rows < 1000 else 128 if rows < 10_000 else 256
    comments[("model", "hidden")] = f"one hidden layer for {count(rows, 'row')}; [] is a linear model"
    model: dict[str, Any] = {"hidden": [units], "activation": "relu"}
    if rows < FEW_ROWS:
        model["dropout"] = 0.2
        reason = "few rows: some noise keeps the units from relying on each other"
        comments[("model", "dropout")] = reason
    return model


def _probabilities(task: Task, comments: Comments) -> dict[str, Any]:
    """What lopsided classes ask for: right probabilities, and a threshold for the rare class."""
    if not task.lopsided:
        return {}
    settings: dict[str, Any] = {"calibration": "temperature"}
    comments[("calibration",)] = "makes the model as sure as it is right, by the val rows"
    if task.rare:
        settings["decision"] = {"metric": "f1", "positive": task.rare}
        comments[("decision",)] = "from which probability on `predict --decide` names the rare class"
    return settings


def _train(rows: int, task: Task, comments: Comments) -> dict[str, Any]:
    sizes = ((500, 16), (2000, 32), (10_000, 64), (50_000, 128))
    batch = next((size for limit, size in sizes if rows < limit), 256)
    per_epoch = max(1, round(0.65 * rows / batch))
    epochs = min(max(STEPS // per_epoch, 20), 200)
    comments[("train", "epochs")] = f"passes over the rows, {per_epoch:,} steps each"
    watched = "val_calibrated_log_loss" if task.lopsided else "val_loss"
    comments[("train", "early_stopping")] = f"stops when {watched} no longer falls"
    monitor = {}
    if task.lopsided:
        monitor = {"monitor": watched}
        comments[("train", "monitor")] = f"{task.lopsided}: accuracy would say little"
    return {
        "epochs": epochs,
        "batch_size": batch,
        **monitor,
        "early_stopping": {"patience": max(10, epochs // 5)},
    }
