"""Kinds of columns: what each makes of its values, and what holds for every one of them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import polars as pl
import pytest
from helpers import load_data, one_more_kind

from mlptrain.data.batches import batches, epoch_order
from mlptrain.data.cache.file_array import FileArray
from mlptrain.data.chunks import iterate_features
from mlptrain.data.inputs import Inputs, concatenated
from mlptrain.data.load import load_rows
from mlptrain.data.preprocessing.columns import KINDS
from mlptrain.data.preprocessing.columns.column import Column
from mlptrain.data.preprocessing.columns.target_encoded import TargetEncoded
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.errors import CheckpointError

ROOT = Path(__file__).parent.parent
ROOMS = "mlptrain/data/preprocessing/columns"


class Example(NamedTuple):
    """Two columns of one kind, the settings, and what they become."""

    columns: dict[str, list[Any]]
    settings: dict[str, Any]
    names: tuple[str, ...]
    numbers: list[list[float]]


EXAMPLES = {
    "category": Example(
        {"u": ["red", None, "blue", "red"], "v": ["x", "x", "y", "y"]},
        {"categorical": {"missing": "zeros"}},
        ("u=blue", "u=red", "v=x", "v=y"),
        [[0, 1, 1, 0], [0, 0, 1, 0], [1, 0, 0, 1], [0, 1, 0, 1]],
    ),
    "signed": Example(
        {"u": ["red", None, "blue", "red"], "v": ["x", "x", "y", "y"]},
        {"categorical": {"missing": "zeros", "binary": "signed"}},
        ("u=blue..red", "v=x..y"),
        [[1, -1], [0, -1], [-1, 1], [1, 1]],
    ),
    "embedding": Example(
        {"u": ["red", None, "blue", "red"], "v": ["x", "x", "y", "y"]},
        {
            "categorical": {"missing": "zeros"},
            "columns": {name: {"encode": "embedding"} for name in "uv"},
        },
        ("u", "v"),
        [[2, 1], [0, 1], [1, 2], [2, 2]],
    ),
    # of u the others of its kind have the same answer, of v the other one: 5/11 or 6/11, 1/22 off 1/2
    "target": Example(
        {"u": ["red", "blue", "red", "blue"], "v": ["x", "x", "y", "y"]},
        {"columns": {name: {"encode": "target"} for name in "uv"}},
        ("u~q", "v~q"),
        [[-1, 1], [1, -1], [-1, 1], [1, -1]],
    ),
    # the middle of 0, 4 and 8 is 4, and takes the place of the blank; 0 .. 8 and 2 .. 4 become 0 .. 1
    "number": Example(
        {"u": [0.0, 4.0, None, 8.0], "v": [2, 3, 4, 2]},
        {"scale": "minmax", "missing": {"policy": "mean", "indicator": True}},
        ("u", "u missing", "v"),
        [[0, 0, 0], [0.5, 0, 0.5], [0.5, 1, 1], [1, 0, 0]],
    ),
    # quarters of a year and of a day apart; all are Mondays, and those of v in one month
    "date_parts": Example(
        {
            "u": ["2024-01-01 00:00", None, "2024-04-01 06:00", "2024-07-01 12:00"],
            "v": ["2024-01-01", "2024-01-08", "2024-01-08", "2024-01-01"],
        },
        {"dates": "parts", "scale": "minmax", "missing": {"policy": "mean", "indicator": True}},
        (*("u", "u missing", "u month sine", "u month cosine", "u hour sine", "u hour cosine"), "v"),
        [
            [0, 0, 0, 1, 0, 1, 0],
            [0.5, 1, 0, 0, 0, 0, 1],
            [0.5, 0, 1, 0, 1, 0, 1],
            [1, 0, 0, -1, 0, -1, 0],
        ],
    ),
}


@pytest.fixture(params=KINDS)
def example(request: pytest.FixtureRequest) -> Example:
    assert request.param in EXAMPLES, "add a table of this kind, and what becomes of it"
    return EXAMPLES[request.param]


@pytest.fixture
def table(example: Example, tmp_path: Path) -> str:
    frame = pl.DataFrame({**example.columns, "y": ["p", "q", "p", "q"]})
    frame.write_csv(tmp_path / "t.csv")
    return str(tmp_path / "t.csv")


def test_a_column_becomes_what_was_worked_out_by_hand(example: Example, table: str) -> None:
    data = load_data(table, **example.settings)

    assert data.features + data.preprocessing.outputs("codes") == example.names
    np.testing.assert_allclose(np.hstack(data.train.inputs.arrays), example.numbers, 1e-13, 1e-15)


def test_the_bits_are_those_of_a_file_of_a_row_alone_and_of_a_checkpoint(
    example: Example, table: str, tmp_path: Path
) -> None:
    data = load_data(table, **example.settings)
    expected = bits(data.train.inputs)
    in_file = load_data(table, **example.settings, cache=str(tmp_path / "cache"))
    stored = json.loads(json.dumps(data.preprocessing.to_json(), allow_nan=False))
    again = Preprocessing.from_json(stored)
    alone = list(iterate_features(table, again, 1, np.float64))

    assert isinstance(in_file.train.inputs.numbers, FileArray)
    assert bits(in_file.train.inputs) == expected
    assert again == data.preprocessing
    whole, _ = load_rows(table, again, target_needed=False, dtype=np.float64)
    assert len(alone) == 4
    assert bits(concatenated([chunk.inputs for chunk in alone])) == bits(whole.inputs)
    assert bits(whole.inputs) == expected or type(again.columns[0]) is TargetEncoded


def bits(inputs: Inputs) -> list[bytes]:
    """Those of each array."""
    return [array[:].tobytes() for array in inputs.arrays]


# --- a kind whose values are looked up in a table ---


@dataclass(frozen=True)
class Place(Column):
    """The place of a value among the levels, from 1 on; 0 for every other."""

    array: ClassVar = "codes"
    by_label: ClassVar = True
    name: str
    levels: tuple[str, ...]

    @property
    def outputs(self) -> tuple[str, ...]:
        return (self.name,)

    @classmethod
    def takes(cls, source: Any, name: str) -> bool:
        return source.kind(name) == "text"

    @classmethod
    def fit(cls, source: Any, names: list[str], rows: Any, settings: Any) -> list[Self]:
        return [cls(name, tuple(source.levels(name, rows))) for name in names]

    @classmethod
    def read(cls, columns: Any, source: Any, rows: Any) -> Any:
        return [source.codes(column.name, column.levels, rows) for column in columns]

    @classmethod
    def transform(cls, columns: Any, values: Any, block: Any, places: Any) -> list[int]:
        for codes, place in zip(values, places, strict=True):
            block[:, place] = np.maximum(codes, -1) + 1
        return [0] * len(columns)


@pytest.fixture
def places() -> Iterator[None]:
    with one_more_kind("place", Place):
        yield


LETTERS = ["b", "a", "c", "b", "a", "b", "c", "a"]
SIZES = ["s", "s", "l", "m", "l", "s", "m", "l"]
CODES = [[2, 3], [1, 3], [3, 1], [2, 2], [1, 1], [2, 3], [3, 2], [1, 1]]
"""a, b, c are 1, 2, 3, and so are l, m, s."""


@pytest.fixture
def mixed(tmp_path: Path) -> str:
    frame = pl.DataFrame({"letter": LETTERS, "n": range(8), "size": SIZES, "y": ["p", "q"] * 4})
    frame.write_csv(tmp_path / "t.csv")
    return str(tmp_path / "t.csv")


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize("cache", ["memory", "file"])
def test_codes_stand_beside_the_numbers_in_slices_and_in_batches(
    mixed: str, tmp_path: Path, cache: str
) -> None:
    where = "none" if cache == "memory" else str(tmp_path / "cache")
    data = load_data(mixed, scale="none", dtype=np.float32, cache=where)
    inputs = data.train.inputs

    kind = np.ndarray if cache == "memory" else FileArray
    assert [type(array) for array in inputs.arrays] == [kind, kind]
    assert (data.features, data.preprocessing.outputs("codes")) == (("n",), ("letter", "size"))
    assert [array.dtype for array in inputs.arrays] == [np.float32, np.int32]
    assert inputs[2:5].codes.tolist() == CODES[2:5]
    assert inputs[2:5].numbers.tolist() == [[2], [3], [4]]
    for rows in batches(epoch_order(0, 0, 8), 3):
        outs = np.empty((len(rows), 1), np.float32), np.empty((len(rows), 2), np.int32)
        inputs.take(rows, *outs)
        assert outs[0].tolist() == [[row] for row in rows]
        assert outs[1].tolist() == [CODES[row] for row in rows]


@pytest.mark.usefixtures("places")
def test_new_rows_have_the_codes_of_the_training_rows(mixed: str, tmp_path: Path) -> None:
    stored = json.loads(json.dumps(load_data(mixed).preprocessing.to_json()))
    preprocessing = Preprocessing.from_json(stored)
    (tmp_path / "new.csv").write_text("size,n,letter\nm,1,c\n,2,zebra\nl,3,a\n")
    whole, _ = load_rows(
        str(tmp_path / "new.csv"), preprocessing, target_needed=False, dtype=np.float32
    )
    chunks = list(iterate_features(str(tmp_path / "new.csv"), preprocessing, 2, np.float32))

    assert whole.inputs.codes.tolist() == [[3, 2], [0, 0], [1, 1]]
    assert [chunk.inputs.codes.tolist() for chunk in chunks] == [[[3, 2], [0, 0]], [[1, 1]]]


def test_a_kind_that_is_not_known_is_one_line(mixed: str) -> None:
    with one_more_kind("place", Place):
        stored = load_data(mixed).preprocessing.to_json()
    with pytest.raises(CheckpointError, match=r"^preprocessing: columns\[0\]: not as this program"):
        Preprocessing.from_json(stored)


@pytest.mark.parametrize(
    ("key", "value", "place"),
    [
        ("center", "1", "columns[0].center"),
        ("center", True, "columns[0].center"),
        ("factor", 1e999, "columns[0].factor"),
        ("kind", "colour", "columns[0].kind"),
        ("type", "colour", "columns[0]"),
        ("extra", 1, "columns[0]"),
        ("name", None, "columns[0].name"),
    ],
)
def test_what_is_wrong_in_a_checkpoint_is_named(
    tmp_path: Path, key: str, value: Any, place: str
) -> None:
    (tmp_path / "t.csv").write_text("a,y\n1,p\n2,q\n3,p\n")
    stored = load_data(str(tmp_path / "t.csv")).preprocessing.to_json()
    stored["columns"][0][key] = value
    with pytest.raises(CheckpointError) as caught:
        Preprocessing.from_json(stored)
    assert str(caught.value) == f"preprocessing: {place}: not as this program writes it"
