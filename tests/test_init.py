"""The first config of a table: roles, task and settings, each with its reason; and it runs as it is."""

import math
import re
from datetime import date, timedelta
from pathlib import Path
from unicodedata import normalize

import numpy as np
import polars
import pytest
import yaml
from helpers import changed
from runs import faults, invoke
from tables import write

from mlptrain.config import load_config
from mlptrain.errors import DataError
from mlptrain.tools.check.tails import share_of_farthest
from mlptrain.tools.first_config import first_config
from mlptrain.tools.first_config.choices import Wish
from mlptrain.tools.first_config.codes import zigzag
from mlptrain.tools.first_config.effort import Size, usual_effort
from mlptrain.tools.first_config.target import skewness
from mlptrain.training.build import load

N = 200
USE = "; delete the line to use it"


def made(tmp_path: Path, **columns: object) -> Path:
    """A table of these columns; a function gives the value of each row."""
    values = [[f(i) if callable(f) else f for f in columns.values()] for i in range(N)]
    return write(tmp_path / "table.csv", list(columns), values)


def config_of(path: Path, *targets: str) -> dict:
    return yaml.safe_load(first_config(str(path), targets).text)


def notes_of(said) -> list[str]:
    return [line for line in said.stderr.splitlines() if line.startswith("note: ")]


def u(i: int) -> float:
    return (i * 37 % 101) / 10 + 0.05


def v(i: int) -> float:
    return (i * 61 % 89) / 7 + 0.01


def letter(i: int) -> str:
    return "abc"[i % 3]


def reasons(path: Path, target: str) -> dict[str, str]:
    """Column -> the reason for which it is left out."""
    lines = [line for line in first_config(str(path), [target]).text.splitlines() if "    - " in line]
    pairs = [line.replace("    - ", "").split("#") for line in lines]
    return {name.strip().strip('"'): reason.strip().removesuffix(USE) for name, reason in pairs}


def test_text_is_a_class_and_a_number_is_a_regression(tmp_path):
    path = made(tmp_path, u=u, v=v, kind=letter)
    assert config_of(path, "kind")["loss"]["name"] == "softmax"
    assert config_of(path, "u")["loss"] == "mse"


def test_a_few_whole_numbers_are_classes_and_many_are_a_regression(tmp_path):
    path = made(tmp_path, u=u, few=lambda i: i % 7, many=lambda i: i * i % 97)
    assert config_of(path, "few")["loss"]["name"] == "softmax"
    assert config_of(path, "many")["loss"] == "mse"


def test_counts_that_fall_off_from_0_are_amounts_and_not_classes(tmp_path):
    many = [600, 250, 80, 20, 4, 1]
    counts = [value for value, rows in enumerate(many) for _ in range(rows)]
    path = write(tmp_path / "t.csv", ["u", "n"], [[u(i), n] for i, n in enumerate(counts)])
    assert config_of(path, "n")["loss"] == "poisson"
    for classes in ([600, 250, 80, 20], [400, 600, 80, 4], [600, 80, 250, 4], [0, 600, 250, 80, 4]):
        rows = [value for value, rows in enumerate(classes) for _ in range(rows)]
        path = write(tmp_path / "t.csv", ["u", "n"], [[u(i), n] for i, n in enumerate(rows)])
        assert config_of(path, "n")["loss"] != "poisson"


def test_numbered_labels_are_classes_however_many(tmp_path):
    path = write(tmp_path / "t.csv", ["u", "label"], [[u(i), i % 40] for i in range(800)])
    assert config_of(path, "label")["loss"]["name"] == "softmax"


def test_several_targets_are_a_regression(tmp_path):
    config = config_of(made(tmp_path, u=u, v=v, w=lambda i: i % 3), "u", "w")
    assert config["data"]["target"] == ["u", "w"]
    assert config["loss"] == "mse"


def test_columns_that_teach_nothing_are_left_out_with_the_reason(tmp_path):
    path = made(
        tmp_path,
        customer_id=lambda i: 70000 + i * 13 % 5003,
        counter=lambda i: i + 1,
        remark=lambda i: f"called {i}",
        street=lambda i: f"street {i % 90}",
        empty="",
        same=5,
        nearly=lambda i: i if i < 4 else "",
        messy=lambda i: f"{i / 8} kg" if i % 9 == 0 else i / 8,
        u=u,
        kind=letter,
    )
    assert reasons(path, "kind") == {
        "customer_id": "looks like an id: nearly every row has its own",
        "counter": "numbers the rows",
        "remark": "is different in every row: an id or free text",
        "street": "90 different texts in 200 rows: too many for categories",
        "empty": "is empty",
        "same": "has one value only",
        "nearly": "has 4 values in 200 rows",
        "messy": f"numbers in another notation, {path}:2: '0.0 kg': "
        "write plain numbers, 1234.5 for $1,234.50, or declare them: data.columns",
    }


