"""What to expect on new rows: the bootstrap's interval of the headline, against theory."""

import json
from dataclasses import replace

import numpy as np
from helpers import TOY, changed
from runs import invoke, write_config

from mlptrain import load
from mlptrain.config import load_config
from mlptrain.training.build import build
from mlptrain.training.data_files import data_again
from mlptrain.training.evaluate import Evaluation
from mlptrain.training.expected import expected


def test_the_interval_of_an_accuracy_is_that_of_a_binomial_share():
    experiment = build(
        load_config(changed(TOY, {"data.train": {"name": "moons", "points_per_class": 200}}))
    )
    rows = experiment.data.train
    right = np.arange(len(rows)) % 5 > 0  # 80 % are right
    scores = np.where((rows.y == 1) == right, 1.0, -1.0)[:, None] * np.array([-1.0, 1.0])
    (one,) = expected(Evaluation(experiment.network, rows, scores, experiment.data.preprocessing))
    spread = 1.96 * np.sqrt(0.8 * 0.2 / len(rows))
    assert (one.metric, one.value) == ("accuracy", 0.8)
    np.testing.assert_allclose([one.low, one.high], [0.8 - spread, 0.8 + spread], atol=0.3 * spread)


def test_an_accuracy_without_a_wrong_row_is_not_sure():
    """Wilson's interval of 400 of 400: 1 / (1 + 1.96^2 / 400)."""
    experiment = build(
        load_config(changed(TOY, {"data.train": {"name": "moons", "points_per_class": 200}}))
    )
    rows, made = experiment.data.train, experiment.data.preprocessing
    right = np.where(rows.y == 1, 1.0, -1.0)[:, None] * np.array([-1.0, 1.0])
    low = {1.0: 0.990488, 2.0: 0.990488}
    for weight, end in low.items():
        weighed = replace(rows, weights=np.full(len(rows), weight))
        (one,) = expected(Evaluation(experiment.network, weighed, right, made))
        np.testing.assert_allclose([one.value, one.low, one.high], [1, end, 1], atol=1e-6)
    (none,) = expected(Evaluation(experiment.network, rows, -right, made))
    np.testing.assert_allclose([none.value, none.low, none.high], [0, 0, 1 - low[1.0]], atol=1e-6)


def test_r2_has_the_interval_of_its_own_rows_drawn_again(tmp_path):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(200, 2))
    y = x.sum(axis=1) + generator.normal(size=200)
    lines = ["a,b,y", *(f"{a},{b},{t}" for (a, b), t in zip(x, y, strict=True))]
    (tmp_path / "rows.csv").write_text("\n".join(lines))
    data = {"train": str(tmp_path / "rows.csv"), "target": "y", "val": 0.5, "test": 0}
    config = {"data": data, "loss": "mse", "model": {"hidden": []}, "train": {"epochs": 3}}
    write_config(tmp_path / "config.yaml", config)
    assert invoke("fit", tmp_path / "config.yaml", "--out", tmp_path / "run").exit_code == 0
    found = json.loads(invoke("eval", tmp_path / "run", "--split", "val", "--json").stdout)
    assert list(found["intervals"]) == ["rmse", "r2"]
    low, high = found["intervals"]["r2"]
    assert low < found["r2"] < high
    model = load(tmp_path / "run")
    rows = data_again(model.config, model.checkpoint, model.preprocessing)[0].val
    predicted, truth = model.evaluation(rows).predictions()[:, 0], rows.truth[:, 0]
    draws = generator.integers(0, len(truth), (2000, len(truth)))
    off = ((predicted - truth)[draws] ** 2).sum(axis=1)
    again = 1 - off / (len(truth) * truth[draws].var(axis=1))
    ends = np.quantile(again, [0.025, 0.975])
    np.testing.assert_allclose([low, high], ends, atol=0.2 * (ends[1] - ends[0]))
