"""The checkpoint file: what is written comes back, to the bit, and nothing else is accepted."""

import contextlib
import hashlib
import json
import re
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlptrain.errors import CheckpointError, DivergenceError
from mlptrain.storage.archive import (
    DTYPES,
    DamagedCheckpoint,
    _cost,
    read_archive,
    write_archive,
)
from mlptrain.storage.npz import Member, assemble

HERE = Path(__file__).parent
GOLDEN = HERE / "golden" / "checkpoint-v1.npz"
MB = 1 << 20


def same(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def sealed(text):
    """A file without arrays around any text of a document, right in everything else."""
    document = Member("document", "|u1", (len(text),), hashlib.sha256(text).hexdigest())
    return b"".join(assemble([document], [memoryview(text)]))


def content(**changes):
    """The text of a document without arrays, with changes."""
    whole = {"format": "mlptrain checkpoint", "version": 1, "manifest": {}, "document": {}}
    return json.dumps(whole | changes, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize("dtype", sorted(DTYPES))
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 5), (2, 3), (1,) * 32])
def test_every_dtype_and_shape_comes_back(tmp_path, dtype, shape):
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    write_archive(tmp_path / "a.npz", {"a": array}, {})

    assert same(read_archive(tmp_path / "a.npz")[0]["a"], array)


numbers = hnp.arrays(
    st.sampled_from(["<f4", "<f8", "<i8", "|u1", "|b1"]), hnp.array_shapes(min_dims=0, min_side=0)
)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.slow
@settings(max_examples=60)
@given(
    arrays=st.dictionaries(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_/-]{0,9}", fullmatch=True), numbers),
    document=st.dictionaries(st.text(), documents),
)
def test_any_content_comes_back(tmp_path_factory, arrays, document):
    path = tmp_path_factory.getbasetemp() / "any.npz"
    arrays.pop("document", None)
    write_archive(path, arrays, document)
    read, text = read_archive(path)

    assert text == document
    assert sorted(read) == sorted(arrays)
    assert all(same(read[name], arrays[name]) for name in arrays)


def test_arrays_that_are_not_contiguous_come_back(tmp_path):
    array = np.arange(12.0).reshape(3, 4)
    write_archive(tmp_path / "a.npz", {"t": array.T, "step": array[:, ::2]}, {})
    arrays, _ = read_archive(tmp_path / "a.npz")

    assert arrays["t"].tolist() == [[0, 4, 8], [1, 5, 9], [2, 6, 10], [3, 7, 11]]
    assert arrays["step"].tolist() == [[0, 2], [4, 6], [8, 10]]


def test_arrays_that_were_read_can_be_written_to(tmp_path):
    write_archive(tmp_path / "a.npz", {"a": np.zeros(2)}, {})
    arrays, _ = read_archive(tmp_path / "a.npz")
    arrays["a"] += 1

    assert arrays["a"].tolist() == [1, 1]


def test_equal_content_gives_equal_bytes(tmp_path):
    a, b = np.ones(3), np.zeros((2, 2), np.float32)
    write_archive(tmp_path / "1.npz", {"a": a, "b": b}, {"x": 1, "y": 2})
    write_archive(tmp_path / "2.npz", {"b": b, "a": a}, {"y": 2, "x": 1})

    assert (tmp_path / "1.npz").read_bytes() == (tmp_path / "2.npz").read_bytes()


def test_numpy_reads_it_alone(tmp_path):
    write_archive(tmp_path / "a.npz", {"layer1.W": np.eye(2)}, {"epoch": 3})
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        document = json.loads(file["document"].tobytes())

        assert set(file) == {"document", "layer1.W"}
        assert file["layer1.W"].tolist() == [[1, 0], [0, 1]]
    assert document["document"] == {"epoch": 3}
    # sha256sum of the 32 bytes 1.0, 0.0, 0.0, 1.0 in float64
    assert document["manifest"]["layer1.W"] == {
        "dtype": "<f8",
        "shape": [2, 2],
        "sha256": "7b38b86d9a7e623764dc234b5d8aa67afbf388f139b4dc5a266ed0b4b7a258ea",
    }


