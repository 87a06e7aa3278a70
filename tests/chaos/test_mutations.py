"""Damaged checkpoints: each is refused, with the right error, quickly and in little memory.

MLPTRAIN_MUTATIONS says how many are tried; `make chaos` tries 100,000.
"""

import hashlib
import os
import time
import tracemalloc

import numpy as np
import pytest

from mlptrain.errors import CheckpointError
from mlptrain.storage.archive import read_archive, write_archive
from mlptrain.storage.npz import Member, assemble

pytestmark = pytest.mark.chaos
COUNT = int(os.environ.get("MLPTRAIN_MUTATIONS", "2000"))
DOCUMENT = {"classes": ["a", "b"], "clock": {"epoch": 3, "step": 7}, "best": 0.25, "note": "x" * 40}

MARKS = (b"\0", b"\xff", b"\x7f", b"\x80", b"\1", b"9", b"-")


@pytest.fixture(autouse=True)
def counted():
    """NumPy tells tracemalloc of its arrays."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    random = np.random.default_rng(0)
    arrays = {
        "layer1.W": random.standard_normal((6, 5)).astype(np.float32),
        "layer1.b": np.zeros(5),
        "mask": np.array([True, False]),
        "optimizer/t": np.array(7),
    }
    path = tmp_path_factory.mktemp("good") / "good.npz"
    write_archive(path, arrays, DOCUMENT)
    return path.read_bytes()


def flip(random, data):
    """Up to three bits."""
    changed = bytearray(data)
    for _ in range(random.integers(1, 4)):
        changed[random.integers(len(data))] ^= 1 << random.integers(8)
    return bytes(changed)


def overwrite(random, data):
    """Up to eight bytes, with what often matters in lengths and counts."""
    start, size = int(random.integers(len(data))), int(random.integers(1, 9))
    new = MARKS[random.integers(len(MARKS))] * size
    return (data[:start] + new + data[start + size :])[: len(data)]


def splice(random, data):
    """A piece of the file, copied over or into another place."""
    start, target = random.integers(len(data), size=2)
    size = int(random.integers(1, 200))
    skip = size if random.random() < 0.5 else 0
    return data[:target] + data[start : start + size] + data[target + skip :]


def cut(random, data):
    """A piece missing, at the end or within."""
    start = random.integers(len(data))
    end = len(data) if random.random() < 0.5 else start + random.integers(1, 200)
    return data[:start] + data[end:]


MUTATIONS = (flip, overwrite, splice, cut)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def refused(path, data):
    """Whether the file is refused; any other error than ours escapes."""
    path.write_bytes(data)
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    start = time.perf_counter()
    try:
        read_archive(path)
    except CheckpointError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017
        assert "\n" not in str(error)  # noqa: PT017
        return True
    finally:
        assert time.perf_counter() - start < 2
        assert tracemalloc.get_traced_memory()[1] - before < len(data) + (64 << 20)
    return False


def test_every_changed_byte_is_noticed(tmp_path, good):
    """Not only most: the file has one spelling, so even an unused field may not differ."""
    random = np.random.default_rng(1)
    path = tmp_path / "a.npz"
    for count in range(COUNT):
        changed = MUTATIONS[count % len(MUTATIONS)](random, good)
        assert refused(path, changed) == (changed != good), count


def test_every_single_flipped_bit_is_noticed(tmp_path, good):
    """All of them where there is time, else every n-th."""
    path = tmp_path / "a.npz"
    for bit in range(0, 8 * len(good), max(1, 8 * len(good) // COUNT)):
        changed = bytearray(good)
        changed[bit // 8] ^= 1 << bit % 8
        assert refused(path, bytes(changed)), bit


def test_every_cut_is_noticed(tmp_path, good):
    path = tmp_path / "a.npz"
    assert all(refused(path, good[:size]) for size in range(0, len(good), 1 + len(good) // COUNT))


def test_a_mutated_document_in_a_sound_file_never_changes_an_array(tmp_path, good):
    """What passes the digest must be stopped by the checks behind it, or be harmless."""
    random = np.random.default_rng(2)
    path = tmp_path / "a.npz"
    path.write_bytes(good)
    arrays, _ = read_archive(path)
    text = good[190 : 190 + int.from_bytes(good[46:54], "little") - 128]
    members = [
        Member(name, array.dtype.str, array.shape, sha256(array.tobytes()))
        for name, array in arrays.items()
    ]
    data = [memoryview(array.tobytes()) for array in arrays.values()]
    for count in range(COUNT):
        changed = MUTATIONS[count % len(MUTATIONS)](random, text)
        document = Member("document", "|u1", (len(changed),), sha256(changed))
        sealed = b"".join(assemble([document, *members], [memoryview(changed), *data]))
        if not refused(path, sealed):
            found, _ = read_archive(path)
            assert {name: array.tolist() for name, array in found.items()} == {
                name: array.tolist() for name, array in arrays.items()
            }
