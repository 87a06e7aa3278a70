"""Random messy tables: each row is the same in memory, from the cache, in a stream, and alone.

MLPTRAIN_MESSY tables are made (20), each from its number alone. Half of them are loaded as `init`
says, half with settings drawn at random. What is refused in one way is refused in all.
"""

import csv
import io
import json
import os
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import yaml
from helpers import changed, load_data

from mlptrain.data.chunks import iterate_features
from mlptrain.data.inputs import Inputs, concatenated
from mlptrain.data.load import load_rows
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.readers.tables import pieces
from mlptrain.errors import ConfigError, DataError
from mlptrain.tools.first_config import first_config

COUNT = int(os.environ.get("MLPTRAIN_MESSY", "20"))
SHARES = 4
"""Each is a test of its own, so that several processes can share them."""
LONELY = 6
"""So many rows are also read alone, each from a file of its own."""


class Kind(NamedTuple):
    """What is drawn for the cells of a column, and what a config may say of it."""

    cell: Callable[[random.Random], str]
    declared: dict[str, Any] | None = None


def amount(choice: random.Random) -> str:
    return f"{choice.choice([1, 1, 1e3, 1e6]) * choice.lognormvariate(2, 1):,.2f}"


def euro(choice: random.Random) -> str:
    plain = amount(choice).translate(str.maketrans(",.", ".,"))
    return f"{choice.choice(['', '-'])}{plain} €"


def bracketed(choice: random.Random) -> str:
    return choice.choice(["${}", "(${})"]).format(amount(choice))


def time(choice: random.Random) -> datetime:
    return datetime(2023, 1, 1) + timedelta(minutes=choice.randrange(500_000))


def of_form(form: str) -> Callable[[random.Random], str]:
    return lambda choice: time(choice).strftime(form)


def one_of(*texts: str) -> Callable[[random.Random], str]:
    return lambda choice: choice.choice(texts)


KINDS = {
    "number": Kind(lambda choice: f"{choice.gauss(0, 1):.3f}"),
    "far": Kind(lambda choice: repr(choice.gauss(0, 1) ** choice.choice([1, 3, 9, 81]))),
    "whole": Kind(lambda choice: str(choice.randrange(-5, 3000))),
    "few": Kind(lambda choice: str(choice.randrange(4))),
    "same": Kind(one_of("0.3", "0.30000000000000004")),
    "euro": Kind(euro, {"thousands": ".", "decimal": ",", "unit": "€"}),
    "dollar": Kind(bracketed, {"thousands": ",", "unit": "$", "negative": "brackets"}),
    "percent": Kind(lambda choice: f"{choice.randrange(1000) / 10}%", {"unit": "%"}),
    "spaces": Kind(
        lambda choice: f"{choice.randrange(10**7):,}".replace(",", "\u202f"), {"thousands": " "}
    ),
    "iso": Kind(of_form("%Y-%m-%d")),
    "zoned": Kind(of_form("%Y-%m-%dT%H:%M:%SZ")),
    "german": Kind(of_form("%d.%m.%Y"), {"date": "%d.%m.%Y"}),
    "clock": Kind(of_form("%m/%d/%Y %I:%M %p"), {"date": "%m/%d/%Y %I:%M %p"}),
    "digits": Kind(of_form("%Y%m%d"), {"date": "%Y%m%d"}),
    "month": Kind(of_form("%b %Y"), {"date": "%b %Y"}),
    "short": Kind(of_form("%d.%m.%y"), {"date": "%d.%m.%y"}),
    "time": Kind(of_form("%H:%M"), {"date": "%H:%M"}),
    "seconds": Kind(lambda choice: f"{time(choice).timestamp():.0f}", {"date": "%s"}),
    "code": Kind(lambda choice: f"{choice.randrange(8):03}"),
    "city": Kind(one_of("Köln", "Bern", 'the "old" town', "a, b", "São Paulo", "NA", "東京")),
    "many": Kind(lambda choice: f"name {int(choice.expovariate(0.1))}"),
    "yes": Kind(one_of("yes", "no")),
    "true": Kind(one_of("True", "False")),
    "flag": Kind(one_of("Y", "")),
    "one": Kind(one_of("1", "")),
    "text": Kind(lambda choice: f"words {choice.random()}"),
    "huge": Kind(lambda choice: str(10**17 + choice.randrange(5))),
}
MARKERS = ("n/a", "-", "NaT", "\\N", "#N/A")


