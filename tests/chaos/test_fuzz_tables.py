"""Generated nasty tables: rows, a first config, a prediction, or lines of ours, within two seconds.

MLPTRAIN_NASTY says how many; `make chaos` tries 100,000. MLPTRAIN_SEED chooses others.
"""

import csv
import io
import os
import random
import time

import numpy as np
import pytest

from mlptrain.config import load_config
from mlptrain.data.load import load_rows
from mlptrain.errors import MLPTrainError
from mlptrain.tools.first_config import first_config
from mlptrain.training.build import load

pytestmark = pytest.mark.chaos
COUNT = int(os.environ.get("MLPTRAIN_NASTY", "200"))
SEED = int(os.environ.get("MLPTRAIN_SEED", "0"))
SLOW = 2.0
"""Seconds of this process that no table takes."""

NUMBERS = ("1", "2", "3.5", "-0", "-0.0", "1e3", "+1", "1.", "007", "1e308", "1e309", "1e-400")
LONG = ("9" * 19, "9" * 25, "1" * 320, "9223372036854775808", "-9223372036854775809", str(2**64))
NO_NUMBERS = (
    "1,5",
    "0x1F",
    "1_000",
    "١",
    "½",
    "1/2",
    "100%",
    "$5",
    "--1",
    "1-1",
    "1.#QNAN",
    "1d5",
    "-",
)
BLANKS = ("", " ", "NA", "nan", "Nan", "NAN", "-nan", "null", "None", "?", "inf", "-Infinity")
DATES = ("2020-01-01", "2020-13-45", "0000-00-00", "9999-12-31", "2020-01-01T00:00:00", "2020/01/31")
WORDS = ("a", "b", "é", "true", "FALSE", "True ", "  7", "=1+1", "'", 'a"b', "x\ny", "\r", "🙂")
UNSEEN = ("\u202e", "\0", "\x1b[2J", "\ufeff", "\u00a0", "\u200b")
CELLS = (*NUMBERS, *LONG, *NO_NUMBERS, *BLANKS, *DATES, *WORDS, *UNSEEN)
NAMES = ("a", "b", "x y", "é", "y", "1", "", "target", "[r]", "a:b", "=x", "\x1b[1m")


def column(chance):
    """The values that the cells of a column are drawn from."""
    pool = chance.sample(CELLS, chance.randint(1, 5))
    if chance.random() < 0.3:
        pool = [f"{chance.gauss(0, 1):.3f}" for _ in range(20)]
    return pool * 8 + [chance.choice(CELLS)] if chance.random() < 0.3 else pool


def table(chance):
    """A table as text, and the name of its last column."""
    columns = [column(chance) for _ in range(chance.randint(2, 5))]
    names = [chance.choice(NAMES) + str(place) for place in range(len(columns))]
    if chance.random() < 0.05:
        names[0] = chance.choice(("", names[-1], "a1"))
    text = io.StringIO(newline="")
    end, separator = chance.choice(("\n", "\r\n")), chance.choice(",,;\t")
    writer = csv.writer(text, delimiter=separator, lineterminator=end)
    writer.writerow(names)
    for _ in range(chance.choice((3, 12, 40, 80))):
        writer.writerow([chance.choice(pool) for pool in columns])
    return text.getvalue(), names[-1].strip()


def settings(chance, name):
    """A config for the table."""
    return {
        "data": {
            "train": "t.csv",
            "target": name,
            "val": 0.2,
            "test": 0.2,
            "missing": chance.choice(("error", "drop", "mean", "median")),
            "scale": chance.choice(("standard", "minmax", "none", "robust")),
            "dates": chance.choice(("refuse", "ignore", "number", "parts")),
            "categorical": {"unseen": "zeros", "missing": chance.choice(("error", "zeros"))},
        },
        "loss": chance.choice(("softmax", "softmax", "mse")),
    }


def loaded(config):
    """The rows are finite and their classes known; and so are all rows of a prediction."""
    data = load(load_config(config))
    inputs, y = data.train.inputs.numbers, data.train.y
    assert np.isfinite(inputs[:]).all()
    if data.classes is not None:
        assert y.min() >= 0
        assert y.max() < len(data.classes)
    load_rows("t.csv", data.preprocessing, target_needed=False, dtype=np.float32)


def check_lines(error):
    """There are some, and a terminal shows them as they are."""
    assert error.faults
    assert all(fault.isprintable() for fault in error.faults), error.faults


def test_a_nasty_table_is_rows_or_lines_of_ours(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chance, done = random.Random(SEED), {"load": 0, "init": 0}
    for number in range(COUNT):
        text, target = table(chance)
        (tmp_path / "t.csv").write_text(text, encoding="utf-8", newline="")
        config = settings(chance, target)
        for what in done:
            start = time.process_time()
            try:
                if what == "load":
                    loaded(config)
                else:
                    first_config("t.csv", [target])
                done[what] += 1
            except MLPTrainError as error:
                check_lines(error)
            except Exception as error:
                raise AssertionError(
                    f"{what}, table {number} of seed {SEED}: {config}\n{text}"
                ) from error
            assert time.process_time() - start < SLOW, (what, number, text)

    assert all(0 < times < COUNT for times in done.values()), "all were taken, or none"
