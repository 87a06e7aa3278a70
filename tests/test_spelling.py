"""Texts that look like numbers keep what they say: every digit, or a word about it."""

import numpy as np
import polars
import pytest
from runs import faults, invoke
from tables import write

IDS = [12345678901234567890 + i for i in range(3)]  # above 2^63; neighbours are one float64
HASHES = [2**64 - 1 - i for i in range(3)]
LONG = [int("1" * 350) + i for i in range(3)]
LOST = "has more digits than a number can keep (float64: 15 to 17)"


def config(tmp_path, path, target, **more):
    sections = {"data": {"train": str(path), "target": target, "val": 0, **more.pop("data", {})}}
    file = tmp_path / "c.yaml"
    file.write_text(repr({**sections, "train": {"epochs": 1}, **more}))
    return file


def table(tmp_path, codes):
    rows = [[codes[i % 3], (i * 37 % 101) / 10, i % 2] for i in range(60)]
    return write(tmp_path / "t.csv", ["code", "u", "y"], rows)


def parquet(tmp_path, codes):
    path = tmp_path / "t.parquet"
    columns = {"code": polars.Series([codes[i % 3] for i in range(60)], dtype=polars.UInt64)}
    polars.DataFrame({**columns, "u": [i * 37 % 101 / 10 for i in range(60)]}).write_parquet(path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "codes"), [(table, IDS), (table, LONG), (parquet, HASHES)], ids=["20", "350", "uint64"]
)
def test_whole_numbers_with_too_many_digits_are_different_classes(tmp_path, make, codes):
    path, run = make(tmp_path, codes), tmp_path / "run"
    made = invoke("fit", config(tmp_path, path, "code"), "--out", run, "--quiet")
    assert made.exit_code == 0
    header = invoke("predict", run, path, "--proba").stdout.splitlines()[0]
    assert header == ",".join(["code", *(f"proba_{code}" for code in sorted(codes))])


@pytest.mark.parametrize("cache", ["none", "here"])
def test_they_are_refused_as_numbers_with_place_and_advice_that_works(tmp_path, cache):
    cached = "none" if cache == "none" else str(tmp_path)
    path = table(tmp_path, [7, *IDS[1:]])
    plain = config(tmp_path, path, "y", data={"cache": cached})
    found = faults(invoke("fit", plain, "--out", tmp_path / "run"))
    assert found[0] == f"{path}:3: code: '12345678901234567891' {LOST}"
    assert found[-1].startswith(f"{path}: 40 such values in all: an id is left out by `ignore: [code]`")
    for advice in ("data.ignore=[code]", "data.categorical={columns: [code]}"):
        again = invoke("fit", plain, "--out", tmp_path / "run", "--force", "--quiet", "--set", advice)
        assert again.exit_code == 0, again.stderr


def test_as_a_quantity_to_be_predicted_they_are_refused_too(tmp_path):
    path = table(tmp_path, [7, 8, 2**53 + 1])
    found = faults(invoke("fit", config(tmp_path, path, "code", loss="mse"), "--out", tmp_path / "run"))
    assert found[-1] == (
        f"{path}: 20 such values in all: to predict a class: `loss: softmax`; "
        "a quantity takes fewer digits"
    )


def test_an_array_of_whole_numbers_keeps_its_digits_or_is_refused(tmp_path):
    X = np.array([[2**53, 1], [2**53 + 1, 2]] * 20)
    np.savez(tmp_path / "a.npz", X=X, y=np.arange(40) % 2)
    found = faults(invoke("fit", config(tmp_path, tmp_path / "a.npz", "y"), "--out", tmp_path / "run"))
    assert found[0] == f"{tmp_path / 'a.npz'}: row 2: x0: 9007199254740993 {LOST}"


@pytest.mark.parametrize("item", ["1:" + "9" * 350, "1:9007199254740993", "1:inf"])
def test_svmlight_refuses_them_in_a_line(tmp_path, item):
    path = tmp_path / "t.svm"
    path.write_text(f"1 1:2\n0 {item}\n")
    found = faults(invoke("fit", config(tmp_path, path, "y"), "--out", tmp_path / "run"))
    assert "is not index:value with finite numbers" in found[0]
