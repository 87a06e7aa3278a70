"""Rows files written on purpose, sealed and unsealed: types, shapes, places, documents and sizes.

Each is tried where MLPTRAIN_STRIDE is 1, as in `make chaos`: more than 2,000; else one of so many.
"""

import copy
import json
import os
import struct
from collections.abc import Callable, Iterator
from itertools import chain, product
from typing import Any

import numpy as np
import pytest
from cache_files import Place, bits, drop, parts, put, rows_in

from mlptrain.data.cache.rows_file import LENGTH, SEAL

pytestmark = pytest.mark.chaos
STRIDE = int(os.environ.get("MLPTRAIN_STRIDE", "20"))

POINTERS = struct.pack("<Q", 0x414141414140)
TYPES: tuple[Any, ...] = (
    *("|O", "O", "object", "<i4", ">i4", "<i8", ">i8", "<u8", "<f2", "<f4", ">f4", "<f8", "<f16"),
    *("|b1", "|i1", "<c8", "<c16", "|S8", "<U2", "|V8", "|V0", "<M8[s]", "<m8[ns]", "i8,O", "(2,)<f4"),
    *("", "f", "\0", "<f4" * 1000, 8, None, True, [], {}, [["a", "<i8"]], [["a", "|O"]]),
)
SHAPES: tuple[Any, ...] = (
    *([], [0], [1], [-1], [48], [12], [4, 48], [48, 4], [12, 4], [0, 4], [48, 0], [47, 4], [49, 4]),
    *([48, 4, 1], [1] * 64, [2**31, 4], [2**62, 4], [2**62, 0], [2**63], [10**30], [2**32, 2**32]),
    *([48.0, 4], ["48", 4], [True, 4], [None], [[48]], [{}], None, 48, "48", {}, [1e308], [-4, -48]),
)
PLACES: tuple[Any, ...] = (*(-1, -8, 1, 8, 2**31, 2**62, 2**63, 10**30), 0.0, "0", None, True, [], {})
SAID: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1, 2**63, 10**30, 0.5, -1e308, "", "size", "|O", "\0\x1b[2J\u202e"),
    *("9" * 5000, [], {}, [0], [[]], [None], {"type": "category"}, {"type": "__import__"}, ["yes"] * 9),
    *("number", "yes", "2020-01-01", "<script>", [2**53], [[0, 1]], {"a": {"b": []}}, [1e308, -1e308]),
)
LENGTHS = (0, 1, 2, 7, 8, 31, 40, 100, 2**16, 2**28, 2**28 + 1, 2**31, 2**32, 2**62, 2**63, 2**64 - 1)
TEXTS = (
    b"",
    b"{}",
    b"[]",
    b"null",
    b"{" * 9999,
    b"[" * 9999,
    b"\xff" * 99,
    b'{"arrays":{},"document":{}}',
)


def arrays_of(place: Place) -> dict[str, np.ndarray]:
    """The arrays of the good file, by name."""
    held, text = parts(place.good)
    return {
        name: np.frombuffer(held, each["dtype"], int(np.prod(each["shape"])), each["offset"]).reshape(
            each["shape"]
        )
        for name, each in json.loads(text)["arrays"].items()
    }


def built(place: Place, arrays: dict[str, np.ndarray], said: dict[str, str] | None = None) -> bytes:
    """A whole file with these arrays, all of it consistent; `said` are types that are only claimed."""
    document, entries, held = json.loads(parts(place.good)[1])["document"], {}, b""
    for name, array in arrays.items():
        kind = (said or {}).get(name, array.dtype.str)
        entries[name] = {"offset": len(held), "shape": list(array.shape), "dtype": kind}
        held += array.tobytes()
    return place.with_text(held, json.dumps({"arrays": entries, "document": document}).encode())


def other_arrays(place: Place) -> Iterator[bytes]:
    """Files that are whole and consistent, but with other arrays than the settings call for."""
    arrays = arrays_of(place)
    for name, array in arrays.items():
        for kind in (
            "<i4",
            ">i8",
            "<u8",
            "<f2",
            "<f8",
            ">f4",
            "|b1",
            "<c16",
            "|S8",
            "<U3",
            "<i8",
            "<f4",
        ):
            yield built(place, {**arrays, name: array.astype(kind)})
        pointers = np.frombuffer(POINTERS * max(array.size, 1), "<u8")[: array.size]
        for kind in ("|O", "<i8", "<f8", "|V8"):
            yield built(place, {**arrays, name: pointers.reshape(array.shape)}, {name: kind})
        spread = array[..., None]
        for shaped in (array[1:], array[:0], np.concatenate([array, array]), array.T, spread):
            yield built(place, {**arrays, name: shaped})
        yield built(place, {each: arrays[each] for each in arrays if each != name})
        yield built(place, {**arrays, name + "\0": array})
    for number in (-1, 2, 3, 127, 2**31, 2**62, -(2**63)):
        for at, name in product((0, 5, -1), ("train.y", "val.y")):
            wrong = arrays[name].copy()
            wrong[at] = number
            yield built(place, {**arrays, name: wrong})


def other_entries(place: Place) -> Iterator[bytes]:
    """The arrays as they are, and one of them said to be something else."""
    for name in json.loads(parts(place.good)[1])["arrays"]:
        for key, values in (("dtype", TYPES), ("shape", SHAPES), ("offset", PLACES)):
            for value in values:
                yield place.described(put("arrays", name, key, value=value))


def paths_in(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON document."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*before, key)
        if isinstance(inner, dict | list):
            yield from paths_in(inner, (*before, key))


def other_documents(place: Place) -> Iterator[bytes]:
    """What is kept beside the arrays says something else, in each place."""
    document = json.loads(parts(place.good)[1])["document"]
    for path in paths_in(document):
        yield place.described(drop("document", *path))
    for path, value in product(paths_in(document), SAID):
        yield place.described(put("document", *path, value=copy.deepcopy(value)))


def other_sizes(place: Place) -> Iterator[bytes]:
    """Texts that are none, and lengths that are not theirs."""
    held, text = parts(place.good)
    for length, spoilt in product(LENGTHS, (text, b"", held)):
        yield place.sealed(held + spoilt + LENGTH.pack(length))
    for other, before in product(TEXTS, (held, b"", held[:-1], held + b"\0")):
        yield place.with_text(before, other)


MAKERS: tuple[Callable[[Place], Iterator[bytes]], ...] = (
    other_arrays,
    other_entries,
    other_documents,
    other_sizes,
)


def test_a_file_made_by_hand_is_made_anew_or_holds_the_same_rows(tmp_path: Any) -> None:
    place = Place(tmp_path)
    expected = rows_in(place.found())
    files = list(dict.fromkeys(chain.from_iterable(make(place) for make in MAKERS)))
    assert len(files) > 2000
    taken = 0
    for number in range(0, len(files), STRIDE):
        content = files[number]
        place.spoil(content)
        found = place.found()
        if found is not None:
            taken += 1
            bits(found)  # no dtype but that of numbers
            assert rows_in(found) == expected, number
        if content != place.good:
            place.spoil(content[:-SEAL] + bytes(SEAL))
            assert place.found() is None, number
    assert 0 < taken < len(files) / STRIDE / 3
    assert {each.name for each in place.directory.iterdir()} == {"cache", "t.csv"}
    place.spoil(place.good)
    assert rows_in(place.found()) == expected
