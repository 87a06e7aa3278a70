"""Nothing that is printed is wider than the terminal, and no line ends within a word or a number."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios

import pytest
from click.testing import CliRunner
from helpers import changed
from runs import THIRTY, command, invoke, write_config

from mlptrain.cli import cli
from mlptrain.config import load_config
from mlptrain.messages import columns_of
from mlptrain.report import benchmark
from mlptrain.report.console import stdout
from mlptrain.report.epoch_table import EpochTable
from mlptrain.report.notes import Notes
from mlptrain.report.tables import print_table
from mlptrain.tools.bench import Benchmark
from mlptrain.training.build import build
from mlptrain.training.record import Record

WIDTHS = (60, 80, 100, 120)
CLASSES = ("setosa", "a very long name of a class that fills a line by itself", "virginica")
WIDE = ("日本語の分類", "émigré")
COLUMN = "a_column_whose_name_alone_is_longer_than_sixty_columns_of_a_terminal"


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A run of each kind, on a table with long names and with blanks."""
    place = tmp_path_factory.mktemp("a_directory_with_a_name_that_is_too_long_for_a_line")
    lines = [f"{COLUMN},b,c,y,z,d"]
    for a in range(60):
        blank = "" if a % 9 == 0 else str(a % 7)
        lines.append(f"{a * 1000.5},{blank},{blank},{CLASSES[a % 3]},{a * 1e9 + 0.25},{WIDE[a % 2]}")
    (place / "rows.csv").write_text("\n".join(lines) + "\n")
    table = {"train": str(place / "rows.csv"), "target": "y", "ignore": ["z", "d"]}
    data = {**table, "missing": "mean", "test": 0.2}
    classify = changed(THIRTY, {"data": data, "train.epochs": 2, "train.eval_every": 1})
    regress = changed(classify, {"data.target": "z", "data.ignore": ["y", "d"], "loss": "mse"})
    of_two = {"data.target": "d", "data.ignore": ["y", "z"]}
    each = {"classify": classify, "regress": regress, "two": changed(classify, of_two)}
    for name, config in each.items():
        write_config(place / f"{name}.yaml", config)
        assert invoke("fit", place / f"{name}.yaml", "--out", place / name, "--quiet").exit_code == 0
    return place


def printed(columns, *arguments):
    """All that a command prints on a terminal of so many columns; None for a pipe."""
    env = {"COLUMNS": None if columns is None else str(columns)}
    result = CliRunner(env=env).invoke(cli, [str(each) for each in arguments])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def words(lines):
    """What may not be broken."""
    return {word for line in lines for word in line.split()}


def is_known(word, whole):
    """Whether a word stands in a pipe as well, or is the ends of one that does, or measures time."""
    head, cut, tail = word.partition("…")
    if cut:
        return any(each.startswith(head) for each in whole) and any(
            each.endswith(tail) for each in whole
        )
    return word in whole or word[0] in "─▁▂▃▄▅▆▇█" or re.fullmatch(r"\(?[\d,.]+%?", word)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        "fit classify.yaml --out again --force",
        "fit regress.yaml --out again --force",
        "fit regress.yaml --out folds --folds 2 --force",
        "fit classify.yaml --dry-run",
        "eval classify",
        "eval regress --split train",
        "eval two --cost fp=1,fn=20",
        "explain classify",
        "explain classify --row 3",
        "runs .",
        "watch classify --text",
        "show classify",
        "show regress.yaml",
        "check classify.yaml",
        "gradcheck classify.yaml",
        "trace sigmoid(w0*x0+w1*x1+w2) w0=2 x0=-1 w1=-3 x1=-2 w2=-3",
    ],
)
def test_no_line_is_wider_than_the_terminal_and_no_word_is_broken(here, monkeypatch, arguments):
    monkeypatch.chdir(here)
    pipe = printed(None, *arguments.split())
    for columns in WIDTHS[: 1 if arguments.startswith("check") else None]:
        lines = printed(columns, *arguments.split())

        assert [line for line in lines if columns_of(line.rstrip()) > columns] == []
        assert {word for word in words(lines) if not is_known(word, words(pipe))} == set()