def test_numbers_that_are_all_different_are_still_features(tmp_path):
    path = made(tmp_path, u=lambda i: i * 1.5, years=lambda i: 1800 + i, kind=letter)
    assert reasons(path, "kind") == {}


def test_codes_are_categories(tmp_path):
    path = made(tmp_path, store_id=lambda i: 100 + i % 4, u=u, kind=letter)
    assert config_of(path, "kind")["data"]["categorical"]["columns"] == ["store_id"]


def test_codes_too_many_for_the_rows_to_teach_stay_numbers(tmp_path):
    path = made(tmp_path, store_id=lambda i: 100 + i % 90, u=u, kind=letter)
    assert "categorical" not in config_of(path, "kind")["data"]


def test_row_names_without_a_header_are_left_out_and_the_rest_runs(tmp_path):
    rows = [[f"r{i}", u(i), letter(i)] for i in range(N)]
    path, config, run = (
        write(tmp_path / "t.csv", ["", "u", "kind"], rows),
        tmp_path / "c.yaml",
        tmp_path / "run",
    )
    assert reasons(path, "kind") == {"": "has no name: such a column often numbers the rows"}
    assert invoke("init", path, "--target", "kind", "-o", config).exit_code == 0
    assert invoke("fit", config, "--out", run, "--quiet", "--set", "train.epochs=1").exit_code == 0
    bare = write(tmp_path / "bare.csv", ["u"], [[row[1]] for row in rows])
    with_names, without = invoke("predict", run, path), invoke("predict", run, bare)
    assert with_names.stderr == f'note: {path}: 1 column not used: ""\n'
    assert with_names.stdout == without.stdout


def test_blanks_are_filled_and_marked_and_new_ones_of_a_complete_table_become_the_mean(tmp_path):
    path = made(tmp_path, u=lambda i: "" if i % 9 == 0 else u(i), kind=letter)
    assert config_of(path, "kind")["data"]["missing"] == {"policy": "median", "indicator": True}
    assert config_of(made(tmp_path, u=u, kind=letter), "kind")["data"]["missing"] == "mean"


@pytest.mark.parametrize("odd", ["rare", "", "b"])
def test_blank_rare_and_new_categories_become_zeros(tmp_path, odd):
    path = made(tmp_path, a=lambda i: odd if i == 5 else letter(i), u=u, kind=letter)
    expected = {"encode": "one_hot", "binary": "signed", "unseen": "zeros", "missing": "zeros"}
    assert config_of(path, "kind")["data"]["categorical"] == expected


def day(i):
    return f"{2020 + i // 336}-{i // 28 % 12 + 1:02}-{i % 28 + 1:02}"


