"""benchmarks/quality counts as its page says, and the page is what the results say."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parents[1] / "benchmarks" / "quality"


@pytest.fixture
def suite(monkeypatch):
    """Its modules can be imported; `tables`, which tests have as well, is not touched."""
    monkeypatch.syspath_prepend(str(HERE))


def results(path, name, tables):
    path.write_text(json.dumps({"name": name, "version": "1", "tables": tables}))
    return path


def test_the_calibration_error_is_the_gap_of_each_bin_weighted_by_its_rows(suite):
    from figures import calibration_error

    # Bins of 1/15: three rows at 0.9 of which two are right, one row at 0.6 that is right.
    p = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.4, 0.6]])
    expected = (abs(2 / 3 - 0.9) * 3 + abs(1 - 0.6)) / 4
    assert calibration_error(p, np.array([0, 0, 0, 1])) == pytest.approx(expected)


def test_figures_of_classes_are_those_of_paper(suite):
    from figures import of_classes

    found = of_classes(
        np.array([[0.8, 0.2], [0.4, 0.6], [0.7, 0.3], [0.0, 1.0]]), np.array([0, 0, 1, 1])
    )
    assert found["error"] == 0.5
    assert found["log_loss"] == pytest.approx(-np.log([0.8, 0.4, 0.3, 1.0]).mean())
    assert found["1-auc"] == pytest.approx(1 / 4)  # of four pairs, (0.6, 0.3) is the wrong way round
    assert found["certain"] == 1


def test_wins_ratios_and_ranks_use_the_tables_and_seeds_that_both_have(suite, tmp_path):
    from compare import Contender, both_kinds, pairs, ranks, ratio, wins

    a = {
        "t": {"0": {"rmse": 1.0}, "1": {"rmse": 9.0}},
        "u": {"0": {"rmse": 8.0}},
        "v": {"0": {"rmse": 5.0}},
    }
    b = {"t": {"0": {"rmse": 2.0}}, "u": {"0": {"rmse": 2.0}}, "c": {"0": {"error": 0.0, "rows": 50}}}
    left, right = (
        Contender(results(tmp_path / f"{name}.json", name, tables))
        for name, tables in (("a", a), ("b", b))
    )
    found = both_kinds(left, right, "error")
    assert found == {"t": (1.0, 2.0), "u": (8.0, 2.0)}
    assert wins(found.values()) == 1
    assert ratio(found.values()) == pytest.approx(2**0.5)
    assert ranks([left, right], "error") == ({"a": 1.5, "b": 1.5}, 2)
    assert pairs(right, right, "error") == {"c": (0.01, 0.01)}  # no error at all: half a row


def test_the_page_is_what_the_results_say():
    done = subprocess.run(
        [sys.executable, str(HERE / "page.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr
