"""How a column is written is found by its values, and each value then has its exact meaning."""

from datetime import datetime

import numpy as np
import polars as pl
import pytest
import yaml
from helpers import load_data
from tables import write

from mlptrain.data.chunks import iterate_features
from mlptrain.data.recognition import readings_of
from mlptrain.tools.first_config import first_config

MONEY = (1234.5, 950.25, -20.0, 1_234_567.75, 12.5, 99_000.0)
DAYS = [datetime(2022, 1, 3, 4, 5), datetime(2022, 12, 31, 23, 59), datetime(2023, 5, 14, 12, 0)]


def grouped(number: float, thousands: str, point: str) -> str:
    """1,234.50 with these marks."""
    return f"{number:,.2f}".replace(",", "_").replace(".", point).replace("_", thousands)


@pytest.mark.parametrize(
    ("before", "behind", "thousands", "point"),
    [
        *(("£", "", ",", "."), ("R$ ", "", ".", ","), ("kr ", "", ",", "."), ("kr. ", "", ".", ",")),
        *(("", " zł", " ", ","), ("Rs.", "", ",", "."), ("Fr. ", "", "’", "."), ("", " Kč", " ", ",")),
        *(
            ("US$", "", ",", "."),
            ("CHF ", "", "'", "."),
            ("", " RUB", "\u202f", ","),
            ("₹", "", ",", "."),
        ),
        *(("", "万円", ",", "."), ("", " м²", " ", ","), ("S/.", "", ",", ".")),
    ],
)
def test_money_of_every_country_is_the_number_it_names(before, behind, thousands, point):
    texts = [f"{before}{grouped(number, thousands, point)}{behind}" for number in MONEY]
    (written,) = readings_of(dict.fromkeys(texts, 3))
    assert [written.number(text) for text in texts] == list(MONEY)


def test_lakh_and_crore_are_the_numbers_they_name():
    texts = {
        "₹1,23,456.00": 123456,
        "₹45,000.00": 45000,
        "₹2,50,00,000.00": 25_000_000,
        "₹999.50": 999.5,
    }
    (written,) = readings_of(dict.fromkeys(texts, 3))
    assert [written.number(text) for text in texts] == [*texts.values()]


@pytest.mark.parametrize("before", ["Rs.", "kr.", "S/.", "No."])
def test_the_point_of_an_abbreviation_begins_no_decimals(before):
    texts = [f"{before}{number}" for number in (500, 250, 1200, 75, 8)]
    (written,) = readings_of(dict.fromkeys(texts, 3))
    assert [written.number(text) for text in texts] == [500, 250, 1200, 75, 8]


@pytest.mark.parametrize(
    ("form", "exact"),
    [
        *((form, True) for form in ("%m/%d/%Y %I:%M:%S %p", "%Y-%m-%d %H:%M:%S UTC", "%Y%m%dT%H%M%S")),
        *((form, True) for form in ("%a %b %d %H:%M:%S %Y", "%a, %d %b %Y %H:%M:%S +0000")),
        *((form, False) for form in ("%d-%B-%Y", "%a, %d %b %Y", "%d.%m.%Y", "%Y%m%dT000000")),
        *((form, False) for form in ("%Y-%m", "%b %Y", "%m/%Y", "%B %Y")),
        *((form, False) for form in ("%d.%m.%y", "%m/%d/%y", "%d-%b-%y", "%b-%y")),
    ],
)
def test_dates_of_every_form_are_the_days_they_name(form, exact):
    texts = [day.strftime(form) for day in DAYS]
    (written,) = readings_of(dict.fromkeys(texts, 3))
    read = [written.time(text).replace(tzinfo=None) for text in texts]
    if exact:
        assert [time.replace(second=0) for time in read] == DAYS
    else:
        days = [day.replace(hour=0, minute=0) for day in DAYS]
        assert read == (days if "%d" in form else [day.replace(day=1) for day in days])


def test_a_day_of_the_week_that_is_not_that_of_its_date_is_no_date():
    assert not readings_of({"Mon, 04 Jan 2022": 9, "Tue, 05 Jan 2022": 9, "Sat, 06 Jan 2022": 9})


@pytest.mark.parametrize(
    ("texts", "meanings"),
    [
        (
            ["$950", "$1,230", "$2,345", "$9,999", "$1,001", "$7,100"],
            [950, 1230, 2345, 9999, 1001, 7100],
        ),
        (
            ["8 €", "1.230 €", "2.345 €", "9.999 €", "1.001 €", "7.105 €"],
            [8, 1230, 2345, 9999, 1001, 7105],
        ),
    ],
)
def test_a_row_without_decimals_decides_that_a_comma_separates_thousands(texts, meanings):
    (written,) = readings_of(dict.fromkeys(texts, 3))
    assert [written.number(text) for text in texts] == meanings


@pytest.mark.parametrize(
    "texts",
    [
        ["1,230", "2,345", "9,999", "1,001", "2,000"],  # three decimals, written out
        ["950", "1,231", "2,345", "9,999", "1,001"],  # no 0 at an end
    ],
)
def test_without_such_a_row_both_meanings_are_left(texts):
    assert len(readings_of(dict.fromkeys(texts, 3))) == 2


