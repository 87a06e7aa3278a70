"""Broken files: each ends in its exact message, a DataError (exit 3), or the documented repair."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from helpers import load_data

from mlptrain.data.dataset import Dataset
from mlptrain.data.readers.tables.pieces import table_pieces
from mlptrain.data.readers.tables.tables import read_table
from mlptrain.errors import DataError


def load(path: Path, **settings: object) -> Dataset:
    return load_data(str(path), **settings)


GOOD = "a,b,y\n1,2,p\n3,4,q\n5,7,p\n2,1,q\n"
CORRECT = "correct them or leave them empty; if b is a category: `categorical: {columns: [b]}`"
FILL = (
    "correct them, or write `missing: mean` (or median, or drop); for a trained model: --missing mean"
)
RAGGED = "give each row one field per column, and quote fields that hold a separator"
TARGET = (
    "a target is never filled in: correct them, delete the rows, or train with `target_missing: drop`"
)

BROKEN: dict[str, tuple[bytes | str, dict[str, object], list[str]]] = {
    "empty": ("", {}, ["F: is empty: a table with a header is needed"]),
    "only blank lines": ("\n\n\n", {}, ["F: is empty: a table with a header is needed"]),
    "only a BOM": (b"\xef\xbb\xbf", {}, ["F: is empty: a table with a header is needed"]),
    "header only": ("a,b,y\n", {}, ["F: has a header and no rows"]),
    "header without line end": ("a,b,y", {}, ["F: has a header and no rows"]),
    "header and blank lines": ("a,b,y\n\n\n", {}, ["F: has a header and no rows"]),
    "long row": (
        "a,b,y\n1,2,p\n3,4,q,9\n5,7,p\n",
        {},
        ["F:3: 4 fields where the header names 3", f"F: 1 ragged row in all: {RAGGED}"],
    ),
    "short row": (
        "a,b,y\n1,2,p\n3,4\n5,7,p\n",
        {},
        ["F:3: 2 fields where the header names 3", f"F: 1 ragged row in all: {RAGGED}"],
    ),
    "seven short rows": (
        "a,b,y\n" + "1,2\n" * 7,
        {},
        [f"F:{n}: 2 fields where the header names 3" for n in range(2, 7)]
        + [f"F: 7 ragged rows in all: {RAGGED}"],
    ),
    "short row after quoted newlines": (
        'a,b,y\n1,2,"p\nx"\n3,4,"q\ny\nz"\n5,7\n',
        {},
        ["F:7: 2 fields where the header names 3", f"F: 1 ragged row in all: {RAGGED}"],
    ),
    "trailing separator": (
        "a,b,y\n1,2,p,\n3,4,q,\n",
        {},
        [f"F:{n}: 4 fields where the header names 3" for n in (2, 3)]
        + [f"F: 2 ragged rows in all: {RAGGED}"],
    ),
    "text in a number column": (
        "a,b,y\n1,2,p\n3,oops,q\n5,7,p\n",
        {},
        ["F:3: b: 'oops' is not a number", f"F: 1 such value in all: {CORRECT}"],
    ),
    "text in a number column after quoted newlines": (
        'a,b,y\n1,2,"p\n1"\n3,oops,"p\n1"\n5,7,q\n',
        {},
        ["F:4: b: 'oops' is not a number", f"F: 1 such value in all: {CORRECT}"],
    ),
    "text far below the head": (
        "a,b,y\n" + "1,2,p\n3,4,q\n" * 1000 + "5,x,p\n",
        {},
        ["F:2002: b: 'x' is not a number", f"F: 1 such value in all: {CORRECT}"],
    ),
    "terminal escape in a number column": (
        "a,b,y\n1,2,p\n3,\x1b[31m,q\n5,7,p\n",
        {},
        ["F:3: b: '\\x1b[31m' is not a number", f"F: 1 such value in all: {CORRECT}"],
    ),
    "decimal commas": (
        "a;b;y\n1;2,5;p\n3;4,5;q\n",
        {},
        [
            "F:2: b: '2,5' is not a number",
            "F:3: b: '4,5' is not a number",
            "F: 2 such values in all: write decimals with a point",
        ],
    ),
    "missing number": (
        "a,b,y\n1,2,p\n3,,q\n5,NA,p\n",
        {},
        [
            "F:3: b: an empty field is a missing value",
            "F:4: b: 'NA' is a missing value",
            f"F: 2 such values in all: {FILL}",
        ],
    ),
    "nan in a number column": (
        "a,b,y\n1,2,p\n3,nan,q\n5,7,p\n",
        {},
        ["F:3: b: 'nan' is a missing value", f"F: 1 such value in all: {FILL}"],
    ),
    "infinite number": (
        "a,b,y\n1,2,p\n3,inf,q\n5,7,p\n",
        {},
        [
            "F:3: b: 'inf' is infinite",
            "F: 1 such value in all: correct them: only finite numbers train",
        ],
    ),
    "number that overflows": (
        "a,b,y\n1,2,p\n3,1e400,q\n5,7,p\n",
        {},
        [
            "F:3: b: '1e400' is infinite",
            "F: 1 such value in all: correct them: only finite numbers train",
        ],
    ),
    "infinite number is not repaired": (
        "a,b,y\n1,2,p\n3,-inf,q\n5,7,p\n",
        {"missing": "mean"},
        [
            "F:3: b: '-inf' is infinite",
            "F: 1 such value in all: correct them: only finite numbers train",
        ],
    ),
    "number too large for float32": (
        "a,b,y\n1,2,p\n3,1e300,q\n5,7,p\n",
        {"scale": "none", "dtype": np.float32},
        [
            "F:3: b: '1e300' is too large for the network",
            "F: 1 such value in all: correct them, or scale the column",
        ],
    ),
    "column of blanks": (
        "a,b,y\n1,,p\n3,,q\n",
        {},
        ["F: column 'b' has no value in any training row: write `ignore: [b]`"],
    ),
    "duplicate column": (
        "a,a,y\n1,2,p\n",
        {},
        ["F:1: a: 2 columns have this name: rename all but one"],
    ),
    "column without a name": (
        ",b,y\n1,2,p\n",
        {},
        ['F: column 1 has no name: name it in the header, or leave it out with `ignore: [""]`'],
    ),
    "two columns without a name": (
        ",b,,y\n1,2,3,p\n",
        {},
        ["F:1: columns 1, 3 have no name: name all but one in the header"],
    ),
    "absent target": (
        GOOD,
        {"target": "yy"},
        ["F: no column 'yy', did you mean 'y'? (it has a, b, y)"],
    ),
    "absent feature": (
        GOOD,
        {"features": ["a", "bb"]},
        ["F: no column 'bb', did you mean 'b'? (it has a, b, y)"],
    ),
    "missing class": (
        "a,b,y\n1,2,p\n3,4,\n5,7,q\n",
        {},
        ["F:3: y: an empty field is a missing value", f"F: 1 such value in all: {TARGET}"],
    ),
    "missing target number is not dropped": (
        "a,b,y\n1,2,1.5\n3,4,\n5,7,2\n",
        {"classify": False, "missing": "drop"},
        ["F:3: y: an empty field is a missing value", f"F: 1 such value in all: {TARGET}"],
    ),
    "infinite target number": (
        "a,b,y\n1,2,1.5\n3,4,inf\n5,7,2\n",
        {"classify": False},
        [
            "F:3: y: 'inf' is infinite",
            "F: 1 such value in all: correct them: only finite numbers train",
        ],
    ),
    "text target of a regression": (
        GOOD,
        {"classify": False},
        ["F: target 'y' holds text: a regression needs numbers; to predict a class: `loss: softmax`"],
    ),
    "text in a target of numbers": (
        "a,b,y\n1,2,1\n3,4,2\n5,7,x\n",
        {"classify": False},
        [
            "F:4: y: 'x' is not a number",
            "F: 1 such value in all: correct them, or delete the rows; "
            "to predict a class: `loss: softmax`",
        ],
    ),
    "one class": (
        "a,b,y\n1,2,p\n3,4,p\n",
        {},
        ["F: target 'y' has only one class, 'p': two are needed to learn"],
    ),
    "a class for every row": (
        "a,b,y\n1,2,0.5\n3,4,1.5\n5,7,2.25\n",
        {},
        [
            "F: target 'y' has 3 different values in 3 training rows: too many classes; "
            "to predict a number: `loss: mse`"
        ],
    ),
    "an id as target": (
        "a,b,y\n1,2,k1\n3,4,k2\n5,7,k3\n",
        {},
        [
            "F: target 'y' has 3 different values in 3 training rows: too many classes; "
            "is it an id or a free text?"
        ],
    ),
    "dates": (
        "a,b,y\n1,2024-01-31,p\n3,2024-02-01,q\n4,2024-02-03,p\n",
        {},
        [
            "F: column 'b' holds dates: write `dates: parts` (days since 1970-01-01, month, weekday, "
            "hour), `dates: number` (days) or `ignore: [b]`",
        ],
    ),
    "text where categories are refused": (
        "a,b,y\n1,u,p\n3,v,q\n5,u,p\n",
        {"categorical": "error"},
        ["F: column 'b' holds text: write `categorical: one_hot` or `ignore: [b]`"],
    ),
    "an id as category": (
        "a,b,y\n" + "".join(f"{i},id{i}k,{'pq'[i % 2]}\n" for i in range(30)),
        {},
        [
            "F: column 'b' has 30 different values in 30 training rows: too many for categories; "
            "write `ignore: [b]`"
        ],
    ),
    "missing category": (
        "a,b,y\n1,u,p\n3,,q\n5,v,p\n",
        {},
        [
            "F:3: b: an empty field is a missing value",
            "F: 1 such value in all: "
            "correct them, or write `categorical: {encode: one_hot, missing: zeros}`; "
            "for a trained model: --missing mean (a text is then treated as none)",
        ],
    ),
    "not UTF-8": (
        b"a,b,y\n1,2,p\n3,4,\xe9t\xe9\n5,7,p\n",
        {},
        ["F:3: byte '\\xe9' is not UTF-8: save the file as UTF-8"],
    ),
    "header not UTF-8": (
        b"a,\xe9,y\n1,2,p\n",
        {},
        ["F:1: the header is not UTF-8: save the file as UTF-8"],
    ),
    "byte-order mark alone": (
        b"\n\xef\xbb\xbf\na,b,y\n1,2,p\n",
        {},
        ["F: a byte-order mark stands on a line of its own: delete that line"],
    ),
    "two byte-order marks": (
        b"\xef\xbb\xbf\xef\xbb\xbf\r\na,b,y\n1,2,p\n",
        {},
        ["F: a byte-order mark stands on a line of its own: delete that line"],
    ),
    "UTF-16": ("a,b,y\n1,2,p\n".encode("utf-16"), {}, ["F: is UTF-16 text: save it as UTF-8"]),
    "Excel": (
        b"PK\x03\x04rest",
        {},
        ["F: is a zip archive, or an Excel workbook that is not called .xlsx: unpack or rename it"],
    ),
    "old Mac line ends": (
        "a,b,y\r1,2,p\r",
        {},
        ["F: lines end in a bare CR (old Mac): save it with LF or CRLF"],
    ),
    "open quote": (
        'a,b,y\n1,2,p\n3,4,"q\n5,7,p\n',
        {},
        ["F:3: the quote opened in this row is never closed"],
    ),
    "text after a quoted field": (
        'a,b,y\n1,2,p\n3,4,"q"x\n5,7,p\n',
        {},
        [
            "F:3: broken quoting (',' expected after '\"'): double each quote inside a quoted field",
        ],
    ),
    "an even number of quotes that are not doubled": (
        'a,b,y\n1,2,p\n3,4,"24" screen"\n5,7,p\n1,5,"24" screen"\n',
        {},
        [
            "F:3: broken quoting (',' expected after '\"'): double each quote inside a quoted field",
        ],
    ),
    "quotes escaped with a backslash": (
        'a,b,y\n1,2,p\n3,4,"24\\" screen"\n5,7,p\n1,5,"24\\" screen"\n',
        {},
        ['F:3: a quote is escaped with a backslash (\\"): write it doubled ("")'],
    ),
    "a quote escaped with a backslash before a comma": (
        'a,b,y\n1,2,p\n3,"a\\", b"\n5,7,p\n',
        {},
        ['F:3: a quote is escaped with a backslash (\\"): write it doubled ("")'],
    ),
    "CR in a field": (
        "a,b,y\n1,2,p\n3,4,q\rq\n5,7,p\n",
        {},
        ["F:3: a bare CR in a field: quote the field"],
    ),
    "control-Z at the end": (
        GOOD + "\x1a",
        {},
        ["F:6: 1 field where the header names 3", f"F: 1 ragged row in all: {RAGGED}"],
    ),
    "negative weight": (
        "a,b,y\n1,2,p\n3,-4,q\n5,7,p\n",
        {"weight": "b"},
        [
            "F:3: b: '-4' is not a weight: it must be finite and >= 0",
            "F: 1 such value in all: correct them",
        ],
    ),
    "all weights zero": (
        "a,b,y\n1,0,p\n3,0,q\n5,0,p\n",
        {"weight": "b"},
        ["F: column 'b': every weight is 0"],
    ),
    "weights too small for the numbers of the network": (
        "a,b,y\n1,1e-44,p\n3,1e-44,q\n5,0,p\n",
        {"weight": "b", "dtype": np.float32},
        [
            "F: column 'b': the weights add up to 2e-44, too small for float32; multiply them all by "
            "the same number: only their ratios count"
        ],
    ),
    "weights too large for the numbers of the network": (
        "a,b,y\n1,1e40,p\n3,1e-4,q\n5,0,p\n",
        {"weight": "b", "dtype": np.float32},
        [
            "F: column 'b': the weights add up to 1e+40, too large for float32; divide them all by "
            "the same number: only their ratios count"
        ],
    ),
    "nothing but the target": ("y\np\nq\np\n", {}, ["F: no column is left to learn from"]),
    "polar of three columns": (
        "a,b,c,y\n1,2,3,p\n3,4,5,q\n1,1,1,p\n",
        {"transform": "polar"},
        ["F: `transform: polar` needs two number columns, found 3: a, b, c"],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_table_ends_in_its_exact_message(name: str, tmp_path: Path) -> None:
    content, settings, messages = BROKEN[name]
    path = tmp_path / "t.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as caught:
        load(path, **settings)
    assert str(caught.value).replace(str(path), "F").splitlines() == messages
    assert caught.value.exit_code == 3


OTHER: dict[str, tuple[bytes, str]] = {
    "t.csv.gz": (gzip.compress(GOOD.encode())[:-6], "F: broken gzip file ("),
    "t.parquet": (b"PAR1 and no more", "F: is not a valid Parquet file: "),
    "t.arrow": (b"ARROW1 and no more", "F: is not a valid Arrow IPC file: "),
    "t.jsonl": (b'{"a": 1, "y": "p"}\n{"a": 2,\n', "F:2: is not JSON ("),
    "t.ndjson": (b'{"a": 1}\n[1, 2]\n', 'F:2: is not an object {"name": value, ...}'),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHER)
def test_a_broken_file_of_another_format_is_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(OTHER[name][0])
    with pytest.raises(DataError) as caught:
        load(path)
    assert str(caught.value).replace(str(path), "F").startswith(OTHER[name][1])


def test_a_file_that_is_not_there_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: no such file$"):
        load(tmp_path / "none.csv")


def test_a_folder_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder: a file is needed"):
        load(tmp_path)


ACCEPTED = {
    "BOM": "\ufeffa,b,y\n1,2,p\n3,4,q\n5,7,p\n2,1,q\n",
    "CRLF": GOOD.replace("\n", "\r\n"),
    "trailing blank lines": GOOD + "\n\n\n",
    "blank line in between": GOOD.replace("3,4", "\n3,4"),
    "leading blank lines": "\n\n" + GOOD,
    "no newline at the end": GOOD.rstrip("\n"),
    "semicolons": GOOD.replace(",", ";"),
    "tabs": GOOD.replace(",", "\t"),
    "bars": GOOD.replace(",", "|"),
    "quoted everything": "\n".join(
        ",".join(f'"{v}"' for v in line.split(",")) for line in GOOD.splitlines()
    ),
    "spaces after the separator": GOOD.replace(",", ", "),
    "plus signs": GOOD.replace("3,4", "+3,+4"),
    "trailing decimal point": GOOD.replace("3,4", "3.,4.0"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_harmless_variants_read_as_the_same_table(name: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(ACCEPTED[name].encode())
    data = load(path, scale="none")
    assert data.train.inputs.numbers.tolist() == [[1, 2], [3, 4], [5, 7], [2, 1]]
    assert (data.classes, data.train.y.tolist(), data.notes) == (("p", "q"), [0, 1, 0, 1], ())


def test_a_quote_in_a_field_that_does_not_begin_with_one_is_a_character(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('a,y\n1,5" disk\n2,"3,5"" disk"\n3,5" disk\n4,"3,5"" disk"\n')
    assert load(path).classes == ('3,5" disk', '5" disk')


def test_a_header_of_more_than_a_megabyte_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    names = [f"probe_{j}_{'q' * 1000}" for j in range(1100)]
    path.write_text("\n".join([",".join([*names, "y"]), *[",".join(["1"] * 1101)] * 2]))
    assert read_table(str(path)).names == (*names, "y")
    assert [table.names for table in table_pieces(str(path))] == [(*names, "y")]


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        ("1,050.0", "remove the thousands separators"),
        ("-1,234,567", "remove the thousands separators"),
        ("$1,050.25", "remove the thousands separators"),
        ("3,14", "write decimals with a point"),
        ("1.050,25", "remove the points that separate thousands, and write decimals with a point"),
        (
            "1,050",
            "remove the comma where it separates thousands, write a point where it begins the decimals",
        ),
    ],
)
def test_what_to_do_about_a_comma_depends_on_the_number(
    tmp_path: Path, number: str, advice: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f'a,b,y\n1,1,p\n2,2,q\n3,3,p\n4,"{number}",q\n')
    with pytest.raises(DataError) as caught:
        load(path)
    assert caught.value.faults[-1] == f"{path}: 1 such value in all: {advice}"


def test_row_names_without_a_header_can_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(',a,b,y\n"r1",1,2,p\n"r2",3,4,q\n"r3",5,7,p\n"r4",2,1,q\n')
    assert load(path, ignore=[""], scale="none").train.inputs.numbers.tolist() == [
        [1, 2],
        [3, 4],
        [5, 7],
        [2, 1],
    ]


REPAIRS = {
    "mean": ([[1, 2], [3, 5], [5, 8]], "train: 1 missing value of b became 5"),
    "median": ([[1, 2], [3, 5], [5, 8]], "train: 1 missing value of b became 5"),
    "drop": ([[1, 2], [5, 8]], "F: 1 row with a missing value dropped"),
}


@pytest.mark.parametrize("policy", REPAIRS)
def test_a_repair_that_was_asked_for_is_counted(policy: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b,y\n1,2,p\n3,,q\n5,8,q\n")
    data = load(path, missing=policy, scale="none")
    assert data.train.inputs.numbers.tolist() == REPAIRS[policy][0]
    assert [note.replace(str(path), "F") for note in data.notes] == [REPAIRS[policy][1]]
