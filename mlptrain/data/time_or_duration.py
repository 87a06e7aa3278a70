"""Whether texts such as 13:45 are times of day or durations, and of hours or of minutes.

A value of 24 hours or more can be no time of day, and one of 9 tenths of a second has no hours. Where
the values leave a doubt, the name of the column may decide, or that they are spread over a day.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import get_args

from mlptrain.data.date_forms import is_clock
from mlptrain.data.durations import Duration
from mlptrain.data.written import Written

LOOKED_AT = 20
"""A form that none of so many values follows is not tried on the others."""
IS_DURATION = re.compile(
    r"(?:^|[_\s.-])(?:durations?|run[_\s-]?times?|elapsed|laps?|splits?|pace|took|gap|delay|lasted|length"
    r"|(?:race|finish|finishing|chip|gun|net|total|moving|running|cooking|wait|waiting)[_\s-]?time)"
    r"(?:$|[_\s.(\[-])|(?-i:[a-z]Duration$)",
    re.I,
)
"""Names of how long something takes: runtime, lap_2, elapsed (min)."""
IS_CLOCK = re.compile(
    r"(?:^|[_\s.-])(?:leaves?|depart(?:s|ed|ure)?|arriv(?:es|ed|al)|opens?|opening|closes?|closing|clock"
    r"|sunrise|sunset|bedtime|wakeup|at|scheduled|time[_\s-]of[_\s-]day)(?:[_\s-]?(?:at|time))?\d*$"
    r"|(?-i:[a-z]At$)",
    re.I,
)
"""Names of when something happens: departure, created_at. The start of a scene may be in minutes."""
EARLY, LATE, HOURS = 10, 20, 10
"""Times over a whole day lie before the one and after the other hour, in so many different hours."""
FIRST = re.compile(r"[+-]?(\d+):")
MIDNIGHT = re.compile(r"24:00(?::00(?:[.,]0+)?)?")
"""The end of a day: it rules out no times of day, though it is read as none."""
BARE_M = re.compile(r"\d\s*m\b", re.I)
HOURS_OR_SECONDS = re.compile(r"\d\s*(?:h|s)", re.I)


def durations_among(texts: Iterable[str]) -> list[Written]:
    """The forms of durations that some of the first texts follow, with each decimal mark."""
    first, found = list(islice(texts, LOOKED_AT)), list[Written]()
    for form in get_args(Duration):
        point, comma = Written(duration=form), Written(duration=form, decimal=",")
        if any(point.plain(text) for text in first):
            found.append(point)
        if any("," in text and comma.plain(text) for text in first):
            found.append(comma)
    return found


def is_months(readings: Sequence[Written], weights: Iterable[str]) -> bool:
    """Whether `3m` may be three months, or metres: where no value has hours or seconds.

    >>> is_months([Written(duration="units")], ["3m", "2d"])
    True
    >>> is_months([Written(duration="units")], ["3m", "2h"])
    False
    """
    if not any(each.duration == "units" for each in readings):
        return False
    texts = list(weights)
    return any(map(BARE_M.search, texts)) and not any(map(HOURS_OR_SECONDS.search, texts))


def told_apart(
    times: Sequence[Written], lengths: Sequence[Written], texts: Iterable[str], name: str = ""
) -> tuple[Written, ...]:
    """Of the forms of dates and of durations that texts follow, those that they can mean.

    >>> clock, long = Written(date="%H:%M"), Written(duration="m:s")
    >>> len(told_apart([clock], [long], ["3:45", "12:10"]))  # a train, or a song
    2
    >>> told_apart([clock], [long], ["3:45", "25:10"]) == (long,)
    True
    >>> told_apart([clock], [long], ["3:45", "12:10"], "departure") == (clock,)
    True
    >>> told_apart([clock], [long], ["3:45", "12:10"], "lap 2") == (long,)
    True
    """
    lengths = _without_odd_hours(lengths, texts := list(texts))
    if not times or not lengths:
        return (*times, *lengths)
    if not all(each.date and is_clock(each.date) for each in times):
        return tuple(times)
    first = [int(found[1]) for text in texts if (found := FIRST.match(text))]
    long = [text for text in texts if (found := FIRST.match(text)) and int(found[1]) > 23]
    if any(not MIDNIGHT.fullmatch(text) for text in long) or IS_DURATION.search(name):
        return tuple(lengths)
    hours = {hour for hour in first if hour < 24}
    whole_day = len(hours) >= HOURS and min(hours) < EARLY and max(hours) >= LATE
    clocks_alone = IS_CLOCK.search(name) or whole_day
    return tuple(times) if clocks_alone else (*times, *lengths)


def _without_odd_hours(lengths: Sequence[Written], texts: Iterable[str]) -> list[Written]:
    """Where some texts have two numbers and some three, two of them are no hours from 24 on.

    >>> both = [Written(duration="[h:]m:s"), Written(duration="h:m[:s]")]
    >>> [each.duration for each in _without_odd_hours(both, ["48:10", "1:02:15"])]
    ['[h:]m:s']
    """
    two = [int(found[1]) for text in texts if text.count(":") == 1 and (found := FIRST.match(text))]
    if max(two, default=0) < 24 or not any(each.duration == "[h:]m:s" for each in lengths):
        return list(lengths)
    return [each for each in lengths if each.duration != "h:m[:s]"]


def read_by(readings: Sequence[Written], weights: Mapping[str, int]) -> int:
    """How many values the first of these readings follows."""
    if not readings:
        return 0
    return sum(times for text, times in weights.items() if readings[0].number(text) is not None)
