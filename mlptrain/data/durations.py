"""Durations as people write them, 1:23:45, 25:10.4, 2h 30m or PT1H30M: numbers of seconds.

A text becomes the plain number of its seconds, digit by digit: 25:10.4 is 1510.4, and then the
nearest float64 there is, as if the file had 1510.4. No sum is rounded on the way.
"""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

Duration = Literal["h:m:s", "m:s", "h:m", "[h:]m:s", "h:m[:s]", "days h:m:s", "units", "iso"]
SPACES = " \u00a0\u2007\u2009\u202f"
"""Between thousands, and between a number and its unit: the plain space, no-break and narrow ones."""
MINUS = "-−–"
"""A sign of negative numbers: the hyphen, Unicode's minus, and the dash that stands in for it."""
WEEK, DAY, HOUR, MINUTE = 604_800, 86_400, 3600, 60
PLACES = 9
"""Of decimals are read: nanoseconds."""
NANO = 10**PLACES
GAP = f"[{SPACES}]*"
WHOLE = "([0-9]{1,7})"
SIXTY = "([0-5][0-9])"
NAMES = {
    WEEK: ("weeks", "week", "wks", "wk", "w"),
    DAY: ("days", "day", "d"),
    HOUR: ("hours", "hour", "hrs", "hr", "h"),
    MINUTE: ("minutes", "minute", "mins", "min", "m"),
    1: ("seconds", "second", "secs", "sec", "s"),
}
"""The units of a duration in upper or lower case; months and years have no fixed length."""


class Form(NamedTuple):
    """A form of durations.

    pattern  a regular expression of the whole of a text: a group for the sign, and one for the
             number of each unit; `{n}` stands for a number with decimals, `{f}` for decimals
    weights  the seconds of each of these units
    example  a text that follows
    """

    pattern: str
    weights: tuple[int, ...]
    example: str


def _in_any_case(word: str) -> str:
    """JavaScript has no flag for a part of a pattern."""
    return "".join(f"[{letter.upper()}{letter}]" for letter in word)


def _with_units() -> str:
    """`1w 2d 3h 4m 5s`: any of them, in this order; \\b in front asks for one at least."""
    parts = []
    for weight, names in NAMES.items():
        name = "|".join(map(_in_any_case, names))
        short = f"(?:{SIXTY}$)?" if weight == HOUR else ""  # 2h30
        comma = (
            f"(?:{GAP},)?"  # not `,?` between two gaps, which share out spaces in every way there is
        )
        parts.append(rf"(?:{comma}{GAP}({{n}}){GAP}(?:{name})\.?{short})?")
    return rf"{GAP}\b{''.join(parts)}"


SIGN = f"([+{re.escape(MINUS)}]?)"
ISO = r"P\B(?:({n})W)?(?:({n})D)?(?:T\B(?:({n})H)?(?:({n})M)?(?:({n})S)?)?"  # \B: more must follow
SECONDS = "([0-5][0-9]{f})"
FORMS: Mapping[str, Form] = {
    "h:m:s": Form(f"{SIGN}{GAP}{WHOLE}:{SIXTY}:{SECONDS}", (HOUR, MINUTE, 1), "1:23:45"),
    "m:s": Form(f"{SIGN}{GAP}{WHOLE}:{SECONDS}", (MINUTE, 1), "25:10.4"),
    "h:m": Form(f"{SIGN}{GAP}{WHOLE}:{SIXTY}", (HOUR, MINUTE), "1:30"),
    "[h:]m:s": Form(
        f"{SIGN}{GAP}(?:{WHOLE}:)?([0-5]?[0-9]):{SECONDS}", (HOUR, MINUTE, 1), "25:10.4, 1:02:03"
    ),
    "h:m[:s]": Form(f"{SIGN}{GAP}{WHOLE}:{SIXTY}(?::{SECONDS})?", (HOUR, MINUTE, 1), "1:30, 1:30:15"),
    # of -1 day 02:00:00 nobody can say whether the minus is that of the hours as well
    "days h:m:s": Form(
        f"()(?:{WHOLE} ?(?:days?|d)?,? )?([0-9]{{1,2}}):{SIXTY}:{SECONDS}",
        (DAY, HOUR, MINUTE, 1),
        "2 days 03:04:05",
    ),
    "units": Form(SIGN + _with_units(), (WEEK, DAY, HOUR, MINUTE, MINUTE, 1), "2h 30m"),
    "iso": Form(SIGN + ISO, (WEEK, DAY, HOUR, MINUTE, 1), "PT1H30M"),
}
"""What `duration` may say of a column."""


def pattern_of(form: str, point: str) -> str:
    """The pattern of a form, with what begins the decimals.

    >>> pattern_of("m:s", ",")
    '^([+\\\\-−–]?)[ \\xa0\\u2007\\u2009\\u202f]*([0-9]{1,7}):([0-5][0-9](?:,[0-9]{1,9})?)$'
    """
    decimals = f"(?:{re.escape(point)}[0-9]{{1,{PLACES}}})?"
    pattern = FORMS[form].pattern.replace("{n}", f"[0-9]{{1,7}}{decimals}").replace("{f}", decimals)
    return f"^{pattern}$"


def seconds(text: str, form: str, point: str = ".") -> str | None:
    """The plain number of seconds that a text stands for; None where it does not follow the form.

    sum of n_i w_i, with the numbers n_i of the text and the seconds w_i of their units: in whole
    seconds and billionths of one, both whole numbers.

    >>> seconds("36:10:00", "h:m:s"), seconds("-0:15", "m:s"), seconds("25:10,4", "m:s", ",")
    ('130200', '-15', '1510.4')
    >>> seconds("1.5h 10 min", "units"), seconds("2h30", "units"), seconds("PT1H30M", "iso")
    ('6000', '9000', '5400')
    >>> seconds("1:60:00", "h:m:s"), seconds("P1M", "iso"), seconds("30", "units")
    (None, None, None)
    """
    found = re.match(pattern_of(form, point), text)
    if found is None or text.endswith("\n"):
        return None
    sign, *numbers = found.groups()
    whole = billionths = 0
    for number, weight in zip(numbers, FORMS[form].weights, strict=True):
        digits, _, decimals = (number or "0").partition(point)
        whole += int(digits) * weight
        billionths += int(decimals.ljust(PLACES, "0")) * weight
    whole += billionths // NANO
    plain = f"{whole}.{billionths % NANO:0{PLACES}}".rstrip("0").rstrip(".")
    return f"-{plain}" if sign and sign in MINUS else plain
