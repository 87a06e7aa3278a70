"""Rows files spoilt at random, with the right seal and without: none crashes, none gives another row.

MLPTRAIN_MUTATIONS says how many are tried; `make chaos` tries 100,000.
"""

import json
import os
from typing import Any

import numpy as np
import pytest
from cache_files import ENTRIES, Place, bits, by_hand, parts, rows_in, unsealed

pytestmark = pytest.mark.chaos
COUNT = int(os.environ.get("MLPTRAIN_MUTATIONS", "500"))
MARKS = (b"\0", b"\xff", b"\x80", b"9", b"-", b"[", b'"', b"|O", b"<f8", b"1e99", b"null", b"NaN")
VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 2**31, 2**53, 2**63, 10**30, 0.5, 1e308, "", "|O", "<f4", "<i8"),
    *([], {}, [0], [[]], [2**62, 2**62], {"type": "category"}, ["|O"], "train.y"),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("cache"))


def noise(random: np.random.Generator, data: bytes) -> bytes:
    """Some bytes flipped, written over, put in, taken out or said twice."""
    for _ in range(random.integers(1, 4)):
        at, size = int(random.integers(len(data) + 1)), int(random.integers(1, 9))
        mark = MARKS[random.integers(len(MARKS))]
        flipped = bytes(each ^ (1 << random.integers(8)) for each in data[at : at + 1])
        data = (
            data[:at] + flipped + data[at + 1 :],
            data[:at] + mark + data[at + len(mark) :],
            data[:at] + mark * size + data[at:],
            data[:at] + data[at + size :],
            data[:at] + data[at : at + 40] * 2 + data[at + 40 :],
            data[:at],
        )[random.integers(6)]
    return data


def places_in(value: Any) -> list[tuple[Any, Any]]:
    """Every entry of a JSON document, as its container and its key."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[tuple[Any, Any]] = []
    for key, inner in list(items):
        found.append((value, key))
        if isinstance(inner, dict | list):
            found += places_in(inner)
    return found


def said_otherwise(random: np.random.Generator, document: Any) -> None:
    """One or two entries of the description changed, removed, or taken from elsewhere in it."""
    for _ in range(random.integers(1, 3)):
        there = places_in(document)
        if not there:
            return
        container, key = there[random.integers(len(there))]
        other, name = there[random.integers(len(there))]
        match random.integers(3):
            case 0:
                container[key] = VALUES[random.integers(len(VALUES))]
            case 1:
                container[key] = json.loads(json.dumps(other[name]))
            case _:
                del container[key]


def mutant(random: np.random.Generator, place: Place) -> tuple[bytes, bool]:
    """A spoilt file, and whether it has the right seal."""
    arrays, text = parts(place.good)
    match random.integers(4):
        case 0:
            return noise(random, place.good), False
        case 1:
            return place.with_text(arrays, noise(random, text)), True
        case 2:
            return place.described(lambda found: said_otherwise(random, found)), True
        case _:
            return place.described(ENTRIES[random.integers(len(ENTRIES))])[:-1] + b"\0", False


def test_a_spoilt_file_is_made_anew_or_holds_the_same_rows(place: Place) -> None:
    random = np.random.default_rng(13)
    victim = place.directory / "victim"
    victim.write_bytes(b"mine")
    expected = rows_in(place.found())
    taken = 0
    for number in range(COUNT):
        content, sealed = mutant(random, place)
        place.spoil(content)
        found = place.found()
        if found is None:
            continue
        taken += 1
        assert sealed or content == place.good, number
        bits(found)  # no dtype but that of numbers
        assert rows_in(found) == expected, number
    assert taken < COUNT / 4
    assert victim.read_bytes() == b"mine"
    assert {each.name for each in place.directory.iterdir()} == {"cache", "t.csv", "victim"}
    assert list(place.cache.iterdir()) == [place.rows]


def test_every_file_made_by_hand_is_made_anew(place: Place) -> None:
    for content in [*by_hand(place), *unsealed(place)]:
        place.spoil(content)
        data = place.load()
        assert "kept in" in data.notes[0]
        assert bits(data) == place.expected
        assert place.rows.read_bytes() == place.good
