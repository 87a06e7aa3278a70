"""Loading: sets, fingerprints, stored preprocessing, and prediction in chunks."""

import hashlib
import io
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from helpers import load_data
from sklearn.datasets import load_iris, load_wine

from mlptrain.data import dataset
from mlptrain.data.chunks import iterate_features
from mlptrain.data.dataset import Dataset, drawn
from mlptrain.data.load import load_rows
from mlptrain.errors import ConfigError, DataError

DTYPE = np.float32


def load(train: Any, **settings: Any) -> Dataset:
    return load_data(train, **{"dtype": DTYPE, **settings})


@pytest.fixture
def wine(tmp_path: Path) -> Path:
    """A real table: 178 wines, 13 numbers, and made-up text, blanks and dates beside them."""
    data = load_wine()
    n = len(data.data)
    frame = pl.DataFrame(dict(zip(data.feature_names, data.data.T.tolist(), strict=True)))
    frame = frame.with_columns(
        pl.Series("cork", [None if i % 17 == 0 else f"type, {i % 3}\nline" for i in range(n)]),
        pl.Series("ash", [None if i % 11 == 0 else v for i, v in enumerate(frame["ash"])]),
        pl.Series("id", range(n)),
        pl.Series("kind", [data.target_names[t] for t in data.target]),
    )
    frame.write_csv(tmp_path / "wine.csv")
    return tmp_path / "wine.csv"


WINE = {
    "target": "kind",
    "ignore": ["id"],
    "missing": {"policy": "median", "indicator": True},
    "categorical": {"missing": "zeros"},
    "scale": "smooth_clip",
}


def test_a_toy_set_needs_no_target_and_no_polars() -> None:
    data = load({"name": "spiral", "classes": 2}, val=0.25)
    assert data.val is not None
    assert (len(data.train), len(data.val), data.test) == (150, 50, None)
    assert (data.features, data.classes, data.targets) == (("x0", "x1"), ("0", "1"), ("y",))


def test_a_toy_regression_has_several_targets() -> None:
    data = load({"name": "random", "rows": 8, "features": 3, "outputs": 2}, classify=False)
    assert (data.targets, data.train.y.shape) == (("y0", "y1"), (8, 2))


def test_a_table_without_the_target_says_what_there_is(wine: Path) -> None:
    with pytest.raises(DataError, match=r"wine\.csv: no column 'y' \(it has alcohol, malic_acid"):
        load(str(wine))


def test_the_fingerprint_is_the_sha256_of_the_file(wine: Path) -> None:
    expected = hashlib.sha256(wine.read_bytes()).hexdigest()
    assert load(str(wine), **WINE).fingerprint == {str(wine): expected}


def test_the_fingerprint_of_a_toy_set_depends_on_options_and_seed() -> None:
    toys = [({"name": "xor"}, 0), ({"name": "xor"}, 1), ({"name": "xor", "noise": 0.3}, 0)]
    prints = {load(toy, seed=seed).fingerprint["toy set xor"] for toy, seed in toys}
    assert len(prints) == 3


def test_files_for_val_and_test_work_beside_fractions(wine: Path, tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_bytes(wine.read_bytes())
    data = load(str(wine), val=0.1, test=str(tmp_path / "test.csv"), **WINE)
    assert data.val is not None
    assert data.test is not None
    assert (len(data.train), len(data.val), len(data.test)) == (160, 18, 178)
    assert set(data.fingerprint) == {str(wine), str(tmp_path / "test.csv")}


def test_a_stored_preprocessing_gives_the_same_sets_again(wine: Path) -> None:
    first = load(str(wine), val=0.2, test=0.1, **WINE)
    again = load(str(wine), val=0.2, test=0.1, fitted=first.preprocessing, **WINE)
    for one, other in ((first.train, again.train), (first.val, again.val), (first.test, again.test)):
        assert one is not None
        assert other is not None
        assert one.inputs.numbers.tobytes() == other.inputs.numbers.tobytes()
        assert one.y.tolist() == other.y.tolist()


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(wine: Path) -> None:
    first, again, other = (
        load(str(wine), val=0.2, **{**WINE, "seed": s}).train.inputs.numbers for s in (0, 0, 1)
    )
    assert first.tobytes() == again.tobytes() != other.tobytes()


def test_fit_eval_and_predict_make_the_same_matrix(wine: Path) -> None:
    data = load(str(wine), **WINE)
    evaluated, _ = load_rows(str(wine), data.preprocessing, target_needed=True, dtype=DTYPE)
    assert evaluated.inputs.numbers.tobytes() == data.train.inputs.numbers.tobytes()
    for chunk_rows in (1, 7, 64, 1000):
        chunks = list(iterate_features(str(wine), data.preprocessing, chunk_rows, DTYPE))
        assert (
            b"".join(chunk.inputs.numbers.tobytes() for chunk in chunks)
            == data.train.inputs.numbers.tobytes()
        )


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "arrow", "csv.gz"])
def test_every_format_predicts_the_same_matrix(wine: Path, tmp_path: Path, suffix: str) -> None:
    import gzip

    path = tmp_path / f"wine.{suffix}"
    frame = pl.read_csv(wine, infer_schema_length=None)
    writers = {"parquet": frame.write_parquet, "jsonl": frame.write_ndjson, "arrow": frame.write_ipc}
    if suffix == "csv.gz":
        path.write_bytes(gzip.compress(wine.read_bytes()))
    else:
        writers[suffix](path)
    data = load(str(wine), **WINE)
    chunks = list(iterate_features(str(path), data.preprocessing, 50, DTYPE, keep=["id"]))
    assert (
        b"".join(chunk.inputs.numbers.tobytes() for chunk in chunks)
        == data.train.inputs.numbers.tobytes()
    )
    assert [text for chunk in chunks for text in chunk.kept["id"]] == [str(i) for i in range(178)]


