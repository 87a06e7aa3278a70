"""The files in data/ are what data/README.md says they are."""

import csv
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

DATA = Path(__file__).parent.parent / "data"
TABLES = ["digits.csv", "auto_mpg.csv", "penguins.csv"]


def read(name):
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def column(name, title):
    header, *rows = read(name)
    return [row[header.index(title)] for row in rows]


@pytest.mark.parametrize(("name", "rows"), [("digits", 1797), ("auto_mpg", 392), ("penguins", 344)])
def test_a_table_has_a_header_and_so_many_rows_of_its_width(name, rows):
    header, *body = read(f"{name}.csv")
    assert len(body) == rows
    assert {len(row) for row in body} == {len(header)} == {len(set(header))}


@pytest.mark.parametrize("name", TABLES)
def test_lines_end_in_a_line_feed_on_every_system(name):
    content = (DATA / name).read_bytes()
    assert b"\r" not in content
    assert content.endswith(b"\n")


def test_digits_are_those_of_sklearn():
    header, *rows = read("digits.csv")
    images, digits = load_digits(return_X_y=True)
    table = np.array(rows, np.int64)
    assert (table[:, :-1] == images).all()
    assert (table[:, -1] == digits).all()
    assert (header[0], header[9], header[-2:]) == ("pixel_0_0", "pixel_1_1", ["pixel_7_7", "digit"])


def test_auto_mpg_is_numbers_but_for_the_name():
    header, *rows = read("auto_mpg.csv")
    assert header[-2:] == ["car_name", "mpg"]
    table = np.array([row[:-2] + row[-1:] for row in rows], np.float64)
    assert np.isfinite(table).all()
    assert (table[:, -1].min(), table[:, -1].max()) == (9, 46.6)


def test_mnist_is_500_images_of_each_digit_in_bytes():
    with np.load(DATA / "mnist5k.npz", allow_pickle=False) as arrays:
        X, y = arrays["X"], arrays["y"]
    assert (X.shape, X.dtype, X.max()) == ((5000, 784), np.uint8, 255)
    assert (y.dtype, np.bincount(y).tolist()) == (np.int64, [500] * 10)


def test_mnist_images_are_upright():
    with np.load(DATA / "mnist5k.npz", allow_pickle=False) as arrays:
        ones = arrays["X"][arrays["y"] == 1].reshape(-1, 28, 28)
    inked = ones > 127
    assert inked.any(axis=2).sum() > 2 * inked.any(axis=1).sum()  # a 1 is taller than wide


def test_penguins_have_three_species_and_19_blanks_in_11_rows():
    _, *rows = read("penguins.csv")
    assert Counter(column("penguins.csv", "species")) == {
        "Adelie": 152,
        "Gentoo": 124,
        "Chinstrap": 68,
    }
    assert sum(row.count("") for row in rows) == 19
    assert sum("" in row for row in rows) == 11


def test_the_readme_describes_every_file_with_source_citation_and_licence():
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", readme, re.MULTILINE | re.DOTALL))
    shipped = {path.name for path in DATA.iterdir() if path.suffix in {".csv", ".npz"}}
    assert set(sections) == shipped
    for text in sections.values():
        assert all(f"**{word}**" in text for word in ("Source", "Cite", "Licence", "Changed"))
