"""Arrays in files: npz, npy pairs, IDX, CIFAR, svmlight, and their broken forms."""

import gzip
import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from sklearn.datasets import dump_svmlight_file, load_svmlight_file

from mlptrain.data.readers.arrays import labels_beside, read_npy_pair, read_npz
from mlptrain.data.readers.images import read_cifar, read_idx, read_idx_pair
from mlptrain.data.readers.svmlight import read_svmlight
from mlptrain.errors import DataError
from mlptrain.tools.first_config import first_config

X = np.arange(6.0).reshape(3, 2)


def test_an_npz_gives_its_features_and_labels(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", X=X, y=np.array(["b", "a", "b"]))
    read = read_npz(str(tmp_path / "d.npz"))
    assert read.names == ("x0", "x1", "y")
    assert read.block(["x0", "x1"], np.array([0, 2])).tolist() == [[0, 1], [4, 5]]
    assert read.codes("y", ["a", "b"], np.arange(3)).tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": X, "y": np.zeros(3)}, r"no array 'X', did you mean 'x'\? \(it has x, y\)"),
        ({"X": X.ravel(), "y": np.zeros(6)}, r"X has shape \(6,\): \(N, D\) is needed"),
        ({"X": np.array([["a"]]), "y": np.zeros(1)}, "X has dtype <U1: numbers are needed"),
        ({"X": X + 0j, "y": np.zeros(3)}, "X has dtype complex128: numbers are needed"),
        ({"X": X[:0], "y": np.zeros(0)}, r"X has shape \(0, 2\): there is nothing to learn from"),
        ({"X": X, "y": np.zeros(4)}, r"y has shape \(4,\): \(3,\) is needed"),
        ({"X": X, "y": np.zeros((3, 2, 2))}, r"y has shape \(3, 2, 2\): \(3,\) is needed"),
        (
            {"X": X.astype(object), "y": np.zeros(3)},
            "X holds Python objects, which are never unpickled",
        ),
    ],
)
def test_an_npz_of_the_wrong_form_says_so(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    np.savez(tmp_path / "d.npz", **arrays)
    with pytest.raises(DataError, match=message):
        read_npz(str(tmp_path / "d.npz"))


def test_an_npz_whose_header_promises_too_much_is_refused_before_allocating(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (10**9, 10**3)}
    )
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive:
        archive.writestr("X.npy", header.getvalue() + b"few")
    with pytest.raises(DataError, match="X: its header and its size disagree"):
        read_npz(str(tmp_path / "d.npz"))


def test_a_cut_npz_is_a_data_error(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", X=X, y=np.zeros(3))
    whole = (tmp_path / "d.npz").read_bytes()
    for length in range(0, len(whole), 37):
        (tmp_path / "cut.npz").write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"is not a valid \.npz file"):
            read_npz(str(tmp_path / "cut.npz"))


def test_targets_of_several_columns_are_named_by_number(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", X=X, y=X)
    assert read_npz(str(tmp_path / "d.npz")).names == ("x0", "x1", "y0", "y1")


def test_a_pair_of_npy_files(tmp_path: Path) -> None:
    np.save(tmp_path / "X_val.npy", X)
    np.save(tmp_path / "y_val.npy", np.array([0, 1, 0]))
    labels = labels_beside(str(tmp_path / "X_val.npy"))
    read = read_npy_pair(str(tmp_path / "X_val.npy"), labels)
    assert read.numbers("y").tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"\x80\x04]\x94.", b"\x93NUMPY\x09\x00"],
    ids=["nothing", "the beginning of a zip", "an empty zip", "a pickle", "a version to come"],
)
def test_what_is_no_npy_is_a_data_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "X.npy").write_bytes(content)
    with pytest.raises(DataError, match=r"is not a valid \.npy file"):
        read_npy_pair(str(tmp_path / "X.npy"), None)


def test_a_cut_npy_is_a_data_error(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", X)
    (tmp_path / "X.npy").write_bytes((tmp_path / "X.npy").read_bytes()[:-1])
    with pytest.raises(DataError, match=r"is not a valid \.npy file"):
        read_npy_pair(str(tmp_path / "X.npy"), None)


def test_labels_that_do_not_stand_beside_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no labels beside it: they are looked for in .*y\.npy"):
        labels_beside(str(tmp_path / "X.npy"))


def idx(array: np.ndarray) -> bytes:
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


IMAGES = np.arange(12).reshape(2, 2, 3)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx_images_become_rows(tmp_path: Path, pack: Any) -> None:
    images, labels = tmp_path / "t10k-images-idx3-ubyte", tmp_path / "t10k-labels-idx1-ubyte"
    images.write_bytes(pack(idx(IMAGES)))
    labels.write_bytes(pack(idx(np.array([7, 3]))))
    read = read_idx_pair(str(images), labels_beside(str(images)))
    assert read.X.tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]
    assert read.levels("y", np.arange(2)) == ["3", "7"]


