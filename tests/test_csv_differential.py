"""Delimited text as Python's strict csv reads it: the same cells, or a refusal that names a line.

Files with and without quotes, valid and broken, are read whole, gzipped, and in small pieces. What
the strict reader refuses is never accepted; what it accepts is never read differently.
MLPTRAIN_CSV says how many files are tried; `make chaos` tries 20,000.
"""

import csv
import gzip
import os
import random
import re

import pytest

from mlptrain.data.readers.tables import pieces
from mlptrain.data.readers.tables.pieces import table_pieces, text_pieces
from mlptrain.data.readers.tables.tables import delimited, read_table, whole_text
from mlptrain.errors import DataError

COUNT = int(os.environ.get("MLPTRAIN_CSV", "400"))
SHARES = 4
CELLS = (
    *("", "1", "-2.5", "x", "true", "2026-01-31", "naïve", " ", "NA", "007"),
    *('"', '5" disk', 'a "b" c', "a,b", "a;b", "a\nb", "a\r\nb", "\n", '24" screen, 5"', "C:\\dir\\"),
)
MARKS = (
    '"',
    '""',
    '",',
    ',"',
    '"\n',
    "\n",
    "\r",
    "\r\n",
    ",",
    ";",
    "\\",
    '\\"',
    " ",
    "x",
    "\n\n",
    "\ufeff",
)
Rows = list[list[str]]


def written(choice: random.Random) -> str:
    """A table: quoted as needed, quoted everywhere, or with quotes that are not doubled."""
    width, separator = choice.randint(1, 4), choice.choice(",,;\t")
    end, kind = choice.choice(["\n", "\n", "\r\n"]), choice.choice(["minimal", "all", "raw"])
    rows = [[f"c{j}" for j in range(width)]]
    rows += [[choice.choice(CELLS) for _ in range(width)] for _ in range(choice.randint(1, 12))]
    lines = []
    for row in rows:
        fields = []
        for cell in row:
            needed = any(mark in cell for mark in (separator, "\n", "\r"))
            doubled = '"' + cell.replace('"', '""') + '"'
            if kind == "all" or needed or (kind == "minimal" and '"' in cell):
                fields.append(doubled)
            else:
                fields.append(cell)
        lines.append(separator.join(fields))
    return end.join(lines) + choice.choice([end, ""])


def mutant(choice: random.Random) -> bytes:
    """Such a table, left as it is or with marks put in, characters left out, or lines exchanged."""
    text = written(choice)
    for _ in range(choice.choice([0, 0, 1, 1, 2, 4])):
        place, mark = choice.randrange(len(text) + 1), choice.choice(MARKS)
        kind = choice.random()
        if kind < 0.6:
            text = text[:place] + mark + text[place:]
        elif kind < 0.9:
            text = text[:place] + text[place + choice.randint(1, 3) :]
        else:
            lines = text.split("\n")
            choice.shuffle(lines)
            text = "\n".join(lines)
    return text.encode()


def strictly(path, separator: str) -> Rows | None:
    """The records that Python's csv finds, where they are a table; else None."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        try:
            header, *rows = [row for row in csv.reader(file, delimiter=separator, strict=True) if row]
        except (csv.Error, ValueError):
            return None
    return rows if rows and all(len(row) == len(header) for row in rows) else None


def cells(path) -> Rows:
    """The table in pieces as it is written."""
    found = list[list[str]]()
    for text, data in text_pieces(str(path)):
        table = delimited(text, data, as_written=True)
        columns = [table.texts(name) for name in table.names]
        found += [list(row) for row in zip(*columns, strict=True)]
    return found


def read(way, path) -> int | Rows | str:
    """What one way of reading finds, or the message of its refusal."""
    try:
        return way(str(path))
    except DataError as error:
        return str(error)


def counted(path: str) -> int:
    return sum(len(table) for table in table_pieces(path))


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
def test_every_file_is_read_as_a_strict_reader_does_or_refused_by_line(share, tmp_path, monkeypatch):
    monkeypatch.setattr(pieces, "PER_COLUMN", 1)
    choice = random.Random(f"csv {share}")
    path, packed = tmp_path / "t.csv", tmp_path / "p.csv.gz"
    read_alike = 0
    for _ in range(COUNT // SHARES):
        monkeypatch.setattr(pieces, "PIECE", choice.choice([1, 20, 60, 1 << 22]))
        data = mutant(choice)
        path.write_bytes(data)
        packed.write_bytes(gzip.compress(data, 1))
        try:
            expected = strictly(path, whole_text(str(path)).layout.separator)
        except DataError:
            continue  # the header is no header
        found, count = read(cells, path), read(counted, path)
        whole = read(lambda name: len(read_table(name)), path)
        unpacked = read(lambda name: len(read_table(name)), packed)

        if isinstance(found, str):
            named = r"t\.csv:\d+: |has a header and no rows"
            assert re.match(rf".*?({named})", found), (data, found)
            if "byte-order mark within" in found:  # and a piece begins with it
                continue
            assert all(isinstance(each, str) for each in (count, whole, unpacked)), (data, found)
            assert re.match(rf".*?({named})", str(whole)), (data, whole)
        else:
            assert found == expected, data
            assert (count, whole, unpacked) == (len(expected),) * 3, data
            read_alike += 1
        if expected is not None and isinstance(found, str):
            assert "\r" in data.decode() or '\\"' in data.decode(), (data, found)
    assert read_alike > COUNT / SHARES / 4


@pytest.mark.parametrize("piece", [1, 20, 1 << 22])
@pytest.mark.parametrize("header", ['c0;c1;c\\,"2', '\n\na|b|c,"x;;;;', 'a\tb\tc;"'])
def test_a_quote_behind_another_separator_opens_no_field_of_the_header(
    header, piece, tmp_path, monkeypatch
):
    monkeypatch.setattr(pieces, "PER_COLUMN", 1)
    monkeypatch.setattr(pieces, "PIECE", piece)
    path = tmp_path / "t.csv"
    for end in ("\n", "\r\n\r\n"):
        separator = max(";|\t", key=header.partition(",")[0].count)
        row = separator.join(["1", 'a "b" c', '5" disk'])
        path.write_bytes(f"{header}{end}{row}{end}{row}".encode())
        rows = [["1", 'a "b" c', '5" disk']] * 2
        assert (cells(path), counted(str(path)), len(read_table(str(path)))) == (rows, 2, 2)


@pytest.mark.parametrize("piece", [1, 1 << 22])
def test_a_bare_return_at_the_end_is_an_empty_line(piece, tmp_path, monkeypatch):
    monkeypatch.setattr(pieces, "PER_COLUMN", 1)
    monkeypatch.setattr(pieces, "PIECE", piece)
    path = tmp_path / "t.csv"
    path.write_bytes(b'a,b\n"1",2\n3,"x\ny"\n\r')
    rows = [["1", "2"], ["3", "x\ny"]]
    assert (cells(path), counted(str(path)), len(read_table(str(path)))) == (rows, 2, 2)
