"""From rows as somebody has them to what the first layer reads."""

import math
import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

from mlptrain.export.standalone.notations import DAY, days, declared_date, plain

Array = np.ndarray[Any, Any]
Columns = list[Array]
EXACT, HUGE = 2**53, 10**308
WHITE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?"
)
SLASHED = re.compile(r"(\d{4})/(\d\d)/(\d\d)")


class Refused(ValueError):
    """A value that the model does not take."""


def as_number(text: str) -> int | float | None:
    """The number that a text stands for."""
    if "_" in text or not text.isascii() or len(text) >= 400:
        return None
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return None


def date_number(text: str) -> float | None:
    """The days of 2026-01-31, 2026/01/31, 2026-01-31 14:05 or 2026-01-31T14:05:00Z."""
    found = TIME.fullmatch(text) or SLASHED.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, zone = (*found.groups(), *[None] * 5)[:8]
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    try:
        whole = [int(each or 0) for each in (year, month, day, hour, minute, second)]
        time = datetime(*whole, micro, tzinfo=UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        return None
    if zone and zone != "Z":
        shift = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        time += shift if zone[0] == "-" else -shift
    return days(time)


def exact(found: int | float | None) -> float | None:
    """The number as a float; None for a whole number that none keeps."""
    if isinstance(found, int) and abs(found) > EXACT and (found > HUGE or int(float(found)) != found):
        return None
    return None if found is None else float(found)


def text_number(text: str, field: dict[str, Any]) -> float | None:
    """The number that a text of this column becomes, NaN where it is missing; None where it is none."""
    text, written = text.strip(WHITE), field["written"]
    if not text or text in field["blanks"]:
        return math.nan
    found: float | None
    if written is not None and written["date"] is not None:
        found = declared_date(text, written)
    elif field["kind"] == "date":
        found = date_number(text)
    elif field["kind"] == "boolean" and text.lower() in ("true", "false"):
        found = float(text.lower() == "true")
    else:
        bare = text if written is None else plain(text, written)
        found = None if bare is None else exact(as_number(bare))
    return math.nan if found in field["gone"] else found


def number(value: Any, field: dict[str, Any]) -> float | None:
    """The number that any value of a column becomes."""
    if value is None or str(value) in ("nan", "NaN", "<NA>", "NaT"):
        return math.nan
    if isinstance(value, str):
        return text_number(value, field)
    if isinstance(value, date):
        if field["kind"] != "date":
            return None
        return days(value if isinstance(value, datetime) else datetime(*value.timetuple()[:3]))
    if isinstance(value, bool | np.bool_) and field["kind"] != "boolean":
        return None
    try:
        found = math.nan if value in field["gone"] else float(value)
    except (TypeError, ValueError):
        return None
    return found if field["kind"] != "date" or math.isnan(found) else since(found, field)


def since(found: float, field: dict[str, Any]) -> float | None:
    """The days of a number in a column of dates, where these are written as seconds or the like."""
    unit = field["written"] and field["written"]["since"]
    return int(found) * unit / DAY if unit and found.is_integer() else None


def numbers(values: Any, field: dict[str, Any]) -> Array:
    """(N,) a column of numbers, NaN where missing."""
    array = np.asarray(values)
    if array.dtype.kind == "M":
        values = array = array.astype("datetime64[us]").astype(object)
    if array.dtype.kind in "fiu" and field["kind"] != "date":
        out = array.astype(np.float64)
        if field["gone"]:
            out[np.isin(out, field["gone"])] = np.nan
    else:
        found = [number(value, field) for value in values]
        if None in found:
            refuse(found.index(None), field, values, f"is no {field['kind']}")
        out = np.array(found, np.float64)
    odd, what = np.isinf(out), "is not finite"
    if field["kind"] == "boolean":
        odd, what = ~(np.isin(out, (0, 1)) | np.isnan(out)), "is neither true nor false"
    if odd.any():
        refuse(int(odd.argmax()), field, values, what)
    return out


def refuse(row: int, field: dict[str, Any], values: Any, what: str) -> None:
    """Say where a value stands, and what is wrong with it."""
    raise Refused(f"row {row + 1}: {field['name']}: {values[row]!r} {what}")


def label(value: Any, field: dict[str, Any]) -> str:
    """The text of a category, "" where it is missing."""
    if value is None or (not isinstance(value, str) and str(value) in ("nan", "NaN", "<NA>", "NaT")):
        return ""
    text = name_of(value)
    if text in field["blanks"] or (field["gone"] and as_number(text) in field["gone"]):
        return ""
    if text and field["written"] is not None and isinstance(value, str):
        bare = plain(text, field["written"])
        if bare is None:
            raise Refused(f"{field['name']}: {value!r} is not written as declared")
        return bare
    return text


def name_of(value: Any) -> str:
    """A value as a category is called."""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        found = float(value)
        return str(int(found)) if found.is_integer() and abs(found) < 2**63 else repr(found)
    return str(value).strip(WHITE)


def likeness(text: str) -> str:
    """What the spellings of one number, or of one truth value, have in common."""
    if text.lower() in ("true", "false"):
        return text.lower()
    found = as_number(text)
    return text if found is None else name_of(found)


@cache
def finders(levels: tuple[str, ...]) -> tuple[dict[str, int], dict[str, int]]:
    """The place of each level, and of each likeness that one of them alone has."""
    alike = dict[str, int]()
    for place, level in enumerate(levels):
        alike[likeness(level)] = -2 if likeness(level) in alike else place
    return {level: place for place, level in enumerate(levels)}, alike


def places(texts: Array, levels: list[str]) -> Array:
    """(N,) the place of each text among the levels; -1 where it is missing, -2 where it is none."""
    exact, alike = finders(tuple(levels))
    known = {"": -1}
    for text in {*texts} - {""}:
        known[text] = exact[text] if text in exact else alike.get(likeness(text), -2)
    return np.array([known[text] for text in texts], np.int64)


def columns_of(rows: Any, model: dict[str, Any]) -> Columns:
    """The columns of the model, read: numbers as float64, text as labels."""
    fields = model["columns"]
    names = [field["name"] for field in fields]
    if isinstance(rows, np.ndarray):
        if rows.ndim != 2 or rows.shape[1] != len(names):
            raise Refused(f"an array of shape {rows.shape}: (N, {len(names)}) is needed")
        rows = dict(zip(names, rows.T, strict=True))
    elif isinstance(rows, list | tuple):
        rows = {name: [row.get(name) for row in rows] for name in names if any(name in r for r in rows)}
    absent = [name for name in names if name not in rows]
    if absent:
        raise Refused(f"no column {absent[0]!r}")
    found = []
    for field, name in zip(fields, names, strict=True):
        values = rows[name] if isinstance(rows[name], np.ndarray) else list(rows[name])
        is_text = field["kind"] == "text"
        read = [label(value, field) for value in values] if is_text else None
        found.append(numbers(values, field) if read is None else np.array(read, object))
        if not is_text and model["required"] and np.isnan(found[-1]).any():
            refuse(int(np.isnan(found[-1]).argmax()), field, values, "is missing")
    for known in model["known"]:
        codes = places(found[known["column"]], known["levels"])
        for code, policy, what in (
            (-1, "missing", "is missing"),
            (-2, "unseen", "is no known category"),
        ):
            if known[policy] and (codes == code).any():
                place = known["column"]
                refuse(int((codes == code).argmax()), fields[place], found[place], what)
    if model["polar"]:
        found = [np.hypot(*found), np.arctan2(found[1], found[0])]
    return found


def of_numbers(feature: dict[str, Any], columns: Columns) -> Array:
    """(N, K) numbers, scaled; of a single column also where it was missing, and its bins."""
    x = np.stack([columns[place] for place in feature["columns"]], axis=1)
    parts, missing = list[Array](), np.isnan(x)
    x = np.where(missing, feature["fill"], x)
    z = np.copysign(np.log1p(np.abs(x) / feature["unit"]), x) if feature["unit"] else x
    z = (z - feature["center"]) * feature["factor"]
    parts.append(z / np.sqrt(1 + np.square(z / 3)) if feature["squash"] else z)
    if feature["indicator"]:
        parts.append(missing.astype(np.float64))
    if feature["edges"] is not None:
        ends = feature["edges"]
        parts.append(np.clip((x - ends[:-1]) / np.diff(ends), 0, 1))
    for part in feature["parts"]:
        angle = 2 * np.pi * turn(part, np.where(missing, 0.0, x))
        parts += [np.where(missing, 0.0, wave(angle)) for wave in (np.sin, np.cos)]
    return np.concatenate(parts, axis=1)


def turn(part: str, days: Array) -> Array:
    """How much of the year, the week or the day has passed, from 0 to 1."""
    whole = np.floor(days)
    if part == "hour":
        return np.asarray(days - whole)
    if part == "weekday":
        return np.asarray((whole + 3) % 7 / 7)
    date = whole.astype(np.int64).astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    first = month.astype("datetime64[D]")
    following = (month + np.timedelta64(1, "M")).astype("datetime64[D]")
    return np.asarray((month.astype(np.int64) % 12 + (date - first) / (following - first)) / 12)


def of_text(feature: dict[str, Any], columns: Columns) -> Array:
    """(N, K) the row of each category, and another one for what is none."""
    codes, none = places(columns[feature["column"]], feature["levels"]), len(feature["levels"])
    codes = np.where(codes == -2, feature["unseen"], np.where(codes == -1, none, codes))
    table: Array = np.eye(none + 1, none) if feature["table"] is None else feature["table"]
    return table[codes]


def features(member: dict[str, Any], columns: Columns, dtype: str) -> Array:
    """(N, D) what the first layer of a member reads."""
    kinds = {"numbers": of_numbers, "text": of_text}
    with np.errstate(all="ignore"):
        X = np.concatenate([kinds[f["op"]](f, columns) for f in member["features"]], 1).astype(dtype)
    if not np.isfinite(X).all():
        row = int((~np.isfinite(X)).any(axis=1).argmax())
        raise Refused(f"row {row + 1}: its values are too large for the network")
    return X
