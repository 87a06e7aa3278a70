"""`init` and the columns of a table: codes, flags that choose, the overview, --check."""

import re
from pathlib import Path

import pytest
import yaml
from runs import invoke
from tables import write

from mlptrain.report import columns as report
from mlptrain.tools.first_config import first_config
from mlptrain.tools.first_config.overview import Row

HEADER = ["hour", "kind", "rooms", "size", "city", "y"]


def rides(path: Path, rows: int = 600) -> Path:
    """Rides rise and fall along hour and kind, and only rise along rooms."""
    table = []
    for i in range(rows):
        hour, kind, rooms = i % 24, i * 7 % 5 + 1, i * 11 % 6
        y = 20 * (hour in (8, 17)) + 9 * (kind in (2, 4)) + 4 * rooms + i * 37 % 101 / 100
        table.append([hour, kind, rooms, i * 61 % 89 / 7, ["Oslo", "Bergen"][i % 2], round(y, 2)])
    return write(path, HEADER, table)


def columns_of(text: str) -> dict[str, object]:
    return yaml.safe_load(text)["data"].get("columns", {})


def test_numbers_are_codes_by_name_or_where_the_target_rises_and_falls_along_them(tmp_path):
    text = first_config(str(rides(tmp_path / "t.csv")), ["y"]).text
    assert columns_of(text) == {"hour": {"kind": "category"}, "kind": {"kind": "category"}}
    assert re.search(r"    hour: .* # an hour, by its name; y has mean .* at 0, .* at 23\n", text)
    assert re.search(r"    kind: .* # y has mean [\d.]+ at 1, .* at 5\n", text)


def test_a_number_whose_name_is_that_of_an_hour_but_its_range_is_not_stays_a_number(tmp_path):
    rows = [[i % 30 + 1, i % 30 + i * i % 101 / 30] for i in range(300)]
    text = first_config(str(write(tmp_path / "t.csv", ["hour", "y"], rows)), ["y"]).text
    assert columns_of(text) == {}


def test_columns_are_left_out_or_chosen_by_flags(tmp_path):
    path = rides(tmp_path / "t.csv")
    config = tmp_path / "c.yaml"
    for flags, key, value in (
        (["--ignore", "city", "--ignore", "size"], "ignore", ["size", "city"]),
        (["--features", "hour", "--features", "city"], "features", ["hour", "city"]),
    ):
        said = invoke("init", path, "--target", "y", *flags, "-o", config, "--force")
        assert said.exit_code == 0, said.stderr
        data = yaml.safe_load(config.read_text())["data"]
        others = {"ignore", "features"} - {key}
        assert (data[key], [name for name in others if name in data]) == (value, [])
        assert invoke("fit", config, "--set", "train={epochs: 1}", "--out", tmp_path / "r", "--force")
    both = invoke("init", path, "--target", "y", "--ignore", "city", "--features", "city")
    assert both.exit_code == 2
    assert "'city' is named by --ignore and by --features: choose one" in both.stderr
    assert "did you mean 'city'" in invoke("init", path, "--target", "y", "--ignore", "citi").stderr


def test_an_id_that_is_asked_for_is_a_feature(tmp_path):
    rows = [[i + 1, i * 37 % 101 / 10] for i in range(100)]
    path = str(write(tmp_path / "t.csv", ["row_id", "y"], rows))
    said = invoke("init", path, "--target", "y", "--features", "row_id")
    assert yaml.safe_load(said.stdout)["data"]["features"] == ["row_id"]


@pytest.mark.parametrize("columns", ["80", "60", ""])
def test_the_overview_is_as_wide_as_the_terminal_and_counts_what_is_left(columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    why = "an hour, by its name; rides has mean 18.9 at 0, 5.9 at 4, 406 at 17, 56.2 at 23"
    rows = [Row(f"x{i}", "number", 0, "number", "9 values") for i in range(40)]
    report.show_columns([*rows, Row("hour", "number", 1234, "category", why)])
    lines = capsys.readouterr().err.splitlines()
    assert max(map(len, lines)) <= int(columns or 80)
    place = lines[0].index("why")
    assert " ".join(line[place:].strip() for line in lines[2:12]).startswith(why)
    assert re.match(r"hour +number +1,234 +category +an hour", lines[2])
    assert lines[-1] == "and 11 columns more: 11 number"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A config that init wrote, with the rows of its file."""
    folder = tmp_path_factory.mktemp("check")
    path = rides(folder / "t.csv")
    assert invoke("init", path, "--target", "y", "-o", folder / "c.yaml").exit_code == 0
    lines = [line.split(",") for line in path.read_text().splitlines()[1:]]
    return folder / "c.yaml", lines


def moved(row: list[str]) -> list[str]:
    hour, kind, rooms, size, city, y = row
    return [hour, kind, str(int(rooms) + 4), size, city.replace("Bergen", "Rome"), y]


@pytest.mark.parametrize(
    ("change", "header", "expected", "refused"),
    [
        (lambda row: row, HEADER, ["{}: nothing differs"], ""),
        (
            moved,
            HEADER,
            [
                "rooms: 4 to 9 here, 0 to 5 in training (400 values outside)",
                "rooms: mean 6.5 here, 2.5 in training",
                "city: 1 category that training does not have: 'Rome' (300)",
                "city: 'Bergen' in 0% of the rows here, in 50% in training",
            ],
            "",
        ),
        (
            lambda row: [*row[:3], "7", *row[4:]],
            [*HEADER[:3], "SIZE", *HEADER[4:]],
            ["size: missing here, a feature", "SIZE: new here (number)"],
            "no column 'size'",
        ),
        (
            lambda row: [*row[:3], "big" if row[0] == "3" else row[3], *row[4:]],
            HEADER,
            ["size: text here, number in training"],
            "'big' is not a number",
        ),
    ],
    ids=["same", "moved", "columns", "kinds"],
)
def test_a_config_is_checked_against_a_new_file(written, tmp_path, change, header, expected, refused):
    config, rows = written
    path = write(tmp_path / "new.csv", header, [change(row) for row in rows])
    said = invoke("init", path, "--check", config)
    assert said.stdout.splitlines() == [line.format(path) for line in expected]
    assert said.exit_code == (1 if refused else 0)
    assert refused in said.stderr


def test_a_target_is_needed_to_write_and_not_to_check(tmp_path):
    said = invoke("init", rides(tmp_path / "t.csv"))
    assert (said.exit_code, "missing option '--target'" in said.stderr) == (2, True)
