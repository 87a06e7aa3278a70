"""Tables read in pieces and rows kept in files: the same bits as in memory, and a cache that heals."""

import errno
import gc
import gzip
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import polars as pl
import pytest
from helpers import load_data, trained
from hypothesis import given, settings
from hypothesis import strategies as st

from mlptrain.data import load, prepared_file, source
from mlptrain.data.cache import cache as cache_module
from mlptrain.data.cache import rows_file
from mlptrain.data.cache.cache import Cache, open_cache
from mlptrain.data.cache.file_array import FileArray
from mlptrain.data.cache.secret import own_secret
from mlptrain.data.dataset import Dataset
from mlptrain.data.readers.tables import pieces, spool, spooled
from mlptrain.errors import DataError, MLPTrainError, StorageError
from mlptrain.system import memory_limit as available

RECIPES: list[dict[str, Any]] = [
    {"ignore": ["when"], "missing": "mean", "categorical": {"missing": "zeros"}},
    {"dates": "number", "missing": {"policy": "median", "indicator": True}, "ignore": ["color"]},
    {"features": ["size", "count", "color"], "missing": "drop", "scale": "smooth_clip"},
    {"ignore": ["when", "color"], "missing": "mean", "categorical": {"columns": ["count"]}},
    {"target": "count", "classify": False, "ignore": ["when", "color"], "missing": "mean"},
    {"ignore": ["when", "color", "size"], "scale": "minmax", "weight": "flag"},
    {"dates": "parts", "missing": {"policy": "median", "indicator": True}, "ignore": ["color"]},
]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a few rows, so that a small file has many."""
    monkeypatch.setattr(pieces, "PIECE", 1024)
    monkeypatch.setattr(pieces, "PER_COLUMN", 1)


def rows_of(n: int, seed: int = 0) -> pl.DataFrame:
    """A table of everything that occurs: numbers, blanks, text with quotes, booleans and dates."""
    rng = np.random.default_rng(seed)
    size = np.where(rng.random(n) < 0.1, None, rng.normal(5, 2, n))
    color = [None if i % 23 == 7 else ["red", 'dark "red"', "1", "two\nlines"][i % 4] for i in range(n)]
    return pl.DataFrame(
        {
            "size": size.tolist(),
            "color": color,
            "count": rng.integers(0, 5, n),
            "flag": rng.random(n) < 0.7,
            "when": [f"2026-01-{i % 28 + 1:02}" for i in range(n)],
            "y": rng.choice(["yes", "no", "01"], n),
        }
    )


@pytest.fixture
def table(tmp_path: Path) -> str:
    rows_of(300).write_csv(tmp_path / "t.csv")
    return str(tmp_path / "t.csv")


def loaded(train: str, cache: str | Path, **settings: Any) -> Dataset:
    usual = {"target": "y", "val": 0.1, "test": 0.2, "classify": True, "seed": 1, "dtype": np.float32}
    return load_data(train, cache=str(cache), **{**usual, **settings})


def bits(data: Dataset) -> list[Any]:
    """Everything that training could see, bit by bit."""
    found: list[Any] = [
        data.features,
        data.classes,
        data.preprocessing.to_json(),
        dict(data.fingerprint),
    ]
    found += [rows[:].tolist() for rows in data.partition]
    for rows in (data.train, data.val, data.test):
        for array in (rows.inputs.numbers, rows.y, rows.weights, rows.truth) if rows else ():
            found.append(None if array is None else (array.shape, array.dtype, array[:].tobytes()))
    return found


@pytest.mark.parametrize("recipe", RECIPES)
def test_rows_from_the_cache_have_the_bits_of_rows_in_memory(
    table: str, tmp_path: Path, recipe: dict[str, Any]
) -> None:
    expected = bits(loaded(table, "none", **recipe))
    made, found = (loaded(table, tmp_path / "cache", **recipe) for _ in range(2))
    assert isinstance(found.train.inputs.numbers, FileArray)
    assert bits(made) == bits(found) == expected
    assert "kept in" in made.notes[0]
    assert "taken from" in found.notes[0]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["parquet", "arrow", "csv.gz", "tsv"])
def test_every_kind_of_table_has_the_same_bits_in_pieces(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, frame = tmp_path / f"t.{suffix}", rows_of(2500)
    monkeypatch.setattr(pieces, "PIECE", 1 << 12)
    if suffix == "csv.gz":
        path.write_bytes(gzip.compress(frame.write_csv().encode()))
    elif suffix == "tsv":
        frame.write_csv(path, separator="\t")
    else:
        {"parquet": frame.write_parquet, "arrow": frame.write_ipc}[suffix](path)
    whole, cached = (loaded(str(path), cache, **RECIPES[0]) for cache in ("none", tmp_path / "c"))
    assert bits(cached) == bits(whole)


CELLS = st.one_of(
    st.floats(-1e6, 1e6).map(repr),
    st.integers(-99, 99).map(str),
    st.sampled_from(
        ["", "NA", "true", "False", "2026-11-22", "x", " y ", "7.0", '"a,b"', "nan", "1e400"]
    ),
)


@pytest.mark.slow
@settings(max_examples=40)
@given(
    st.lists(st.tuples(CELLS, CELLS, st.sampled_from("pqr")), min_size=8, max_size=60),
    st.sampled_from([{"missing": "mean"}, {"missing": "drop"}, {"scale": "none", "missing": "median"}]),
    st.integers(20, 400),
)
def test_any_table_gives_the_same_bits_or_the_same_error_in_pieces(
    rows: list[tuple[str, str, str]], recipe: dict[str, Any], size: int
) -> None:
    recipe = {**recipe, "dates": "parts", "categorical": {"missing": "zeros", "unseen": "zeros"}}
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "PIECE", size)
        path = f"{directory}/t.csv"
        Path(path).write_text("a,b,y\n" + "".join(f"{','.join(row)}\n" for row in rows))
        found: list[Any] = []
        for cache in ("none", f"{directory}/cache"):
            try:
                found.append(bits(loaded(path, cache, **recipe)))
            except MLPTrainError as error:
                found.append((type(error), error.faults))
    assert found[0] == found[1]


def test_a_fit_from_the_cache_ends_with_the_parameters_of_a_fit_in_memory(
    table: str, tmp_path: Path
) -> None:
    digests = []
    for cache in ("none", str(tmp_path / "cache")):
        config = {
            "data": {"train": table, "cache": cache, **RECIPES[0]},
            "model": {"hidden": [8]},
            "train": {"epochs": 3, "batch_size": 16},
        }
        experiment, _ = trained(config)
        digests.append(hashlib.sha256(experiment.network.parameters.values.tobytes()).hexdigest())
    assert digests[0] == digests[1]


def test_faults_of_a_target_are_listed_over_all_rows_of_its_set(
    table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "BLOCK", 300)
    rows_of(2000, seed=1).with_columns(y=pl.lit("never seen")).write_csv(tmp_path / "val.csv")
    found = []
    for cache in ("none", tmp_path / "c"):
        with pytest.raises(DataError, match="2,000 such values in all") as error:
            loaded(table, cache, **{**RECIPES[0], "val": str(tmp_path / "val.csv")})
        found.append(error.value.faults)
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("recipe", "loss"),
    [
        (RECIPES[0], {"name": "softmax", "class_weights": "balanced"}),
        (RECIPES[4], {"name": "mse"}),
        (RECIPES[5], {"name": "softmax"}),
    ],
)
def test_targets_and_weights_that_stay_in_the_file_change_nothing(
    table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: dict[str, Any], loss: Any
) -> None:
    monkeypatch.setattr(prepared_file, "MOST_BESIDE", 0)
    found = []
    for cache in ("none", str(tmp_path / "cache")):
        given = {key: value for key, value in recipe.items() if key != "classify"}
        data = {"train": table, "target": "y", "val": 0.2, "cache": cache, **given}
        config = {
            "data": data,
            "model": {"hidden": [8]},
            "loss": loss,
            "train": {"epochs": 3, "batch_size": 16},
        }
        experiment, record = trained(config)
        assert isinstance(experiment.data.train.y, np.ndarray if cache == "none" else FileArray)
        values = {**record.values, "seconds": 0, "examples_per_second": 0}
        found.append((values, experiment.network.parameters.values.tobytes()))
    assert found[0] == found[1]


def test_evaluating_a_stored_preprocessing_uses_the_rows_that_were_fitted(
    table: str, tmp_path: Path
) -> None:
    first = loaded(table, tmp_path / "c", **RECIPES[0])
    again = loaded(table, tmp_path / "c", **RECIPES[0], fitted=first.preprocessing)
    assert "taken from" in again.notes[0]
    assert bits(again) == bits(first)


def test_a_stored_preprocessing_of_other_rows_is_applied_as_it_is(table: str, tmp_path: Path) -> None:
    other = loaded(table, "none", **RECIPES[0], seed=2).preprocessing
    loaded(table, tmp_path / "c", **RECIPES[0])
    found = loaded(table, tmp_path / "c", **RECIPES[0], fitted=other)
    assert bits(found) == bits(loaded(table, "none", **RECIPES[0], fitted=other))


def files_in(directory: Path) -> list[str]:
    return sorted(path.suffix for path in directory.iterdir())


def test_a_changed_file_or_setting_is_prepared_anew(table: str, tmp_path: Path) -> None:
    loaded(table, tmp_path / "c", **RECIPES[0])
    loaded(table, tmp_path / "c", **RECIPES[0], seed=9)
    rows_of(300, seed=1).write_csv(table)
    changed = loaded(table, tmp_path / "c", **RECIPES[0])
    assert bits(changed) == bits(loaded(table, "none", **RECIPES[0]))
    assert files_in(tmp_path / "c") == [".rows"] * 3


@pytest.mark.parametrize("place", [1000, -1, -41])
def test_a_damaged_file_is_made_anew(table: str, tmp_path: Path, place: int) -> None:
    expected = bits(loaded(table, tmp_path / "c", **RECIPES[0]))
    (path,) = (tmp_path / "c").iterdir()
    damaged = bytearray(path.read_bytes())
    damaged[place] ^= 1
    path.write_bytes(damaged)
    assert bits(loaded(table, tmp_path / "c", **RECIPES[0])) == expected
    assert path.read_bytes() != bytes(damaged)


@pytest.mark.parametrize("length", [0, 5000])
def test_a_file_cut_short_is_made_anew(table: str, tmp_path: Path, length: int) -> None:
    expected = bits(loaded(table, tmp_path / "c", **RECIPES[0]))
    (path,) = (tmp_path / "c").iterdir()
    os.truncate(path, length)
    assert bits(loaded(table, tmp_path / "c", **RECIPES[0])) == expected


def test_the_cache_may_be_deleted_while_it_is_used(table: str, tmp_path: Path) -> None:
    data = loaded(table, tmp_path / "c", **RECIPES[0])
    before = bits(data)
    (path,) = (tmp_path / "c").iterdir()
    path.unlink()
    (tmp_path / "c").rmdir()
    assert bits(data) == before
    assert bits(loaded(table, tmp_path / "c", **RECIPES[0])) == before


LOAD = """
import sys, hashlib, numpy as np
from mlptrain.config import load_config
from mlptrain.training.build import load
data = load(load_config({"data": {"train": sys.argv[1], "cache": sys.argv[2], "ignore": ["when"],
                                  "missing": "mean", "categorical": {"missing": "zeros"}}}))