@pytest.mark.slow
def test_days_in_eight_digits_are_dates_in_every_kind_of_file(tmp_path):
    days = np.datetime64("2022-01-01") + np.arange(0, 400, 5).astype("m8[D]")
    digits = [int(str(day).replace("-", "")) for day in days]
    seconds = [int(day.astype("M8[s]").astype(np.int64)) for day in days]
    frame = pl.DataFrame({"sold": digits, "seen_at": seconds, "y": np.arange(len(days)) % 7 / 2})
    frame.write_csv(tmp_path / "t.csv")
    frame.with_columns(pl.col("seen_at").cast(pl.Float64)).write_parquet(tmp_path / "t.parquet")
    frame.write_ndjson(tmp_path / "t.jsonl")
    for name in ("t.csv", "t.parquet", "t.jsonl"):
        path = str(tmp_path / name)
        section = yaml.safe_load(first_config(path, ["y"]).text)["data"]
        assert section["columns"] == {"sold": {"date": "%Y%m%d"}, "seen_at": {"date": "%s"}}
        how = {"dates": "number", "scale": "none", "columns": section["columns"], "target": "y"}
        for cache in ("none", str(tmp_path / "cache")):
            data = load_data(path, classify=False, cache=cache, **how)
            expected = days.astype("M8[D]").astype(np.int64).tolist()
            assert data.train.inputs.numbers[:].T.tolist() == [expected, expected]
        (chunk,) = iterate_features(path, data.preprocessing, 1000, np.float64)
        assert chunk.inputs.numbers[:].T.tolist() == [expected, expected]


@pytest.mark.parametrize(
    "numbers",
    [
        [20_220_101 + i for i in range(80)],  # the 32nd of January is among them
        [20_220_101] * 80,
        [19_991_231 + 7919 * i for i in range(80)],
    ],
)
def test_numbers_of_eight_digits_that_are_no_days_are_numbers(numbers, tmp_path):
    rows = [[number, i % 7 / 2, i % 5] for i, number in enumerate(numbers)]
    path = write(tmp_path / "t.csv", ["sold", "y", "x"], rows)
    assert "dates" not in yaml.safe_load(first_config(str(path), ["y"]).text)["data"]


@pytest.mark.parametrize(("there", "blank"), [("1", ""), ("TRUE", "NA"), ("Y", "")])
def test_a_flag_of_one_value_or_nothing_has_two_states(there, blank, tmp_path):
    rows = [[there if i % 3 else blank, i % 7 / 2, i % 5] for i in range(60)]
    path = str(write(tmp_path / "t.csv", ["flag", "y", "x"], rows))
    section = yaml.safe_load(first_config(path, ["y"]).text)["data"]
    assert "ignore" not in section
    data = load_data(
        path,
        classify=False,
        **{key: section[key] for key in section if key != "train"} | {"val": None, "test": None},
    )
    columns = np.asarray(data.train.inputs.numbers[:])
    with_flag = [column for column in columns.T if len(set(column[[0, 3, 6]])) == 1 != len(set(column))]
    assert any(np.unique(column[[1, 2, 4]]).size == 1 for column in with_flag)


@pytest.mark.parametrize("marker", ["-999", "9999", "-99.0"])
def test_nines_far_from_all_others_are_offered_as_missing(marker, tmp_path):
    rows = [[marker if i % 9 == 4 else i % 11, i % 7 / 2] for i in range(60)]
    made = first_config(str(write(tmp_path / "t.csv", ["x", "y"], rows)), ["y"])
    text = marker.removesuffix(".0")
    assert (
        f"# x: {{missing: [\"{text}\"]}}  # '{text}' missing? then take off the #; 7 cells of 60"
        in made.text
    )
    assert "columns" not in yaml.safe_load(made.text)["data"]
    section = yaml.safe_load(made.answered)["data"]
    assert section["columns"] == {"x": {"missing": [text]}}
    assert any(
        "t.csv:6: '" in note and "uncomment data.columns.x.missing" in note for note in made.notes
    )


@pytest.mark.parametrize("values", [[-999, -500, 0, 300, 700], [99, 98, 97, 3, 2], [999]])
def test_nines_among_their_like_are_numbers(values, tmp_path):
    rows = [[values[i % len(values)], i % 7, i % 5] for i in range(60)]
    made = first_config(str(write(tmp_path / "t.csv", ["x", "y", "z"], rows)), ["y"])
    assert "missing?" not in made.text


def test_a_sum_of_columns_is_found_behind_bins_and_soft_limits(tmp_path):
    rng = np.random.default_rng(0)
    parts = rng.poisson((20, 60), (600, 2)) ** 2
    rows = [[i % 7, a, b, a + b] for i, (a, b) in enumerate(parts.tolist())]
    made = first_config(str(write(tmp_path / "t.csv", ["x", "few", "many", "all"], rows)), ["all"])
    assert "numeric: {encode: piecewise}" in made.text
    assert "linear model (R2 above 0.999) of many, few" in made.notes[-1]
    assert made.notes[-1].endswith("data.ignore: [many, few]")
