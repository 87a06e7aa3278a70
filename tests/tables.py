"""Real tables, fetched from installed packages, for tests that use them whole."""

import csv
import tarfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import sklearn.datasets


class Real(NamedTuple):
    """A table: the package it is in, the column to predict, its file, and the file's separator.

    `file` gives the path, which may be one that it writes into the folder it is handed.
    """

    package: str
    target: str
    file: Callable[[Path], Path]
    separator: str = ","


def write(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> Path:
    """The table as a CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def read(path: Path, separator: str = ",") -> tuple[list[str], list[list[str]]]:
    """Header and rows of delimited text."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, delimiter=separator)
    return header, rows


def column(path: Path, name: str, separator: str = ",") -> list[str]:
    """One column of delimited text."""
    header, rows = read(path, separator)
    return [row[header.index(name)] for row in rows]


def installed(package: str) -> Path | None:
    """The folder of a package, which is not imported: that may take long, or write into the home."""
    spec = find_spec("sklearn" if package == "scikit-learn" else package)
    return (
        Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None
    )


def bunch(loader: Callable[[], Any]) -> Real:
    """A set of scikit-learn, which has no file with a header; classes get their names."""

    def file(folder: Path) -> Path:
        found = loader()
        names = getattr(found, "target_names", None)
        classes = found.target.dtype.kind == "i" and names is not None
        target = [names[c] for c in found.target] if classes else found.target.tolist()
        rows = [[*x, y] for x, y in zip(found.data.tolist(), target, strict=True)]
        return write(folder / "table.csv", [*found.feature_names, "target"], rows)

    return Real("scikit-learn", "target", file)


def carried(package: str, path: str, target: str, separator: str = ",") -> Real:
    """A file of a package, just as it is there."""

    def file(folder: Path) -> Path:
        root = installed(package)
        assert root is not None
        return root / path

    return Real(package, target, file, separator)


def archived(path: str, target: str) -> Real:
    """A file of pydataset's archive; the first column of each, the row names, has no name."""

    def file(folder: Path) -> Path:
        root = installed("pydataset")
        assert root is not None
        with tarfile.open(root / "resources.tar.gz", "r|gz") as archive:  # up to the file, no further
            member = next(each for each in archive if each.name == f"resources/rdata/csv/{path}")
            found = archive.extractfile(member)
            assert found is not None
            (folder / "table.csv").write_bytes(found.read())
        return folder / "table.csv"

    return Real("pydataset", target, file)


REAL: dict[str, Real] = {
    "iris": bunch(sklearn.datasets.load_iris),
    "wine": bunch(sklearn.datasets.load_wine),
    "breast cancer": bunch(sklearn.datasets.load_breast_cancer),
    "diabetes": bunch(sklearn.datasets.load_diabetes),
    "digits": bunch(sklearn.datasets.load_digits),
    "penguins": carried("palmerpenguins", "data/penguins.csv", "species"),
    "penguins, raw": carried("palmerpenguins", "data/penguins-raw.csv", "Species"),
    "Seattle weather": carried("vega_datasets", "_data/seattle-weather.csv", "weather"),
    "travel mode": carried("statsmodels", "datasets/modechoice/modechoice.csv", "choice", ";"),
    "election survey": carried("statsmodels", "datasets/anes96/anes96.csv", "'PID'", "\t"),
    "marriages": carried("statsmodels", "datasets/fair/fair.csv", "yrs_married"),
    "health insurance": carried("statsmodels", "datasets/randhie/randhie.csv", "mdvis"),
    "air quality": archived("datasets/airquality.csv", "Temp"),
    "mortgages": archived("Ecdat/Hdma.csv", "deny"),
    "baseball teams": archived("vcd/Baseball.csv", "team86"),
    "companies": archived("HSAUR/Forbes2000.csv", "category"),
    "diamonds": archived("ggplot2/diamonds.csv", "price"),
}
"""150 to 53,940 rows; numbers only and mixed; with blanks; 2 to 27 classes and regressions."""