print(hashlib.sha256(data.train.inputs.numbers[:].tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_two_programs_at_once_end_with_one_file_and_the_same_rows(table: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", LOAD, table, str(tmp_path / "c")]
    programs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    printed = [program.communicate(timeout=60)[0] for program in programs]
    assert [program.returncode for program in programs] == [0, 0]
    assert printed[0] == printed[1] != ""
    assert files_in(tmp_path / "c") == [".rows"]


KEY = f"{'a' * 32}-{'b' * 32}"


def opened(directory: Path) -> Cache:
    cache = open_cache(str(directory))
    assert cache is not None
    return cache


def document(file: rows_file.RowsFile) -> Any:
    return file.document


def test_what_a_killed_program_left_is_removed_and_what_is_locked_is_not(tmp_path: Path) -> None:
    (tmp_path / f"{KEY}.building").write_bytes(b"half")
    cache = opened(tmp_path)
    assert files_in(tmp_path) == []

    def write(writer: rows_file.RowsWriter) -> None:
        cache.tidy()
        assert files_in(tmp_path) == [".building"]
        writer.finish({"rows": 1})

    cache.make(KEY, write, document)
    assert files_in(tmp_path) == [".rows"]


# --- room for new rows ---


def made(table: str, directory: Path, seed: int, used: int) -> Path:
    """Rows of a seed that nobody uses now; `used` orders them in time."""
    before = set(directory.iterdir()) if directory.exists() else set()
    loaded(table, directory, **RECIPES[0], seed=seed)
    (path,) = set(directory.iterdir()) - before
    os.utime(path, (used, used))
    return path


def leave_free(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(cache_module, "free_space", lambda directory: size)


def test_rows_used_longest_ago_go_where_they_take_more_than_they_leave_free(
    table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (made(table, tmp_path / "c", seed, used=seed) for seed in (1, 2, 3))
    loaded(table, tmp_path / "c", **RECIPES[0], seed=1)  # used again: now the second is the oldest
    leave_free(monkeypatch, 2 * first.stat().st_size + 100)
    fourth = loaded(table, tmp_path / "c", **RECIPES[0], seed=4)
    assert "kept in" in fourth.notes[0]
    assert [path.exists() for path in (first, second, third)] == [True, False, True]


def test_rows_that_are_in_use_stay(table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [made(table, tmp_path / "c", seed, used=seed) for seed in (1, 2)]
    users = [loaded(table, tmp_path / "c", **RECIPES[0], seed=seed) for seed in (2, 3)]
    leave_free(monkeypatch, 0)
    loaded(table, tmp_path / "c", **RECIPES[0], seed=4)
    assert [path.exists() for path in paths] == [False, True]
    assert len(list((tmp_path / "c").iterdir())) == 3
    assert all("rows" in user.notes[0] for user in users)
    users.clear()
    gc.collect()
    loaded(table, tmp_path / "c", **RECIPES[0], seed=5)
    assert len(list((tmp_path / "c").iterdir())) == 1


def test_files_that_are_not_named_as_rows_are_stay(
    table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("mine.rows", "abc-def.rows", f"{'a' * 32}-{'b' * 32}.rows.txt"):
        (tmp_path / name).write_text("mine")
    (tmp_path / f"{'a' * 32}-{'b' * 32}.rows").symlink_to(table)
    leave_free(monkeypatch, 0)
    loaded(table, tmp_path, **RECIPES[0])
    assert len(list(tmp_path.glob("*.rows*"))) == 5
    assert Path(table).exists()


def test_who_waits_for_rows_need_not_wait_until_their_maker_has_used_them(tmp_path: Path) -> None:
    cache, began, waits = opened(tmp_path), Event(), Event()

    def write(writer: rows_file.RowsWriter) -> None:
        began.set()
        waits.wait(10)
        time.sleep(0.2)  # the other waits for the lock by now
        writer.finish({"rows": 1})

    def wait() -> Any:
        began.wait(10)
        waits.set()
        return cache.make(KEY, write, document)

    with ThreadPoolExecutor(2) as pool:
        maker, other = pool.submit(cache.make, KEY, write, document), pool.submit(wait)
        assert maker.result(10) == other.result(10) == {"rows": 1}
    assert files_in(tmp_path) == [".rows"]


@pytest.mark.parametrize("call", ["write", "writev", "fsync", "replace"])
def test_a_full_disk_is_one_line_with_advice_and_leaves_nothing(
    table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    own_secret()

    def full(*_: Any, **__: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(StorageError) as caught:
        loaded(table, tmp_path / "c", **RECIPES[0])
    monkeypatch.undo()
    assert len(caught.value.faults) == 1
    assert "free some space" in str(caught.value)
    assert "data.cache" in str(caught.value)
    assert files_in(tmp_path / "c") == []


def test_a_directory_that_cannot_be_made_says_what_to_do(table: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"cannot be made: .*`data\.cache: none`"):
        loaded(table, tmp_path / "file" / "c", **RECIPES[0])


def test_faults_are_listed_over_the_whole_file_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "a,y\n" + "".join(f"{'oops' if i % 100 == 50 else i},{i % 2}\n" for i in range(1000))
    )
    with pytest.raises(DataError) as caught:
        loaded(str(path), tmp_path / "c")
    assert caught.value.faults[:2] == tuple(
        f"{path}:{line}: a: 'oops' is not a number" for line in (52, 152)
    )
    assert "10 such values in all" in caught.value.faults[-1]


def test_a_ragged_row_in_a_late_piece_is_named_with_the_total(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,y\n" + "".join("1,0,5\n" if i in (10, 700) else f"{i},1\n" for i in range(900)))
    with pytest.raises(DataError) as caught:
        loaded(str(path), tmp_path / "c")
    assert f"{path}:12: 3 fields where the header names 2" in caught.value.faults
    assert "2 ragged rows in all" in caught.value.faults[-1]


def test_numbers_that_turn_into_text_are_categories_as_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "a,y\n" + "".join(f"{1.0 if i < 200 else 'ab'[i % 2]},{i % 3}\n" for i in range(600))
    )
    whole, cached = (loaded(str(path), cache) for cache in ("none", tmp_path / "c"))
    assert whole.features == ("a=1.0", "a=a", "a=b")
    assert bits(cached) == bits(whole)


def test_classes_and_categories_keep_their_spelling_as_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,y\n" + "".join(f"{i % 3:02},{('1E2', '1E3')[i % 2]}\n" for i in range(600)))
    settings = {"categorical": {"columns": ["a"]}}
    whole, cached = (loaded(str(path), cache, **settings) for cache in ("none", tmp_path / "c"))
    assert (whole.features, whole.classes) == (("a=00", "a=01", "a=02"), ("1E2", "1E3"))
    assert bits(cached) == bits(whole)


def test_too_many_labels_are_refused_without_keeping_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (spool, spooled):
        monkeypatch.setattr(module, "MOST_LABELS", 100)
    path = tmp_path / "t.csv"
    path.write_text("a,y\n" + "".join(f"id{i},{i % 2}\n" for i in range(300)))
    with pytest.raises(DataError, match="has more than 100 different values"):
        loaded(str(path), tmp_path / "c")


def test_a_small_file_needs_no_cache(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLPTRAIN_CACHE", "/nowhere/to/be/found")
    assert isinstance(loaded(table, "auto", **RECIPES[0]).train.inputs.numbers, np.ndarray)


@pytest.mark.parametrize(("limit", "kind"), [(10_000, FileArray), (10_000_000, np.ndarray)])
def test_a_large_table_stays_in_a_file_where_it_would_fill_the_memory(
    table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, kind: type
) -> None:
    monkeypatch.setattr(load, "LARGE", 1000)
    monkeypatch.setattr(load, "memory_limit", lambda: limit)
    monkeypatch.setenv("MLPTRAIN_CACHE", str(tmp_path / "c"))
    data = loaded(table, "auto", **RECIPES[0])
    assert isinstance(data.train.inputs.numbers, kind)
    assert bits(data) == bits(loaded(table, "none", **RECIPES[0]))


def test_the_usual_directory_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLPTRAIN_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    cache = open_cache("auto")
    assert cache is not None
    assert cache.files.path == tmp_path / "xdg" / "mlptrain"
    monkeypatch.setenv("MLPTRAIN_CACHE", str(tmp_path / "own"))
    cache = open_cache("auto")
    assert cache is not None
    assert cache.files.path == tmp_path / "own"


def test_the_memory_limit_of_a_container_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").write_text("0::/a/b\n")
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "memory.max").write_text("123456789\n")
    (tmp_path / "a" / "b" / "memory.max").write_text("max\n")
    monkeypatch.setattr(available, "CGROUPS", tmp_path)
    monkeypatch.setattr(available, "OWN", tmp_path / "own")
    assert available.memory_limit() == 123456789


def test_a_file_array_takes_and_slices_like_an_ndarray(table: str, tmp_path: Path) -> None:
    X = loaded(table, tmp_path / "c", **RECIPES[0]).train.inputs.numbers
    whole = np.asarray(X)
    rows, out = np.array([5, 0, 200, 5]), np.empty((4, X.shape[1]), np.float32)
    X.take(rows, 0, out, "clip")
    assert np.array_equal(out, whole[rows])
    for key in (slice(3, 9), slice(None, None, 7), rows, (slice(None), 0), slice(9, 3), 5, -1):
        assert np.array_equal(X[key], whole[key])
    with pytest.raises(IndexError):
        X[len(X)]
    with pytest.raises(IndexError):
        X.take(np.array([len(X)]), 0, out[:1], "clip")


def test_a_file_that_changes_while_it_is_read_is_refused(table: str) -> None:
    from mlptrain.data.fingerprints import Fingerprints

    found = Fingerprints([table])
    Path(table).write_text("something else")
    with pytest.raises(DataError, match="was changed while it was read"):
        dict(found)
