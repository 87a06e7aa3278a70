"""Every piece of advice about a table works: an input that is refused, its advice applied, and it runs.

What stands between backticks is put into the config as it is, each alternative by itself and what is
joined by `and` together; what is to be done to the file is done to its text.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from helpers import changed
from runs import faults, invoke
from tables import write

N = 60
SECTION = ("ignore", "missing", "columns", "categorical", "dates")


def u(i: int) -> Any:
    return (i * 37 % 101) / 10


def y(i: int) -> Any:
    return (i * 61 % 89) / 7


class Refused(NamedTuple):
    """Columns by name, keys of the config, a part of the advice, and what it does to the file."""

    columns: dict[str, Callable[[int], Any]]
    advice: str
    keys: dict[str, Any] = {}  # noqa: RUF012
    edit: Callable[[str], str] | None = None


def once(value: Any, otherwise: Callable[[int], Any] = u) -> Callable[[int], Any]:
    return lambda i: value if i == 7 else otherwise(i)


def drop(text: str, word: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if word not in line)


CASES = {
    "blank number": Refused({"x": once("")}, "write `missing: mean`"),
    "marker": Refused({"x": once("n/a")}, '`columns: {x: {missing: ["n/a"]}}` and `missing: median`'),
    "awkward name": Refused({"net, #1": once("-")}, '`columns: {"net, #1": {missing: ["-"]}}`'),
    "misprint": Refused(
        {"x": lambda i: "abc" if i % 5 == 0 else i % 9},
        "correct them or leave them empty; if x is a category: ",
    ),
    "blank category": Refused(
        {"x": once("", lambda i: "ab"[i % 2])}, "{encode: one_hot, missing: zeros}"
    ),
    "free text": Refused(
        {"x": lambda i: f"called {i}"}, "too many for categories; write `ignore: [x]`"
    ),
    "text refused": Refused(
        {"x": lambda i: "ab"[i % 2]}, "`categorical: one_hot`", {"data.categorical": "error"}
    ),
    "dates": Refused({"x": lambda i: f"2026-01-{i % 28 + 1:02}"}, "`dates: parts`"),
    "empty": Refused({"x": lambda i: ""}, "write `ignore: [x]`"),
    "no name": Refused({"": u}, '`ignore: [""]`'),
    "digits": Refused({"x": lambda i: 10**19 + i % 3}, "codes are categories by"),
    "text as a number": Refused(
        {"y": lambda i: "ab"[i % 2]}, "to predict a class: `loss: softmax`", {"loss": "mse"}
    ),
    "number as a class": Refused({}, "is the target a number (`loss: mse`)", {"loss": "softmax"}),
    "money": Refused(
        {"x": lambda i: f"${i * 37 % 101 + 1},000.50"},
        "numbers in another notation, e.g. '$1,000.50': declare them: "
        '`columns: {x: {thousands: ",", unit: "$"}}`',
    ),
    "thousands": Refused(
        {"x": lambda i: f"{i % 9 + 1},{i:03}.0"},
        "numbers in another notation, e.g. '1,000.0': declare them: `columns: {x: {thousands: \",\"}}`",
    ),
    "thousands or decimals": Refused(
        {"x": lambda i: f"{i % 9 + 1},{i:03} kg"},
        "numbers in another notation, e.g. '1,000 kg': write plain numbers",
        edit=lambda text: re.sub(r'"(\d),(\d{3}) kg"', r"\1\2", text),
    ),
    "decimal comma": Refused(
        {"x": lambda i: f"{i},{i % 9}"},
        "write decimals with a point",
        edit=lambda text: re.sub(r'"(\d+),(\d)"', r"\1.\2", text),
    ),
    "unit": Refused(
        {"x": lambda i: f"{i / 4} kg" if i % 9 == 0 else i / 4},
        "numbers in another notation: write plain numbers",
        edit=lambda text: text.replace(" kg", ""),
    ),
    "foreign dates": Refused(
        {"x": lambda i: f"{i % 28 + 1:02}.{i % 12 + 1:02}.2026"},
        "dates or times in another notation, e.g. '01.01.2026': declare them: "
        '`columns: {x: {date: "%d.%m.%Y"}}` and `dates: parts`',
    ),
    "infinite": Refused(
        {"x": once("inf")}, "correct them: only finite", edit=lambda text: text.replace("inf", "1")
    ),
    "blank target": Refused(
        {"y": once("gone")},
        "correct them, or delete the rows",
        {"loss": "mse"},
        edit=lambda text: drop(text, "gone"),
    ),
    "header again": Refused(
        {"x": once("x"), "y": once("y")},
        "repeats the header",
        edit=lambda text: text.replace("x,y\n", "", 2).join(["x,y\n", ""]),
    ),
}


def table(tmp_path: Path, case: Refused) -> Path:
    columns = (
        {"x": u, "u": u, "y": y} if set(case.columns) <= {"y"} else {**case.columns, "u": u, "y": y}
    )
    columns |= case.columns
    if set(case.columns) == {"x", "y"}:
        columns = case.columns
    return write(
        tmp_path / "t.csv", list(columns), [[make(i) for make in columns.values()] for i in range(N)]
    )


def settings(advice: str) -> list[dict[str, Any]]:
    """What the advice says to write: alternatives, each of one setting or of several together."""
    found = [yaml.safe_load(each) for each in re.findall(r"`([^`]+)`", advice)]
    keyed = [
        {(f"data.{key}" if key in SECTION else key): value for key, value in each.items()}
        for each in found
    ]
    if "` and `" in advice:
        return [{key: value for each in keyed for key, value in each.items()}]
    return keyed


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_who_follows_the_advice_of_fit_gets_a_run(tmp_path, name):
    case, run = CASES[name], tmp_path / "run"
    path, file = table(tmp_path, case), tmp_path / "c.yaml"
    base = {"data": {"train": str(path), "target": "y"}, "loss": "mse", "train": {"epochs": 1}}
    base = changed(base, case.keys)
    file.write_text(yaml.safe_dump(base))

    said = faults(invoke("fit", file, "--out", run))
    assert any(case.advice in line for line in said), said

    if case.edit is not None:
        path.write_text(case.edit(path.read_text()))
    for answer in settings(said[-1]) if case.edit is None else [{}]:
        file.write_text(yaml.safe_dump(changed(base, answer)))
        result = invoke("fit", file, "--out", run, "--force", "--quiet")
        assert result.exit_code == 0, (answer, result.stderr)


def test_a_line_of_the_first_config_may_be_deleted_where_it_says_so(tmp_path):
    columns = {"counter": lambda i: i + 1, "same": lambda i: 5, "nearly": lambda i: i if i < 4 else ""}
    columns |= {"remark": lambda i: f"r{i}", "u": u, "v": y, "y": lambda i: "ab"[i % 2]}
    path = write(
        tmp_path / "t.csv", list(columns), [[f(i) for f in columns.values()] for i in range(N)]
    )
    text, file = invoke("init", path, "--target", "y").stdout, tmp_path / "c.yaml"
    lines = text.splitlines()
    deletable = [line for line in lines if line.endswith("; delete the line to use it")]
    assert [line.split()[1] for line in deletable] == ["counter", "same"]
    for gone in deletable:
        file.write_text("\n".join(line for line in lines if line != gone))
        result = invoke(
            "fit", file, "--out", tmp_path / "r", "--force", "--quiet", "--set", "train.epochs=1"
        )
        assert result.exit_code == 0, result.stderr


def test_what_is_to_be_uncommented_in_the_first_config_works(tmp_path):
    columns = {"a": once("n/a"), "b": once("Total", y), "u": u, "y": lambda i: "ab"[i % 2]}
    path = write(
        tmp_path / "t.csv", list(columns), [[f(i) for f in columns.values()] for i in range(N)]
    )
    result, file = invoke("init", path, "--target", "y"), tmp_path / "c.yaml"
    assert [line for line in result.stderr.splitlines() if line.startswith("note: ")] == [
        f"note: a: 1 cell of 60 is not a number ({path}:9: 'n/a'): "
        "treated as missing (data.columns.a.missing)",
        f"note: b: 1 cell of 60 is not a number ({path}:9: 'Total'): "
        "correct them, or uncomment data.columns.b.missing: fit refuses them",
    ]
    file.write_text(result.stdout)
    assert f"{path}:9: b: 'Total' is not a number" in faults(
        invoke("fit", file, "--out", tmp_path / "r")
    )

    file.write_text(result.stdout.replace("# b: {missing", "b: {missing"))
    again = invoke(
        "fit", file, "--out", tmp_path / "r", "--force", "--quiet", "--set", "train.epochs=1"
    )
    assert again.exit_code == 0, again.stderr


def test_texts_declared_missing_are_so_in_memory_from_the_cache_and_at_predict(tmp_path):
    rows = [["n/a" if i % 9 == 0 else -999 if i % 7 == 0 else u(i), y(i)] for i in range(N)]
    path, run = write(tmp_path / "t.csv", ["x", "y"], rows), tmp_path / "run"
    blank = [["" if i % 9 == 0 or i % 7 == 0 else x, target] for i, (x, target) in enumerate(rows)]
    plain = write(tmp_path / "blank.csv", ["x", "y"], blank)
    data = {"target": "y", "missing": "median", "columns": {"x": {"missing": ["n/a", "-999"]}}}
    shown = []
    for train, cache in ((path, "none"), (path, str(tmp_path)), (plain, "none")):
        config = {"data": {**data, "train": str(train), "cache": cache}, "loss": "mse", "seed": 1}
        (tmp_path / "c.yaml").write_text(repr({**config, "train": {"epochs": 1}}))
        made = invoke("fit", tmp_path / "c.yaml", "--out", run, "--force", "--quiet")
        assert made.exit_code == 0, made.stderr
        shown += [invoke("predict", run, file).stdout for file in (path, plain)]
    assert shown == shown[:1] * 6


def test_many_absent_columns_are_one_line(tmp_path):
    names = [f"x{j}" for j in range(9)]
    path = write(tmp_path / "t.csv", [*names, "y"], [[*range(9), i % 2] for i in range(N)])
    (tmp_path / "c.yaml").write_text(
        repr({"data": {"train": str(path), "target": "y"}, "train": {"epochs": 1}})
    )
    assert invoke("fit", tmp_path / "c.yaml", "--out", tmp_path / "run", "--quiet").exit_code == 0
    new = write(tmp_path / "new.csv", ["z"], [[1]])
    assert faults(invoke("predict", tmp_path / "run", new)) == [
        f"{new}: 9 columns not there: 'x0', 'x1', 'x2', 'x3', 'x4', 'x5' and 3 more (it has z)"
    ]
