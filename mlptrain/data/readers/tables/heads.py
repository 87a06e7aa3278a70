r"""The head of a delimited text: what stands before the header, the separator and the names.

Before the header may stand a byte-order mark, `sep=;` as Excel writes it, comment lines that begin
with `#`, and empty lines. A header may begin with `#` itself, as NumPy and R write it.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from mlptrain.data.readers.packed import LONGEST
from mlptrain.data.readers.tables.quotes import ends_inside
from mlptrain.data.readers.tables.strict import in_words
from mlptrain.data.source import SHOWN
from mlptrain.errors import DataError
from mlptrain.messages import quoted, some

SEPARATORS = ",;\t|"
BLOCK = 1 << 18
"""Bytes looked at together."""
MOST_COLUMNS = 1 << 19
"""Each column has a name, a kind and a scaling of its own, which takes some kilobytes."""
MOST_LINES = 1 << 16
"""Of a header with line ends in its names, and the lines before it."""
BOM = b"\xef\xbb\xbf"
EMPTY_LINES = re.compile(rb"\A(?:\r?\n|\r\Z)+")
QUOTED = re.compile(rf'(?:^|(?<=[{SEPARATORS}]))"(?:[^"]|"")*"')
"""A quoted field."""
DECLARED = re.compile(rb'"?sep=(.)"?\s*\Z', re.IGNORECASE | re.DOTALL)
"""The first line of a text that Excel has written."""
FOREIGN = {
    b"\xff\xfe": "UTF-16 text: save it as UTF-8",
    b"\xfe\xff": "UTF-16 text: save it as UTF-8",
    b"PK\x03\x04": "a zip archive, or an Excel workbook that is not called .xlsx: unpack or rename it",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save it as .xlsx, or the sheet as CSV",
    b"%PDF": "a PDF document: a table is needed",
    b"SQLite format 3\0": "an SQLite database: write the rows of a query to a CSV file",
    b"PAR1": "a Parquet file: call it .parquet",
    b"ARROW1": "an Arrow file: call it .arrow",
    b"\x89HDF": "an HDF5 file: save the table as Parquet or CSV",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive: unpack it",
    **{
        b"\x80" + bytes([version]): "a pickle, which may run any program: save as Parquet or CSV"
        for version in range(2, 6)
    },
}
PAGE = (b"<!doctype html", b"<html", b"<?xml")


class Head(NamedTuple):
    """The beginning of a text as bytes.

    before  byte-order mark, comments, a line that declares the separator
    header  the header, with the empty lines before it
    next    what has been read after it: a line as a rule
    """

    before: bytes
    header: bytes
    next: bytes


@dataclass(frozen=True)
class Layout:
    """How a delimited text is laid out: its separator and the names in its header."""

    separator: str
    names: tuple[str, ...]


def read_head(stream: BinaryIO, path: str) -> tuple[Head, Layout]:
    """The beginning of a text up to the line after its header, and how it is laid out."""
    head = _read_head(stream, path)
    layout = layout_of(head, path)
    return _cut(head, layout.separator), layout


def _cut(head: Head, separator: str) -> Head:
    """A quote behind another separator opens no field: there the header ends before the next line."""
    empty = EMPTY_LINES.match(head.header)
    place, inside = 0 if empty is None else empty.end(), False
    while place < len(head.header):
        until = head.header.find(b"\n", place) + 1 or len(head.header)
        inside = ends_inside(head.header[place:until], separator, inside)
        place = until
        if not inside:
            break
    return head._replace(header=head.header[:place], next=head.header[place:] + head.next)


def _read_head(stream: BinaryIO, path: str) -> Head:
    """The lines of a text up to the end of its header, which may hold line ends in quotes."""
    lines = _lines(stream, path)
    line = next(lines, b"")
    before = BOM if line.startswith(BOM) else b""
    line = line.removeprefix(BOM)
    if DECLARED.match(line):
        before, line = before + line, next(lines, b"")
    header, skipped = b"", b""
    while line.startswith(b"#") or (line and not line.strip(b"\r\n")):
        following = next(lines, b"")
        if line.startswith(b"#") and _heads(line, following):
            return Head(before, header + line, following)
        header += line
        if line.startswith(b"#"):
            skipped, header = skipped + header, b""
        line = following
    inside = ends_inside(line, SEPARATORS, False)
    header += line
    while inside and (line := next(lines, b"")):
        inside = ends_inside(line, SEPARATORS, inside)
        header += line
    if len(header) >= LONGEST:
        raise _too_long(path)
    return Head(before + skipped, header, next(lines, b""))


def _too_long(path: str) -> DataError:
    return DataError(f"{path}:1: a header of more than {LONGEST:,} bytes: is it a table?")


def _lines(stream: BinaryIO, path: str) -> Iterator[bytes]:
    """The first lines of a text, none of them too long, and not too many."""
    size = 0
    for number, line in enumerate(iter(lambda: stream.readline(LONGEST), b""), 1):
        if number == 1:
            _check_text(line, path)
        if size > LONGEST:
            raise _too_long(path)
        size += len(line)
        if number > MOST_LINES:
            found = f"no header within {MOST_LINES:,} lines"
            raise DataError(f"{path}:1: {found}: is a quote left open, or is the beginning empty?")
        yield line


def _check_text(line: bytes, path: str) -> None:
    """DataError for the first bytes of what is no text."""
    for magic, what in FOREIGN.items():
        if line.startswith(magic):
            raise DataError(f"{path}: is {what}")
    if line.lstrip()[:20].lower().startswith(PAGE):
        raise DataError(f"{path}: is a web page, not a table: was it downloaded without logging in?")
    start = line[:BLOCK]
    zeros = max(start[::2].count(0), start[1::2].count(0))
    if zeros > len(start) // 4 and start.strip(b"\0\n"):
        raise DataError(f"{path}: is UTF-16 text without a mark: save it as UTF-8")
    if b"\0" in start:
        raise DataError(f"{path}: begins with zero bytes: it is no text, or a copy that went wrong")


def _heads(line: bytes, following: bytes) -> bool:
    """Whether a line that begins with # is the header of the one below it."""
    outside = [QUOTED.sub("", text.decode("utf-8", "replace")) for text in (line, following)]
    return any(outside[0].count(each) == outside[1].count(each) > 0 for each in SEPARATORS)