def test_bench_fits_as_well(here, monkeypatch, capsys):
    """Measured once: its times would be others in a pipe."""
    phases = {"batch": 0.1, "forward": 1234.5, "backward": 2, "check": 1e-5, "update": 3}
    measured = Benchmark(1241.25, phases, 1234567.8, 0.123, 4)
    benchmark.show(measured, as_json=False)
    whole = capsys.readouterr().out.splitlines()
    for columns in WIDTHS:
        monkeypatch.setenv("COLUMNS", str(columns))
        benchmark.show(measured, as_json=False)
        lines = capsys.readouterr().out.splitlines()

        assert max(len(line.rstrip()) for line in lines) <= columns
        assert words(lines) == words(whole)


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_table_of_any_size_keeps_its_numbers_and_repeats_the_names_of_its_rows(
    capsys, monkeypatch, columns
):
    monkeypatch.setenv("COLUMNS", str(columns))
    names = [f"column{i}" for i in range(20)]
    rows = [(CLASSES[0], *(123_456_789 + i for i in range(20))), (COLUMN, *range(20))]
    print_table(stdout(), ("name", *names), rows)
    lines = capsys.readouterr().out.splitlines()
    numbers = {f"{number:,}" for row in rows for number in row[1:]}
    cut = {word for word in words(lines) if "…" in word}

    assert max(len(line.rstrip()) for line in lines) <= columns
    assert words(lines) >= {"name", CLASSES[0], *names, *numbers}
    assert all(COLUMN.startswith(word.partition("…")[0]) for word in cut)
    assert sum(line.startswith("name ") for line in lines) > 1
    assert any(line.startswith(COLUMN[:9]) and line.split()[1] == "0" for line in lines)


@pytest.mark.parametrize("columns", [*WIDTHS, 100_000])
def test_a_row_of_the_epochs_has_a_number_under_each_heading(here, columns):
    for name in ("classify", "regress"):
        table = EpochTable(build(load_config(here / f"{name}.yaml")), columns)
        record = json.loads((here / name / "metrics.jsonl").read_text().splitlines()[0])
        lines = [table.heading(), table.row(Record(record, is_best=True))]

        assert max(map(len, lines)) <= min(columns, table.width)
        assert len(lines[1].split()) == len(lines[0].split()) + 1  # the star
        assert {"epoch", "val_loss"} <= words(lines[:1])


def test_columns_of_the_epochs_go_in_the_order_that_is_stated(here):
    experiment = build(load_config(here / "classify.yaml"))
    whole = EpochTable(experiment, 1000)

    assert whole.keys[-1] == "examples_per_second"
    for room, gone in ((whole.width - 1, 1), (whole.width - 13, 2)):
        spare = ["examples_per_second", "learning_rate"][:gone]
        assert EpochTable(experiment, room).keys == [key for key in whole.keys if key not in spare]


@pytest.mark.slow
def test_blanks_are_one_note_for_all_rows_and_columns_and_for_all_folds(here, monkeypatch):
    monkeypatch.chdir(here)
    expected = "note: blanks filled in 2 columns: b (7), c (7); details in summary.json"
    for arguments in (["--out", "again"], ["--out", "folds", "--folds", "3"]):
        lines = printed(None, "fit", "classify.yaml", "--force", *arguments)
        assert [line for line in lines if line.startswith("note:")] == [expected]
    details = json.loads((here / "again" / "summary.json").read_text())["notes"]

    assert {note.split(":")[0] for note in details} > {"train"}
    assert all(" became " in note or " treated as " in note for note in details)


def test_eval_tells_the_blanks_of_its_own_rows(here, monkeypatch):
    monkeypatch.chdir(here)
    splits = [printed(None, "eval", "classify", "--split", name) for name in ("train", "val", "test")]
    told = [re.search(r"^note: blanks filled in 2 columns: b \((\d)\)", lines[0]) for lines in splits]

    assert sum(int(found[1]) for found in told if found) == 7


def test_a_note_is_told_once(capsys):
    notes = Notes()
    for _ in range(2):
        notes.tell(["the first", "the second"])
    notes.tell(["the first", "the third"])

    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"note: the {each}" for each in ("first", "second", "third")]


@pytest.mark.parametrize("columns", [60, 80])
def test_folds_side_by_side_leave_no_bar_in_a_line_and_none_that_is_too_wide(here, columns):
    words = command("fit", here / "classify.yaml", "--out", here / "beside", "--force", "--folds", 3)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    surroundings = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    with subprocess.Popen(
        [*words, "--jobs", "2"], env=surroundings, stdout=theirs, stderr=theirs, stdin=theirs
    ) as job:
        os.close(theirs)
        shown = b"".join(iter(lambda: read_terminal(ours), b"")).decode()
        assert job.wait() == 0, shown
    os.close(ours)
    lines = [line.split("\r")[-1] for line in re.sub(r"\x1b\[[\d;?]*\w", "", shown).split("\r\n")]
    assert "3 folds, 2 at a time" in lines
    assert [line for line in lines if columns_of(line) > columns or "step/s]" in line] == []
    assert sum(line.startswith("note: ") for line in lines) == 1


def read_terminal(descriptor):
    """What has been written since; nothing when all who write have closed it."""
    try:
        return os.read(descriptor, 1 << 16)
    except OSError:
        return b""
