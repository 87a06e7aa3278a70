"""Real tables as files, from installed packages and from data/, for tests that use them whole."""

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sklearn.datasets

DATA = Path(__file__).parent.parent / "data"
Rows = list[list[Any]]


class Made(NamedTuple):
    """A table to be written as a CSV, and the column to predict."""

    header: list[str]
    rows: Rows
    target: str


def write(path: Path, header: Sequence[str], rows: Rows) -> Path:
    """The table as a CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def read(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a CSV."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def column(path: Path, name: str) -> list[str]:
    """One column of a CSV."""
    header, rows = read(path)
    return [row[header.index(name)] for row in rows]


def bunch(loader: Callable[[], Any]) -> Made:
    """A set of scikit-learn; classes get their names."""
    found = loader()
    names = getattr(found, "target_names", None)
    classes = found.target.dtype.kind == "i" and names is not None
    target = [names[c] for c in found.target] if classes else found.target.tolist()
    rows = [[*x, y] for x, y in zip(found.data.tolist(), target, strict=True)]
    return Made([*found.feature_names, "target"], rows, "target")


def shipped(name: str, target: str, *, complete: bool = False) -> Made:
    """A table of data/; `complete` leaves out the rows without a target."""
    header, rows = read(DATA / name)
    place = header.index(target)
    return Made(header, [row for row in rows if row[place] or not complete], target)


def makes() -> Made:
    """The make of a car, the first word of its name, where there are three cars of it: 26 classes."""
    header, rows = read(DATA / "auto_mpg.csv")
    place = header.index("car_name")
    rows = [[*row[:place], *row[place + 1 :], row[place].split()[0]] for row in rows]
    often = {make for make, count in Counter(row[-1] for row in rows).items() if count >= 3}
    header = [name for name in header if name != "car_name"]
    return Made([*header, "make"], [row for row in rows if row[-1] in often], "make")


def pixels() -> Made:
    """50,000 pixels of handwritten digits: the ink of each from that of its four neighbours."""
    with np.load(DATA / "mnist5k.npz") as arrays:
        images = arrays["X"].reshape(-1, 28, 28).astype(int)
    chosen = np.random.default_rng(0)
    image, row, column = (
        chosen.integers(low, high, 50_000) for low, high in ((0, 5000), (6, 22), (6, 22))
    )
    around = [(0, -1), (0, 1), (-1, 0), (1, 0), (0, 0)]
    ink = [images[image, row + down, column + right] for down, right in around]
    header = ["row", "column", "left", "right", "above", "below", "ink"]
    return Made(header, np.column_stack([row, column, *ink]).tolist(), "ink")


REAL: dict[str, Callable[[], Made]] = {
    "iris": lambda: bunch(sklearn.datasets.load_iris),
    "wine": lambda: bunch(sklearn.datasets.load_wine),
    "breast_cancer": lambda: bunch(sklearn.datasets.load_breast_cancer),
    "diabetes": lambda: bunch(sklearn.datasets.load_diabetes),
    "digits": lambda: shipped("digits.csv", "digit"),
    "penguins": lambda: shipped("penguins.csv", "species"),
    "penguin_sex": lambda: shipped("penguins.csv", "sex", complete=True),
    "penguin_mass": lambda: shipped("penguins.csv", "body_mass_g", complete=True),
    "auto_mpg": lambda: shipped("auto_mpg.csv", "mpg"),
    "makes": makes,
    "pixels": pixels,
}
"""150 to 50,000 rows; numbers only and mixed; with blanks; 2 to 26 classes and regressions."""
