"""What is wrong with a file that should hold one JSON object per line."""

import json

from mlptrain.data.source import SHOWN, count, plain
from mlptrain.errors import DataError


def json_fault(path: str, data: bytes, first_line: int) -> DataError | None:
    """The first line that is not one JSON object, with what is wrong with it."""
    faults = []
    for number, line in enumerate(data.split(b"\n"), first_line):
        try:
            if line.strip() and not isinstance(json.loads(line), dict):
                faults.append(f'{path}:{number}: is not an object {{"name": value, ...}}')
        except (ValueError, RecursionError) as error:
            what = str(error).split(":")[0]
            faults.append(f"{path}:{number}: is not JSON ({plain(what)})")
    if not faults:
        return None
    total = f"{path}: {count(len(faults), 'such line')} in all: write one JSON object per line"
    return DataError(*faults[:SHOWN], total)
