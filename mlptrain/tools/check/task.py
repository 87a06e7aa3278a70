"""Checks of the target: does the loss suit it, and are the classes balanced?"""

import numpy as np

from mlptrain.messages import count, some
from mlptrain.metrics.lopsided import lopsided
from mlptrain.nn.losses import LOSSES
from mlptrain.tools.check.case import Case
from mlptrain.tools.check.verdict import Verdict, doubt, fault, fine
from mlptrain.training.build import class_masses_of

FEW_VALUES = 20
"""A target with so many different whole numbers may be class numbers."""
ROWS_PER_VALUE = 5
MANY_CLASSES = 20
ROWS_PER_CLASS = 10


def loss_for_task(case: Case) -> Verdict:
    """Class numbers want softmax, numbers want mse."""
    return classes_or_numbers(case) if case.data.classes is not None else numbers_or_classes(case)


def classes_or_numbers(case: Case) -> Verdict:
    """Classes that look like measured numbers."""
    assert case.data.classes is not None
    classes, loss = case.data.classes, case.config.loss.name
    numbers = [number(name) for name in classes]
    rows = len(case.data.train)
    broken = [name for name, x in zip(classes, numbers, strict=True) if x is not None and x % 1]
    line = f"{loss} on {count(len(classes), 'class', 'classes')}"
    advice = "to predict a number: `loss: mse`"
    if broken and None not in numbers:
        wrong = fault if len(classes) > ROWS_PER_CLASS else doubt
        return wrong(f"{line} that are numbers with decimals: {some(broken)}", advice)
    if len(classes) > MANY_CLASSES and rows < ROWS_PER_CLASS * len(classes):
        few = f"{line} in {count(rows, 'row')}: {rows / len(classes):.1f} rows for each"
        return doubt(few, advice if None not in numbers else "is the target an id or a free text?")
    return fine(line)


def numbers_or_classes(case: Case) -> Verdict:
    """Numbers that look like class numbers: whole, few, each of them often."""
    y = targets(case)
    loss = case.config.loss.name
    values = np.unique(y)
    whole = bool((np.abs(values - np.round(values)) < 1e-6 * np.maximum(1, np.abs(values))).all())
    line = f"{loss} on {count(len(values), 'different value')} in {count(len(y), 'row')}"
    if LOSSES[loss].targets != "numbers" or y.shape[1] > 1 or not whole or len(values) > FEW_VALUES:
        return fine(line)
    if len(y) < ROWS_PER_VALUE * len(values):
        return fine(line)
    shown = some([f"{each:g}" for each in np.round(values)])
    return doubt(f"{line}, whole numbers: {shown}", "if they are classes: `loss: softmax`")


def targets(case: Case) -> np.ndarray:
    """(n, K) targets of the sample in their own unit."""
    rows = case.sample
    if rows.truth is not None:
        return np.asarray(rows.truth, np.float64)
    scaled = np.asarray(rows.y, np.float64)
    return case.data.preprocessing.inverse_target(scaled)


def number(name: str) -> float | None:
    """The number that a class name stands for, or None.

    >>> number("2.5"), number("cat"), number("nan")
    (2.5, None, None)
    """
    try:
        value = float(name)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def class_balance(case: Case) -> Verdict | None:
    """How many rows the smallest and the largest class have, or what these weigh together."""
    if case.data.classes is None:
        return None
    masses = class_masses_of(case.data)
    least, most = int(masses.argmin()), int(masses.argmax())
    name = case.data.classes
    if case.data.train.weights is None:
        line = f"from {count(int(masses[least]), 'row')} ({name[least]}) to {masses[most]:,.0f}"
    else:
        line = f"weights from {masses[least]:.4g} ({name[least]}) to {masses[most]:.4g}"
    line = f"{line} ({name[most]})"
    if not lopsided(masses):
        return fine(line)
    if case.config.loss.options().get("class_weights") is not None:
        return fine(f"{line}, evened out by class_weights")
    split, _, watched = case.config.train.monitor.partition("_")
    if watched == "accuracy":
        what = f"{line}: lopsided, and accuracy is high where {name[least]} is never named"
        return doubt(what, f"train: {{monitor: {split}_loss}}")
    return fine(f"{line}: lopsided; read log_loss and roc_auc, not accuracy")
