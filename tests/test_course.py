"""What the course of a training says: tested on courses of which it is known."""

import pytest
from runs import invoke, write_config
from tables import write

from mlptrain.tools.course import remarks


def course(val, status="completed"):
    records = [{"epoch": n, "train_loss": 1 / n, "val_loss": loss} for n, loss in enumerate(val, 1)]
    best = val.index(min(val)) + 1
    return list(remarks(records, {"status": status, "best_epoch": best}))


@pytest.mark.parametrize(
    ("val", "word"),
    [
        ([1 + n / 10 for n in range(12)], "best at the first of 12 evaluations"),
        ([1 - n / 20 for n in range(12)], "best at the last epoch"),
        ([1.0, 0.5, *(0.5 + n / 10 for n in range(1, 11))], "after epoch 2 the validation loss rose"),
    ],
)
def test_a_course_that_went_wrong_is_told(val, word):
    (said,) = course(val)
    assert said.startswith(word)


def test_of_a_sound_or_short_course_nothing_is_said():
    assert course([1.0, 0.5, *[0.52] * 10]) == []
    assert course([1.0, 0.9, 0.8]) == []
    assert course([1 - n / 20 for n in range(12)], status="interrupted") == []


def test_a_class_that_is_never_predicted_is_named(tmp_path):
    rows = [[i * 37 % 101, "rare" if i % 25 == 0 else "usual"] for i in range(200)]
    table = write(tmp_path / "rows.csv", ["u", "y"], rows)
    config = {"data": {"train": str(table), "target": "y", "test": 0.3}, "train": {"epochs": 40}}
    file = write_config(tmp_path / "c.yaml", config)
    assert invoke("fit", file, "--out", tmp_path / "run", "--quiet").exit_code == 0
    assert "never predicted: rare" in invoke("eval", tmp_path / "run").stdout