def test_persons_are_a_group_and_the_rows_of_a_person_stay_together(tmp_path):
    path = made(tmp_path, patient=lambda i: f"P{i % 40}", u=u, kind=letter)
    data = config_of(path, "kind")["data"]
    assert data["group"] == "patient"
    assert "ignore" not in data
    told = first_config(str(path), ["kind"]).notes
    assert any("patient: 40 values in 200 rows; all rows of one value stay together" in n for n in told)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("columns", "key"),
    [
        ({"day": day}, "time"),
        ({"year": lambda i: 1900 + i // 4}, "time"),
        ({"shop_id": lambda i: 100 + i * 7 % 50}, "group"),
        ({"street": lambda i: f"street {i // 4}"}, "group"),
    ],
    ids=["dates", "years", "ids", "blocks"],
)
def test_other_groups_and_the_order_of_time_are_offered_as_a_comment_that_runs(tmp_path, columns, key):
    path = made(tmp_path, **columns, u=u, v=v, kind=letter)
    made_for = first_config(str(path), ["kind"])
    (name,) = columns
    assert key not in yaml.safe_load(made_for.text)["data"]
    assert any(f"{name}: " in note and f"uncomment data.{key}" in note for note in made_for.notes)
    taken = made_for.text.replace(f"  # {key}: {name}", f"  {key}: {name}")
    assert yaml.safe_load(taken)["data"][key] == name
    (tmp_path / "c.yaml").write_text(taken)
    out = tmp_path / "run"
    done = invoke("fit", tmp_path / "c.yaml", "--out", out, "--quiet", "--set", "train.epochs=1")
    assert done.exit_code == 0, done.stderr


def test_a_category_and_an_unordered_date_are_no_split(tmp_path):
    path = made(
        tmp_path, city=lambda i: f"c{i % 15}", when=lambda i: day(i * 37 % 200), u=u, kind=letter
    )
    text = first_config(str(path), ["kind"]).text
    assert "group:" not in text
    assert "time:" not in text


def test_the_split_may_be_named(tmp_path):
    path = made(
        tmp_path, city=lambda i: f"c{i % 15}", when=lambda i: day(i * 37 % 200), u=u, kind=letter
    )
    for option, name in (("--group", "city"), ("--time", "when")):
        text = invoke("init", path, "--target", "kind", option, name).stdout
        assert yaml.safe_load(text)["data"][option[2:]] == name
    assert "did you mean 'city'" in invoke("init", path, "--target", "kind", "--group", "citi").stderr
    assert "is the target" in invoke("init", path, "--target", "kind", "--group", "kind").stderr
    both = invoke("init", path, "--target", "kind", "--group", "city", "--time", "when")
    assert "one of the two decides" in both.stderr


def test_a_time_whose_notation_is_in_doubt_is_asked_about(tmp_path):
    path = made(tmp_path, when=lambda i: f"0{i // 25 + 1}/05/2025", u=u, kind=letter)
    made_for = first_config(str(path), ["kind"], Wish(time="when"))
    assert yaml.safe_load(made_for.answered)["data"]["columns"]["when"]["date"] == "%m/%d/%Y"
    (tmp_path / "c.yaml").write_text(made_for.text)
    refused = invoke("fit", tmp_path / "c.yaml", "--out", tmp_path / "run")
    assert "'when' holds dates or times in another notation, e.g. '01/05/2025'" in refused.stderr


def test_dates_become_parts_and_the_comment_says_how_to_leave_them_out(tmp_path):
    path = made(tmp_path, day=lambda i: f"2024-01-{1 + i % 28:02}", u=u, kind=letter)
    text = first_config(str(path), ["kind"]).text
    assert yaml.safe_load(text)["data"]["dates"] == "parts"
    assert "# day: days since 1970-01-01, with the time of year, week and day" in text


def test_the_comment_on_dates_tells_days_from_times_of_day(tmp_path):
    def at(i: int) -> str:
        return f"{i % 24:02}:{7 * i % 60:02}"

    path = made(tmp_path, leaves=at, u=u, kind=letter)
    said = "leaves: the part of the day that has passed, with its sine and cosine"
    assert f"# {said}\n" in first_config(str(path), ["kind"]).text
    path = made(tmp_path, day=lambda i: f"2024-01-{1 + i % 28:02}", leaves=at, u=u, kind=letter)
    text = first_config(str(path), ["kind"]).text
    assert f"# day: days since 1970-01-01, with the time of year, week and day; {said}\n" in text


def test_lopsided_classes_get_probabilities_and_a_threshold_and_no_weights(tmp_path):
    path = made(tmp_path, u=u, kind=lambda i: "rare" if i % 10 == 0 else "usual")
    config = config_of(path, "kind")
    assert "class_weights" not in config["loss"]
    assert config["train"]["monitor"] == "val_calibrated_log_loss"
    assert config["calibration"] == "temperature"
    assert config["decision"] == {"metric": "f1", "positive": "rare"}


def test_lopsided_numbers_of_classes_name_the_rare_one_and_three_classes_have_no_threshold(tmp_path):
    path = made(tmp_path, u=u, kind=lambda i: 1 if i % 10 else 0)
    assert config_of(path, "kind")["decision"]["positive"] == "0"
    path = made(tmp_path, u=u, kind=lambda i: "rare" if i % 10 == 0 else f"usual{i % 2}")
    config = config_of(path, "kind")
    assert "decision" not in config
    assert config["calibration"] == "temperature"


def test_classes_of_one_size_ask_for_no_threshold(tmp_path):
    assert "decision" not in config_of(made(tmp_path, u=u, kind=letter), "kind")


def test_numbers_are_scaled_by_quartiles_and_cut_into_bins(tmp_path):
    data = config_of(made(tmp_path, u=u, kind=letter), "kind")["data"]
    assert (data["scale"], data["numeric"]) == ("smooth_clip", {"encode": "piecewise"})


def test_pixels_keep_their_common_unit():
    data = config_of(Path("data/digits.csv"), "digit")["data"]
    assert (data["scale"], data["image_shape"]) == ("minmax", [8, 8])
    assert "numeric" not in data


def test_pixels_may_be_shares_and_other_shares_are_no_picture(tmp_path):
    X, y = np.random.default_rng(0).random((60, 64)), np.arange(60) % 3
    np.savez(tmp_path / "p.npz", X=X, y=y)
    data = config_of(tmp_path / "p.npz", "y")["data"]
    assert (data["scale"], data["image_shape"], data.get("numeric")) == ("minmax", [8, 8], None)
    for other in (X[:, :63], X * 2 - 1, X * 3):
        np.savez(tmp_path / "p.npz", X=other, y=y)
        assert config_of(tmp_path / "p.npz", "y")["data"]["scale"] == "smooth_clip"


def test_batch_and_layers_follow_the_number_of_rows(tmp_path):
    small = config_of(made(tmp_path, u=u, kind=letter), "kind")
    rows = [[u(i), letter(i)] for i in range(8_000)]
    large = config_of(write(tmp_path / "large.csv", ["u", "kind"], rows), "kind")
    assert (small["train"]["batch_size"], large["train"]["batch_size"]) == (32, 128)
    assert (small["model"]["hidden"], large["model"]["hidden"]) == ([128, 128], [64, 64])


def test_a_preset_is_one_network_or_the_mean_of_five(tmp_path):
    path = str(made(tmp_path, u=u, kind=letter))

    def parts(**wish):
        config = yaml.safe_load(first_config(path, ["kind"], Wish(**wish)).text)
        return config["train"].get("folds"), config["data"]["val"], config["data"]["test"]

    assert parts() == parts(preset="good") == (5, 0, 0)
    assert parts(preset="fast") == (None, 0.2, 0)
    assert parts(test=0.3) == (5, 0, 0.3)
    assert parts(preset="fast", test=0.3) == (None, 0.2, 0.3)


def test_folds_are_left_out_where_they_take_long_or_break_the_order_of_time(tmp_path):
    assert usual_effort(None, Size(10_000, 20), timed=False) == ("good", "", None)
    long = usual_effort(None, Size(1_000_000, 20), timed=False)
    assert long.preset == "fast"
    assert re.fullmatch(r"preset fast: good would take about \d+ minutes on one core", long.reason)
    assert usual_effort("good", Size(1_000_000, 20), timed=False).preset == "good"
    assert usual_effort("good", Size(1000, 2), timed=True).preset == "fast"


def test_what_is_written_runs_as_it_is_with_every_kind_of_column(tmp_path):
    path = made(
        tmp_path,
        id=lambda i: i,
        day=lambda i: "" if i % 50 == 0 else f"2024-01-{1 + i % 28:02}",
        member=lambda i: ["true", "false", ""][i % 3],
        a=lambda i: ["x", "y", "", "zet"][i % 4],
        rare=lambda i: f"r{i}" if i % 40 == 0 else "usual",
        u=lambda i: "" if i % 9 == 0 else u(i),
        kind=letter,
    )
    out = tmp_path / "first.yaml"
    assert invoke("init", path, "--target", "kind", "-o", out).exit_code == 0
    result = invoke("fit", out, "--out", tmp_path / "run", "--quiet", "--set", "train.epochs=2")
    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize("name", ["colon: #1", "no", "- dash", "12", "gerät", "{x}", 'a"b', "null"])
def test_any_name_of_a_column_is_written_as_yaml_reads_it(tmp_path, name):
    rows = [["same", u(i), letter(i)] for i in range(N)]
    path = write(tmp_path / "t.csv", [name, "u", "kind of"], rows)
    config = load_config(yaml.safe_load(first_config(str(path), ["kind of"]).text))
    assert config.data.ignore == (name,)
    assert config.data.target == "kind of"


def test_a_header_of_numbers_is_doubted(tmp_path):
    (tmp_path / "t.csv").write_text("5.1,3.5,a\n" + "4.9,3.0,a\n6.2,2.9,b\n" * 20)
    text = invoke("init", tmp_path / "t.csv", "--target", "a").stdout
    assert "# The header holds numbers: 5.1, 3.5, a.\n# If that is a row of data" in text
    (tmp_path / "t.csv").write_text("0,1,a\n" + "4.9,3.0,a\n6.2,2.9,b\n" * 20)
    assert "# The header" not in invoke("init", tmp_path / "t.csv", "--target", "a").stdout


def test_a_wrong_target_gets_the_nearest_column(tmp_path):
    path = made(tmp_path, u=u, v=v, price=u)
    result = invoke("init", path, "--target", "prise")
    assert result.exit_code == 3
    assert faults(result) == [f"{path}: no column 'prise', did you mean 'price'? (it has u, v, price)"]


def test_a_target_that_is_different_in_every_row_is_refused(tmp_path):
    result = invoke("init", made(tmp_path, u=u, name=lambda i: f"n{i}"), "--target", "name")
    assert result.exit_code == 3
    assert faults(result) == [
        "target 'name' has 200 different values in 200 rows: "
        "too many classes; is it an id or a free text?"
    ]


def test_rows_without_a_target_are_left_out_which_is_said(tmp_path):
    path = made(tmp_path, u=u, v=v, y=lambda i: "" if i % 50 == 0 else u(i) * 3)
    proposal = first_config(str(path), ["y"])
    assert yaml.safe_load(proposal.text)["data"]["target_missing"] == "drop"
    assert "4 rows without y: left out; error refuses them" in proposal.notes
    assert "target_missing" not in first_config(str(path), ["u"]).text


def test_a_long_tail_is_named_and_predictions_stay_in_a_range_that_is_not_negative(tmp_path):
    path = made(
        tmp_path, u=u, v=v, price=lambda i: round(math.exp(v(i)), 3), even=lambda i: 5 + i * i % 97,
        change=lambda i: i * i % 97 - 50.5,
    )  # fmt: skip
    found = {name: config_of(path, name)["data"] for name in ("price", "even", "change")}
    assert {name for name, data in found.items() if data.get("clip_target")} == {"price", "even"}
    assert {name for name, data in found.items() if "scale_target" in data} == {"price"}
    assert "price: a long tail; log learns medians" in first_config(str(path), ["price"]).text


def test_without_a_file_the_config_goes_to_stdout(tmp_path):
    path = made(tmp_path, u=u, kind=letter)
    assert invoke("init", path, "--target", "kind").stdout == first_config(str(path), ["kind"]).text


def test_a_file_is_replaced_only_by_force(tmp_path):
    path, out = made(tmp_path, u=u, kind=letter), tmp_path / "c.yaml"
    out.write_text("mine")
    result = invoke("init", path, "--target", "kind", "-o", out)
    assert result.exit_code == 2
    assert faults(result) == [f"{out}: already exists; name another file, or replace it with --force"]
    assert out.read_text() == "mine"

    assert invoke("init", path, "--target", "kind", "-o", out, "--force").exit_code == 0
    assert out.read_text().startswith("# A first config")


@pytest.mark.slow
def test_arrays_get_a_config_too(tmp_path):
    config = config_of(Path("data/mnist5k.npz"), "y")
    assert config["data"]["image_shape"] == [28, 28]
    assert "ignore" not in config["data"]


@pytest.mark.parametrize(
    "name", ["Unnamed: 0", "level_0", "RowNumber", "__index_level_0__", "index", "row_nr", "rownames"]
)
def test_the_index_of_a_sample_is_left_out_whoever_wrote_it(tmp_path, name):
    path = made(tmp_path, **{name: lambda i: i * 7 % 1009}, u=u, v=v, kind=letter)
    assert reasons(path, "kind") == {name: "numbers the rows, by its name"}
    said = invoke("init", path, "--target", "kind").stderr
    assert re.search(rf"^{name} +number +0 +left out +numbers the rows, by its name", said, re.M)
    assert "note:" not in said


@pytest.mark.slow
def test_the_index_in_a_parquet_file_is_left_out(tmp_path):
    frame = polars.DataFrame(
        {
            "u": [u(i) for i in range(N)],
            "y": [v(i) for i in range(N)],
            "__index_level_0__": [i * 7 % 1009 for i in range(N)],
        }
    )
    frame.write_parquet(tmp_path / "t.parquet")
    assert config_of(tmp_path / "t.parquet", "y")["data"]["ignore"] == ["__index_level_0__"]


def test_few_rows_that_count_are_an_index_and_a_level_of_few_values_is_none(tmp_path):
    rows = [[i + 1, i % 4, u(i), v(i)] for i in range(12)]
    path = write(tmp_path / "t.csv", ["case", "level_0", "u", "y"], rows)
    assert reasons(path, "y") == {"case": "numbers the rows"}


@pytest.mark.parametrize(
    ("number", "how"),
    [
        (lambda i: 10 * i, ", in equal steps"),
        (lambda i: 5000 - 2 * i, ", in equal steps"),
        (lambda i: 10**12 + i, ""),
        (lambda i: f"{i}.0", ""),
    ],
)
def test_what_counts_in_equal_steps_numbers_the_rows_whatever_its_name(tmp_path, number, how):
    path = made(tmp_path, batch=number, u=u, y=v)
    assert reasons(path, "y") == {"batch": f"numbers the rows{how}"}


def test_the_only_column_is_learned_from_though_it_counts(tmp_path):
    for x in (lambda i: 10 * i, lambda i: i + 1):
        said = invoke("init", made(tmp_path, x=x, y=v), "--target", "y")
        assert "ignore" not in yaml.safe_load(said.stdout)["data"]
        assert notes_of(said) == [
            "note: x: whole numbers, all different, close together or rising: "
            "ignore them if they number rows"
        ]


@pytest.mark.parametrize("name", ["No.", "Nr.", "OBJECTID", "SNo", "uid", "pk", "seq"])
def test_a_name_of_an_id_is_known_by_its_last_word(tmp_path, name):
    path = made(tmp_path, **{name: lambda i: i * i * 7919 % 1_000_003}, u=u, y=v)
    assert reasons(path, "y") == {name: "looks like an id: nearly every row has its own"}


@pytest.mark.parametrize("number", [lambda i: i * 7 % 499, lambda i: i * i + i % 2])
def test_whole_numbers_that_all_differ_and_are_close_or_rise_are_doubted(tmp_path, number):
    path = made(tmp_path, ticket=number, u=u, y=v)
    doubt = "whole numbers, all different, close together or rising: ignore them if they number rows"
    assert f"# ticket: {doubt}.\n" in first_config(str(path), ["y"]).text
    assert notes_of(invoke("init", path, "--target", "y")) == [f"note: ticket: {doubt}"]


def test_points_that_may_separate_thousands_are_doubted(tmp_path):
    people = lambda i: f"{i}" if i < 100 else f"{i % 9 + 1}.{i:03}"  # noqa: E731
    path = made(tmp_path, people=people, ratio=lambda i: f"{i % 9}.{i:03}", y=v)
    said = invoke("init", path, "--target", "y")
    doubt = (
        "people: points, read as decimal points, may separate thousands: is 1.234 1234? "
        "see data.columns"
    )
    assert f"# {doubt}.\n" in said.stdout
    assert notes_of(said) == [f"note: {doubt}"]
    assert "columns" not in yaml.safe_load(said.stdout)["data"]
    answered = said.stdout.replace("  # columns:", "  columns:").replace("    # people:", "    people:")
    config = yaml.safe_load(answered)
    assert config["data"]["columns"] == {"people": {"thousands": "."}}
    numbers = load(load_config(config)).preprocessing.columns[0]
    assert numbers.name == "people"
    assert numbers.high > 9000


# amounts below 1,000 with cents: new rows may have larger ones
THOUSANDS = {"thousands": ".", "unit": "€"}
KILO = {"thousands": ",", "unit": "kg", "missing": ["n/a"]}
NOTATIONS = {
    "comma": (lambda i: f"{1000 * u(i):,.1f}", {"thousands": ","}),
    "money": (lambda i: f"${1000 * u(i):,.2f}", {"thousands": ",", "unit": "$"}),
    "euro": (lambda i: f"{u(i):.2f} €".replace(".", ","), THOUSANDS | {"decimal": ","}),
    "percent": (lambda i: f"{u(i):.2f}%", {"unit": "%"}),
    "brackets": (lambda i: f"({u(i):.2f})" if i % 3 else "5", {"negative": "brackets"}),
    "trailing": (lambda i: f"{u(i):.2f}-" if i % 3 else "5", {"negative": "trailing"}),
    "minus": (lambda i: f"−{u(i):.2f}" if i % 3 else "5", {"negative": "sign"}),
    "swiss": (lambda i: f"{1000 * u(i):,.0f}".replace(",", "'"), {"thousands": "'"}),
    "narrow": (lambda i: f"{1000 * u(i):,.0f}".replace(",", "\u202f"), {"thousands": " "}),
    "kilo": (lambda i: "n/a" if i == 3 else f"{u(i):.2f} kg", KILO),
}


def test_numbers_in_a_notation_are_recognised_declared_and_told(tmp_path):
    path = made(tmp_path, **{name: text for name, (text, _) in NOTATIONS.items()}, y=v)
    said = invoke("init", path, "--target", "y")
    config = yaml.safe_load(said.stdout)
    assert config["data"]["columns"] == {name: declared for name, (_, declared) in NOTATIONS.items()}
    assert 'money: {thousands: ",", unit: "$"}  # $10,050.00 is 10050.00\n' in said.stdout
    told = "note: money: '$10,050.00' is read as 10050.00"
    assert f"{told} (data.columns.money)" in said.stderr.splitlines()
    assert len(load(load_config(config)).preprocessing.inputs) == len(NOTATIONS)


def test_a_target_in_a_notation_is_a_regression(tmp_path):
    config = config_of(made(tmp_path, u=u, price=NOTATIONS["money"][0]), "price")
    assert config["loss"] == "mse"
    data = load(load_config(config))
    assert data.train.truth.max() == 10050


def test_classes_that_look_like_numbers_in_a_notation_keep_their_names(tmp_path):
    config = config_of(made(tmp_path, u=u, rating=lambda i: f"{i % 5 + 1} stars"), "rating")
    assert "columns" not in config["data"]
    assert load(load_config(config)).classes == tuple(f"{i} stars" for i in range(1, 6))


def test_a_notation_that_only_one_meaning_fits_is_taken_and_any_other_asked(tmp_path):
    people = lambda i: f"{i % 9 + 1},{i:03}"  # noqa: E731
    path = made(tmp_path, people=people, sure=lambda i: "1,234,567" if i == 7 else people(i), u=u, y=v)
    said = invoke("init", path, "--target", "y")
    asked = "note: people: '9,197' may be 9.197 or 9197: choose in data.columns.people"
    assert asked in said.stderr.splitlines()
    config = yaml.safe_load(said.stdout)
    assert config["data"]["ignore"] == ["people"]
    assert config["data"]["columns"] == {"sure": {"thousands": ","}}
    for line, factor in (("{thousands: ", 1), ("{decimal: ", 1000)):
        answered = yaml.safe_load(said.stdout.replace(f"# people: {line}", f"people: {line}"))
        del answered["data"]["ignore"]
        assert 9000 < factor * load(load_config(answered)).preprocessing.columns[0].high < 9198


def test_a_cell_that_is_no_number_in_the_notation_is_left_to_the_user(tmp_path):
    path = made(tmp_path, price=lambda i: "gone" if i == 5 else f"{u(i):.2f} €", y=v)
    said = invoke("init", path, "--target", "y")
    assert "'gone': correct, or add to data.columns.price.missing: fit refuses it" in said.stderr
    config = yaml.safe_load(said.stdout)
    with pytest.raises(DataError, match=r"table\.csv:7: price: 'gone' is not written as declared"):
        load(load_config(config))
    config["data"]["columns"]["price"]["missing"] = ["gone"]
    load(load_config(changed(config, {"data.missing": "median"})))


def day(i: int) -> date:
    return date(2026, 1, 1) + timedelta(days=i)


DATES = {
    "german": (lambda i: f"{day(i):%d.%m.%Y}", "%d.%m.%Y"),
    "american": (lambda i: f"{day(i):%m/%d/%Y}", "%m/%d/%Y"),
    "month": (lambda i: f"{day(i):%d-%b-%Y}", "%d-%b-%Y"),
    "long": (lambda i: f"{day(i):%B %d, %Y}", "%B %d, %Y"),
    "clock": (lambda i: f"{day(i):%d/%m/%Y} {i % 12 + 1}:05 PM", "%d/%m/%Y %I:%M %p"),
    "slashes": (lambda i: f"{day(i):%Y/%m/%d} 05:00:{i % 60:02}", "%Y/%m/%d %H:%M:%S"),
    "short": (lambda i: f"{day(i):%d.%m.%y}", "%d.%m.%y"),
    "time": (lambda i: f"{i % 24}:{i % 60:02}", "%H:%M"),
    "joined": (lambda i: f"{i % 12 + 1}:{i % 60:02}pm", "%I:%M%p"),
    "half": (lambda i: f"{i % 12 + 1}:{i % 60:02} PM", "%I:%M %p"),
}


def test_dates_in_another_form_are_recognised_declared_and_told(tmp_path):
    path = made(tmp_path, **{name: text for name, (text, _) in DATES.items()}, y=v)
    said = invoke("init", path, "--target", "y")
    config = yaml.safe_load(said.stdout)
    assert config["data"]["columns"] == {name: {"date": form} for name, (_, form) in DATES.items()}
    told = "note: american: '07/19/2026' is read as 2026-07-19 (data.columns.american)"
    assert told in said.stderr.splitlines()
    columns = {each.name: each for each in load(load_config(config)).preprocessing.columns}
    assert columns["german"].low == columns["american"].low == columns["long"].low
    assert columns["german"].low == columns["short"].low
    assert columns["time"].shown(columns["time"].high) == "23:59"
    parts = ("month sine", "weekday sine", "hour sine")
    assert [f"time {part}" in columns["time"].outputs for part in parts] == [False, False, True]


def test_a_date_that_may_be_two_days_is_asked(tmp_path):
    path = made(tmp_path, when=lambda i: f"{i % 12 + 1:02}/{i % 11 + 1:02}/2026", u=u, y=v)
    said = invoke("init", path, "--target", "y")
    asked = "note: when: '12/11/2026' may be 2026-11-12 or 2026-12-11: choose in data.columns.when"
    assert asked in said.stderr.splitlines()
    assert yaml.safe_load(said.stdout)["data"]["ignore"] == ["when"]
    for form in ("%d/%m/%Y", "%m/%d/%Y"):
        assert f'    # when: {{date: "{form}"}}  # 12/11/2026 is ' in said.stdout


def test_a_date_whose_year_may_be_the_first_or_the_last_number_is_asked(tmp_path):
    path = made(tmp_path, when=lambda i: f"{i % 3 + 24}-{i % 12 + 1:02}-{i % 16 + 13}", u=u, y=v)
    said = invoke("init", path, "--target", "y")
    asked = "note: when: '26-12-28' may be 2028-12-26 or 2026-12-28: choose in data.columns.when"
    assert asked in said.stderr.splitlines()
    path = made(tmp_path, when=lambda i: f"{i % 3 + 24}-{i % 12 + 1:02}-{i % 28 + 1:02}", u=u, y=v)
    path.write_text(path.read_text().replace("25-02-02", "99-02-02"))
    said = invoke("init", path, "--target", "y")
    assert yaml.safe_load(said.stdout)["data"]["columns"] == {"when": {"date": "%y-%m-%d"}}


def test_many_codes_that_are_numbers_are_named_with_the_line_that_makes_them_categories(tmp_path):
    rows = [[10_000 + i * 13 % 800, i * 37 % 101 / 10, i * 61 % 89 / 7] for i in range(2000)]
    path = write(tmp_path / "t.csv", ["PostalCode", "u", "y"], rows)
    found = first_config(str(path), ["y"])
    (told,) = (note for note in found.notes if note.startswith("PostalCode"))
    way = "{kind: category, encode: target}"
    advice = f"or write {way} in data.columns, categorical: {{unseen: zeros}}"
    assert told == f"PostalCode (800 values): codes, treated as quantities; {advice}"
    config = changed(yaml.safe_load(found.text), {"train.folds": None, "data.val": 0.2})
    config["data"] |= {
        "columns": {"PostalCode": yaml.safe_load(way)},
        "categorical": {"unseen": "zeros"},
    }
    assert load(load_config(config)).features[0].startswith("PostalCode~")


def test_a_target_whose_squares_overflow_is_refused_in_one_line(tmp_path):
    path = made(tmp_path, hour=lambda i: i % 24, u=u, y=lambda i: [1.5, 1e308, 3.5e307][i % 3])
    said = faults(invoke("init", path, "--target", "y"))
    assert said == [f"{path}: y: values too far apart to scale"]
    huge = np.where(np.arange(90) % 3 == 1, 9e307, 1e307)
    hours = np.repeat(np.arange(3.0), 30)
    assert zigzag(hours, np.where(hours == 1, 9e307, 1e307), "y") == (
        "y has mean 1e+307 at 0, 9e+307 at 1, 1e+307 at 2"
    )
    assert skewness(huge) == pytest.approx(skewness(huge / 1e307))
    assert share_of_farthest(huge) == pytest.approx(share_of_farthest(huge / 1e307))


def test_codes_with_letters_are_not_taken_as_numbers(tmp_path):
    codes = {"seat": lambda i: f"{i % 7}{'ABC'[i % 3]}", "quarter": lambda i: f"Q{i % 4 + 1}"}
    config = config_of(made(tmp_path, **codes, u=u, y=v), "y")
    assert "columns" not in config["data"]


def test_values_that_differ_in_spelling_only_are_named(tmp_path):
    path = made(tmp_path, u=u, answer=lambda i: ["yes", "no", "Yes"][i % 3])
    said = invoke("init", path, "--target", "answer")
    assert notes_of(said) == ["note: answer: 'Yes' and 'yes' count as two values"]


@pytest.mark.parametrize("role", ["target", "feature"])
def test_values_that_look_alike_on_the_screen_are_named_by_init_and_by_fit(tmp_path, role):
    forms = [normalize(form, "Z\u00fcrich") for form in ("NFD", "NFC")]
    path = made(tmp_path, u=u, city=lambda i: ["Bern", *forms][i % 3], y=v)
    config = first_config(str(path), ["city" if role == "target" else "y"])
    first, second = forms
    look = "which look alike (Unicode NFC and NFD),"
    told = f"city: {first!r} and {second!r}, {look} count as two values"
    assert told in config.notes
    settings = load_config(changed(yaml.safe_load(config.text), {"train.folds": None, "data.val": 0.2}))
    assert told in load(settings).notes


def test_a_sign_for_nothing_among_categories_is_named(tmp_path):
    cells = ["red", "blue", "n/a", "none"]
    path = made(tmp_path, u=u, colour=lambda i: cells[i % 4], y=v)
    said = invoke("init", path, "--target", "y")
    told = "colour: 'n/a' is treated as a category; if it means none, write data.columns.colour.missing"
    assert notes_of(said) == [f"note: {told}"]
    config = yaml.safe_load(said.stdout)
    config["data"]["columns"] = {"colour": {"missing": ["n/a"]}}
    outputs = load(load_config(config)).features
    assert [each for each in outputs if each.startswith("colour")] == [
        f"colour={each}" for each in ("blue", "none", "red")
    ]


def test_a_target_of_one_number_is_refused_as_one_class_is(tmp_path):
    path = made(tmp_path, u=u, y=7.5)
    found = "target 'y' has one value, 7.5, in every row: there is nothing to learn"
    assert faults(invoke("init", path, "--target", "y")) == [found]
    path = made(tmp_path, u=u, y=lambda i: ["1", "1.0"][i % 2])
    found = (
        "target 'y' has one value, 1, in every row (written '1' and '1.0'): there is nothing to learn"
    )
    assert faults(invoke("init", path, "--target", "y")) == [found]


def test_a_text_or_a_blank_is_a_flag_of_two_states(tmp_path):
    path = made(tmp_path, flag=lambda i: "Y" if i % 4 == 0 else "", u=u, kind=letter)
    config = yaml.safe_load(first_config(str(path), ["kind"]).text)
    assert "ignore" not in config["data"]
    data = load(load_config(changed(config, {"train.folds": None, "data.val": 0.2})))
    (place,) = (n for n, name in enumerate(data.features) if name.startswith("flag"))
    assert set(np.unique(data.train.inputs.numbers[:, place])) == {0, 1}


@pytest.mark.parametrize("path", ["/dev/fd/63", "/proc/self/fd/63"])
def test_a_config_is_not_written_for_a_stream_that_ends_with_the_command(path, tmp_path):
    said = invoke("init", path, "--target", "y", "-o", tmp_path / "c.yaml")
    assert said.exit_code == 2
    assert said.stderr == (
        f"error: mlptrain init: {path} ends with this command, and the config would name it: "
        "write the table to a file; mlptrain init --help tells more\n"
    )
    assert not (tmp_path / "c.yaml").exists()
