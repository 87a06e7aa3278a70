"""The first config of a table: roles, task and settings, each with its reason; and it runs as it is."""

import math
from pathlib import Path

import polars
import pytest
import yaml
from runs import faults, invoke
from tables import write

from mlptrain.config import load_config
from mlptrain.tools.first_config import first_config

N = 200
USE = "; delete the line to use it"


def made(tmp_path: Path, **columns: object) -> Path:
    """A table of these columns; a function gives the value of each row."""
    values = [[f(i) if callable(f) else f for f in columns.values()] for i in range(N)]
    return write(tmp_path / "table.csv", list(columns), values)


def config_of(path: Path, *targets: str) -> dict:
    return yaml.safe_load(first_config(str(path), targets).text)


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
    assert config_of(path, "kind")["loss"] == "softmax"
    assert config_of(path, "u")["loss"] == "mse"


def test_a_few_whole_numbers_are_classes_and_many_are_a_regression(tmp_path):
    path = made(tmp_path, u=u, few=lambda i: i % 7, many=lambda i: i * i % 97)
    assert config_of(path, "few")["loss"] == "softmax"
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
    assert config_of(path, "label")["loss"] == "softmax"


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
        "write plain numbers: 1234.5 for $1,234.50",
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


def test_blanks_are_filled_and_marked_and_a_complete_table_stays_strict(tmp_path):
    path = made(tmp_path, u=lambda i: "" if i % 9 == 0 else u(i), kind=letter)
    assert config_of(path, "kind")["data"]["missing"] == {"policy": "median", "indicator": True}
    assert "missing" not in config_of(made(tmp_path, u=u, kind=letter), "kind")["data"]


def test_blank_and_rare_categories_become_zeros(tmp_path):
    path = made(tmp_path, a=lambda i: "rare" if i == 5 else letter(i), u=u, kind=letter)
    assert config_of(path, "kind")["data"]["categorical"] == {"encode": "one_hot", "unseen": "zeros"}
    path = made(tmp_path, a=lambda i: "" if i % 8 == 5 else letter(i), u=u, kind=letter)
    assert config_of(path, "kind")["data"]["categorical"] == {"encode": "one_hot", "missing": "zeros"}


def test_dates_become_days_and_the_comment_says_how_to_leave_them_out(tmp_path):
    path = made(tmp_path, day=lambda i: f"2024-01-{1 + i % 28:02}", u=u, kind=letter)
    text = first_config(str(path), ["kind"]).text
    assert yaml.safe_load(text)["data"]["dates"] == "number"
    assert "# day: days since 1970-01-01; `ignore` leaves them out" in text


def test_lopsided_classes_are_weighted(tmp_path):
    path = made(tmp_path, u=u, kind=lambda i: "rare" if i % 10 == 0 else "usual")
    assert config_of(path, "kind")["loss"] == {"name": "softmax", "class_weights": "balanced"}
    assert config_of(made(tmp_path, u=u, kind=letter), "kind")["loss"] == "softmax"


def test_outliers_ask_for_robust_scaling(tmp_path):
    path = made(tmp_path, u=lambda i: 1e6 if i == 7 else u(i), kind=letter)
    assert config_of(path, "kind")["data"]["scale"] == "robust"
    assert config_of(made(tmp_path, u=u, kind=letter), "kind")["data"]["scale"] == "standard"


def test_pixels_keep_their_common_unit():
    data = config_of(Path("data/digits.csv"), "digit")["data"]
    assert (data["scale"], data["image_shape"]) == ("minmax", [8, 8])


def test_network_batch_and_epochs_follow_the_number_of_rows(tmp_path):
    small = config_of(made(tmp_path, u=u, kind=letter), "kind")
    rows = [[u(i), letter(i)] for i in range(20_000)]
    large = config_of(write(tmp_path / "large.csv", ["u", "kind"], rows), "kind")
    assert (small["model"]["hidden"], large["model"]["hidden"]) == ([64], [256])
    assert (small["train"]["batch_size"], large["train"]["batch_size"]) == (16, 128)
    assert small["train"]["epochs"] > large["train"]["epochs"]
    assert large["train"]["early_stopping"]["patience"] >= 10


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
    assert faults(result) == [f"{out}: is there already; name another file, or replace it with --force"]
    assert out.read_text() == "mine"

    assert invoke("init", path, "--target", "kind", "-o", out, "--force").exit_code == 0
    assert out.read_text().startswith("# A first config")


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
    assert invoke("init", path, "--target", "kind").stderr == (
        f"note: left out: {name} (numbers the rows, by its name)\n"
    )


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


def test_close_whole_numbers_that_all_differ_are_doubted(tmp_path):
    path = made(tmp_path, ticket=lambda i: i * 7 % 499, u=u, y=v)
    doubt = "whole numbers, all different and close together: ignore them if they number the rows"
    assert f"# ticket: {doubt}.\n" in first_config(str(path), ["y"]).text
    assert invoke("init", path, "--target", "y").stderr == f"note: ticket: {doubt}\n"


def test_points_that_may_separate_thousands_are_doubted(tmp_path):
    people = lambda i: f"{i}" if i < 100 else f"{i % 9 + 1}.{i:03}"  # noqa: E731
    path = made(tmp_path, people=people, ratio=lambda i: f"{i % 9}.{i:03}", y=v)
    said = invoke("init", path, "--target", "y")
    advice = "points, read as decimal points, may separate thousands: write 1234 for 1.234 if so"
    doubt = f"people: {advice}"
    assert f"# {doubt}.\n" in said.stdout
    assert said.stderr == f"note: {doubt}\n"


def test_values_that_differ_in_spelling_only_are_named(tmp_path):
    path = made(tmp_path, u=u, answer=lambda i: ["yes", "no", "Yes"][i % 3])
    said = invoke("init", path, "--target", "answer").stderr
    assert said == "note: answer: 'Yes' and 'yes' are taken as two values\n"


def test_a_target_of_one_number_is_refused_as_one_class_is(tmp_path):
    path = made(tmp_path, u=u, y=7.5)
    found = "target 'y' has one value, 7.5, in every row: there is nothing to learn"
    assert faults(invoke("init", path, "--target", "y")) == [found]
