"""A source of rows: named columns, and a way to say where in the file a value stands.

`Table` (text and column files) and `Matrix` (arrays) are the two kinds. Preprocessing sees only
what is written here, so it treats a CSV and an image file alike.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeVar
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.row_set import RowSet
from mlptrain.data.written import Reading
from mlptrain.errors import DataError
from mlptrain.messages import count, hint, in_yaml, some

Kind = Literal["number", "boolean", "date", "text", "blank", "other"]
"""What a column holds. `blank` has no value at all; `other` is nested or a time without a day."""
ValueType = Literal["int", "float", "bool", "text"]
"""What a value is in Python."""

RowNumbers = NDArray[np.intp]
RowIndex = RowNumbers | RowSet
Made = TypeVar("Made")
BLANK, UNSEEN = -1, -2
"""Codes of a missing value, and of a value that is not among the levels."""
BLOCK = 1 << 18
"""Entries of a block of rows: small enough to stay in the processor's cache."""
MOST_LABELS = 1 << 16
"""So many different values of a text column in a file are told apart; more are never categories."""
SHOWN = 5
"""So many faulty places are listed; the total is always named."""


class Source(Protocol):
    """Rows with named columns, numbered from 0 in the order of the file.

    `rows` are always increasing.
    """

    @property
    def path(self) -> str:
        """The file as the user named it."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns in the order of the file."""

    @property
    def candidates(self) -> tuple[str, ...]:
        """The columns that are features where the config names none, but for target and weight."""

    def __len__(self) -> int:
        """How many rows there are."""

    def kind(self, name: str) -> Kind:
        """What the column holds, judged by all its values."""

    def looks_numeric(self, name: str) -> bool:
        """Whether more than half of the values of a text column are numbers."""

    def numbers(self, name: str) -> NDArray[np.float64]:
        """The column as (N,) numbers, NaN where missing; DataError names values that are none."""

    def block(self, names: Sequence[str], rows: RowIndex) -> NDArray[np.float64]:
        """Several number columns of some rows, as a new (n, K) array."""

    def inexact(self, name: str) -> RowNumbers:
        """The rows where a number column holds a whole number that float64 does not: 2^53 + 1."""

    def code(self, names: Sequence[str]) -> dict[str, str]:
        """Of number columns those that may be codes, by a text that the number does not keep: 007."""

    def missing(self, name: str) -> NDArray[np.bool_]:
        """(N,) where the column has no value."""

    def levels(self, name: str, rows: RowIndex) -> list[str]:
        """The different values of the column in these rows, as `label` has them, in order."""

    def codes(self, name: str, levels: Sequence[str], rows: RowIndex) -> NDArray[np.int64]:
        """(n,) the place of each value in `levels`, as `finder` finds it; BLANK where missing."""

    def where(self, rows: Sequence[int]) -> list[str]:
        """`file:line` of each row, or `file: row n`, counted from 1, where there are no lines."""

    def shown(self, name: str, row: int) -> str:
        """One value as it stands in the file, fit for a terminal."""


class Extensible(Source, Protocol):
    """A source of rows in memory that takes more columns."""

    def beside(self, columns: Mapping[str, NDArray[Any]]) -> "Extensible":
        """The same rows with more columns, one value for each row."""

    def read_as(self, reading: Reading) -> "Extensible":
        """The same rows with their texts read so."""

    def array(self, name: str) -> NDArray[Any]:
        """A column as it is, (N,) objects where it is no array."""

    def type_of(self, name: str) -> ValueType:
        """The type that the values of a column have in Python."""

    def content(self) -> bytes:
        """All values and names, for a fingerprint."""


