"""What holds for every config, table, checkpoint and resume point, not only for chosen ones.

A few examples every day; MLPTRAIN_EXAMPLES says how many, and `make chaos` asks for many.
"""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from helpers import changed, load_data
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runs import RESUMED, THIRTY, abandoned_at, finish, interrupted_at

from mlptrain.config import dump, load_config, resolved
from mlptrain.config.yaml import UNPRINTABLE, parse
from mlptrain.data.load import load_rows
from mlptrain.data.readers.tables.tables import read_table
from mlptrain.errors import CheckpointError, ConfigError, DataError
from mlptrain.inference.model import Model
from mlptrain.runs.fit import prepare
from mlptrain.storage.archive import read_archive, write_archive
from mlptrain.training.checkpoint_schema import FORMS

pytestmark = pytest.mark.usefixtures("one_thread")

EXAMPLES = int(os.environ.get("MLPTRAIN_EXAMPLES", "15"))
USUAL = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
RUNS = settings(USUAL, max_examples=max(3, EXAMPLES // 8))

PLAIN = {"data": {"train": "rows.csv"}}
WORDS = st.sampled_from(["data", "model", "train", "hidden", "name", "loss", "mse", "|int", "[key]"])
TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | st.integers() | FINITE | TEXT
TREES = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | TEXT, inner, max_size=4),
    max_leaves=12,
)


# --- config ---


@USUAL
@given(st.dictionaries(WORDS | TEXT, TREES, max_size=4))
def test_any_mapping_is_a_config_or_a_list_of_faults(tree):
    try:
        config = load_config(tree)
    except ConfigError as error:
        assert error.faults  # noqa: PT017
        assert all(fault.isprintable() for fault in error.faults)  # noqa: PT017
    else:
        assert load_config(resolved(config)) == config


@USUAL
@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
def test_any_text_is_a_document_or_one_fault(text):
    try:
        parse(text, "config.yaml")
    except ConfigError as error:
        (fault,) = error.faults
        assert fault.startswith("config.yaml:")


WRITABLE = TEXT.filter(lambda text: not UNPRINTABLE.search(text))
LEAVES = st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | FINITE | WRITABLE


@pytest.mark.slow
@USUAL
@given(
    st.dictionaries(
        WRITABLE,
        st.recursive(
            LEAVES | WORDS,
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WRITABLE, inner, max_size=4),
        ),
        min_size=1,
    )
)
def test_what_is_written_as_yaml_reads_the_same(tree):
    assert parse(dump(tree), "written").data == tree


@USUAL
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "seed": st.integers(0, 2**31),
            "model.hidden": st.lists(st.integers(1, 500), max_size=3),
            "model.dropout": st.floats(0, 0.99),
            "optimizer.learning_rate": st.floats(1e-300, 1e300),
            "train.epochs": st.integers(1, 10**9),
            "train.clip_norm": st.none() | st.floats(1e-30, 1e30),
            "data.val": st.none() | st.floats(0, 0.79),
        },
    )
)
def test_every_number_of_a_config_survives_being_written_out(tmp_path, changes):
    config = load_config(changed(PLAIN, changes))
    file = tmp_path / "config.yaml"
    file.write_text(dump(resolved(config)), encoding="utf-8")

    assert load_config(file) == config


# --- tables ---

SUFFIXES = (".csv", ".csv.gz", ".jsonl", ".npz", ".npy", ".idx", ".svm", ".parquet", ".arrow")
NUMBERS = FINITE | st.integers(-(2**53), 2**53)
CELLS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], include_characters="\n"), max_size=8
)


def as_csv(path: Path, header, rows, separator=",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(header)
        writer.writerows(rows)
    return path


@USUAL
@given(
    st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=30), st.sampled_from([",", ";", "\t"])
)
def test_every_number_of_a_table_is_read_to_the_last_bit(tmp_path, rows, separator):
    table = read_table(str(as_csv(tmp_path / "t.csv", ["a", "b"], rows, separator)))

    assert table.numbers("a").tolist() == [float(a) for a, _ in rows]
    assert table.numbers("b").tolist() == [float(b) for _, b in rows]


@USUAL
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=12))
def test_every_text_of_a_table_is_read_as_it_was_written(tmp_path, cells):
    """Quotes, separators and line ends within fields included."""
    rows = [(number, *pair) for number, pair in enumerate(cells)]
    table = read_table(str(as_csv(tmp_path / "t.csv", ["n", "a", "b"], rows)))

    assert len(table) == len(rows)
    assert table.numbers("n").tolist() == list(range(len(rows)))


