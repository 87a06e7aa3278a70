"""The rows of a run of folds, each predicted by the member that was trained without it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mlptrain.arrays import Array
from mlptrain.data.dataset import Dataset, Rows
from mlptrain.data.inputs import Inputs
from mlptrain.data.preprocessing.class_target import ClassTarget
from mlptrain.inference.member import Member
from mlptrain.inference.model import Model
from mlptrain.training.data_files import data_again
from mlptrain.training.evaluate import Evaluation


@dataclass(frozen=True)
class HeldOut:
    """One fold: its rows, and the scores that the member has for them which did not see them.

    places   (N,)    where each row stands in its file, from 0
    scores   (N, C)  of the member's network
    y        (N,)    class numbers, or what the member's network is to put out
    weights  (N,)    row weights, or None
    truth    (N, K)  targets in their own unit; None for classes
    """

    places: NDArray[np.integer]
    scores: Array
    y: NDArray[np.generic]
    weights: NDArray[np.floating] | None
    truth: NDArray[np.float64] | None


@dataclass(frozen=True)
class OutOfFold:
    """Every row that was held out, in the order of the file.

    places       (N,) where each stands in its file, from 0
    evaluation   what the members say of them; on the scale of the model's own preprocessing
    notes        files that have changed since
    """

    places: NDArray[np.integer]
    evaluation: Evaluation
    notes: tuple[str, ...]


def held_out_rows(member: Member, data: Dataset) -> tuple[Rows, NDArray[np.integer]]:
    """The fold that a member held out, and the places of its rows in the file."""
    if data.test is not None and not keeps_test(member):
        return data.test.with_targets_in_memory(), data.partition.test[:]
    assert data.val is not None  # who has no validation rows validates on the fold
    return data.val.with_targets_in_memory(), data.partition.val[:]


def held_out_by(member: Member, data: Dataset) -> HeldOut:
    """The fold that a member held out, as it scores it."""
    return scored(member, *held_out_rows(member, data))


def tested_by(member: Member, data: Dataset) -> HeldOut | None:
    """The rows that no fold learns from or holds out, as a member scores them; None without any."""
    if data.test is None or not keeps_test(member):
        return None
    return scored(member, data.test.with_targets_in_memory(), data.partition.test[:])


def keeps_test(member: Member) -> bool:
    """Whether the test rows of a member are those of all folds, and not the fold that it held out."""
    fold = member.config.data.fold
    return fold is not None and fold.holds == "val"


def scored(member: Member, rows: Rows, places: NDArray[np.integer]) -> HeldOut:
    """Some rows as a member scores them."""
    return HeldOut(places, member.scores(rows.inputs), rows.y, rows.weights, rows.truth)


def out_of_fold(model: Model) -> OutOfFold:
    """Each member of a model on the fold that it held out, put together."""
    parts, notes = [], list[str]()
    for member in model.members:
        data, changed = data_again(member.config, member.checkpoint, member.preprocessing)
        parts.append(held_out_by(member, data))
        notes += changed
    return together(model, parts, tuple(dict.fromkeys(notes)))


def kept_for_the_end(model: Model) -> OutOfFold | None:
    """The test rows of a run of folds, by the average of all members; None without any."""
    parts, notes = [], list[str]()
    for member in model.members:
        data, changed = data_again(member.config, member.checkpoint, member.preprocessing)
        if (part := tested_by(member, data)) is None:
            return None
        parts.append(part)
        notes += changed
    return by_all(model, parts, tuple(dict.fromkeys(notes)))


def by_all(model: Model, parts: Sequence[HeldOut], notes: tuple[str, ...] = ()) -> OutOfFold:
    """Rows that every member has scored, as the model predicts them."""
    given = [(member, part.scores) for member, part in zip(model.members, parts, strict=True)]
    return pooled(model, [replace(parts[0], scores=model.average_of(given))], notes)


def together(model: Model, parts: Sequence[HeldOut], notes: tuple[str, ...] = ()) -> OutOfFold:
    """The folds that the members of a model held out, in the order of the file."""
    return pooled(model, joined(model, parts), notes)


def joined(model: Model, parts: Sequence[HeldOut]) -> list[HeldOut]:
    """One part for each fold: what the model says whose members are those that held this fold out.

    There are several such members where candidates are averaged: they come one after another.
    """
    found = []
    for fold in range(model.folds):
        members, of_fold = model.members[fold :: model.folds], parts[fold :: model.folds]
        given = [(member, part.scores) for member, part in zip(members, of_fold, strict=True)]
        found.append(replace(of_fold[0], scores=model.average_of(given)))
    return found


def pooled(model: Model, parts: Sequence[HeldOut], notes: tuple[str, ...] = ()) -> OutOfFold:
    """Some folds, each with the scores of the model, in the order of the file."""
    places = np.concatenate([part.places for part in parts])
    order = np.argsort(places, kind="stable")
    scores = np.concatenate([part.scores for part in parts])[order]
    evaluation = Evaluation(model.network, _rows(model, parts, order), scores, model.preprocessing)
    return OutOfFold(places[order], evaluation, notes)


def _rows(model: Model, parts: Sequence[HeldOut], order: NDArray[np.intp]) -> Rows:
    """The rows of all folds in one order, without inputs: each member has its own."""
    target, truth, weights = model.preprocessing.target, None, None
    given = [part.weights for part in parts if part.weights is not None]
    if given:
        weights = np.concatenate(given)[order]
    if isinstance(target, ClassTarget):
        y: NDArray[np.generic] = np.concatenate([part.y for part in parts])[order]
    else:
        truth = np.concatenate([np.asarray(part.truth) for part in parts])[order]
        y = target.scaled(truth)
    return Rows(Inputs(np.empty((len(order), 0))), y, weights, truth)
