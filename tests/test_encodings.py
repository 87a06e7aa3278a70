"""How columns enter: scales, bins, signs. What each becomes, and that it is the same everywhere."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import load_data

from mlptrain.data.chunks import iterate_features
from mlptrain.data.dataset import Dataset, Rows
from mlptrain.data.load import load_rows
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.readers.tables import pieces
from mlptrain.errors import CheckpointError, ConfigError, DataError

ENCODINGS: dict[str, dict[str, Any]] = {
    "smooth_clip": {"scale": "smooth_clip"},
    "log": {"columns": {"price": {"scale": "log"}, "count": {"scale": "log"}}},
    "piecewise": {"numeric": "piecewise"},
    "one column": {"columns": {"size": {"encode": "piecewise", "scale": "none"}}},
    "indicator": {"numeric": "piecewise", "missing": {"policy": "median", "indicator": True}},
    "signed": {"categorical": {"binary": "signed", "unseen": "zeros"}},
    "embedding": {"categorical": {"encode": "embedding", "unseen": "zeros"}},
    "embeddings": {"columns": {name: {"encode": "embedding"} for name in ("flag", "city", "count")}},
    "target": {"categorical": {"encode": "target", "unseen": "zeros"}},
    "targets": {"columns": {name: {"encode": "target"} for name in ("flag", "city")}},
    "kinds": {"columns": {"count": {"kind": "category"}, "price": {"kind": "ignore"}}},
}

RARE = ("smooth_clip", "one column", "indicator", "embeddings", "targets")
"""Those of which others say nearly as much."""


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Numbers with blanks, a long tail, counts, and categories."""
    rng, path = np.random.default_rng(0), tmp_path_factory.mktemp("encodings") / "t.csv"
    lines = ["size,price,count,flag,city,y"]
    for i in range(200):
        size = "" if i % 11 == 3 else repr(float(rng.normal(5, 2)))
        price, count = rng.lognormal(3, 2), rng.poisson(2)
        city = f"city{int(rng.exponential(4)):02}"
        lines.append(f"{size},{price!r},{count},{'mf'[i % 3 == 0]},{city},{['no', 'yes'][i % 2]}")
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def loaded(train: str, cache: str | Path, **section: Any) -> Dataset:
    usual = {"val": 0.1, "test": 0.2, "missing": "mean", "dtype": np.float32, "seed": 1}
    usual["categorical"] = {"unseen": "zeros"}
    return load_data(train, cache=str(cache), **{**usual, **section})


def bits(arrays: Any) -> list[Any]:
    return [(array.shape, array.dtype, array[:].tobytes()) for array in arrays]


