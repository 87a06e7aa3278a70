"""Files that hold a table in another form: the same rows, or refused for the true reason."""

import bz2
import gzip
import io
import json
import lzma
import sys

import numpy as np
import pytest
from helpers import load_data

from mlptrain.data.chunks import iterate_features
from mlptrain.data.readers.tables.tables import read_table
from mlptrain.errors import DataError, EnvironmentFault

ROWS = [{"a": 0.5 * i, "b": "red" if i % 3 else "0x", "y": "pq"[i % 2]} for i in range(40)]
CSV = "a,b,y\n" + "".join(f"{r['a']},{r['b']},{r['y']}\n" for r in ROWS)


ZSTD = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"


def zstd(data):
    return pytest.importorskip(ZSTD).compress(data)


def workbook(rows):
    xlsxwriter = pytest.importorskip("xlsxwriter")
    pytest.importorskip("python_calamine")
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet("data")
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                sheet.write(i, j, cell)
        book.add_worksheet("empty")
    return out.getvalue()


SAME = {
    "t.csv.gz": lambda: gzip.compress(CSV.encode()),
    "t.csv.bz2": lambda: bz2.compress(CSV.encode()),
    "t.csv.xz": lambda: lzma.compress(CSV.encode()),
    "t.csv.zst": lambda: zstd(CSV.encode()),
    "packed.csv": lambda: bz2.compress(CSV.encode()),  # its bytes say so, not its name
    "array.json": lambda: json.dumps(ROWS, indent=1).encode(),
    "lines.json": lambda: "\n".join(map(json.dumps, ROWS)).encode(),
    "lines.jsonl.xz": lambda: lzma.compress("\n".join(map(json.dumps, ROWS)).encode()),
    "array.json.gz": lambda: gzip.compress(json.dumps(ROWS).encode()),
    "t.xlsx": lambda: workbook([["a", "b", "y"], *(r.values() for r in ROWS)]),
    "comment.csv": lambda: b"# made by a tool, version 2\n#\n\n# rows: 40\n" + CSV.encode(),
    "hash.csv": lambda: b"#a,b,y\n" + CSV.partition("\n")[2].encode(),
    "sep.csv": lambda: b"\xef\xbb\xbfsep=;\r\n" + CSV.replace(",", ";").encode(),
}