def test_polar_features_are_the_same_in_any_chunk(tmp_path: Path) -> None:
    points = np.random.default_rng(0).normal(size=(301, 2))
    path = tmp_path / "p.csv"
    path.write_text("a,b,y\n" + "".join(f"{a},{b},{i % 2}\n" for i, (a, b) in enumerate(points)))
    data = load(str(path), target="y", transform="polar", dtype=np.float64)
    chunks = list(iterate_features(str(path), data.preprocessing, 13, np.float64))
    assert (
        b"".join(chunk.inputs.numbers.tobytes() for chunk in chunks)
        == data.train.inputs.numbers.tobytes()
    )


@pytest.fixture
def small(tmp_path: Path) -> Dataset:
    (tmp_path / "train.csv").write_text("a,y\n1,p\n2,q\n3,p\n")
    return load(str(tmp_path / "train.csv"), target="y", scale="none")


def test_kept_columns_are_carried_through_as_they_are_written(small: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text("id,a\n007,1\n1.50,2\nNA,3\n,4\n")
    chunks = list(iterate_features(str(path), small.preprocessing, 3, DTYPE, keep=["id", "a"]))
    assert [chunk.kept["id"] for chunk in chunks] == [["007", "1.50", "NA"], [""]]
    assert [chunk.kept["a"] for chunk in chunks] == [["1", "2", "3"], ["4"]]


def test_a_fault_in_a_later_chunk_is_named_by_its_line_in_the_file(
    small: Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "new.csv"
    path.write_text('note,a\n"x\ny",1\n\n"z",2\nw,3\nw,oops\n')
    with pytest.raises(DataError, match=r"new\.csv:7: a: 'oops' is not a number"):
        list(iterate_features(str(path), small.preprocessing, 2, DTYPE))


@pytest.mark.parametrize("row", ["7", "7,8,9"])
def test_a_ragged_row_in_a_later_chunk_is_named(small: Dataset, tmp_path: Path, row: str) -> None:
    path = tmp_path / "new.csv"
    path.write_text(f"a,b\n1,2\n3,4\n{row}\n")
    with pytest.raises(DataError, match=r"new\.csv:4: [13] fields? where the header names 2"):
        list(iterate_features(str(path), small.preprocessing, 2, DTYPE))


@pytest.mark.parametrize("content", ["", "a,b\n", "a,b\n\n\n"])
def test_a_file_without_rows_predicts_nothing_and_says_so(
    small: Dataset, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "new.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=r"is empty|has a header and no rows"):
        list(iterate_features(str(path), small.preprocessing, 2, DTYPE))


def test_stdin_is_read_in_chunks(small: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.BufferedReader(io.BytesIO(b"a\r\n5\r\n6\r\n7\r\n"))  # type: ignore[arg-type]
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stdin))
    chunks = list(iterate_features("-", small.preprocessing, 2, DTYPE))
    assert [chunk.inputs.numbers.ravel().tolist() for chunk in chunks] == [[5, 6], [7]]


def test_an_npz_loads_with_classes_and_without(tmp_path: Path) -> None:
    X, y = load_iris(return_X_y=True)
    np.savez(tmp_path / "iris.npz", X=X, y=y)
    classes = load(str(tmp_path / "iris.npz"), test=0.2)
    assert (classes.classes, len(classes.train)) == (("0", "1", "2"), 120)
    numbers = load(str(tmp_path / "iris.npz"), classify=False)
    assert numbers.train.y.shape == (150, 1)


def test_labels_are_features_only_where_they_are_named(tmp_path: Path) -> None:
    X, y = load_iris(return_X_y=True)
    path = str(tmp_path / "iris.npz")
    np.savez(path, X=X, y=y, again=y, several=np.column_stack([y, y]))

    data = load(path)
    assert data.features == ("x0", "x1", "x2", "x3")
    left_out = "labels, left out unless data.features names them: again, several0, several1"
    assert f"{path}: {left_out}" in data.notes

    named = load(path, features=["x0", "x1", "again"])
    assert named.features == ("x0", "x1", "again")
    assert not any("left out" in note for note in named.notes)
    assert any("again and the target y tell each other one to one" in note for note in named.notes)


@pytest.mark.slow
def test_the_coarse_label_of_cifar_100_is_no_feature(tmp_path: Path) -> None:
    record = np.random.default_rng(0).integers(0, 256, (40, 2 + 3072), np.uint8)
    record[:, 0], record[:, 1] = np.arange(40) % 4 // 2, np.arange(40) % 4
    (tmp_path / "c.bin").write_bytes(record.tobytes())
    assert len(load(str(tmp_path / "c.bin")).features) == 3072


def test_an_npy_pair_names_its_labels_by_the_target(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", np.arange(8.0).reshape(4, 2))
    np.save(tmp_path / "labels.npy", np.array([0, 1, 0, 1]))
    data = load(str(tmp_path / "X.npy"), target=str(tmp_path / "labels.npy"), scale="none")
    assert data.train.inputs.numbers.tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert data.train.y.tolist() == [0, 1, 0, 1]
    assert len(data.fingerprint) == 2


def test_bytes_of_an_image_are_scaled_like_numbers(tmp_path: Path) -> None:
    X = np.array([[0, 255], [255, 0], [51, 102]], np.uint8)
    np.savez(tmp_path / "d.npz", X=X, y=np.array([0, 1, 0]))
    data = load(str(tmp_path / "d.npz"), scale="minmax", dtype=np.float64)
    assert np.allclose(data.train.inputs.numbers, [[0, 1], [1, 0], [0.2, 0.4]], rtol=1e-15)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "data.target: several columns need `loss: sigmoid`"),
        ({"classify": False, "features": ["x0", "y1"]}, "data.features: 'y1' is also the target"),
    ],
)
def test_targets_that_only_the_file_names_are_held_against_the_settings(
    tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    np.savez(tmp_path / "d.npz", X=np.arange(6.0).reshape(3, 2), y=np.arange(6.0).reshape(3, 2))
    with pytest.raises(ConfigError) as caught:
        load(str(tmp_path / "d.npz"), **settings)
    assert str(caught.value).startswith(message)


def test_a_sample_is_drawn_by_the_seed_alone_and_in_the_order_of_the_file(wine: Path) -> None:
    rows = load(str(wine), target="kind", ignore=["cork", "ash"]).train
    first, again, other = (rows.sample(30, seed) for seed in (0, 0, 1))
    assert len(first) == 30
    assert np.array_equal(first.inputs.numbers, again.inputs.numbers)
    assert not np.array_equal(first.inputs.numbers, other.inputs.numbers)
    expected = 30 * np.bincount(rows.y) / len(rows)
    assert np.abs(np.bincount(first.y) - expected).max() <= 1
    assert len(rows.sample(len(rows), 0)) == len(rows)


def test_every_row_is_in_a_sample_with_the_same_chance() -> None:
    classes = np.array([0] * 40 + [1] * 20)
    seen = np.zeros(60)
    for seed in range(500):
        rows = drawn(60, 12, seed, classes)
        assert np.bincount(classes[rows]).tolist() == [8, 4]
        assert (np.diff(rows) > 0).all()
        seen[rows] += 1
    assert abs(seen - 100).max() < 4 * 9  # 500 draws at 1/5: a standard deviation of 8.9


def test_a_rare_class_is_in_the_sample_and_numbers_need_no_classes() -> None:
    classes = np.zeros(5000, int)
    classes[4321] = 1
    assert 4321 in drawn(5000, 50, 0, classes)
    assert len(drawn(5000, 50, 0)) == 50
    assert len(np.unique(drawn(3000, 50, 0, np.arange(3000)))) == 50  # more classes than rows


def test_rows_in_chunks_are_sampled_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    classes = np.random.default_rng(0).integers(0, 3, 1000)
    whole = drawn(1000, 100, 0, classes)
    monkeypatch.setattr(dataset, "CHUNK", 77)
    assert np.array_equal(drawn(1000, 100, 0, classes), whole)