def sets(data: Dataset) -> Iterator[Rows]:
    return (rows for rows in (data.train, data.val, data.test) if rows is not None)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in RARE else ()) for name in ENCODINGS]
)
def test_memory_cache_and_stream_have_the_same_bits(
    table: str, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE", 2048)
    data = loaded(table, "none", **ENCODINGS[name])
    made, found = (loaded(table, tmp_path / "cache", **ENCODINGS[name]) for _ in range(2))
    for rows in zip(*map(sets, (data, made, found)), strict=True):
        assert bits(rows[0].inputs.arrays) == bits(rows[1].inputs.arrays) == bits(rows[2].inputs.arrays)
    again = Preprocessing.from_json(json.loads(json.dumps(data.preprocessing.to_json())))
    assert again == data.preprocessing == found.preprocessing
    whole, _ = load_rows(table, again, target_needed=True, dtype=np.float32)
    assert data.val is not None
    assert bits(whole.inputs[np.asarray(data.partition.val)].arrays) == bits(data.val.inputs.arrays)
    chunks = [chunk.inputs.arrays for chunk in iterate_features(table, again, 31, np.float32)]
    assert bits(map(np.concatenate, zip(*chunks, strict=True))) == bits(whole.inputs.arrays)


def column(tmp_path: Path, values: Any, **section: Any) -> Dataset:
    """A table of one column x, all rows of which train."""
    lines = ["x,y", *(f"{value},{'pq'[i % 2]}" for i, value in enumerate(values))]
    (tmp_path / "x.csv").write_text("\n".join(lines) + "\n")
    return load_data(str(tmp_path / "x.csv"), **section)


def applied(tmp_path: Path, data: Dataset, values: Any) -> np.ndarray:
    (tmp_path / "new.csv").write_text("\n".join(["x", *map(str, values)]) + "\n")
    path = str(tmp_path / "new.csv")
    rows, _ = load_rows(path, data.preprocessing, target_needed=False, dtype=np.float64)
    return rows.inputs.numbers


def test_robust_is_read_as_smooth_clip(tmp_path: Path) -> None:
    values = np.random.default_rng(0).standard_cauchy(50).tolist()
    x = np.array(values)
    lower, median, upper = np.quantile(x, [0.25, 0.5, 0.75])
    z = (x - median) / (upper - lower)
    data = column(tmp_path, values, scale="smooth_clip")
    assert np.allclose(data.train.inputs.numbers[:, 0], z / np.sqrt(1 + (z / 3) ** 2), rtol=1e-12)
    assert data.preprocessing == column(tmp_path, values, scale="robust").preprocessing


def test_log_is_standard_of_the_logarithm(tmp_path: Path) -> None:
    x = np.array([0, 2, 2, 8, 20, 4000.0])
    data = column(tmp_path, x, scale="log")
    logarithm = np.log1p(x / 2)
    expected = (logarithm - logarithm.mean()) / logarithm.std()
    assert np.allclose(data.train.inputs.numbers[:, 0], expected, rtol=1e-12)
    # a new value below 0 goes on symmetrically
    new = applied(tmp_path, data, [-8])
    assert new[0, 0] == pytest.approx((-np.log1p(4) - logarithm.mean()) / logarithm.std())


def test_log_refuses_a_column_that_goes_below_0(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"'x' begins at -3, and `scale: log` .*scale: smooth_clip$"):
        column(tmp_path, [1, 2, -3], scale="log")


@pytest.mark.parametrize("n", [100, 2000, 9000])
def test_bins_are_those_of_the_formula(tmp_path: Path, n: int) -> None:
    x = np.random.default_rng(n).gamma(2, size=n).round(2)
    x[: n // 3] = 1.0
    edges = np.unique(np.quantile(x, np.linspace(0, 1, np.clip(n // 80, 16, 48) + 1)))
    expected = np.clip((x[:, None] - edges[:-1]) / np.diff(edges), 0, 1)
    data = column(tmp_path, x, numeric="piecewise", scale="none")
    assert np.array_equal(data.train.inputs.numbers, np.hstack([x[:, None], expected]))


def test_bins_by_hand(tmp_path: Path) -> None:
    """The 17 quantiles of 401 rows are rows themselves, every 25th: nine 0, four 2, four 10."""
    data = column(tmp_path, [0] * 201 + [2] * 100 + [10] * 100, numeric="piecewise", scale="none")
    assert data.features == ("x", "x[0..2]", "x[2..10]")
    new = applied(tmp_path, data, [-5, 0, 1, 2, 4, 99])
    assert new[:, 1:].tolist() == [[0, 0], [0, 0], [0.5, 0], [1, 0], [1, 0.25], [1, 1]]


def test_a_blank_is_filled_before_it_enters_bins(tmp_path: Path) -> None:
    missing = {"policy": "median", "indicator": True}
    data = column(tmp_path, ["", 0, 2, 2, 10] * 80, numeric="piecewise", missing=missing)
    assert data.features == ("x", "x missing", "x[0..2]", "x[2..10]")
    assert data.train.inputs.numbers[0, 1:].tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    "values",
    [
        [0] * 99 + [1],
        [7] * 100,
        [0.3, 0.1 + 0.2, 0.3] * 30,
        [0.3] * 201 + [0.1 + 0.2] * 100 + [5] * 100,
        ["true", "false"],
    ],
)
def test_few_or_nearly_equal_values_have_no_bins(tmp_path: Path, values: list[Any]) -> None:
    assert column(tmp_path, values, numeric="piecewise").features == ("x",)


def test_a_column_is_what_the_config_says(table: str) -> None:
    columns = {
        "count": {"kind": "category"},
        "price": {"encode": "piecewise"},
        "flag": {"kind": "ignore"},
        "city": {"encode": "one_hot"},
    }
    features = loaded(table, "none", columns=columns).features
    assert "count=0" in features
    assert "flag=m" not in features
    assert "city=city00" in features
    assert sum(name.startswith("price[") for name in features) == 16
    assert not any(name.startswith("size[") for name in features)


def test_a_column_of_kind_date_needs_no_other_key(tmp_path: Path) -> None:
    days = [f"2026-01-{day:02}" for day in range(1, 29)]
    data = column(tmp_path, days, scale="none", columns={"x": {"kind": "date"}})
    assert np.diff(data.train.inputs.numbers[:, 0]).tolist() == [1] * 27
    with pytest.raises(
        DataError, match=r"holds numbers, and data\.columns\.x says that they are dates"
    ):
        column(tmp_path, [1, 2, 3], columns={"x": {"kind": "date"}})


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (
            {"columns": {"size": {"kind": "category", "encode": "piecewise"}}},
            "piecewise is an encoding",
        ),
        ({"columns": {"size": {"kind": "number", "encode": "one_hot"}}}, "one_hot is an encoding"),
        ({"columns": {"size": {"kind": "category", "scale": "log"}}}, "only numbers have a scale"),
        ({"columns": {"city": {"scale": "log"}}}, "only numbers have a scale, and this is text"),
        ({"columns": {"y": {"kind": "category"}}, "target": "y"}, r"already in data\.target"),
        ({"columns": {"size": {"scale": "log"}}, "ignore": ["size"]}, r"already in data\.ignore"),
        (
            {"columns": {"count": {"kind": "number"}}, "categorical": {"columns": ["count"]}},
            r"already in data\.categorical\.columns",
        ),
        (
            {"columns": {"size": {"kind": "ignore"}}, "features": ["size"]},
            r"already in data\.features",
        ),
        (
            {"columns": {"sise": {"kind": "number"}}},
            r"^[^\n]*no column 'sise', did you mean 'size'[^\n]*$",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(table: str, section: dict[str, Any], said: str) -> None:
    with pytest.raises((ConfigError, DataError), match=said):
        loaded(table, "none", **section)


@pytest.mark.parametrize(
    ("key", "value"), [("edges", [0.0, 2.0]), ("edges", [0.0, 2.0, 1.0]), ("unit", -1.0)]
)
def test_a_checkpoint_with_impossible_bins_is_refused(tmp_path: Path, key: str, value: Any) -> None:
    document = column(tmp_path, [0, 0, 2, 10] * 100, numeric="piecewise").preprocessing.to_json()
    document["columns"][0][key] = value
    with pytest.raises(CheckpointError, match=r"preprocessing: columns\[0\]"):
        Preprocessing.from_json(document)