def layout_of(head: Head, path: str) -> Layout:
    r"""Separator and column names from the head of a text, checked.

    The separator is the one that is declared, else the one of `, ; tab |` that the header line holds
    most often.

    >>> layout_of(Head(b"", b"a;b;c\n", b"1;2;3\n"), "t.csv")
    Layout(separator=';', names=('a', 'b', 'c'))
    """
    line = 1 + head.before.count(b"\n")
    first = _decoded(head, f"{path}:{line}", path)
    outside = QUOTED.sub("", first)
    if "\r" in outside:
        raise DataError(f"{path}: lines end in a bare CR (old Mac): save it with LF or CRLF")
    separator = _declared(head, path) or max(SEPARATORS, key=outside.count)
    if outside.count(separator) >= MOST_COLUMNS:
        found = f"{outside.count(separator) + 1:,} columns: {MOST_COLUMNS:,} at most"
        raise DataError(f"{path}:{line}: the header names {found}; is the table transposed?")
    if separator not in outside and 1 < len(outside.split()) == len(head.next.split()):
        found = f"its {len(outside.split())} columns are separated by white space"
        raise DataError(f"{path}:{line}: {found}: separate them by commas or tabs")
    try:
        names = next(csv.reader(io.StringIO(first, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise DataError(f"{path}:{line}: header: {in_words(error, first)}") from None
    return Layout(separator, _checked([name.strip() for name in names], f"{path}:{line}"))


def _decoded(head: Head, where: str, path: str) -> str:
    """The header as text, without the empty lines before it and its own line end."""
    header = EMPTY_LINES.sub(b"", head.header).removesuffix(b"\n").removesuffix(b"\r")
    if header == BOM:
        raise DataError(f"{path}: a byte-order mark stands on a line of its own: delete that line")
    if not header.strip():
        raise DataError(f"{path}: is empty: a table with a header is needed")
    try:
        return header.decode()
    except UnicodeDecodeError:
        raise DataError(f"{where}: the header is not UTF-8: save the file as UTF-8") from None


def _declared(head: Head, path: str) -> str | None:
    """The separator that the first line declares."""
    found = DECLARED.match(head.before.removeprefix(BOM).partition(b"\n")[0])
    if not found:
        return None
    separator = found[1].decode("latin-1")
    if separator not in SEPARATORS:
        wanted = "comma, semicolon, tab or |"
        raise DataError(f"{path}:1: declares the separator {quoted(separator)}: write {wanted}")
    return separator


def _checked(names: list[str], where: str) -> tuple[str, ...]:
    nameless = [str(place) for place, name in enumerate(names, 1) if not name]
    faults = []
    if len(nameless) > 1:  # one alone is known by that: R and pandas write their row names so
        shown = some(nameless)
        faults.append(f"{where}: columns {shown} have no name: name all but one in the header")
    twice = {name: times for name, times in Counter(names).items() if name and times > 1}
    faults += [
        f"{where}: {name}: {times} columns have this name: rename all but one"
        for name, times in sorted(twice.items())[:SHOWN]
    ]
    if len(twice) > SHOWN:
        faults.append(f"{where}: {len(twice):,} such names in all")
    if faults:
        raise DataError(*faults)
    return tuple(names)
