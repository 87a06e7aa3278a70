"""A cache with the rows of a small table, to be spoiled: what is made by hand, sealed or not."""

import copy
import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mlptrain.config import load_config
from mlptrain.data.cache.cache import open_cache
from mlptrain.data.cache.rows_file import LENGTH, SEAL, sealing
from mlptrain.data.cache.secret import own_secret
from mlptrain.data.dataset import Dataset
from mlptrain.data.prepared_file import read_prepared
from mlptrain.data.request import Request
from mlptrain.training.build import load, settings_of

TABLE = "size,color,y\n" + "".join(
    f"{i % 7}.5,{('red', 'green', 'blue')[i % 3]},{('yes', 'no')[i % 2]}\n" for i in range(60)
)
Change = Callable[[dict[str, Any]], None]


class Place:
    """A directory with the table, and a cache in which its rows are."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.cache = directory, directory / "cache"
        (directory / "t.csv").write_text(TABLE)
        self.expected = bits(self.load("none"))
        assert bits(self.load()) == self.expected
        (self.rows,) = self.cache.iterdir()
        self.good = self.rows.read_bytes()

    def section(self, cache: str | None = None) -> dict[str, Any]:
        """The `data` section of a config for the table."""
        train, where = str(self.directory / "t.csv"), cache or str(self.cache)
        return {"train": train, "target": "y", "val": 0.2, "test": None, "cache": where}

    def load(self, cache: str | None = None) -> Dataset:
        """The dataset, as every command loads it."""
        return load(load_config({"data": self.section(cache)}))

    def found(self) -> Dataset | None:
        """What the cache gives for the rows, and nothing is made where it gives none."""
        config = load_config({"data": self.section()})
        request = Request(config.data.train, settings_of(config), None)
        cache = open_cache(str(self.cache))
        return cache.find(self.rows.stem, partial(read_prepared, request=request, fingerprint={}))

    def spoil(self, content: bytes) -> None:
        """Put other content under the name of the rows, as a file of ours."""
        self.rows.unlink(missing_ok=True)
        self.rows.write_bytes(content)
        self.rows.chmod(0o600)

    def sealed(self, content: bytes, name: str = "") -> bytes:
        """The content with a seal that is right."""
        seal = sealing(own_secret(), name or self.rows.name)
        seal.update(content)
        return content + seal.digest()

    def described(self, change: Change) -> bytes:
        """The good file with a changed description, sealed."""
        arrays, text = parts(self.good)
        found = copy.deepcopy(json.loads(text))
        change(found)
        return self.with_text(arrays, json.dumps(found).encode())

    def with_text(self, arrays: bytes, text: bytes) -> bytes:
        """Arrays and a text, sealed."""
        return self.sealed(arrays + text + LENGTH.pack(len(text)))


def parts(content: bytes) -> tuple[bytes, bytes]:
    """The bytes of the arrays, and the text of the description."""
    end = len(content) - SEAL - LENGTH.size
    (length,) = LENGTH.unpack(content[end : end + LENGTH.size])
    return content[: end - length], content[end - length : end]


def bits(data: Dataset) -> list[Any]:
    """Everything that training could see, bit by bit; objects are no numbers."""
    found: list[Any] = [data.features, data.classes, data.preprocessing.to_json()]
    found += [np.asarray(rows).tolist() for rows in data.partition]
    for rows in (data.train, data.val):
        for array in (rows.inputs.numbers, rows.y) if rows else ():
            assert array.dtype.kind in "fi"
            found.append((array.shape, array.dtype.str, array[:].tobytes()))
    return found


def rows_in(found: Any) -> list[Any]:
    """The bytes of inputs and targets alone: what stands beside them, a key of our own may change."""
    return [found.train.inputs.numbers[:].tobytes(), found.train.y[:].tobytes()]


def put(*path: str | int, value: Any) -> Change:
    """Sets an entry of the description."""

    def change(found: Any) -> None:
        for step in path[:-1]:
            found = found[step]
        found[path[-1]] = value

    return change


def drop(*path: str | int) -> Change:
    """Removes an entry of the description."""

    def change(found: Any) -> None:
        for step in path[:-1]:
            found = found[step]
        del found[path[-1]]

    return change


ENTRIES = [
    *[
        put("arrays", "train.y", "dtype", value=each)
        for each in ("|O", "O", "<i4", ">i8", "<f8", "|V8")
    ],
    *[
        put("arrays", "train.y", "dtype", value=each)
        for each in (8, None, [["a", "<i8"]], "i8,O", "<M8[s]")
    ],
    *[put("arrays", "train.numbers", "dtype", value=each) for each in ("|O", "<f8", "<c16", "<U2", "")],
    *[
        put("arrays", "train.numbers", "shape", value=each)
        for each in ([-1, 4], [48], [2**62, 4], [], 5)
    ],
    *[put("arrays", "train.numbers", "shape", value=each) for each in ([4, 48], [48.0, 4], [True, 4])],
    *[
        put("arrays", "train.numbers", "shape", value=each)
        for each in ([2**62, 0], [0, 4], ["48", "4"])
    ],
    *[put("arrays", "train.numbers", "offset", value=each) for each in (-8, 8, 2**70, "0", None, 0.0)],
    *[put("arrays", "rows.train", "shape", value=each) for each in ([0], [47], [48, 1], [2**40])],
    *[
        drop("arrays", each)
        for each in ("train.numbers", "train.y", "val.numbers", "rows.train", "rows.test")
    ],
    *[drop("arrays"), drop("document"), drop("document", "notes"), drop("document", "preprocessing")],
    *[put("arrays", value=each) for each in ([], {}, None, 7)],
    put("arrays", "train.truth", value={"offset": 0, "shape": [0], "dtype": "<f8"}),
    put("arrays", "more", value={"offset": 0, "shape": [0, 0], "dtype": "|O"}),
    put("more", value=1),
    put("document", "notes", value="text"),
    put("document", "notes", value=[7]),
    *[put("document", "repairs", value=each) for each in (None, [7], [["train", 1, "", ""]], {})],
    put("document", "repairs", value=[["train", True, "value", "size", "became 1"]]),
    put("document", "preprocessing", value={}),
    put("document", "preprocessing", "target", "classes", value=["yes"]),
    put("document", "preprocessing", "columns", value=[]),
    put("document", "preprocessing", "columns", 0, "center", value="x"),
    put("document", "preprocessing", "columns", 0, "more", value=1),
]
"""What is said otherwise in the description."""


def by_hand(place: Place) -> list[bytes]:
    """Files that somebody with the key could make, none of which holds the rows."""
    arrays, text = parts(place.good)
    found = json.loads(text)
    y = found["arrays"]["train.y"]["offset"]
    wrong = [
        arrays[:y] + number.to_bytes(8, "little") + arrays[y + 8 :] for number in (2, 2**63, 2**40)
    ]
    spoilt = [place.with_text(each, text) for each in wrong]
    spoilt += [
        place.with_text(b"", b"[" * 200_000),
        place.with_text(b"", b"{}"),
        place.with_text(b"", b""),
    ]
    spoilt += [place.with_text(arrays, b'{"a":' * 100_000), place.with_text(arrays, b"\xff" * 10)]
    spoilt += [place.with_text(arrays + bytes(8), text), place.with_text(arrays[:-8], text)]
    spoilt += [
        place.sealed(LENGTH.pack(2**63)),
        place.sealed(arrays + LENGTH.pack(2**28)),
        place.sealed(b""),
    ]
    return spoilt + [place.described(change) for change in ENTRIES]


def unsealed(place: Place) -> list[bytes]:
    """Files of somebody without the key, or with rows for another name."""
    end = len(place.good) - SEAL
    others = [each[:-SEAL] + bytes(SEAL) for each in by_hand(place)]
    first = bytes([place.good[0] ^ 1]) + place.good[1:]
    return [
        *others,
        first,
        place.good[:end],
        place.good[:end] + os.urandom(SEAL),
        place.sealed(place.good[:end], f"{'a' * 32}-{'b' * 32}.rows"),
        b"",
        bytes(SEAL),
        place.good + b"\0",
    ]
