"""How the values of a file are written, where a config declares it: missing values, numbers, dates.

A declared number is read exactly: its text either follows the notation, and has the value of the
plain number it stands for (`1.234,50 €` is float("1234.50")), or it is refused. `94%` is 94.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Literal

from mlptrain.data import durations
from mlptrain.data.date_forms import (
    SINCE,
    fault,
    in_full,
    is_clock,
    microseconds,
    parted,
    pattern_of,
)
from mlptrain.data.durations import MINUS, SPACES, Duration

BLANKS = ("", "NA", "N/A", "NaN", "nan", "NAN", "-nan", "null", "NULL", "?")
"""Text that stands for a missing value, unless a config says otherwise."""
SEPARATORS = {",": ",", ".": ".", " ": SPACES, "'": "'’"}
"""Between thousands: how a config names it, and the characters that are."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000_000
"""Microseconds."""

Thousands = Literal[",", ".", " ", "'"]
Negative = Literal["sign", "brackets", "trailing"]


@dataclass(frozen=True)
class Written:
    """How the values of one column are written.

    missing    texts that stand for a missing value, beside those of the file
    present    texts that are values here, though they stand for a missing one elsewhere
    decimal    what begins the decimals; None: a comma where points separate thousands, else a point
    thousands  what separates thousands, a comma also as in 12,34,567; None: nothing
    unit       a text before or behind every number: €, USD, kg, %
    negative   how negative numbers are marked beside a sign in front: (12), or 12-
    date       the form of dates, as strftime has it: %d.%m.%Y; without %d it is the first of the
               month; %H:%M alone is a time of day; or %s and %Q, the seconds and milliseconds
               since 1970-01-01; none of numbers goes with it
    duration   the form of durations, h:m:s, which are numbers of seconds; only `decimal` goes with it
    """

    __pydantic_config__ = {"strict": True, "extra": "forbid"}  # noqa: RUF012

    missing: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    decimal: Literal[".", ","] | None = None
    thousands: Thousands | None = None
    unit: str | None = None
    negative: Negative | None = None
    date: str | None = None
    duration: Duration | None = None

    @property
    def is_number(self) -> bool:
        """Whether a notation of numbers is declared."""
        return any((self.decimal, self.thousands, self.unit, self.negative, self.duration))

    @property
    def is_declared(self) -> bool:
        """Whether a notation of numbers or dates is declared."""
        return self.is_number or self.date is not None

    @property
    def is_digits(self) -> bool:
        """Whether a form of dates is declared that a whole number follows: 20260131, or seconds."""
        return self.date is not None and self.date in (*SINCE, "%Y%m%d", "%Y%m")

    @property
    def point(self) -> str:
        """What begins the decimals."""
        return self.decimal or ("," if self.thousands == "." else ".")

    @cached_property
    def pattern(self) -> str:
        """A regular expression, for Python and Rust alike, of the whole of a text that follows."""
        if self.date is not None:
            return pattern_of(self.date)
        if self.duration is not None:
            return durations.pattern_of(self.duration, self.point)
        number, sign, gap = self._digits, rf"(?:[+{re.escape(MINUS)}]{_gap})?", _gap
        forms = [sign + form for form in self._with_unit(number)]
        if self.unit:
            forms.append(f"{re.escape(self.unit)}{gap}{sign}{number}")
        if self.negative == "brackets":
            enclosed = [rf"\({gap}{form}{gap}\)" for form in self._with_unit(number)]
            forms += enclosed + (self._with_unit(rf"\({gap}{number}{gap}\)") if self.unit else [])
        if self.negative == "trailing":
            minus = f"{gap}[{re.escape(MINUS)}]"
            forms += [form + minus for form in self._with_unit(number)]
            forms += self._with_unit(number + minus) if self.unit else []
        return f"^(?:{'|'.join(forms)})$"

    @property
    def _digits(self) -> str:
        point, whole = re.escape(self.point), "[0-9]+"
        if self.thousands:
            mark = f"[{SEPARATORS[self.thousands]}]"
            grouped = f"[1-9][0-9]{{0,2}}(?:{mark}[0-9]{{3}})+"
            if self.thousands == ",":  # 12,34,567 as in India, which no other notation has
                grouped += f"|[1-9][0-9]?(?:{mark}[0-9]{{2}})+{mark}[0-9]{{3}}"
            whole = f"(?:{grouped}|[0-9]+)"
        return f"(?:{whole}(?:{point}[0-9]+)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?"

    def _with_unit(self, number: str) -> list[str]:
        if not self.unit:
            return [number]
        unit = re.escape(self.unit)
        return [f"{unit}{_gap}{number}", f"{number}{_gap}{unit}"]

    @property
    def characters(self) -> Mapping[str, str]:
        """What becomes of single characters of a number without its unit."""
        gone = "+" + SPACES + SEPARATORS.get(self.thousands or " ", "")
        return (
            dict.fromkeys(gone, "")
            | {self.point: "."}
            | dict.fromkeys(MINUS, "-")
            | {"(": "-", ")": ""}
        )

    def plain(self, text: str) -> str | None:
        """The plain number a text stands for; None where it does not follow the notation.

        >>> euro = Written(thousands=".", unit="€", negative="brackets")
        >>> euro.plain("1.234,50 €"), euro.plain("(12 €)"), euro.plain("1234.50 €"), euro.plain("12")
        ('1234.50', '-12', None, None)
        """
        if self.duration is not None:
            return durations.seconds(text, self.duration, self.point)
        if not re.match(self.pattern, text) or text.endswith("\n"):
            return None
        table = {ord(character): new for character, new in self.characters.items()}
        text = text.replace(self.unit or "", "", 1).translate(table)
        return f"-{text[:-1]}" if text.endswith("-") else text

    def time(self, text: str) -> datetime | None:
        """The date or time that a text stands for, that of UTC where it has a zone; None for none.

        >>> Written(date="%d.%m.%Y").time("31.12.2025"), Written(date="%d.%m.%Y").time("31.11.2025")
        (datetime.datetime(2025, 12, 31, 0, 0, tzinfo=datetime.timezone.utc), None)
        """
        if self.date is None or not re.match(self.pattern, text):
            return None
        if self.date in SINCE:
            return EPOCH + timedelta(microseconds=int(text.partition(".")[0]) * SINCE[self.date])
        (form, fraction), micro = parted(self.date), 0
        if fraction and (parts := re.match(fraction, text)):
            text, micro = parts[1] + parts[3], microseconds(parts[2])
        before, form = in_full(form)
        try:
            found = datetime.strptime(before + text, form) + timedelta(microseconds=micro)
        except ValueError:
            return None
        if "%a" in self.date and f"{found:%a}".lower() not in text.lower():
            return None
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)

    def meaning(self, text: str) -> str | None:
        """What a text stands for, as one would write it plainly; None where it does not follow.

        >>> Written(date="%m/%d/%Y").meaning("12/31/2025"), Written(decimal=",").meaning("1,5")
        ('2025-12-31', '1.5')
        >>> Written(date="%I:%M %p").meaning("1:45 PM"), Written(duration="m:s").meaning("1:45")
        ('13:45', '105 seconds')
        """
        if self.date is None:
            plain = self.plain(text)
            return f"{plain} seconds" if plain and self.duration else plain
        time = self.time(text)
        if time is None:
            return None
        fraction = f"{time:.%f}".rstrip("0") if time.microsecond else ""
        if is_clock(self.date):
            return f"{time:%H:%M:%S}".removesuffix("" if fraction else ":00") + fraction
        return f"{time:%Y-%m-%d %H:%M:%S}".removesuffix("" if fraction else " 00:00:00") + fraction

    def number(self, text: str) -> float | None:
        """The number that a text becomes, of a date the days since 1970-01-01; None for none.

        >>> Written(date="%d.%m.%Y").number("02.01.1970"), Written(unit="%").number("94%")
        (1.0, 94.0)
        """
        if self.date is None:
            plain = self.plain(text)
            return None if plain is None else float(plain)
        time = self.time(text)
        return None if time is None else (time - EPOCH) // timedelta(microseconds=1) / DAY

    @property
    def example(self) -> str:
        """A value as it is to be written.

        >>> Written(thousands=".", unit="€").example, Written(negative="trailing").example
        ('1.234,5 €', '1234.5-')
        >>> Written(date="%d.%m.%Y").example
        '31.01.2026'
        """
        if self.date is not None:
            time = datetime(2026, 1, 31, 14, 5, 0, 250_000, tzinfo=UTC)
            if self.date in SINCE:
                return str((time - EPOCH) // timedelta(microseconds=SINCE[self.date]))
            return time.strftime(self.date)
        if self.duration is not None:
            return durations.FORMS[self.duration].example.replace(".", self.point)
        text = f"1{self.thousands or ''}234{self.point}5"
        text += f" {self.unit}" if self.unit else ""
        return {"brackets": f"({text})", "trailing": f"{text}-"}.get(self.negative or "", text)

    def faults(self) -> list[tuple[str, str]]:
        """Keys that cannot be as they are, and why."""
        found = []
        if self.thousands == self.point:
            found.append(("thousands", f"{self.thousands!r} cannot begin the decimals as well"))
        unit = self.unit
        if unit is not None and (unit != unit.strip() or not unit or UNFIT.search(unit)):
            what = "a unit has no digit, sign, bracket or white space at its ends, and is not e"
            found.append(("unit", f"{what}, got {unit!r}"))
        if self.date is not None:
            if self.is_number and self.duration is None:
                found.append(("date", "a column of dates has no decimal, thousands, unit or negative"))
            elif why := fault(self.date):
                found.append(("date", why))
        if self.duration is not None and any((self.date, self.thousands, self.unit, self.negative)):
            what = "a column of durations has no date, thousands, unit or negative"
            found.append(("duration", what))
        both = sorted({*self.missing} & {*self.present})
        if both:
            found.append(("present", f"{both[0]!r} is also in `missing`"))
        return found


_gap = f"[{SPACES}]*"
UNFIT = re.compile(r"^[\d+().,'’−–-]|[\d+()'’−–-]$|^[eE]$|\n")


UNDECLARED = Written()


@dataclass(frozen=True)
class Reading:
    """How the texts of a file are read.

    missing    texts that stand for a missing value in every column; None: BLANKS
    columns    the columns of which more is declared
    """

    __pydantic_config__ = {"strict": True, "extra": "forbid"}  # noqa: RUF012

    missing: tuple[str, ...] | None = None
    columns: Mapping[str, Written] = field(default_factory=dict)

    def of(self, name: str) -> Written:
        """What is declared of a column."""
        return self.columns.get(name, UNDECLARED)

    def blanks(self, name: str) -> tuple[str, ...]:
        """Texts that stand for a missing value in this column; an empty field always does."""
        if self.missing is None and name not in self.columns:
            return BLANKS
        usual, written = BLANKS if self.missing is None else ("", *self.missing), self.of(name)
        texts = [text for text in (*usual, *written.missing) if text not in written.present]
        return tuple(dict.fromkeys(texts))

    def more_blanks(self, name: str) -> tuple[str, ...]:
        """Those of the blanks that are not usual."""
        return tuple(text for text in self.blanks(name) if text not in BLANKS)


AS_USUAL = Reading()
