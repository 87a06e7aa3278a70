"""What each threshold between two classes would do, and curves over all of them."""

import json

import numpy as np
import pytest
from runs import faults, invoke, write_config
from tables import write

from mlptrain.metrics.operating import operating
from mlptrain.metrics.reliability import reliability, wilson
from mlptrain.tools.data_profile import ks_distance, label_distance


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Two classes of which one is rare, and nothing to be read but how rare."""
    folder = tmp_path_factory.mktemp("thresholds")
    rows = [[i * 37 % 101, "yes" if i * 37 % 101 > 90 else "no"] for i in range(200)]
    table = write(folder / "rows.csv", ["u", "y"], rows)
    config = {"data": {"train": str(table), "target": "y", "test": 0.3}, "train": {"epochs": 3}}
    assert (
        invoke("fit", write_config(folder / "c.yaml", config), "--out", folder / "run").exit_code == 0
    )
    return folder / "run"


def test_the_table_counts_what_each_threshold_calls_and_what_it_costs(run):
    found = json.loads(invoke("eval", run, "--cost", "fp=2,fn=30", "--json").stdout)
    rows = found["thresholds"]["thresholds"]
    assert found["thresholds"]["positive"] == "yes"
    for row in rows:
        wrong = 2 * row["false_positives"] + 30 * row["missed"]
        assert row["cost_per_row"] == pytest.approx(wrong / found["rows"])
    called = [row["called"] for row in rows]
    assert called == sorted(called, reverse=True)
    cheapest = min(rows, key=lambda row: row["cost_per_row"])
    marked = [row for row in rows if row["remark"] == "cheapest on these rows"]
    assert [row["cost_per_row"] for row in marked] == [cheapest["cost_per_row"]]
    assert any(row["threshold"] == pytest.approx(2 / 32) for row in rows)


def test_the_terminal_shows_it_and_how_to_keep_it(run):
    said = invoke("eval", run, "--cost", "fp=1,fn=20").stdout
    assert "P(yes) >" in said
    assert "decision: {metric: cost, cost: {fp: 1, fn: 20}}" in said
    assert "P(yes) >" not in invoke("eval", run).stdout


@pytest.mark.parametrize("text", ["fp=1", "fp=1,fn=-2", "fp=a,fn=1", "fp=1,fn=2,tp=3", "fp=inf,fn=1"])
def test_costs_in_another_form_are_answered(run, text):
    (line,) = faults(invoke("eval", run, "--cost", text))
    assert line == f"--cost {text}: expected what false alarms and misses cost: fp=1,fn=20"


def test_curves_are_those_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(0)
    scores, positive = generator.integers(0, 30, 200) / 30, generator.random(200) < 0.3
    weights = generator.random(200)
    found = operating(scores, positive, weights)
    wrong, right, _ = metrics.roc_curve(
        positive, scores, sample_weight=weights, drop_intermediate=False
    )
    assert found.false_alarms == pytest.approx(wrong)
    assert found.recall == pytest.approx(right)
    precision, recall, _ = metrics.precision_recall_curve(positive, scores, sample_weight=weights)
    assert found.precision[1:] == pytest.approx(precision[-2::-1])
    assert found.recall[1:] == pytest.approx(recall[-2::-1])
    assert operating(scores, positive & False) is None


def test_the_interval_of_a_share_holds_the_truth_as_often_as_it_says():
    hits = np.random.default_rng(0).binomial(40, 0.1, 4000).astype(float)
    low, high = wilson(hits, np.full(4000, 40.0))
    assert 0.93 < ((low <= 0.1) & (high >= 0.1)).mean() < 0.98


def test_weights_that_differ_widen_the_interval():
    p, positive = np.full(20, 0.35), np.arange(20) < 7
    even = reliability(p, positive)
    uneven = reliability(p, positive, np.where(np.arange(20) % 2 == 0, 9.0, 1.0))
    assert uneven.high - uneven.low > even.high - even.low


def test_parts_of_one_distribution_seldom_differ_and_others_do():
    generator = np.random.default_rng(0)
    pairs = [(generator.normal(size=150), generator.normal(size=60)) for _ in range(300)]
    assert sum(ks_distance(*pair).differs for pair in pairs) <= 4
    assert ks_distance(pairs[0][0], pairs[0][1] + 1).differs
    shares = [0.6, 0.3, 0.1]
    drawn = [generator.multinomial(150, shares) for _ in range(100)]
    assert sum(label_distance(a, b).differs for a, b in zip(drawn[::2], drawn[1::2], strict=True)) <= 2
    assert label_distance(drawn[0], np.array([30, 90, 30])).differs