@pytest.mark.slow
@USUAL
@given(
    st.binary(max_size=120),
    st.sampled_from(SUFFIXES),
)
def test_any_file_is_data_or_an_error_with_lines(tmp_path, content, suffix):
    file = tmp_path / f"t{suffix}"
    file.write_bytes(content)
    (tmp_path / "y.npy").write_bytes(content)
    target = str(tmp_path / "y.npy") if suffix == ".npy" else "y"
    try:
        load_data(str(file), target=target)
    except DataError as error:
        assert all(fault.isprintable() for fault in error.faults)  # noqa: PT017


@USUAL
@given(st.data())
def test_a_broken_row_is_named_by_its_line(tmp_path, data):
    rows = [[1, 2, "p"], [3, 4, "q"], [5, 6, "p"], [7, 8, "q"]] * 3
    broken = data.draw(st.integers(0, len(rows) - 1))
    rows[broken] = rows[broken][: data.draw(st.integers(1, 2))]
    file = as_csv(tmp_path / "t.csv", ["a", "b", "y"], rows)
    with pytest.raises(DataError) as error:
        read_table(str(file))

    assert error.value.faults[0].startswith(f"{file}:{broken + 2}: ")


@pytest.mark.slow
@USUAL
@given(
    st.lists(st.tuples(st.integers(-(10**6), 10**6), st.sampled_from("rgb")), min_size=8, max_size=30),
    st.randoms(use_true_random=False),
)
def test_a_row_means_the_same_to_fit_and_to_predict(tmp_path, rows, random):
    """Whatever stands around it, and in whatever order the columns come."""
    rows = [(a, c, number % 2) for number, (a, c) in enumerate(rows)]
    train = as_csv(tmp_path / "train.csv", ["a", "c", "y"], rows)
    dataset = load_data(str(train))
    random.shuffle(rows)
    other = as_csv(tmp_path / "other.csv", ["c", "a", "y"], [(c, a, y) for a, c, y in rows])
    found, _ = load_rows(str(other), dataset.preprocessing, target_needed=True, dtype=np.float64)

    def ordered(part):
        return sorted(np.column_stack([part.inputs.numbers, part.y]).tolist())

    assert ordered(found) == ordered(dataset.train)


# --- checkpoints ---


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of a few steps: its directory, and what its checkpoint holds."""
    out = tmp_path_factory.mktemp("finished") / "run"
    config = changed(THIRTY, {"train.epochs": 1, "model": {"hidden": [3], "norm": "batch"}})
    finish(prepare(config, out=out))
    return out, *read_archive(out / "last.npz")


JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
)


@USUAL
@given(st.binary(max_size=400))
def test_any_bytes_are_refused_as_a_checkpoint(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(CheckpointError, match="not a valid checkpoint"):
        read_archive(tmp_path / "a.npz")


@pytest.mark.slow
@settings(USUAL, max_examples=4 * EXAMPLES)
@given(st.sampled_from(sorted(FORMS)), JSON)
def test_a_document_that_says_something_else_is_refused_or_harmless(tmp_path, finished, key, value):
    """A sealed file with any value in any place: a model that predicts, or one line."""
    _, arrays, document = finished
    file = tmp_path / "a.npz"
    write_archive(file, arrays, {**document, key: value})
    try:
        model = Model.load(file)
        model.predict(np.zeros((2, 2)))
    except CheckpointError as error:
        assert len(error.faults) == 1  # noqa: PT017


@pytest.mark.slow
@settings(USUAL, max_examples=2 * EXAMPLES)
@given(st.sampled_from(sorted(FORMS)), JSON)
def test_a_run_with_such_a_document_goes_on_or_is_refused(tmp_path, finished, key, value):
    out, arrays, document = finished
    metrics = (out / "metrics.jsonl").read_bytes()
    write_archive(out / "last.npz", arrays, {**document, key: value})
    try:
        with prepare(None, resume=out).directory:
            pass
    except CheckpointError as error:
        assert error.faults  # noqa: PT017
    finally:
        (out / "metrics.jsonl").write_bytes(metrics)


# --- resume points ---


@pytest.mark.slow
@RUNS
@given(
    st.sampled_from(sorted(RESUMED.keys() - {"early stopping"})),
    st.sets(st.integers(1, 23), min_size=1, max_size=4),
    st.sampled_from([interrupted_at, abandoned_at]),
)
def test_a_run_may_be_left_anywhere_and_ends_the_same(tmp_path_factory, name, steps, leave):
    config = changed(THIRTY, RESUMED[name])
    if leave is abandoned_at:
        config = changed(config, {"train.checkpoint_every": {"steps": 1}})
    place = tmp_path_factory.mktemp("resumed")
    expected = finish(prepare(config, out=place / "whole"))

    assert finish(leave(prepare(config, out=place / "parts"), *sorted(steps))) == expected