def blocks(rows: RowIndex, width: int) -> Iterator[RowNumbers]:
    """The rows in pieces of about BLOCK entries."""
    step = max(256, BLOCK // max(1, width))
    for start in range(0, len(rows), step):
        yield rows[start : start + step]


def in_blocks(make: Callable[[RowIndex], Made], rows: RowIndex, width: int) -> Iterator[Made]:
    """make(rows) piece by piece; where it refuses one, its error is that for all rows together."""
    for piece in blocks(rows, width):
        try:
            made = make(piece)
        except DataError:
            make(rows)
            raise
        yield made


def contiguous(rows: RowIndex) -> slice | RowNumbers:
    """Increasing rows as a slice where none is left out: slicing does not copy.

    >>> contiguous(np.array([3, 4, 5])), contiguous(np.array([3, 5]))
    (slice(3, 6, None), array([3, 5]))
    """
    rows = np.asarray(rows)
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1:
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows


def place_of(source: Source, name: str, row: int) -> str:
    """Where a value stands and how it is spelled, as `file:line: 'value'`."""
    return f"{source.where([row])[0]}: {source.shown(name, row)}"


def faulty_values(
    source: Source, places: Sequence[tuple[int, str]], total: int, what: str, advice: str
) -> DataError:
    """The error that lists the first places (row, column) and says how many there are in all."""
    first = sorted(places, key=lambda place: place[0])[:SHOWN]
    spots = source.where([row for row, _ in first])
    lines = [
        f"{spot}: {name}: {source.shown(name, row)} {what}"
        for spot, (row, name) in zip(spots, first, strict=True)
    ]
    return DataError(*lines, f"{source.path}: {count(total, 'such value')} in all: {advice}")


def first_places(name: str, faulty: NDArray[np.bool_], rows: RowIndex) -> list[tuple[int, str]]:
    """The places of the first faulty entries of one column; `faulty` has one entry per row."""
    return [(int(row), name) for row in rows[np.flatnonzero(faulty)[:SHOWN]]]


INEXACT = "has more digits than a number can keep (float64: 15 to 17)"


NOWHERE: RowNumbers = np.empty(0, np.intp)
"""No row."""


def digits_lost(source: Source, name: str, rows: RowNumbers, advice: str = "") -> DataError:
    """The error for whole numbers that float64 does not hold; without advice, that for features."""
    column = in_yaml(name)
    advice = advice or (
        f"an id is left out by `ignore: [{column}]`, codes are categories by "
        f"`categorical: {{columns: [{column}]}}`, quantities take fewer digits"
    )
    first = [(row, name) for row in rows[:SHOWN].tolist()]
    return faulty_values(source, first, len(rows), INEXACT, advice)


def require(source: Source, names: Iterable[str]) -> None:
    """DataError naming every column that the source lacks, with the nearest it has."""
    present = set(source.names)
    absent = [name for name in names if name not in present]
    has = f"(it has {some(source.names)})"
    if len(absent) > SHOWN:
        found = f"{count(len(absent), 'column')} not there: {some([repr(name) for name in absent])}"
        raise DataError(f"{source.path}: {found} {has}")
    if absent:
        lines = (f"no column {name!r}{hint(name, source.names)} {has}" for name in absent)
        raise DataError(*(f"{source.path}: {line}" for line in lines))


def label(value: Any) -> str:
    """The name of a class or category: a text as it is written, without white space around it.

    >>> label(" 01 "), label("True"), label(1), label(1.0), label(0.5), label(True)
    ('01', 'True', '1', '1', '0.5', 'true')
    """
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 2**63 else repr(number)
    return str(value).strip()


def likeness(text: str) -> str:
    """What the spellings of one number, or of one truth value, have in common.

    >>> likeness("01"), likeness("1.0"), likeness("TRUE"), likeness("cat")
    ('1', '1', 'true', 'cat')
    """
    if text.lower() in ("true", "false"):
        return text.lower()
    number = as_number(text)
    return text if number is None else label(number)


def alike(levels: Iterable[str]) -> tuple[str, ...]:
    """The first of the levels that differ in spelling, case or form of Unicode only, if any do.

    >>> alike(["1", "2", "1.0"]), alike(["Yes", "no", "yes"]), alike(["a", "b"])
    (('1', '1.0'), ('Yes', 'yes'), ())
    """
    groups = dict[str, list[str]]()
    for level in levels:
        groups.setdefault(normalize("NFC", likeness(level).casefold()), []).append(level)
    return next((tuple(group) for group in groups.values() if len(group) > 1), ())


def told_apart(same: Sequence[str]) -> str:
    """What to tell of levels that are `alike`.

    >>> told_apart(["Yes", "yes"])
    "'Yes' and 'yes' count as two values"
    """
    first, second = same[:2]
    alike_on_screen = normalize("NFC", first) == normalize("NFC", second)
    forms = ", which look alike (Unicode NFC and NFD)," if alike_on_screen else ""
    return f"{first!r} and {second!r}{forms} count as two values"


def finder(levels: Iterable[str]) -> Callable[[str], int]:
    """What finds the place of a label: of the same text, else of the only one alike, else UNSEEN.

    So codes that another program writes as 11.0 are those that training knows as 11.

    >>> find = finder(["11", "7", "07"])
    >>> find("11.0"), find("07"), find("7.0")
    (0, 2, -2)
    """
    exact, alike = dict[str, int](), dict[str, int]()
    for place, level in enumerate(levels):
        exact[level] = place
        key = likeness(level)
        alike[key] = UNSEEN if key in alike else place
    return lambda text: exact[text] if text in exact else alike.get(likeness(text), UNSEEN)


def as_number(text: str) -> int | float | None:
    """The number a text stands for, or None.

    >>> as_number("1e3"), as_number("07"), as_number("1_000"), as_number("seven")
    (1000.0, 7, None, None)
    """
    if "_" in text or not text.isascii():
        return None
    for read in (int, float) if len(text) < 400 else ():
        try:
            return read(text)
        except ValueError:
            continue
    return None


def in_order(labels: Iterable[str]) -> list[str]:
    """Labels in the order of their numbers where all are numbers, else as sorted text.

    The order does not depend on that of the given ones: NaN, which has no place among numbers, is text.

    >>> in_order({"10", "9", "0.5"}), in_order({"10", "9", "b"}), in_order({"10", "Nan", "9"})
    (['0.5', '9', '10'], ['10', '9', 'b'], ['10', '9', 'Nan'])
    """
    labels = list(labels)
    numbers = {text: as_number(text) for text in labels}
    if all(number is not None and number == number for number in numbers.values()):
        return sorted(labels, key=lambda text: (numbers[text] or 0, text))
    return sorted(labels)