def test_idx_numbers_are_big_endian(tmp_path: Path) -> None:
    path = tmp_path / "a.idx"
    path.write_bytes(bytes([0, 0, 11, 1, 0, 0, 0, 2]) + struct.pack(">2h", -2, 300))
    assert read_idx(str(path)).tolist() == [-2, 300]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not an IDX file: it begins with nothing"),
        (b"\x89PNG....", "is not an IDX file: it begins with 89 50 4e 47"),
        (idx(IMAGES)[:-1], "has 27 bytes where its header asks for 28"),
        (idx(IMAGES) + b"x", "has 29 bytes where its header asks for 28"),
        (idx(IMAGES)[:10], "has 10 bytes, less than its header"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "has 16 bytes where its header asks for"),
    ],
)
def test_a_broken_idx_file_says_what_is_wrong(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.idx"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_idx(str(path))


def test_cifar_pixels_are_red_green_blue_side_by_side(tmp_path: Path) -> None:
    planes = np.repeat([10, 20, 30], 1024).astype(np.uint8)
    (tmp_path / "b.bin").write_bytes(b"\x07" + planes.tobytes() + b"\x02" + planes.tobytes())
    read = read_cifar(str(tmp_path / "b.bin"))
    assert (read.X.shape, read.X[0, :6].tolist()) == ((2, 3072), [10, 20, 30, 10, 20, 30])
    assert read.labels["y"].tolist() == [7, 2]


@pytest.mark.parametrize("shape", [(60, 8, 6), (60, 5, 5, 3)])
def test_pictures_in_an_array_are_rows_whose_shape_init_writes(tmp_path: Path, shape: tuple) -> None:
    X = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    path = tmp_path / "pictures.npz"
    np.savez(path, X=X, y=np.arange(60) % 3)
    read = read_npz(str(path))
    assert (X.reshape(60, -1) == read.X).all()
    data = yaml.safe_load(first_config(str(path), ["y"]).text)["data"]
    assert (data["scale"], data["image_shape"]) == ("minmax", list(shape[1:]))


def test_cifar_100_has_two_labels(tmp_path: Path) -> None:
    (tmp_path / "b.bin").write_bytes((b"\x03\x42" + bytes(3072)) * 2)
    read = read_cifar(str(tmp_path / "b.bin"))
    assert (read.labels["coarse"].tolist(), read.labels["y"].tolist()) == ([3, 3], [66, 66])


def test_a_cut_cifar_file_says_what_size_it_should_have(tmp_path: Path) -> None:
    (tmp_path / "b.bin").write_bytes(bytes(5000))
    with pytest.raises(DataError, match="has 5,000 bytes: CIFAR-10 needs a multiple of 3073"):
        read_cifar(str(tmp_path / "b.bin"))


def test_a_cifar_file_of_pictures_alone_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "b.bin").write_bytes(bytes(2 * 3072))
    with pytest.raises(DataError, match="has 2 x 3,072 bytes: pictures without their labels"):
        read_cifar(str(tmp_path / "b.bin"))


@pytest.mark.parametrize("zero_based", [True, False])
def test_svmlight_reads_what_scikit_learn_wrote(tmp_path: Path, zero_based: bool) -> None:
    generator = np.random.default_rng(0)
    dense = generator.normal(size=(20, 5)) * (generator.random((20, 5)) < 0.5)
    dense[0] = 1
    path = str(tmp_path / "a.svm")
    dump_svmlight_file(dense, np.arange(20) % 3, path, zero_based=zero_based)
    read = read_svmlight(path)
    expected, labels = load_svmlight_file(path)
    assert np.array_equal(read.X, expected.toarray())
    assert np.array_equal(read.labels["y"], labels)
    assert read.features[0] == ("x0" if zero_based else "x1")


def test_svmlight_of_fewer_features_is_widened_to_those_of_training(tmp_path: Path) -> None:
    (tmp_path / "a.svm").write_text("1 1:5\n0 2:7 # a comment\n")
    read = read_svmlight(str(tmp_path / "a.svm"), ("x1", "x2", "x3"))
    assert read.X.tolist() == [[5, 0, 0], [0, 7, 0]]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("x 1:2", ":2: 'x' is not a label: a number is needed"),
        ("1 1:", ":2: '1:' is not index:value"),
        ("1 1:nan", ":2: '1:nan' is not index:value"),
        ("1 -1:2", ":2: '-1:2' is not index:value"),
        ("1 qid:3 1:2", ":2: 'qid:3' is not index:value"),
        ("1 3:1 2:1", ":2: '2:1': the indices of a line must increase"),
        ("1 9999999999:1", "rows of 9,999,999,999 features do not fit a full matrix"),
    ],
)
def test_a_broken_svmlight_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "a.svm").write_text(f"1 1:2\n{line}\n")
    with pytest.raises(DataError, match=message):
        read_svmlight(str(tmp_path / "a.svm"))


@pytest.mark.parametrize("shape", [b"\x156, 2), ", b"((6, 2), ", b"'6', 2), ", b"[6, 2], "])
def test_a_header_that_is_no_python_is_one_line(tmp_path: Path, shape: bytes) -> None:
    """NumPy reads it with Python's own tokenizer, which has errors of its own."""
    np.save(tmp_path / "X.npy", np.ones((6, 2)))
    content = (tmp_path / "X.npy").read_bytes().replace(b"(6, 2), ", shape)
    (tmp_path / "X.npy").write_bytes(content)
    with pytest.raises(DataError, match=r"is not a valid \.npy file"):
        read_npy_pair(str(tmp_path / "X.npy"), None)