def test_zip_tools_find_it_sound(tmp_path):
    write_archive(tmp_path / "a.npz", {"layer1.W": np.eye(2), "empty": np.zeros(0)}, {})
    with zipfile.ZipFile(tmp_path / "a.npz") as file:
        assert file.testzip() is None
        assert file.namelist() == ["document.npy", "empty.npy", "layer1.W.npy"]
        assert {item.compress_type for item in file.infolist()} == {zipfile.ZIP_STORED}


def test_version_1_loads_for_ever():
    arrays, document = read_archive(GOLDEN)

    assert document == {
        "clock": {"epoch": 3, "step": 120},
        "classes": ["klein", "größer", "\U0001f600"],
        "best": {"value": 0.1, "epoch": 2},
        "nothing": None,
    }
    expected = {
        "layer1.W": np.array([[0.5, -1.25, 3.0], [1e-38, -0.0, 65504.0]], "<f4"),
        "layer1.b": np.array([1.0, 2.0, 3.0], "<f8"),
        "optimizer/t": np.array(7, "<i8"),
        "optimizer/half": np.array([0.1], "<f2"),
        "classes": np.array([0x67, 0x72, 0xC3, 0xB6, 0xC3, 0x9F, 0x65], "u1"),
        "mask": np.array([True, False, True]),
        "empty": np.zeros((0, 4), "<i4"),
    }
    assert set(arrays) == set(expected)
    assert all(same(arrays[name], expected[name]) for name in expected)


def test_the_golden_file_written_again_is_the_golden_file(tmp_path):
    write_archive(tmp_path / "a.npz", *read_archive(GOLDEN))

    assert (tmp_path / "a.npz").read_bytes() == GOLDEN.read_bytes()


def test_the_reader_in_the_docs_reads_the_golden_file():
    page = (HERE.parent / "docs" / "checkpoint-format.md").read_text()
    scope = {}
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(code, scope)  # noqa: S102 - our own page
    arrays, document = scope["read"](GOLDEN)

    assert document == read_archive(GOLDEN)[1]
    assert all(same(arrays[name], array) for name, array in read_archive(GOLDEN)[0].items())


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_array_that_must_be_finite_is_not_written(tmp_path, value):
    path = tmp_path / "a.npz"
    write_archive(path, {"w": np.zeros(3)}, {})
    before = path.read_bytes()
    with pytest.raises(DivergenceError) as error:
        write_archive(path, {"w": np.array([0, value, 1])}, {}, finite=["w"])

    assert str(error.value) == (
        f"{path}: not saved, nan or infinity in w; "
        "lower optimizer.learning_rate, or set train.clip_norm"
    )
    assert path.read_bytes() == before


def test_finite_numbers_pass_even_if_their_sum_overflows(tmp_path):
    arrays = {"w": np.full(9, 3e38, np.float32), "n": np.array(3), "none": np.zeros(0)}
    write_archive(tmp_path / "a.npz", arrays, {}, finite=arrays)

    assert same(read_archive(tmp_path / "a.npz")[0]["w"], arrays["w"])


def test_a_document_with_nan_is_our_mistake(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_archive(tmp_path / "a.npz", {}, {"best": float("nan")})

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "../a", "/a", "a b", "ä", "a" * 201, "document", "a\n"])
def test_a_name_that_the_reader_refuses_is_not_written(tmp_path, name):
    with pytest.raises(ValueError, match="cannot be the name of an array"):
        write_archive(tmp_path / "a.npz", {name: np.zeros(1)}, {})


@pytest.mark.parametrize("dtype", ["O", "U3", "S3", "M8[s]", "c8", ">f4", "g", [("x", "f4")]])
def test_a_dtype_that_the_reader_refuses_is_not_written(tmp_path, dtype):
    with pytest.raises(ValueError, match="cannot be kept in a checkpoint"):
        write_archive(tmp_path / "a.npz", {"a": np.zeros(1, dtype)}, {})


