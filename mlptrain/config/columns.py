"""The sections of `data` that say what becomes of its columns."""

from typing import Annotated, Literal

from mlptrain.config.kinds import Kinds
from mlptrain.config.section import Columns, Renamed, Section, Text, setting
from mlptrain.data.durations import Duration


class Missing(Section):
    """Blanks in the data. `missing: mean` is short for `missing: {policy: mean}`."""

    policy: Literal["error", "mean", "median", "drop"] = setting(
        "error",
        "blanks in number columns: refuse, fill in the training rows' mean or median, drop the row",
    )
    indicator: bool = setting(False, "add a column that is 1 where a value was missing")


class Numeric(Section):
    """Columns of numbers. `numeric: piecewise` is short for `numeric: {encode: piecewise}`."""

    encode: Literal["none", "piecewise"] = setting(
        "none",
        "the scaled number alone, or beside it a column for each of 16 to 48 bins between quantiles "
        "that rises from 0 to 1 within its bin",
    )


class Categorical(Section):
    """Columns of text. `categorical: error` is short for `categorical: {encode: error}`."""

    encode: Literal["one_hot", "embedding", "target", "error"] = setting(
        "one_hot",
        "text columns: one 0/1 column for each category; for more than 9 of them a vector that is "
        "learned, of min(8, half as many) numbers, or the mean of the target, out of fold; or refuse "
        "them",
    )
    binary: Literal["one_hot", "signed"] = setting(
        "one_hot", "columns of two categories: two 0/1 columns, or one of -1 and +1"
    )
    unseen: Literal["error", "zeros", "mode"] = setting(
        "error",
        "a category that training did not have: refuse, treat as none (zeros), or as the most frequent",
    )
    missing: Literal["error", "zeros"] = setting(
        "error", "a blank in a text column: refuse, or treat as none (zeros)"
    )
    columns: Columns = setting([], "number columns to treat as categories: codes, zip codes")


class Column(Section):
    """What is known of one column."""

    kind: Annotated[
        Literal["number", "category", "date", "ignore"] | None, Kinds("a kind of column or null")
    ] = setting(None, "what it is: number, category, date (as `dates` says, else days), or ignore it")
    encode: Annotated[
        Literal["none", "piecewise", "one_hot", "embedding", "target"] | None,
        Kinds("an encoding or null"),
    ] = setting(
        None,
        "how it enters: none or piecewise as `numeric`; one_hot, embedding or target as `categorical`, "
        "however many categories there are; null: as all do",
    )
    scale: Annotated[
        Literal["standard", "minmax", "smooth_clip", "log", "none"] | None,
        Kinds("a scale or null"),
        Renamed,
    ] = setting(None, "its scale, as `scale`; null: that of all")
    dates: Literal["number", "parts"] | None = setting(
        None, "what a date becomes, as `dates`; null: as all do"
    )
    missing: Columns = setting([], 'more texts that stand for a missing value: [n/a, "-", "-999"]')
    present: Columns = setting([], "texts that are values here, though usually missing ones: [NA]")
    decimal: Literal[".", ","] | None = setting(
        None, "what begins the decimals: , for 174,1; null: a point, or a comma if thousands is a point"
    )
    thousands: Literal[",", ".", " ", "'"] | None = setting(
        None, "what separates thousands; ' ' is the narrow space and ' the apostrophe too"
    )
    unit: Annotated[Text | None, Kinds("a text or null")] = setting(
        None, "a text before or behind every number: $, EUR, kg, % (94% is 94)"
    )
    negative: Literal["sign", "brackets", "trailing"] | None = setting(
        None,
        "negative numbers, beside -12 and −12: (12) or 12-; sign if there is nothing else to declare",
    )
    date: Annotated[Text | None, Kinds("a form of dates or null")] = setting(
        None,
        "the form of dates as %Y %y %m %d %b %B %a %H %I %M %S %p %z: '%d.%m.%Y'; '%H:%M' of times of "
        "day, '%H:%M:%S.%f' with fractions of a second; %s and %Q are seconds and milliseconds since "
        "1970-01-01; see also `dates`",
    )
    duration: Annotated[Duration | None, Kinds("a form of durations or null")] = setting(
        None,
        "durations, which are numbers of seconds: h:m:s for 36:10:00, m:s for 25:10.4, h:m for 1:30, "
        "'[h:]m:s' where short ones have no hours, 'h:m[:s]' where seconds may be left out, "
        "'days h:m:s' for 2 days 03:04:05, units for 2h 30m, iso for PT1H30M",
    )
