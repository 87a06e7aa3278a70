"""Numbers in a declared notation: the exact value, or a refusal with the place, in memory or not."""

import csv
import gzip
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest
import yaml
from helpers import load_data
from runs import faults, invoke
from tables import write

from mlptrain.data.chunks import iterate_features
from mlptrain.data.dataset import Dataset
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.readers.sources import open_frame
from mlptrain.data.readers.tables import notations, pieces
from mlptrain.data.written import Reading, Written
from mlptrain.errors import CheckpointError, ConfigError, DataError
from mlptrain.inference.handed_over import rows_of
from mlptrain.tools.first_config import first_config


class Notation(NamedTuple):
    """A declaration, what texts stand for under it, and texts that do not follow it."""

    declared: dict[str, Any]
    values: dict[str, float]
    refused: tuple[str, ...]


NOTATIONS = {
    "comma between thousands": Notation(
        {"thousands": ","},
        {"37,611": 37611, "1,234,567.89": 1234567.89, "999": 999}
        | {"1234567": 1234567, "-1,000.10": -1000.1}
        | {"0.1": 0.1, ".5": 0.5, "1,234e3": 1234000, "+2,000": 2000, "−3,000": -3000},
        ("1,23", "12,34", "1,2345", "1,,234", ",123", "1.234,5", "1,234,", "0,1", "1 234", "$1,234"),
    ),
    "lakh and crore": Notation(
        {"thousands": ",", "unit": "₹", "negative": "brackets"},
        {"₹1,23,456": 123456, "₹12,34,56,789.50": 123456789.5}
        | {"(₹9,99,999)": -999999, "₹12,345": 12345},
        ("₹1,23", "₹1,23,45", "₹123,45,678", "₹1,2,345", "₹0,12,345", "₹1.23.456", "₹1,23,4567"),
    ),
    "points between thousands": Notation(
        {"thousands": "."},
        {"1.234,50": 1234.5, "1.234": 1234, "422": 422, "1.000.000": 1000000}
        | {"0,1": 0.1, "-12,5": -12.5},
        ("1.5", "0.25", "1.2345", "1,234.5", "12.34", "1.234.5", "1,5,5"),
    ),
    "decimal comma": Notation(
        {"decimal": ","},
        {"174,1": 174.1, "-0,30000000000000004": -0.30000000000000004, "12": 12}
        | {"1,5e-3": 0.0015, ",5": 0.5},
        ("174.1", "1.234,5", "1,2,3", "5,", "1 234,5"),
    ),
    "spaces of every width": Notation(
        {"thousands": " ", "decimal": ","},
        {"12 345": 12345, "1\u202f234,5": 1234.5, "1\u00a0234\u00a0567": 1234567, "1\u2009234": 1234}
        | {"− 1 234,25": -1234.25},
        ("1 23", "12  345", "1 2345", "1.234", "1'234"),
    ),
    "apostrophes": Notation(
        {"thousands": "'"},
        {"1'234": 1234, "1’234’567.25": 1234567.25, "999.5": 999.5, "-1'000": -1000},
        ("1'23", "1,234", "'234", "1'234,5"),
    ),
    "dollars in front": Notation(
        {"thousands": ",", "unit": "$", "negative": "brackets"},
        {"$37,611.00": 37611, "$0.10": 0.1, "-$5": -5, "$-5": -5, "($1,234.50)": -1234.5, "$(12)": -12}
        | {"$ 7": 7, "− $ 7": -7, "12 $": 12},
        ("37,611.00", "€5", "$$5", "$5$", "-($5)", "($5", "$5)", "--$5", "-$-5", "$", "()"),
    ),
    "euros behind": Notation(
        {"thousands": ".", "decimal": ",", "unit": "€"},
        {"1.234,50 €": 1234.5, "12€": 12, "-0,5\u00a0€": -0.5, "€ 3": 3},
        ("1.234,50", "12 EUR", "1,234.50 €", "12 € 5"),
    ),
    "codes of a currency": Notation(
        {"unit": "USD", "thousands": ","},
        {"USD 1,200": 1200, "1,200 USD": 1200, "-USD 3.5": -3.5, "USD3": 3},
        ("US$ 3", "EUR 3", "usd 3", "3"),
    ),
    "percent": Notation(
        {"unit": "%", "decimal": ","},
        {"94%": 94, "5,5 %": 5.5, "-0,1%": -0.1, "100 %": 100},
        ("0,94", "94", "5.5%", "94‰", "94%%"),
    ),
    "one unit": Notation(
        {"unit": "kg"},
        {"12 kg": 12, "12.5kg": 12.5, "1e3 kg": 1000, "-4 kg": -4},
        ("12", "12 g", "12 Kg", "12 kgs", "12,5 kg"),
    ),
    "a unit with signs of a pattern": Notation(
        {"unit": "m²/(s.k"}, {"5 m²/(s.k": 5, "-0.25m²/(s.k": -0.25}, ("5 m²/(s,k", "5")
    ),
    "a unit of every other sign": Notation(
        {"unit": "#&~/<>=\"*?[]{}|^$@! ·"}, {"5 #&~/<>=\"*?[]{}|^$@! ·": 5}, ("5 #&~",)
    ),
    "brackets": Notation(
        {"negative": "brackets"},
        {"(12)": -12, "( 3.25 )": -3.25, "7": 7, "-7": -7, "(0)": 0.0},
        ("(12", "12)", "((12))", "(-12)", "[12]", "()"),
    ),
    "trailing minus": Notation(
        {"negative": "trailing", "thousands": ".", "unit": "EUR"},
        {"12- EUR": -12, "1.234,5 EUR-": -1234.5, "EUR 7-": -7, "8 EUR": 8, "EUR 1,5e-3": 0.0015},
        ("-12- EUR", "12-- EUR", "12-", "12+ EUR"),
    ),
    "hours, minutes and seconds": Notation(
        {"duration": "h:m:s"},
        {"1:23:45": 5025, "36:10:00": 130200, "-0:00:15": -15, "− 1:00:00.25": -3600.25}
        | {"00:00:00": 0, "+0:00:01.000000001": 1.000000001, "9999999:59:59": 35999999999},
        ("1:60:00", "1:00:60", "1:2:3", "25:10", "1:23:45,5", "--1:00:00", "1:00:00.", "5025"),
    ),
    "minutes and seconds of a race": Notation(
        {"duration": "m:s"},
        {"25:10.4": 1510.4, "0:15": 15, "-0:15": -15, "100:00": 6000, "3:07.123456789": 187.123456789},
        ("1:02:10", "25:60", "25:1", "25", "25:10,4", "25:10.1234567890", ":10", "25:10.4 min"),
    ),
    "a decimal comma in seconds": Notation(
        {"duration": "m:s", "decimal": ","},
        {"25:10,4": 1510.4, "0:00,1": 0.1, "–7:30": -450},
        ("25:10.4", "25,5", "25:10,"),
    ),
    "hours and minutes": Notation(
        {"duration": "h:m"}, {"36:10": 130200, "-1:30": -5400}, ("1:30:00", "1:60", "1:30.5")
    ),
    "hours where there are some": Notation(
        {"duration": "[h:]m:s"},
        {"59:10.2": 3550.2, "1:02:03": 3723, "-5:00": -300, "0:59:59.9": 3599.9},
        ("75:30", "1:75:30", "1:02:03:04", "30"),
    ),
    "seconds where there are some": Notation(
        {"duration": "h:m[:s]"}, {"1:30": 5400, "48:30:15.5": 174615.5}, ("1:60", "1:30.5", "90")
    ),
    "days, hours, minutes and seconds": Notation(
        {"duration": "days h:m:s"},
        {"0 days 01:23:45": 5025, "1 day, 2:03:04": 93784, "2 days 00:00:00.500000": 172800.5}
        | {"5:04:05": 18245, "3d 00:00:01": 259201, "1 00:00:00": 86400},
        ("-1 days +23:59:45", "-1 day, 2:03:04", "2 days", "1 day, 2:03", "-5:04:05"),
    ),
    "units": Notation(
        {"duration": "units"},
        {"2h 30m": 9000, "1 h 20 min": 4800, "90 min": 5400, "1h30": 5400, "1.1h": 3960, "45s": 45}
        | {"1 Day, 2 HRS.": 93600, "-15m": -900, "1w": 604800, "2\u00a0h\u202f5\u00a0min": 7500}
        | {"1 hour 2 minutes 3.25 seconds": 3723.25, "0.333333333 d": 28799.9999712}
        | {"0.1 s": 0.1},
        ("30", "2h 30", "1h60", "30m 2h", "2h 2h", "3 months", "h", "1,5 h", "2h,", "2h -30m"),
    ),
    "ISO 8601": Notation(
        {"duration": "iso"},
        {"PT1H30M": 5400, "P1DT2H": 93600, "-PT0.5S": -0.5, "P2W": 1209600, "PT36H": 129600},
        ("P", "PT", "P1M", "P1Y", "P1DT", "PT1H30", "pt1h", "1H30M", "P1H", "PT1,5S"),
    ),
    "signs of other alphabets": Notation(
        {"negative": "sign"},
        {"−1": -1, "–2.5": -2.5, "-3": -3, "+4": 4, "0.1e-5": 0.1e-5}
        | {"1234567890.123456789": 1234567890.123456789},
        ("—5", "5-", "(5)", "1,5", "٣", "1_000", "0x1F", "five"),
    ),
}  # fmt: skip
"""Numbers are compared with Python's own reading of the plain number."""

