"""Nothing that is printed is wider than the terminal, and no line ends within a word or a number."""

import json
import re

import pytest
from helpers import changed
from runs import THIRTY, invoke, write_config

from mlptrain.cli import cli
from mlptrain.config import load_config
from mlptrain.data.preprocessing.repairs import Repair, RepairNote
from mlptrain.messages import columns_of
from mlptrain.report.epoch_table import EpochTable
from mlptrain.report.notes import Notes
from mlptrain.training.build import build

WIDTHS = (60, 80, 120)
CLASSES = ("setosa", "a very long name of a class that fills a line by itself", "virginica")
COLUMN = "a_column_whose_name_alone_is_longer_than_sixty_columns_of_a_terminal"


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A run of each kind, on a table with long names and with blanks."""
    place = tmp_path_factory.mktemp("a_directory_with_a_name_that_is_long_enough_to_need_a_line_of_its_own")
    lines = [f"{COLUMN},b,c,y,z"]
    for a in range(60):
        blank = "" if a % 9 == 0 else str(a % 7)
        lines.append(f"{a * 1000.5},{blank},{blank},{CLASSES[a % 3]},{a * 1e9 + 0.25}")
    (place / "rows.csv").write_text("\n".join(lines) + "\n")
    data = {"train": str(place / "rows.csv"), "target": "y", "ignore": ["z"], "missing": "mean", "test": 0.2}
    classify = changed(THIRTY, {"data": data, "train.epochs": 2, "train.eval_every": 1})
    regress = changed(classify, {"data.target": "z", "data.ignore": ["y"], "loss": "mse"})
    for name, config in {"classify": classify, "regress": regress}.items():
        write_config(place / f"{name}.yaml", config)
        assert invoke("fit", place / f"{name}.yaml", "--out", place / name, "--quiet").exit_code == 0
    return place


def shown(columns, *arguments):
    """All that a command prints on a terminal of so many columns, and into a pipe."""
    narrow, wide = (
        CliRunner(env=env).invoke(cli, [str(each) for each in arguments])
        for env in ({"COLUMNS": str(columns)}, {"COLUMNS": None})
    )
    assert narrow.exit_code == wide.exit_code == 0, narrow.output
    return narrow.output, wide.output


def words(text):
    """What may not be broken; of a word that is cut only its ends are known."""
    return re.findall(r"[^\s─…]+", text)
