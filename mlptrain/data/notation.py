"""Texts that stand for numbers, dates or nothing, but not in the notation that is read.

`37,611`, `$12.50`, `94%`, `(12)`, `12 kg` are numbers, `12.06.2023` is a date, `n/a` is a missing
value. They are told apart to be named; nothing is read by these patterns.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from mlptrain.data.source import as_number

Notation = Literal["number", "date", "other number", "other date", "missing", "text"]

MISSING = frozenset(
    (
        *("n/a", "n.a.", "#n/a", "#n/a n/a", "#na", "<na>", "none", "nat", "nil", "nan", "\\n", "k.a."),
        *("missing", "unknown", "(null)", "<null>", "[null]"),
        *("#null!", "#value!", "#div/0!", "#ref!"),
        *("-", "--", "---", ".", "..", "…", "—", "–", "*"),
    )
)
"""What people and programs write where there is no value, in lower case."""
NO_DATE = frozenset(["0000-00-00", "0000-00-00 00:00:00", "0000-00-00t00:00:00"])
"""What databases write where there is no date."""

SPACE = " \u00a0\u202f\u2009"
CURRENCY = "$€£¥₹₽₩₺₴₪₫฿¢₦₱₲₡₵₸"
MONEY = r"(?:kr|Rs|Rp|Fr|SFr|R|RM|S/|Ft|TL|lei|zł|Kč)\.?"
"""Currencies that are written in letters, before the number as well as behind it."""
CODES = (
    "AED|ARS|AUD|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|ISK|JPY|KRW|KZT|MXN|"
    "MYR|NGN|NOK|NZD|PEN|PHP|PKR|PLN|QAR|RON|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR"
)
"""Currencies by ISO 4217. Only these may touch the number: SI1 and AB12 are codes, not amounts."""
GROUPED = rf"\d{{1,3}}(?:[{SPACE},.'’_]\d{{2,3}})+(?:[.,]\d+)?"
DIGITS = rf"(?:{GROUPED}|\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?"
UNIT = r"(?:[^\W\d_]|[°%‰²³/]){1,12}\.?"
NUMBER = re.compile(
    rf"(?:[+\-−–(]\s*+)?(?:[{CURRENCY}]|[A-Z]{{2,3}}(?=\s)|(?:{CODES})(?=\d)|[A-Z]{{1,3}}[{CURRENCY}]|{MONEY}(?=[\s\d]))?"
    rf"\s*+[+\-−–]?\s*+{DIGITS}"
    rf"\s*+(?:[{CURRENCY}]|{UNIT})?\s*+[)\-−]?"
)
"""Spaces are taken once for all (`*+`): shared out in every way, a few hundred would take seconds."""
RANK = re.compile(r"\d+(?:st|nd|rd|th)", re.I)
MONTH = r"(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-zä]*\.?"
ZONE = r"(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})"
HALF = r"[AaPp]\.?[Mm]\.?"
YEAR = r"(?:1[89]|20)\d\d"
OF_MONTH = r"(?:0[1-9]|1[0-2])"
WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun),?\s+)"
COMPACT = rf"{YEAR}{OF_MONTH}(?:0[1-9]|[12]\d|3[01])"
CLOCK = rf"(?:[T ,]+\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:[.,]\d+)?)?\s*(?:{HALF})?\s*{ZONE}?)?"
ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")
"""The dates that are read."""
SLASHED = re.compile(r"\d{4}/\d\d/\d\d")
DATE = re.compile(
    rf"{COMPACT}T\d{{6}}Z?|{YEAR}[-/.]{OF_MONTH}|{OF_MONTH}[-/.]{YEAR}|{MONTH}[-. ,]+\d{{4}}"
    rf"|{WEEKDAY}{MONTH}\s+\d{{1,2}} \d\d:\d\d:\d\d (?:{ZONE} )?{YEAR}"
    rf"|{WEEKDAY}?(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:\d{{4}}|\d\d)"
    rf"|\d{{1,2}}[-. ]+{MONTH}[-. ,]+\d{{2,4}}|{MONTH}\s+\d{{1,2}},?\s+\d{{4}}){CLOCK}"
    rf"|{MONTH}-\d\d|[+\-−–]?\s*\d{{1,7}}:[0-5]\d(?::[0-5]\d)?(?:[.,]\d+)?(?:\s*{HALF})?|\d{{1,2}}\s*{HALF}",
    re.I,
)
DURATION = re.compile(
    r"[+\-−–]?\s*(?:\d+(?:[.,]\d+)?\s*(?:w(?:ee)?ks?|w|d(?:ays?)?|h(?:ou)?rs?|h|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?)"
    r"\.?,?\s*)+|\d+\s*h[0-5]\d|\d+ (?:days?,? )?\d{1,2}:[0-5]\d:[0-5]\d(?:[.,]\d+)?"
    r"|[+-]?P(?=T?\d)(?:\d[\d.]*[WD])*(?:T(?:\d[\d.]*[HMS])+)?",
    re.I,
)
"""1h 30min, 2h30, 2 days 03:04:05, PT1H30M."""


def notation(text: str) -> Notation:
    """What a text most likely stands for.

    >>> [notation(text) for text in ("12.5", "2023-06-12", "$37,611.00", "12.06.2023", "n/a", "red")]
    ['number', 'date', 'other number', 'other date', 'missing', 'text']
    >>> [notation(text) for text in ("EUR12", "SI1", "1st")]  # an amount; a clarity of diamonds; a rank
    ['other number', 'text', 'text']
    >>> [notation(text) for text in ("2h 30m", "PT1H", "P", "36:10:00")]
    ['other number', 'other number', 'text', 'other date']
    """
    text = text.strip()
    if as_number(text) is not None and text.lower().lstrip("+-") != "nan":
        return "number"
    if text.lower() in MISSING or text.lower() in NO_DATE:
        return "missing"
    if ISO.fullmatch(text) or SLASHED.fullmatch(text):
        return "date"
    if DATE.fullmatch(text):
        return "other date"
    if RANK.fullmatch(text) or "_" in text:
        return "text"
    return "other number" if NUMBER.fullmatch(text) or DURATION.fullmatch(text) else "text"


class Other(NamedTuple):
    """What values in another notation are, one of them, and what to do."""

    what: str
    example: str
    advice: str

    def __str__(self) -> str:
        return f"{self.what}, e.g. {self.example!r}"


FORMS: Mapping[Notation, tuple[str, str]] = {
    "other number": (
        "numbers in another notation",
        "write plain numbers, 1234.5 for $1,234.50, or declare them: data.columns",
    ),
    "other date": (
        "dates or times in another notation",
        "write 2026-01-31 or 13:45, or declare their form: data.columns",
    ),
}
"""What a column in another notation holds, and what to do."""


PLAIN: Mapping[Notation, Notation] = {"other number": "number", "other date": "date"}
SIGNS = re.compile(r"[^A-Za-zµ%]|(?<=\d)[eE](?=[+-]?\d)")
FEW_SIGNS = 12
"""A column has one unit or a few, and twelve months; codes such as 12A and 3D have any letters."""
LOOKED_AT = 10_000


def named(texts: Iterable[str]) -> Other | None:
    """Of values most of which are in another notation: what they are.

    >>> str(named(["$37,611.00", "$1.00"]))
    "numbers in another notation, e.g. '$37,611.00'"
    >>> named(["red", "3 kg", "blue"]) is None
    True
    """
    texts = list(texts)[:LOOKED_AT]
    kinds = [notation(text) for text in texts]
    for form, plain in PLAIN.items():
        of_form = [text for text, kind in zip(texts, kinds, strict=True) if kind == form]
        signs = {SIGNS.sub("", text) for text in of_form}
        if of_form and 2 * (len(of_form) + kinds.count(plain)) > len(kinds) and len(signs) <= FEW_SIGNS:
            what, advice = FORMS[form]
            return Other(what, of_form[0], advice)
    if 2 * kinds.count("date") > len(kinds):
        dates = [text for text, kind in zip(texts, kinds, strict=True) if kind == "date"]
        return Other("dates in several forms", max(dates, key=len), "write all of them alike")
    return None


THOUSANDS = re.compile(r"[^\d,.]*\d{1,3}(,\d{3})+(\.\d+)?\D*")
SURE_THOUSANDS = re.compile(r"[^\d,.]*\d{1,3}(,\d{3})+(,\d{3}|\.\d+)\D*")


def comma_advice(shown: Iterable[str]) -> str:
    """How to write numbers that have a comma, or the empty text where none has one."""
    commas = [text for text in shown if "," in text]
    if any(SURE_THOUSANDS.fullmatch(text) for text in commas):
        return "remove the thousands separators"
    if any(THOUSANDS.fullmatch(text) for text in commas):
        return (
            "remove the comma where it separates thousands, write a point where it begins the decimals"
        )
    if any("." in text for text in commas):
        return "remove the points that separate thousands, and write decimals with a point"
    return "write decimals with a point" if commas else ""
