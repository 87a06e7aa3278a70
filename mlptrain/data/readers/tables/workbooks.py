"""Excel workbooks (.xlsx): the one sheet that holds something, as delimited text.

So all that is true of text is true of a sheet: the header, the kinds of columns, notations, and the
number of a row in messages. An empty row is an empty line, an error such as #DIV/0! an empty cell.
"""

import csv
import datetime
import io
import resource
from collections.abc import Sequence

from mlptrain.data.readers.packed import SHARE
from mlptrain.errors import DataError
from mlptrain.messages import quoted, some
from mlptrain.system.memory_limit import memory_limit

Cell = str | float | bool | datetime.date | datetime.time | datetime.timedelta


def workbook_text(path: str) -> bytes:
    """The sheet as CSV; DataError where there is not exactly one, or the file is broken.

    A sheet takes memory for its corners, however few cells it has: so the process that calls this
    may take no more than half of the memory.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    most = memory_limit() // SHARE
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    try:
        book = CalamineWorkbook.from_path(path)
        sheets = {name: book.get_sheet_by_name(name) for name in book.sheet_names}
        filled = {name: sheet for name, sheet in sheets.items() if sheet.height and sheet.width}
        if not filled:
            raise DataError(f"{path}: is empty: a table with a header is needed")
        if len(filled) > 1:
            names = some([quoted(name) for name in filled])
            raise DataError(
                f"{path}: has {len(filled)} sheets ({names}): save one as a file of its own"
            )
        (sheet,) = filled.values()
        return _as_text(sheet.to_python(skip_empty_area=False))
    except CalamineError as error:
        reason = next(iter(str(error).splitlines()), "no word of why")
        raise DataError(f"{path}: is not a valid Excel workbook: {reason}") from None


def _as_text(rows: Sequence[Sequence[Cell]]) -> bytes:
    """Rows of cells as CSV."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        cells = [written(cell) for cell in row]
        writer.writerow(cells if any(cells) else [])
    return out.getvalue().encode("utf-8", "surrogatepass")


def written(cell: Cell) -> str:
    """A cell as a CSV would have it: a whole number without its .0, a date as ISO 8601.

    >>> written(3.0), written(0.1), written(True), written(datetime.date(2026, 1, 2))
    ('3', '0.1', 'true', '2026-01-02')
    """
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.timedelta):
        return repr(cell.total_seconds())
    return cell.isoformat() if isinstance(cell, datetime.date | datetime.time) else str(cell)
