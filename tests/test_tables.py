"""Reading tables: what a column holds, which line a row stands on, and that formats agree."""

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlptrain.data.readers.tables.table import Table
from mlptrain.data.readers.tables.tables import read_table
from mlptrain.data.source import BLANK, UNSEEN


def table(path: Path, content: str) -> Table:
    path.write_bytes(content.encode())
    return read_table(str(path))


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    return tmp_path / "t.csv"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ("1 2 3", "number"),
        ("1 2.5 NA", "number"),
        ("1e3 -0.5 ?", "number"),
        ("true False TRUE", "boolean"),
        ("2024-01-31 2024-02-01 NA", "date"),
        ("2024-01-31T12:00:00 2024-02-01T00:00:00 NA", "date"),
        ("2024/01/31 2024/02/01 NA", "date"),
        ("2024/01/31 2024-02-01", "text"),
        ("2024/01/31 2024/02/30", "text"),
        ("red 1 2", "text"),
        ("true maybe false", "text"),
        ("NA ? null", "blank"),
    ],
)
def test_a_column_is_what_all_its_values_are(csv: Path, values: str, kind: str) -> None:
    rows = "".join(f"{value},0\n" for value in values.split())
    assert table(csv, "a,b\n" + rows).kind("a") == kind


def test_types_are_inferred_over_the_whole_file(csv: Path) -> None:
    read = table(csv, "a,b\n" + "1,x\n" * 5000 + "1.5,x\n")
    assert (read.kind("a"), read.numbers("a")[-1]) == ("number", 1.5)


def test_numbers_after_a_head_of_blanks_are_numbers(csv: Path) -> None:
    read = table(csv, "a,b\n" + ",x\n" * 5000 + "7,x\n")
    assert (read.kind("a"), read.numbers("a")[-1]) == ("number", 7)


def test_dates_are_days_since_1970(csv: Path) -> None:
    read = table(
        csv, "d,e,f\n1970-01-02,2000-01-01 12:00,1970/01/02\n2000-01-01,1969-12-31 00:00,2000/01/01\n"
    )
    assert read.numbers("d").tolist() == read.numbers("f").tolist() == [1, 10957]
    assert read.numbers("e").tolist() == [10957.5, -1]


def test_booleans_are_0_and_1_and_missing_is_nan(csv: Path) -> None:
    read = table(csv, "a,b\ntrue,1\n,1\nFalse,1\n")
    assert np.array_equal(read.numbers("a"), [1, np.nan, 0], equal_nan=True)


def test_lines_count_quoted_newlines_and_blank_lines(csv: Path) -> None:
    read = table(csv, 'a,b\n1,"x\ny"\n\n2,z\n3,"p\n\nq"\n4,r\n')
    assert read.where([0, 1, 2, 3]) == [f"{csv}:{line}" for line in (2, 5, 6, 9)]


def test_a_row_of_a_file_without_lines_is_named_by_number(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"a": [1, 2]}).write_parquet(path)
    assert read_table(str(path)).where([1]) == [f"{path}: row 2"]


@pytest.mark.slow
def test_every_format_gives_the_same_table(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1.5, None, 3.0], "b": ["x", None, "y"], "c": [True, False, None]})
    frame.write_csv(tmp_path / "t.csv")
    frame.write_csv(tmp_path / "t.tsv", separator="\t")
    frame.write_csv(tmp_path / "t.txt", separator=";")
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress((tmp_path / "t.csv").read_bytes()))
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_ndjson(tmp_path / "t.jsonl")
    frame.write_ipc(tmp_path / "t.arrow")
    files = sorted(tmp_path.iterdir())
    assert len(files) == 7
    for file in files:
        read = read_table(str(file))
        assert read.names == ("a", "b", "c")
        assert np.array_equal(read.numbers("a"), [1.5, np.nan, 3], equal_nan=True)
        assert np.array_equal(read.numbers("c"), [1, 0, np.nan], equal_nan=True)
        assert read.levels("b", np.arange(3)) == ["x", "y"]
        assert read.codes("b", ["x"], np.arange(3)).tolist() == [0, BLANK, UNSEEN]


def test_a_label_is_the_text_of_the_file_and_met_by_what_is_alike(csv: Path) -> None:
    read = table(csv, "a,b\n1.0,1\n\n1,x\n 01 ,1.0\n2,\n")
    assert read.levels("a", np.arange(4)) == ["01", "1", "1.0", "2"]
    assert read.levels("b", np.arange(4)) == ["1", "1.0", "x"]
    assert read.codes("a", ["1", "2"], np.arange(4)).tolist() == [0, 0, 0, 1]
    assert read.codes("b", ["1.0", "x"], np.arange(4)).tolist() == [0, 1, 0, BLANK]


def test_levels_are_those_of_the_rows_asked_for(csv: Path) -> None:
    read = table(csv, "a,b\n10,1\n9,1\n8,1\n")
    assert read.levels("a", np.array([0, 1])) == ["9", "10"]


def test_a_path_is_not_a_pattern(tmp_path: Path) -> None:
    (tmp_path / "t[1].csv").write_text("a,b\n1,2\n")
    (tmp_path / "t1.csv").write_text("a,b\n8,9\n")
    assert read_table(str(tmp_path / "t[1].csv")).numbers("a").tolist() == [1]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_numbers_written_and_read_again_are_the_same_bits(
    tmp_path_factory: pytest.TempPathFactory, values: list[float]
) -> None:
    path = tmp_path_factory.mktemp("t") / "t.csv"
    read = table(path, "a,b\n" + "".join(f"{v!r},0\n" for v in values))
    assert read.numbers("a").tolist() == values


@given(
    st.lists(st.tuples(st.text("ab \n\"',;é", max_size=6), st.integers(0, 9)), min_size=1, max_size=9)
)
def test_lines_agree_with_the_file_whatever_the_fields_hold(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int]]
) -> None:
    path = tmp_path_factory.mktemp("t") / "t.csv"
    lines, content = [], "a,b\n"
    for text, number in rows:
        lines.append(content.count("\n") + 1)
        content += '"' + text.replace('"', '""') + f'",{number}\n'
    read = table(path, content)
    assert read.where(range(len(rows))) == [f"{path}:{line}" for line in lines]
    assert read.numbers("b").tolist() == [number for _, number in rows]
