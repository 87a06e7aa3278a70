"""Rows outside the range of training: how many, and how far, in one line."""

import numpy as np
import pytest
from runs import invoke
from tables import write

from mlptrain.data.preprocessing.columns.number import Number
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.preprocessing.targets import ClassTarget
from mlptrain.inference.outside import Ranges


@pytest.fixture(scope="module", params=["standard", "smooth_clip", "minmax", "none"])
def trained(request, tmp_path_factory):
    """Columns from 0 to 10 and from 2026-01-01 to 2026-01-11, a constant one, and one with a blank."""
    folder = tmp_path_factory.mktemp(request.param)
    rows = [[i, f"2026-01-{i % 11 + 1:02}", 5, "" if i == 4 else -i, i % 2] for i in range(11)] * 3
    data = {"train": "t.csv", "target": "y", "val": 0, "test": 0, "dates": "number", "missing": "mean"}
    write(folder / "t.csv", ["u", "day", "same", "w", "y"], rows)
    config = {"data": {**data, "train": str(folder / "t.csv"), "scale": request.param}}
    (folder / "c.yaml").write_text(repr({**config, "train": {"epochs": 1}}))
    made = invoke("fit", folder / "c.yaml", "--out", folder / "run", "--quiet")
    assert made.exit_code == 0, made.stderr
    return folder


def told(folder, rows, command="predict"):
    path = write(folder / "new.csv", ["u", "day", "same", "w", "y"], rows)
    given = ["predict", folder / "run", path] if command == "predict" else ["eval", folder / "run"]
    result = invoke(*given, *([] if command == "predict" else ["--data", path]))
    assert result.exit_code == 0, result.stderr
    return [line.removeprefix(f"{path}: ") for line in result.stderr.splitlines() if "outside" in line]


def test_the_ends_of_the_range_and_blanks_are_inside(trained):
    assert told(trained, [[0, "2026-01-01", 5, -10, 0], [10, "2026-01-11", 5, "", 1]]) == []


@pytest.mark.parametrize("command", ["predict", "eval"])
def test_rows_outside_are_counted_and_the_farthest_is_named(trained, command):
    # u: 12.5 is 2.5 above 10, a quarter of the range; w: -40 is 30 below -10, three times 10
    rows = [[12.5, "2026-01-05", 5, -40, 0], [5, "2026-01-05", 5, -5, 1], [11, "2026-01-12", 5, -5, 1]]
    line = "2 of 3 rows lie outside the range of training, by up to 3 ranges below -10 (w)"
    assert [each.split("note: ")[-1].split("csv: ")[-1] for each in told(trained, rows, command)] == [
        line
    ]


def test_a_date_is_shown_as_a_date(trained):
    (line,) = told(trained, [[5, "2026-02-10", 5, -5, 0]])
    assert line.endswith(
        "1 of 1 row lies outside the range of training, by up to 3 ranges above 2026-01-11 (day)"
    )


def test_pieces_of_a_stream_are_added_up(trained, monkeypatch):
    rows = [[10 + i % 5, "2026-01-05", 5, -5, 0] for i in range(50)]
    whole = told(trained, rows)
    monkeypatch.setattr("mlptrain.inference.predict.BATCH", 2)
    monkeypatch.setattr("mlptrain.inference.predict.ENTRIES", 1)
    assert (
        told(trained, rows)
        == whole
        == ["note: 40 of 50 rows lie outside the range of training, by up to 0.4 ranges above 10 (u)"]
    )


def test_a_checkpoint_of_the_first_version_knows_no_range():
    first = Number("u", "number", center=0.0, factor=1.0, squash=False, fill=0.0, indicator=False)
    made = Preprocessing(("u",), None, "error", (first,), ClassTarget("y", ("a", "b")), None)
    assert Ranges(made, "f4").outside(np.array([[1e9]])).rows == 0