class Table(NamedTuple):
    """A training file, the rows of a new one, and what a config may say of its columns."""

    header: list[str]
    rows: list[list[str]]
    new: list[list[str]]
    declared: dict[str, Any]
    classify: bool


def made(choice: random.Random) -> Table:
    """A table of a few columns, some with blanks; in the new one some values are unseen."""
    kinds = [*choice.sample(list(KINDS), choice.randint(2, 7))]
    holes = [choice.choice([0, 0, 0.02, 0.3]) for _ in kinds]
    markers = [choice.choice(["", "", *MARKERS]) for _ in kinds]
    classify = choice.random() < 0.5
    answer = (
        choice.choice([one_of("a", "b"), one_of("01", "02", "3")])
        if classify
        else (choice.choice([euro, lambda choice: f"{choice.gauss(5, 2):.2f}"]))
    )

    def row(unseen: float) -> list[str]:
        cells = []
        for kind, hole, marker in zip(kinds, holes, markers, strict=True):
            cell = KINDS[kind].cell(choice)
            if choice.random() < unseen:
                cell = choice.choice(["", "new", "9.5", "-1", cell + "x", KINDS[kind].cell(choice)])
            cells.append(marker if choice.random() < hole else cell)
        return [*cells, answer(choice)]

    rows = [row(0) for _ in range(choice.randint(60, 160))]
    new = [row(choice.choice([0, 0, 0, 0.02])) for _ in range(choice.randint(20, 40))]
    new += [rows[0]] * choice.randrange(2)
    said = {}
    for kind, marker in zip(kinds, markers, strict=True):
        declared = dict(KINDS[kind].declared or {})
        if marker:
            declared["missing"] = [marker]
        if declared:
            said[kind] = declared
    if answer is euro:
        said["y"] = KINDS["euro"].declared
    return Table([*kinds, "y"], rows, new, said, classify)


def settings(choice: random.Random, table: Table) -> dict[str, Any]:
    """A data section at random."""
    ignore = [name for name in ("text", "huge") if name in table.header]
    codes = [name for name in ("code", "few") if name in table.header]
    encode = choice.choice(["one_hot", "embedding", "target"])
    section: dict[str, Any] = {
        "target": "y",
        "ignore": ignore,
        "columns": table.declared,
        "scale": choice.choice(["standard", "smooth_clip", "minmax", "none"]),
        "numeric": {"encode": choice.choice(["none", "piecewise"])},
        "missing": {"policy": choice.choice(["mean", "median"]), "indicator": choice.random() < 0.5},
        "dates": choice.choice(["parts", "number"]),
        "categorical": {
            "encode": encode,
            "binary": choice.choice(["signed", "one_hot"]),
            "unseen": choice.choice(["zeros", "zeros", "mode", "error"]),
            "missing": "zeros",
            "columns": codes,
        },
        "val": choice.choice([0, 0.2]) or None,
    }
    return section


def text_of(header: list[str], rows: list[list[str]], choice: random.Random) -> bytes:
    """As CSV, with line ends and a byte-order mark as they come."""
    stream = io.StringIO()
    quoting = choice.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    ends = choice.choice(["\n", "\r\n"])
    writer = csv.writer(stream, quoting=quoting, lineterminator=ends)
    writer.writerow(header)
    writer.writerows(rows)
    return choice.choice([b"", b"\xef\xbb\xbf"]) + stream.getvalue().encode()


def bits(inputs: Inputs) -> list[bytes]:
    return [np.asarray(array[:]).tobytes() for array in inputs.arrays]


def outcome(load: Callable[[], Any]) -> Any:
    """What is loaded, or the first line of the refusal."""
    try:
        return load()
    except (ConfigError, DataError) as refused:
        return str(refused).splitlines()[0]


