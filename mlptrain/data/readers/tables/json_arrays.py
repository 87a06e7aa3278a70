"""JSON: an array of objects, `[{"a": 1}, {"a": 2}]`, as the lines that JSON Lines would have.

So all that is true of JSON Lines is true of it: an object is cut out as it is written, its line ends
become spaces, and `json_lines` reads the result. Objects one after the other are JSON Lines already.
"""

import json
import re

from mlptrain.data.readers.tables.heads import BOM
from mlptrain.errors import DataError

SPACE = re.compile(r"[ \t\r\n]*")
WANTED = 'an array of objects is needed, [{"name": value, ...}, ...]'


def as_lines(path: str, data: bytes) -> tuple[bytes, list[int]]:
    """One object per line, and the line of the file where each begins; DataError for other JSON."""
    try:
        text = data.removeprefix(BOM).decode()
    except UnicodeDecodeError as error:
        line = 1 + data[: error.start].count(b"\n")
        raise DataError(f"{path}:{line}: is not UTF-8: save the file as UTF-8") from None
    place = _space(text, 0)
    if text[place : place + 1] == "{":
        return _objects(path, text)
    if text[place : place + 1] != "[":
        raise DataError(f"{path}: is no table: {WANTED}")
    lines, places = _elements(path, text, _space(text, place + 1))
    return "\n".join(lines).encode(), _lines_at(text, places)


def _objects(path: str, text: str) -> tuple[bytes, list[int]]:
    """Text that begins with an object: one for each line, or a single one, which is no table."""
    filled = [line for line in text.split("\n") if line.strip()]
    if len(filled) == 1 or not filled[0].rstrip().endswith("}"):
        advice = "pandas writes one with orient='records'"
        raise DataError(f"{path}: is one JSON object: {WANTED}; {advice}")
    numbers = [number for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    return "\n".join(filled).encode(), numbers


def _elements(path: str, text: str, place: int) -> tuple[list[str], list[int]]:
    """The elements of an array, each on one line, and where they begin."""
    decoder, lines, places = json.JSONDecoder(parse_int=float), list[str](), list[int]()
    while text[place : place + 1] != "]":
        if lines:
            if text[place : place + 1] != ",":
                raise _broken(path, text, place, "a comma or ] is missing")
            place = _space(text, place + 1)
        try:
            _, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            at = error.pos if isinstance(error, json.JSONDecodeError) else place
            raise _broken(path, text, at, str(error).split(":")[0]) from None
        if text[place] != "{":
            raise _broken(path, text, place, "is not an object")
        lines.append(text[place:end].replace("\r", " ").replace("\n", " "))
        places.append(place)
        place = _space(text, end)
    if rest := text[_space(text, place + 1) :]:
        raise _broken(path, text, len(text) - len(rest), "something follows the array")
    return lines, places


def _space(text: str, place: int) -> int:
    """Where the white space from a place on ends."""
    found = SPACE.match(text, place)
    return found.end() if found else place


def _broken(path: str, text: str, place: int, what: str) -> DataError:
    line = 1 + text.count("\n", 0, place)
    return DataError(f"{path}:{line}: is not valid JSON ({what}): {WANTED}")


def _lines_at(text: str, places: list[int]) -> list[int]:
    """The line of each place; the places increase."""
    lines, line, before = list[int](), 1, 0
    for place in places:
        line += text.count("\n", before, place)
        lines.append(line)
        before = place
    return lines
