"""Texts in a notation that a config declares, as numbers, seconds and days."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000_000


def days(time: datetime) -> float:
    """Days since 1970-01-01; a time without a zone is one of UTC."""
    aware = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    return (aware - EPOCH) // timedelta(microseconds=1) / DAY


def plain(text: str, written: dict[str, Any]) -> str | None:
    """The plain number of a text in a declared notation: 1234.50 of `1.234,50 €`, 90 of `1:30`."""
    found = re.match(written["pattern"], text)
    if not found or text.endswith("\n"):
        return None
    if written["weights"]:
        return seconds(found.groups(), written)
    table = {ord(character): new for character, new in written["characters"].items()}
    text = text.replace(written["unit"] or "", "", 1).translate(table)
    return f"-{text[:-1]}" if text.endswith("-") else text


def seconds(parts: Any, written: dict[str, Any]) -> str:
    """The plain number of seconds of a duration, from its sign and the number of each unit."""
    whole = billionths = 0
    for number, weight in zip(parts[1:], written["weights"], strict=True):
        digits, _, decimals = (number or "0").partition(written["point"])
        whole += int(digits) * weight
        billionths += int(decimals.ljust(9, "0")) * weight
    whole, billionths = whole + billionths // 10**9, billionths % 10**9
    sign = "-" if parts[0] and parts[0] != "+" else ""
    return f"{sign}{whole}.{billionths:09}".rstrip("0").rstrip(".")


def declared_date(text: str, written: dict[str, Any]) -> float | None:
    """The days of a text in a declared form of dates."""
    if not re.match(written["pattern"], text):
        return None
    if written["since"]:
        return int(text.partition(".")[0]) * written["since"] / DAY
    micro, parted = 0, re.match(written["fraction"], text)
    if written["fraction"] and parted:
        text, micro = parted[1] + parted[3], int((parted[2] or "").ljust(6, "0")[:6])
    try:
        found = datetime.strptime(written["before"] + text, written["form"])
        return days(found + timedelta(microseconds=micro))
    except (ValueError, OverflowError):
        return None
