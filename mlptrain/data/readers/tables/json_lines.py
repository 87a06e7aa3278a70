"""JSON Lines: one JSON object per line, with the same keys in each.

polars reads them, and takes doubled keys and a column for every key of every line. So each line is
parsed strictly first, by Python's json module, which costs about as much.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from itertools import count as count_from
from typing import Any

from mlptrain.data.readers.packed import check_memory
from mlptrain.data.readers.tables import frames
from mlptrain.data.readers.tables.heads import BOM, MOST_COLUMNS
from mlptrain.data.source import SHOWN
from mlptrain.errors import DataError
from mlptrain.messages import count, quoted

Lines = Callable[[list[int]], list[int]]
FREE, MOST = 1 << 23, 16
"""Any file may be so many cells, or so many for each of its bytes; a key that a line lacks is one."""


class _Doubled(Exception):
    """The key that an object has twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, each of whose keys stands once."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _Doubled(next(key for key in keys if keys.count(key) > 1))
    return found


STRICT = json.JSONDecoder(object_pairs_hook=_once, parse_int=float)  # Python's own int has a longest


def parse_lines(
    path: str, data: bytes, first_line: int, numbers: Sequence[int] | None = None
) -> tuple[frames.Frame, Lines]:
    """A frame, and the way from its rows to lines; DataError where they are no JSON Lines.

    `numbers` are those of the lines, where they do not follow each other.
    """
    data = data.removeprefix(BOM) if first_line == 1 else data
    _check(path, data, numbers or count_from(first_line))
    try:
        frame = frames.parse_json_lines(data)
    except frames.UNREADABLE as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: is not JSON: {reason}") from None

    def lines(rows: list[int]) -> list[int]:
        found = zip(numbers or count_from(first_line), BytesIO(data), strict=False)
        full = [number for number, line in found if line.strip()]
        return [full[row] for row in rows]

    return frame, lines


def _check(path: str, data: bytes, numbers: Iterable[int]) -> None:
    """DataError for lines that are no objects, and for far more cells than there are bytes."""
    keys, rows, faults, total = set[str](), 0, list[str](), 0
    for number, line in zip(numbers, BytesIO(data), strict=False):
        if not line.strip():
            continue
        fault, found = _parsed(line)
        if fault:
            total += 1
            faults += [f"{path}:{number}: {fault}"] if total <= SHOWN else []
        rows += 1
        if not found.keys() <= keys:
            keys.update(found)
    if total:
        advice = "write one JSON object per line"
        raise DataError(*faults, f"{path}: {count(total, 'such line')} in all: {advice}")
    if not rows:
        raise DataError(f"{path}: is empty: one JSON object per line is needed")
    if rows * len(keys) > max(FREE, MOST * len(data)) or len(keys) > MOST_COLUMNS:
        raise DataError(
            f"{path}: has {len(keys):,} different keys in {count(rows, 'line')}, each of which is a "
            "column: write the same keys in each line"
        )
    check_memory(path, rows, len(keys))


def _parsed(line: bytes) -> tuple[str, dict[str, Any]]:
    """What is wrong with a line, or nothing, and its object."""
    try:
        found = STRICT.decode(line.decode())
    except _Doubled as error:
        return f"the key {quoted(str(error))} stands twice in an object", {}
    except UnicodeDecodeError:
        return "is not UTF-8", {}
    except (ValueError, RecursionError) as error:
        return f"is not JSON ({str(error).split(':')[0]})", {}
    return ("", found) if isinstance(found, dict) else ('is not an object {"name": value, ...}', {})
