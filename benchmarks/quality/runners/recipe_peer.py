"""The reference script of the recipe, its path the argument: its first network, and its five folds."""

import sys
from importlib.util import module_from_spec, spec_from_file_location

import frames
import numpy as np

FOLDS = 5

spec = spec_from_file_location("recipe", sys.argv[1])
recipe = module_from_spec(spec)
spec.loader.exec_module(recipe)


def fold_of_rows(data: frames.Split, seed: int) -> np.ndarray:
    """The fold of each row, stratified by class, in the script's own way."""
    order = np.random.default_rng(seed).permutation(len(data.y))
    if data.classes:
        order = order[np.argsort(data.y[order], kind="stable")]
    fold = np.empty(len(data.y), int)
    fold[order] = np.arange(len(data.y)) % FOLDS
    return fold


def member(data: frames.Split, seed: int, k: int) -> np.ndarray:
    """The predictions of fold k's network for the test rows."""
    train, test = data.x.assign(answer=data.y), data.x_test.assign(answer=0)
    x, x_test = recipe.encode(train, test, "answer")
    fold = fold_of_rows(data, seed)
    rows, held = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
    return recipe.fit(x, data.y, rows, held, x_test, len(data.classes), FOLDS * seed + k)[1]


def both(data: frames.Split, seed: int) -> dict[str, dict]:
    """The first network alone, and the mean of all."""
    found = [frames.measured(lambda k=k: member(data, seed, k)) for k in range(FOLDS)]
    mean = np.mean([each["prediction"] for each in found], axis=0).tolist()
    folds = {"prediction": mean, "cpu": sum(each["cpu"] for each in found)}
    return {"recipe, one network": found[0], "recipe, 5 folds": folds}


frames.serve("numpy", both)
