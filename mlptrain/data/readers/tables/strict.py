r"""Delimited text read strictly, by Python's csv module: slow, and sure to find what is broken."""

import csv
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from mlptrain.data.readers.packed import lines_of
from mlptrain.data.readers.tables.quotes import read_quotes
from mlptrain.errors import DataError

ESCAPED = 'a quote is escaped with a backslash (\\"): write it doubled ("")'


class Record(NamedTuple):
    """A record of a text: its first physical line, its fields, and its bytes as text."""

    line: int
    fields: list[str]
    text: str


def strict_records(stream: BinaryIO, path: str, first_line: int, separator: str) -> Iterator[Record]:
    """Each record of a stream, an empty line being one without fields; closes the stream.

    DataError where quoting is broken.
    """
    line, seen = first_line, list[str]()
    with stream:

        def watched() -> Iterator[str]:
            for each in lines_of(stream, path):
                seen.append(each.decode("utf-8", "surrogateescape"))
                yield seen[-1]

        reader = csv.reader(watched(), delimiter=separator, strict=True)
        try:
            for fields in reader:
                yield Record(line, fields, "".join(seen))
                line = first_line + reader.line_num
                seen.clear()
        except csv.Error as error:
            raise DataError(f"{path}:{line}: {in_words(error, ''.join(seen))}") from None


def in_words(error: csv.Error, record: str) -> str:
    """What is wrong with a record, and what to do."""
    if "new-line character" in str(error):
        return "a bare CR in a field: quote the field"
    if '\\"' in record:
        return ESCAPED
    if "unexpected end" in str(error):
        return "the quote opened in this row is never closed"
    if "field larger" in str(error):
        return "a field of more than 131,072 characters: is a quote left open?"
    return f"broken quoting ({error}): double each quote inside a quoted field"


def looks_escaped(record: Record, separator: str) -> bool:
    r"""Whether another program means one field where strictly there are two.

    To MySQL `"a\", b"` is the field `a", b`; strictly it is `a\` and ` b"`.
    """
    ends = (place for place, field in enumerate(record.fields, 1) if field.endswith("\\"))
    after = record.fields[next(ends, len(record.fields)) :]
    return (
        '\\"' in record.text
        and any('"' in field for field in after)
        and not read_quotes([record.text.encode("utf-8", "surrogateescape")], separator).regular
    )