EVERY = [pytest.param(each, id=name) for name, each in NOTATIONS.items()]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a few rows, so that a small file has many."""
    monkeypatch.setattr(pieces, "PIECE", 64)
    monkeypatch.setattr(pieces, "PER_COLUMN", 1)


def table(folder: Path, texts: list[str]) -> str:
    """A table with these texts in three columns, each in a line of its own, from 2 on."""
    with (folder / "t.csv").open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["x", "y", "plain"])
        rows.writerows([text, text, row] for row, text in enumerate(texts))
    return str(folder / "t.csv")


def loaded(path: str, feature: str, target: str, cache: object, declared: dict[str, Any]) -> Dataset:
    columns = {name: declared for name in (feature, target) if name != "plain"}
    as_is = {"scale": "none", "scale_target": "none", "cache": str(cache), "columns": columns}
    return load_data(path, classify=False, features=[feature], target=target, **as_is)


@pytest.mark.parametrize("notation", EVERY)
def test_each_text_has_the_value_of_the_plain_number_wherever_it_is_read(notation, tmp_path):
    texts, values = list(notation.values), np.array([*notation.values.values()])
    path = table(tmp_path, texts)
    for cache in ("none", tmp_path / "cache"):
        data = loaded(path, "x", "y", cache, notation.declared)
        assert data.train.inputs.numbers[:, 0].tolist() == values.tolist()
        assert data.train.truth[:, 0].tolist() == values.tolist()
        assert data.train.y[:, 0].tolist() == values.tolist()
    made = Preprocessing.from_json(json.loads(json.dumps(data.preprocessing.to_json())))
    chunks = list(iterate_features(path, made, 3, np.float64, keep=["x"]))
    assert [number for each in chunks for number in each.inputs.numbers[:, 0]] == values.tolist()
    assert [text for each in chunks for text in each.kept["x"]] == texts
    frame = pl.DataFrame({"x": texts})
    assert rows_of(frame, made).numbers("x").tolist() == values.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("notation", EVERY)
def test_a_text_in_another_notation_is_refused_with_its_place_wherever_it_is_read(notation, tmp_path):
    good = list(notation.values)
    made = loaded(table(tmp_path, good), "x", "plain", "none", notation.declared).preprocessing
    for bad in notation.refused:
        path = table(tmp_path, [*good, bad, *good])
        place = f"{path}:{len(good) + 2}: {{}}: {bad!r} is not written as declared, such as "
        ways = {
            "x": lambda: loaded(path, "x", "plain", "none", notation.declared),  # noqa: B023
            "y": lambda: loaded(path, "plain", "y", "none", notation.declared),  # noqa: B023
        }
        for name, way in ways.items():
            with pytest.raises(DataError) as fault:
                way()
            assert str(fault.value).startswith(place.format(name))
            assert ": 1 such value in all: " in str(fault.value)
        with pytest.raises(DataError) as fault:
            list(iterate_features(path, made, 3, np.float64))
        assert str(fault.value).startswith(place.format("x"))
        with pytest.raises(DataError, match=r"X: row 1: x: .* is not written as declared"):
            rows_of(pl.DataFrame({"x": [bad]}), made)


def test_text_that_a_parser_takes_for_other_numbers_is_read_as_declared(tmp_path):
    texts = ["422", "1.234", "NA", "999", "2.500", "17"] * 9
    path, plain = (
        table(tmp_path, texts),
        {"422": 422, "1.234": 1234, "NA": 9, "999": 999, "2.500": 2500},
    )
    packed = tmp_path / "t.csv.gz"
    packed.write_bytes(gzip.compress(Path(path).read_bytes()))
    declared = {"thousands": ".", "missing": ["17"]}
    expected = [plain.get(text, 9) for text in texts]
    for file in (path, str(packed)):
        for cache in ("none", tmp_path / "cache"):
            how = {"features": ["x"], "target": "plain", "missing": "median", "scale": "none"}
            data = load_data(file, classify=False, cache=str(cache), columns={"x": declared}, **how)
            numbers = data.train.inputs.numbers[:, 0]
            median = float(np.median([number for number in expected if number != 9]))
            assert numbers.tolist() == [median if each == 9 else each for each in expected]
        chunks = list(iterate_features(file, data.preprocessing, 7, np.float64))
        assert (
            np.concatenate([each.inputs.numbers[:, 0] for each in chunks]).tolist() == numbers.tolist()
        )


@pytest.mark.slow
def test_numbers_of_a_file_that_has_types_are_what_they_are(tmp_path):
    frame = pl.DataFrame({"x": [1.234, 422.0, None], "plain": [1, 2, 3]})
    frame.write_parquet(tmp_path / "t.parquet")
    frame.with_columns(x=pl.Series(["1.234", "422", None])).write_parquet(tmp_path / "s.parquet")
    for name, first in (("t.parquet", 1.234), ("s.parquet", 1234)):
        how = {"features": ["x"], "target": "plain", "missing": "mean", "scale": "none"}
        columns = {"x": {"thousands": "."}}
        data = load_data(str(tmp_path / name), classify=False, columns=columns, **how)
        assert data.train.inputs.numbers[:2, 0].tolist() == [first, 422]


DATES = {
    "%d.%m.%Y": ({"31.01.2026": "2026-01-31", "1.2.1969": "1969-02-01"}, ("31.11.2026", "01/02/2026")),
    "%m/%d/%Y": ({"01/31/2026": "2026-01-31"}, ("31/01/2026", "1/31/26", "2026-01-31")),
    "%d %b %Y": ({"3 Apr 2026": "2026-04-03"}, ("3 April 2026", "Apr 3 2026", "3 Abr 2026")),
    "%d/%m/%Y %I:%M %p": ({"03/04/2026 12:05 am": "2026-04-03T00:05"}, ("03/04/2026 13:05 PM",)),
    "%d.%B.%Y": ({"3.April.2026": "2026-04-03"}, ("3.Apr.2026", "April.2026")),
    "%b %Y": ({"Apr 2026": "2026-04-01"}, ("3 Apr 2026", "April 2026", "2026-04")),
    "%m/%Y": ({"04/2026": "2026-04-01", "4/1969": "1969-04-01"}, ("13/2026", "04/26")),
    "%Y%m%d": ({"20260403": "2026-04-03"}, ("20260431", "2026043", "202604031", "2026-04-03")),
    "%Y%m%dT%H%M%S": ({"20260403T010203": "2026-04-03T01:02:03"}, ("20260403", "20260403T10203")),
    "%d.%m.%y": (
        {"31.01.26": "2026-01-31", "1.2.69": "1969-02-01", "29.2.68": "2068-02-29"},
        ("31.01.2026", "31.01.6", "29.02.69"),
    ),
    "%y-%m-%d": ({"26-01-31": "2026-01-31", "69-2-1": "1969-02-01"}, ("26-31-01", "2026-01-31")),
    "%I:%M%p": ({"1:45pm": "1970-01-01T13:45", "12:00AM": "1970-01-01"}, ("13:45pm", "1:45 pm")),
    "%b-%y": ({"Apr-26": "2026-04-01", "Dec-99": "1999-12-01"}, ("Apr-2026", "3-Apr")),
    "%H:%M": (
        {"13:45": "1970-01-01T13:45", "9:05": "1970-01-01T09:05", "00:00": "1970-01-01"},
        ("24:00", "13:45:10", "1:5", "13:60"),
    ),
    "%H:%M:%S.%f": (
        {"13:45:10.250": "1970-01-01T13:45:10.250", "9:05:00": "1970-01-01T09:05:00"}
        | {"00:00:00.123456789": "1970-01-01T00:00:00.123456"},
        ("13:45:10,250", "13:45:10.", "13:45", "24:00:00.5", "13:45:10.1234567890"),
    ),
    "%H:%M:%S,%f": ({"13:45:10,25": "1970-01-01T13:45:10.250"}, ("13:45:10.25", "13:45,5")),
    "%d.%m.%Y %H:%M:%S,%f": (
        {"31.01.2026 10:00:00,5": "2026-01-31T10:00:00.500"},
        ("31.01.2026 10:00:00.5", "31.02.2026 10:00:00,5"),
    ),
    "%a, %d %b %y %I:%M:%S.%f %p %z": (
        {"Fri, 03 Apr 26 01:00:00.000001 AM +0200": "2026-04-02T23:00:00.000001"},
        ("Thu, 03 Apr 26 01:00:00.000001 AM +0200",),
    ),
    "%I:%M:%S %p": ({"12:00:01 am": "1970-01-01T00:00:01"}, ("13:00:01 PM", "12:00 AM", "12:00:01")),
    "%a, %d %b %Y %H:%M:%S %z": (
        {"Fri, 03 Apr 2026 01:00:00 +0200": "2026-04-02T23:00"},
        ("Thu, 03 Apr 2026 01:00:00 +0200", "03 Apr 2026 01:00:00 +0200"),
    ),
    "%Y/%m/%d %H:%M:%S%z": (
        {"2026/04/03 01:00:00+0200": "2026-04-02T23:00", "2026/04/03 01:00:00Z": "2026-04-03T01:00"},
        ("2026/04/03 01:00:00", "2026/04/03 25:00:00Z"),
    ),
}


@pytest.mark.parametrize("form", DATES)
def test_dates_in_a_declared_form_are_the_days_they_name_or_refused_with_their_place(form, tmp_path):
    values, refused = DATES[form]
    texts, declared = [*values, "NaT"], {"date": form, "missing": ["NaT"]}
    days = np.array([*values.values()], "M8[us]").astype(np.int64) / 86_400_000_000
    expected = [*days.tolist(), days.mean()]
    path = table(tmp_path, texts)
    how = {"features": ["x"], "target": "plain", "dates": "number", "missing": "mean", "scale": "none"}
    for cache in ("none", tmp_path / "cache"):
        data = load_data(path, classify=False, cache=str(cache), columns={"x": declared}, **how)
        assert data.train.inputs.numbers[:, 0].tolist() == pytest.approx(expected, rel=1e-15)
    made = Preprocessing.from_json(json.loads(json.dumps(data.preprocessing.to_json())))
    assert rows_of(pl.DataFrame({"x": texts}), made).numbers("x")[:-1].tolist() == days.tolist()
    for bad in refused:
        path = table(tmp_path, [*texts, bad])
        with pytest.raises(DataError) as fault:
            list(iterate_features(path, made, 3, np.float64))
        place = f"{path}:{len(texts) + 2}: x: {bad!r} is not written as declared, such as "
        assert str(fault.value).startswith(place)
        with pytest.raises(DataError, match=r"X: row 1: x: .* is not written as declared"):
            rows_of(pl.DataFrame({"x": [bad]}), made)


def test_a_time_with_a_zone_is_one_of_utc_where_all_have_one(tmp_path):
    texts = ["2026-01-31T10:00:00Z", "2026-01-31T10:00:00+02:00", "2026-01-31 10:00:00.5+0000"]
    for zoned in (texts[:2], texts[2:]):
        path = table(tmp_path, zoned)
        data = load_data(
            path, classify=False, features=["x"], target="plain", dates="number", scale="none"
        )
        hours = [24 * (number - 20484) for number in data.train.inputs.numbers[:, 0]]
        assert hours == pytest.approx([10, 8] if len(zoned) == 2 else [10 + 0.5 / 3600], abs=1e-6)
    path = table(tmp_path, ["2026-01-31T10:00:00Z", "2026-01-31T10:00:00"] * 30)
    for cache in ("none", tmp_path / "cache"):
        with pytest.raises(DataError):
            load_data(path, features=["x"], target="plain", dates="number", cache=str(cache))


def test_missing_texts_of_a_file_and_of_a_column_are_so_wherever_they_are_read(tmp_path):
    texts = ["NA", "ZA", "NA", "n/a", "", "ZA"]
    path = table(tmp_path, texts)
    expected = [[1, 0], [0, 1], [1, 0], [0, 0], [0, 0], [0, 1]]
    ways: tuple[dict[str, Any], ...] = (
        {"columns": {"x": {"present": ["NA"], "missing": ["n/a"]}}},
        {"missing_values": ["n/a"]},
    )
    for way in ways:
        how = {"features": ["x"], "target": "plain", "categorical": {"missing": "zeros"}, **way}
        for cache in ("none", tmp_path / "cache"):
            data = load_data(path, classify=False, cache=str(cache), **how)
            assert data.train.inputs.numbers[:].tolist() == expected
        made = Preprocessing.from_json(json.loads(json.dumps(data.preprocessing.to_json())))
        chunks = list(iterate_features(path, made, 2, np.float64))
        assert np.concatenate([each.inputs.numbers for each in chunks]).tolist() == expected
    path = table(tmp_path, ["NA", "ZA", "n/a"] * 5)
    classes = load_data(path, features=["plain"], target="x", columns={"x": {"present": ["NA", "n/a"]}})
    assert classes.classes == ("NA", "ZA", "n/a")


@pytest.mark.parametrize(
    ("declared", "fault"),
    [
        ({"thousands": ",", "decimal": ","}, "thousands: ',' cannot begin the decimals as well"),
        ({"unit": "5"}, "unit: a unit has no digit"),
        ({"unit": " kg"}, "unit: a unit has no digit"),
        ({"missing": ["NA"], "present": ["NA"]}, "present: 'NA' is also in `missing`"),
        ({"date": "%d.%m"}, "date: year and month are needed"),
        ({"date": "%d.%m.%Y %H"}, "date: a time has hour and minute, as %H:%M"),
        ({"date": "%d.%m.%Y %Q"}, "date: %Q is none of %Y"),
        ({"date": "%d.%m.%Y%"}, "date: % is none of %Y"),
        ({"date": "%d.%m.%Y", "unit": "kg"}, "date: a column of dates has no decimal"),
        ({"date": "%H:%M.%f"}, "date: a fraction stands behind the seconds"),
        ({"date": "%H:%M:%S.%f,%f"}, "date: a fraction stands behind the seconds"),
        ({"duration": "m:s", "unit": "s"}, "duration: a column of durations has no date"),
        ({"duration": "m:s", "thousands": ","}, "duration: a column of durations has no date"),
        ({"duration": "m:s", "date": "%H:%M"}, "duration: a column of durations has no date"),
        ({"duration": "m:s", "negative": "trailing"}, "duration: a column of durations has no date"),
    ],
)
def test_a_declaration_that_means_nothing_is_refused_in_config_and_checkpoint(
    declared, fault, tmp_path
):
    path = table(tmp_path, ["1", "2"])
    with pytest.raises(ConfigError, match=re.escape(f"data.columns.x.{fault}")):
        load_data(path, classify=False, target="plain", columns={"x": declared})
    made = load_data(path, classify=False, target="plain").preprocessing.to_json()
    made["reading"]["columns"] = {"x": declared}
    with pytest.raises(CheckpointError, match=rf"reading\.columns\.x\.{fault.split(':')[0]}"):
        Preprocessing.from_json(made)


def test_all_values_that_are_refused_are_counted_over_all_pieces_of_a_file(tmp_path):
    path = table(tmp_path, ["1,5", "2.5"] * 20)
    faults = []
    for cache in ("none", tmp_path / "cache"):
        with pytest.raises(DataError) as fault:
            loaded(path, "x", "plain", cache, {"decimal": ","})
        faults.append(str(fault.value))
    assert faults[0] == faults[1]
    assert faults[0].splitlines()[0].startswith(f"{path}:3: x: '2.5' is not written as declared")
    assert f"{path}: 20 such values in all: " in faults[0]


def test_a_run_predicts_and_evaluates_in_the_notation_of_its_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = table(tmp_path, [f"1.{i:03},{i % 10} €" for i in range(10, 40)])
    config = {
        "data": {
            **{"train": path, "target": "y", "ignore": ["plain"], "val": 0, "test": 0},
            "columns": {name: {"thousands": ".", "unit": "€"} for name in ("x", "y")},
        },
        **{"model": {"hidden": []}, "loss": "mse", "train": {"epochs": 300}},
        "optimizer": {"name": "sgd", "learning_rate": 0.1},
    }
    Path("c.yaml").write_text(json.dumps(config))
    assert invoke("fit", "c.yaml", "--out", "run", "--quiet").exit_code == 0
    predicted = invoke("predict", "run", path, "--keep", "x").stdout.splitlines()
    assert predicted[0] == "x,y"
    text, number = predicted[-1].rsplit(",", 1)
    assert text == '"1.039,9 €"'
    assert float(number) == pytest.approx(1039.9, abs=1)
    assert invoke("eval", "run", "--data", path).exit_code == 0
    bad = table(tmp_path, ["1.039,9 €", "1039.9 €"])
    refused = invoke("predict", "run", bad)
    assert refused.exit_code == 3
    assert faults(refused)[0].startswith(f"{bad}:3: x: '1039.9 €' is not written as declared")


def test_columns_in_all_notations_are_read_from_one_frame_and_keep_their_names():
    declared = {name: each.declared for name, each in NOTATIONS.items()}
    declared |= {form: {"date": form} for form in DATES}
    numbers = {name: dict(each.values) for name, each in NOTATIONS.items()}
    numbers |= {
        form: {
            text: np.datetime64(day, "us").astype(int) / 86_400_000_000 for text, day in days.items()
        }
        for form, (days, _) in DATES.items()
    }
    cells = {name: [*values][:1] for name, values in numbers.items()}
    reading = Reading(columns={name: Written(**each) for name, each in declared.items()})
    read = open_frame("X", pl.DataFrame(cells), list(cells), reading, dict.fromkeys(cells, "number"))
    assert read.names == tuple(cells)
    for name, (text,) in cells.items():
        assert read.numbers(name).tolist() == pytest.approx([numbers[name][text]], rel=1e-15), name


def test_there_are_at_least_60_texts_of_each_sort():
    assert sum(len(each.values) for each in NOTATIONS.values()) >= 60
    assert sum(len(each.refused) for each in NOTATIONS.values()) >= 60


@pytest.mark.parametrize(("form", "unit"), [("%s", "s"), ("%Q", "ms")])
def test_seconds_since_1970_are_dates_where_name_and_values_say_so(form, unit, tmp_path, monkeypatch):
    times = [np.datetime64("2023-01-01T00:00", unit) + np.timedelta64(5 * i, "h") for i in range(60)]
    rows = [[int(time.astype(np.int64)), str(time)[:16], i % 7 / 2] for i, time in enumerate(times)]
    path = write(tmp_path / "t.csv", ["created_at", "plain", "y"], rows)
    made = first_config(str(path), ["y"])
    data = yaml.safe_load(made.text)["data"]
    assert (data["columns"], data["dates"]) == ({"created_at": {"date": form}}, "parts")
    assert f"# {rows[-1][0]} is {str(times[-1])[:10]}" in made.text
    how = {"target": "y", "classify": False, "columns": data["columns"], "dates": "parts"}
    monkeypatch.setattr(pieces, "PIECE", 256)
    monkeypatch.setattr(pieces, "PER_COLUMN", 1)
    for cache in ("none", str(tmp_path / "cache")):
        one, other = (
            load_data(str(path), features=[name], cache=cache, **how).train.inputs.numbers[:]
            for name in ("created_at", "plain")
        )
        assert one.tobytes() == other.tobytes()
    later = write(tmp_path / "n.csv", ["count", "y"], [[row[0], row[2]] for row in rows])
    assert "dates" not in yaml.safe_load(first_config(str(later), ["y"]).text)["data"]


def test_a_number_is_the_same_with_and_without_rare_signs_in_its_column():
    for each in NOTATIONS.values():
        column = Written(**each.declared)
        together = pl.Series([*each.values, *each.refused])
        read = notations.numbers(together, column).to_list()
        assert read == [*each.values.values(), *[None] * len(each.refused)]
        alone = [notations.numbers(pl.Series([text]), column)[0] for text in together]
        assert alone == read
