"""Forms of dates and times as strftime has them: the texts that follow one."""

import re

SINCE = {"%s": 1_000_000, "%Q": 1000}
"""Dates that are numbers since 1970-01-01: how d3 calls the form, and the microseconds of a unit."""
DIGITS = {"%s": 11, "%Q": 14}
"""So many at most."""
FIRST_DAY = "1970-01-01 "
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DIRECTIVES = {
    "%Y": "[0-9]{4}",
    **dict.fromkeys(("%d", "%m", "%H", "%I"), "[0-9]{1,2}"),
    **dict.fromkeys(("%y", "%M", "%S"), "[0-9]{2}"),
    "%b": "[A-Za-z]{3}",
    "%B": f"(?i:{'|'.join(MONTHS)})",
    "%a": "[A-Za-z]{3}",
    "%p": "[AaPp][Mm]",
    "%z": "(?:Z|[+-][0-9]{2}:?[0-9]{2})",
    "%f": "[0-9]{1,9}",
}
"""What a form may hold, and the texts that are so. A %y of 69 to 99 is of the last century."""
FRACTIONS = {".%f": r"(?:\.[0-9]{1,9})?", ",%f": "(?:,[0-9]{1,9})?"}
"""Of a second, with their mark: programs leave both out where the fraction is 0."""
CLOCK = frozenset(("%H", "%I", "%M", "%S", "%p", "%f"))
"""What tells the time of day."""


def directives_in(form: str) -> set[str]:
    """What a form holds of these.

    >>> sorted(directives_in("%d.%m.%Y")), is_clock("%H:%M"), is_clock("%Y-%m-%d %H:%M")
    (['%Y', '%d', '%m'], True, False)
    """
    return {part for part in re.findall("%.?", form) if part in DIRECTIVES}


def is_clock(form: str) -> bool:
    """Whether a form is that of a time of day, without a date."""
    return form not in SINCE and directives_in(form) <= CLOCK


def in_full(form: str) -> tuple[str, str]:
    """What goes before a text, and the form of both together: a time of day is one of 1970-01-01.

    >>> in_full("%H:%M"), in_full("%d.%m.%Y")
    (('1970-01-01 ', '%Y-%m-%d %H:%M'), ('', '%d.%m.%Y'))
    """
    return (FIRST_DAY, f"%Y-%m-%d {form}") if is_clock(form) else ("", form)


def pattern_of(form: str) -> str:
    """A regular expression of the whole of a text that follows.

    >>> pattern_of("%H:%M"), pattern_of("%H%M")
    ('^[0-9]{1,2}:[0-9]{2}$', '^[0-9]{2}[0-9]{2}$')
    """
    if form in SINCE:
        return rf"^-?[0-9]{{1,{DIGITS[form]}}}(?:\.0+)?$"
    parts = [part for part in re.split("([.,]%f|%.)", form) if part]
    return f"^{''.join(map(_texts_of, ['', *parts], parts, [*parts[1:], '']))}$"


def parted(form: str) -> tuple[str, str]:
    """The form without its fraction of a second, and a pattern with the groups before, digits, behind.

    Neither strptime nor polars reads fractions of any length. The pattern is empty where there is none.

    >>> parted("%H:%M:%S,%f")
    ('%H:%M:%S', '^([0-9]{1,2}:[0-9]{2}:[0-9]{2})(?:,([0-9]{1,9}))?()$')
    """
    found = re.search("[.,]%f", form)
    if found is None:
        return form, ""
    before, behind = form[: found.start()], form[found.end() :]
    digits = f"(?:{re.escape(found[0][0])}([0-9]{{1,9}}))?"
    return before + behind, f"^({pattern_of(before)[1:-1]}){digits}({pattern_of(behind)[1:-1]})$"


def microseconds(digits: str | None) -> int:
    """Those of a fraction of a second, cut off where it has more than six digits.

    >>> microseconds("25"), microseconds("123456789"), microseconds(None)
    (250000, 123456, 0)
    """
    return int((digits or "").ljust(6, "0")[:6])


def fault(form: str) -> str:
    """Why a form cannot be as it is; nothing where it can.

    >>> fault("%d.%m.%Y"), fault("%d.%m.")
    ('', "year and month are needed, as %d.%m.%Y, or a time of day, as %H:%M, got '%d.%m.'")
    """
    known = directives_in(form)
    dated = known & {"%Y", "%y"} and known & {"%m", "%b", "%B"}
    if form in SINCE:
        return ""
    if not dated and not (known and is_clock(form)):
        return f"year and month are needed, as %d.%m.%Y, or a time of day, as %H:%M, got {form!r}"
    if known & {"%H", "%I", "%M", "%S"} and not ("%M" in known and known & {"%H", "%I"}):
        return f"a time has hour and minute, as %H:%M, got {form!r}"
    if "%f" in known and not (form.count("%f") == 1 and re.search("%S[.,]%f", form)):
        return f"a fraction stands behind the seconds, as %S.%f or %S,%f, got {form!r}"
    strange = [part for part in re.findall("%.?", form) if part not in DIRECTIVES]
    return f"{strange[0]} is none of {' '.join(DIRECTIVES)}" if strange else ""


def _texts_of(before: str, part: str, after: str) -> str:
    """The texts that a part of a form stands for; side by side they have their full width."""
    texts = FRACTIONS.get(part) or DIRECTIVES.get(part, re.escape(part))
    beside = before in DIRECTIVES or after in DIRECTIVES
    return texts.replace("{1,2}", "{2}") if beside else texts
