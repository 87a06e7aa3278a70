"""From predictions to figures; numbers are computed by scikit-learn where it has them."""

import csv
import json
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score, root_mean_squared_error

BINS = 15
"""Of the confidence, for the expected calibration error."""
SMALLEST = 1e-12
"""Probabilities below are taken as this in the log-loss."""


def answers(folder: Path) -> tuple[np.ndarray, list[str]]:
    """What stands in the target column of test.csv: class numbers or values, and the classes."""
    about = json.loads((folder / "table.json").read_text())
    with (folder / "test.csv").open(newline="") as file:
        found = [row[about["target"]] for row in csv.DictReader(file)]
    classes = about["classes"]
    return np.array([classes.index(y) for y in found] if classes else found, float), classes


def calibration_error(p: np.ndarray, y: np.ndarray) -> float:
    """Expected calibration error: mean over rows of |accuracy - confidence| of the row's bin."""
    confidence, right = p.max(1), p.argmax(1) == y
    of_row = np.minimum((confidence * BINS).astype(int), BINS - 1)
    off = np.bincount(of_row, right - confidence, minlength=BINS)
    return float(np.abs(off).sum() / len(y))


def of_classes(p: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Error, log-loss, 1 - AUC (mean over classes, each against the rest), calibration, certainties."""
    certain = ((p <= 0) | (p >= 1)).any(1).sum()
    p = p / p.sum(1, keepdims=True)
    own = p[np.arange(len(y)), y]
    columns = [1] if p.shape[1] == 2 else range(p.shape[1])
    areas = [roc_auc_score(y == k, p[:, k]) for k in columns]
    return {
        "error": float(np.mean(p.argmax(1) != y)),
        "log_loss": float(-np.log(np.maximum(own, SMALLEST)).mean()),
        "1-auc": float(1 - np.mean(areas)),
        "ece": calibration_error(p, y),
        "certain": int(certain),
    }


def figures(folder: Path, prediction: list) -> dict[str, float]:
    """All figures of the predictions for test.csv."""
    y, classes = answers(folder)
    if classes:
        found = of_classes(np.array(prediction), y.astype(int))
    else:
        found = {"rmse": float(root_mean_squared_error(y, prediction))}
    return {name: float(f"{value:.6g}") for name, value in found.items()} | {"rows": len(y)}
