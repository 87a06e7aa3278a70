"""Curves in a line of text."""

import math

import pytest
from runs import THIRTY, invoke, write_config

from mlptrain.report.sparkline import (
    BLOCKS,
    COLUMNS,
    sparkline,
    summary,
)


def test_the_lowest_block_is_the_smallest_value_and_the_highest_the_largest():
    assert sparkline([4.0, 1.0, 9.0]) == "▄▁█"  # 3/8 of the way up: the fourth of eight blocks


def test_many_values_are_averaged_into_the_width():
    assert sparkline([0.0, 0.0, 2.0, 0.0, 2.0, 2.0], width=3) == "▁▅█"


def test_equal_values_are_a_flat_line():
    assert sparkline([2.0, 2.0, 2.0]) == BLOCKS[0] * 3


@pytest.mark.parametrize("hole", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_a_blank(hole):
    assert sparkline([0.0, hole, 7.0]) == "▁ █"


def test_values_at_the_ends_of_the_range_of_floats_do_not_overflow():
    assert sparkline([-1.7e308, 0.0, 1.7e308]) == "▁▅█"


def test_a_loss_is_best_where_it_is_lowest_and_an_accuracy_where_it_is_highest():
    records = [{"val_loss": x, "val_accuracy": x} for x in (0.5, 0.25, 0.75, 0.5)]
    loss, accuracy = summary(records)
    assert loss.startswith("val_loss")
    assert loss.endswith("0.5 to 0.5, best 0.25")
    assert accuracy.endswith("0.5 to 0.5, best 0.75")


def test_one_record_is_no_curve():
    assert summary([{"train_loss": 1.0}]) == []


def test_a_curve_that_was_never_finite_says_so():
    assert summary([{"train_loss": None}, {"train_loss": None}])[0].endswith("never finite")


def test_no_line_is_wider_than_80_columns():
    records = [
        {"train_loss": 1.234567e-300 * i, "val_average_precision": -i / 7e100} for i in range(99)
    ]
    assert max(len(line) for line in summary(records)) <= COLUMNS == 80


def test_a_fit_ends_with_its_curves(tmp_path):
    config = write_config(tmp_path / "c.yaml", THIRTY)
    result = invoke("fit", config, "--out", tmp_path / "run")
    lines = [line for line in result.stderr.splitlines() if " best " in line]
    assert [line.split()[0] for line in lines] == ["train_loss", "val_loss", "val_accuracy"]
    assert all(len(line) <= 80 for line in lines)


def test_a_quiet_fit_shows_no_curves(tmp_path):
    config = write_config(tmp_path / "c.yaml", THIRTY)
    assert invoke("fit", config, "--out", tmp_path / "run", "--quiet").stderr == ""