@pytest.mark.parametrize("name", SAME)
def test_the_same_rows_whatever_the_file(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text(CSV)
    (tmp_path / name).write_bytes(SAME[name]())
    plain, other = read_table("t.csv"), read_table(name)
    first = other.names[0]
    assert [each.lstrip("#") for each in other.names] == ["a", "b", "y"]
    np.testing.assert_array_equal(other.numbers(first), plain.numbers("a"))
    rows = np.arange(40)
    assert other.levels("b", rows) == ["0x", "red"]
    np.testing.assert_array_equal(
        other.codes("b", ["0x", "red"], rows), [0 if i % 3 == 0 else 1 for i in rows]
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SAME if name != "hash.csv"])
def test_in_memory_from_the_cache_and_in_pieces(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(SAME[name]())
    in_memory = load_data(name, target="y", val=0.2, test=0, cache="none")
    cached = load_data(name, target="y", val=0.2, test=0, cache=str(tmp_path / "cache"))
    for part in ("train", "val"):
        np.testing.assert_array_equal(
            getattr(in_memory, part).inputs.numbers, getattr(cached, part).inputs.numbers[:]
        )
    chunks = iterate_features(name, in_memory.preprocessing, 7, np.float32, keep=["b"])
    streamed = list(chunks)
    assert [text for chunk in streamed for text in chunk.kept["b"]] == [row["b"] for row in ROWS]


WRONG = {
    "an object of columns": (
        "t.json",
        b'{"a": {"0": 1}, "y": {"0": 2}}',
        ": is one JSON object: an array",
    ),
    "a comma is missing": ("t.json", b'[{"a": 1}\n {"a": 2}]', ":2: is not valid JSON (a comma or ]"),
    "an array of numbers": ("t.json", b"[{},\n 3]", ":2: is not valid JSON (is not an object)"),
    "cut": ("t.json", b'[{"a": 1},\n{"a": ', ":2: is not valid JSON (Expecting value)"),
    "more behind it": ("t.json", b'[{"a": 1}]\n[]', ":2: is not valid JSON (something follows"),
    "text": ("t.json", b"a,b\n1,2\n", ": is no table: an array of objects is needed"),
    "a key twice": ("t.json", b'[{"a": 1},\n\n{"a": 2, "a": 3}]', ":3: the key 'a' stands twice"),
    "a database": ("t.db", b"SQLite format 3\0" + bytes(99), ": is an SQLite database"),
    "a pickle": ("t.csv", b"\x80\x04\x95\x02.", ": is a pickle"),
    "a page": ("t.csv", b"<!DOCTYPE html>\n<p>a,b", ": is a web page"),
    "UTF-16 without a mark": ("t.csv", "a,b\n1,2\n".encode("utf-16-le"), ": is UTF-16 text"),
    "white space": (
        "t.data",
        b"a  b   y\n1  2.5  p\n",
        ":1: its 3 columns are separated by white space",
    ),
    "a strange separator": ("t.csv", b"sep=^\na^y\n1^2\n", ":1: declares the separator '^'"),
    "a broken xz": ("t.csv.xz", lzma.compress(CSV.encode())[:-30], ": broken xz file"),
    "a broken bz2": ("t.csv.bz2", b"BZh9" + bytes(50), ": broken bzip2 file"),
    "no workbook": ("t.xlsx", b"PK\x03\x04 but no more", ": is not a valid Excel workbook"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_table_is_refused_for_the_true_reason(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file, content, said = WRONG[name]
    if file.endswith(".xlsx"):
        pytest.importorskip("python_calamine")
    (tmp_path / file).write_bytes(content)
    with pytest.raises(DataError) as error:
        read_table(file)
    assert error.value.faults[0].startswith(f"{file}{said}")


def test_a_broken_zstd_is_refused(tmp_path):
    (tmp_path / "t.csv.zst").write_bytes(zstd(CSV.encode())[:-9])
    with pytest.raises(DataError, match="broken zstd file"):
        read_table(str(tmp_path / "t.csv.zst"))


def test_zstd_says_what_is_missing(tmp_path, monkeypatch):
    (tmp_path / "t.csv.zst").write_bytes(zstd(CSV.encode()))
    package, _, name = ZSTD.partition(".")
    monkeypatch.delattr(sys.modules[package], name)
    monkeypatch.setitem(sys.modules, ZSTD, None)
    missing = (
        "a Python built with it" if package == "compression" else "backports.zstd: .*pip install .+"
    )
    with pytest.raises(EnvironmentFault, match=rf"needs {missing}, or unpack it \(zstd -d\)"):
        read_table(str(tmp_path / "t.csv.zst"))


def test_lines_are_counted_with_what_stands_before_the_header(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("# one\n# two\na,y\n1,p\n2\n")
    with pytest.raises(DataError, match=r"t\.csv:5: 1 field where the header names 2"):
        read_table(str(file))
    file.write_text("# one\n# two\na,y\n1,p\n2,q\nx,p\n")
    assert read_table(str(file)).where([0, 2]) == [f"{file}:4", f"{file}:6"]


def test_cells_of_a_workbook_are_what_excel_shows(tmp_path):
    file = tmp_path / "t.xlsx"
    rows = [["code", "n", "flag"], ["007", 3, True], ["NA", 0.1, False], [], ["x", "NA", True]]
    file.write_bytes(workbook(rows))
    table = read_table(str(file))
    assert table.levels("code", np.arange(3)) == ["007", "x"]  # NA is a missing value, as in CSV
    assert table.numbers("n").tolist()[:2] == [3, 0.1]
    assert np.isnan(table.numbers("n")[2])
    assert table.kind("flag") == "boolean"
    assert table.where([2]) == [f"{file}:5"]


def test_a_workbook_of_two_sheets_is_not_chosen_from(tmp_path):
    xlsxwriter = pytest.importorskip("xlsxwriter")
    pytest.importorskip("python_calamine")
    file = tmp_path / "t.xlsx"
    with xlsxwriter.Workbook(file) as book:
        for name in ("one", "two"):
            book.add_worksheet(name).write(0, 0, "a")
    with pytest.raises(
        DataError, match=r"has 2 sheets \('one', 'two'\): save one as a file of its own"
    ):
        read_table(str(file))


def test_a_sheet_of_two_distant_cells_takes_no_memory(tmp_path):
    xlsxwriter = pytest.importorskip("xlsxwriter")
    pytest.importorskip("python_calamine")
    file = tmp_path / "t.xlsx"
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "a")
        sheet.write(1_048_575, 16_383, 1)
    with pytest.raises(DataError, match="is not a valid Excel file"):
        read_table(str(file))