def streamed(path: str, made: Preprocessing, rows: int) -> Inputs:
    return concatenated([chunk.inputs for chunk in iterate_features(path, made, rows, np.float64)])


def trained_rows(path: str, section: dict[str, Any], cache: str, classify: bool) -> Any:
    """The parts of a dataset as bits, and its preprocessing; or the refusal."""
    rest = {key: value for key, value in section.items() if key != "train"}
    data = load_data(path, classify=classify, cache=cache, **rest)
    parts = [part for part in (data.train, data.val) if part is not None]
    answers = [np.asarray(part.y[:]).tobytes() for part in parts]
    return [bits(part.inputs) for part in parts], answers, data.preprocessing


def written(table: Table, folder: Path, number: int, choice: random.Random) -> tuple[str, str]:
    train, new = folder / f"{number}.csv", folder / f"{number}-new.csv"
    train.write_bytes(text_of(table.header, table.rows, choice))
    order = choice.sample(range(len(table.header)), len(table.header))
    rows = [[row[place] for place in order] for row in table.new]
    new.write_bytes(text_of([table.header[place] for place in order], rows, choice))
    return str(train), str(new)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a few rows, so that a small file has many."""
    monkeypatch.setattr(pieces, "PIECE", 256)
    monkeypatch.setattr(pieces, "PER_COLUMN", 1)


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
def test_every_row_is_the_same_however_it_is_read(share: int, tmp_path: Path) -> None:
    loaded = refused = 0
    for number in range(share, COUNT, SHARES):
        seen = same_everywhere(number, tmp_path)
        loaded, refused = loaded + seen, refused + (not seen)
    assert loaded > (refused if COUNT > SHARES * 5 else 0)


def same_everywhere(number: int, folder: Path) -> bool:
    """Check the table of a number; whether its new file was read, and not refused."""
    choice = random.Random(number)
    table = made(choice)
    path, new = written(table, folder, number, choice)
    section, classify = settings(choice, table), table.classify
    if number % 2:
        proposal = outcome(lambda: first_config(path, ["y"]))
        if isinstance(proposal, str):
            return False
        config = yaml.safe_load(proposal.answered)
        section = changed(config["data"], {"val": None, "test": None})
        loss = config["loss"]
        classify = (loss if isinstance(loss, str) else loss["name"]) == "softmax"
    once = outcome(lambda: trained_rows(path, section, "none", classify))
    cache = str(folder / f"cache{number}")
    again = outcome(lambda: trained_rows(path, section, cache, classify))
    if isinstance(once, str):
        assert (number, once) == (number, again)
        return False
    assert (number, once[:2]) == (number, again[:2])
    assert once[2] == again[2], number
    fitted = Preprocessing.from_json(json.loads(json.dumps(once[2].to_json())))
    return same_rows(number, table, new, fitted, folder)


def same_rows(number: int, table: Table, new: str, fitted: Preprocessing, folder: Path) -> bool:
    """The rows of a new file whole, streamed, and some alone."""
    whole = outcome(lambda: load_rows(new, fitted, target_needed=False, dtype=np.float64)[0].inputs)
    for size in (1, 7, 1000):
        found = outcome(lambda size=size: streamed(new, fitted, size))
        if isinstance(whole, str):  # a stream ends at the first piece with a fault, whatever it is
            assert isinstance(found, str), (number, size)
            assert found.startswith(f"{new}:"), (number, size, found)
        else:
            assert (number, size, bits(found)) == (number, size, bits(whole))
    if isinstance(whole, str):
        return False
    choice = random.Random(number)
    for place in choice.sample(range(len(table.new)), LONELY):
        alone = folder / "alone.csv"
        alone.write_bytes(text_of(table.header, [table.new[place]], choice))
        (one,) = [chunk.inputs for chunk in iterate_features(str(alone), fitted, 5, np.float64)]
        assert (number, place, bits(one)) == (number, place, bits(whole[place : place + 1]))
    return True