def test_a_document_that_the_reader_refuses_is_not_written(tmp_path):
    with pytest.raises(CheckpointError, match="too large"):
        write_archive(tmp_path / "a.npz", {}, {"lists": [[]] * (2 * MB)})

    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_not_a_damaged_one(tmp_path):
    path = tmp_path / "a.npz"
    with pytest.raises(CheckpointError) as error:
        read_archive(path)

    assert not isinstance(error.value, DamagedCheckpoint)
    assert str(error.value) == (f"{path}: cannot be read: No such file or directory; check the path")


def test_a_newer_version_asks_for_an_upgrade(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(sealed(content(version=2, new_key=1)))
    with pytest.raises(CheckpointError) as error:
        read_archive(path)

    assert not isinstance(error.value, DamagedCheckpoint)
    assert str(error.value) == (
        f"{path}: has version 2 of the format, this program knows 1; upgrade it"
    )


def test_an_npz_of_somebody_else_is_told_apart(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, X=np.zeros(3))
    with pytest.raises(DamagedCheckpoint) as error:
        read_archive(path)

    assert str(error.value) == (
        f"{path}: not a valid checkpoint: it does not begin like one that this program wrote; "
        "use another one"
    )


def test_a_damaged_array_is_named(tmp_path):
    path = tmp_path / "a.npz"
    write_archive(path, {"layer1.W": np.full(4, 0.5)}, {})
    broken = path.read_bytes().replace(np.full(4, 0.5).tobytes(), np.full(4, 0.25).tobytes())
    path.write_bytes(broken)
    with pytest.raises(DamagedCheckpoint, match=r"layer1\.W is damaged"):
        read_archive(path)


def peak_of_reading(path):
    tracemalloc.start()
    with contextlib.suppress(DamagedCheckpoint):
        read_archive(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_reading_takes_little_more_than_the_file(tmp_path):
    path = tmp_path / "a.npz"
    write_archive(path, {f"w{i}": np.zeros(MB, np.float32) for i in range(4)}, {"text": "x" * MB})

    assert peak_of_reading(path) < path.stat().st_size + 8 * MB


def list_of(item, count):
    """A document that is a list of so many items, spelled by hand."""
    return content(document={"x": "here"}).replace(b'"here"', b"[" + item * count + b"0]")


@pytest.mark.slow
@pytest.mark.parametrize("item", [b"1.5,", b'"ab",', b"[0],", b'"\\ud83d\\ude00' + b"a" * 99 + b'",'])
def test_the_largest_document_takes_no_more_memory_than_promised(tmp_path, item):
    each = (_cost(list_of(item, 2000)) - _cost(list_of(item, 1000))) / 1000 - 24 * len(item)
    count = int(60 * MB / each) if each > 0 else 1 << 17
    path = tmp_path / "a.npz"
    path.write_bytes(sealed(list_of(item, count)))
    read_archive(path)  # large, but allowed

    assert peak_of_reading(path) < path.stat().st_size + 64 * MB + 24 * count * len(item)


def test_what_is_said_of_many_features_is_not_too_large(tmp_path):
    names = [f"x{i}" for i in range(30_000)]
    each = {"type": "number", "kind": "number", "squash": False, "indicator": False}
    columns = [{**each, "name": name, "center": 0.1, "factor": 3.0, "fill": 0.1} for name in names]
    document = {"features": names, "preprocessing": {"inputs": names, "columns": columns}}
    write_archive(tmp_path / "a.npz", {}, document)

    assert read_archive(tmp_path / "a.npz")[1] == document


@pytest.mark.parametrize("item", [b"[],", b'{"":{"":0}},', b"[[[[0]]]],"])
def test_a_document_with_too_many_parts_is_refused_before_it_is_parsed(tmp_path, item):
    path = tmp_path / "a.npz"
    path.write_bytes(sealed(list_of(item, 8 * MB // len(item))))
    with pytest.raises(DamagedCheckpoint, match="too many parts"):
        read_archive(path)

    assert peak_of_reading(path) < 4 * path.stat().st_size
