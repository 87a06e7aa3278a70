"""What to expect on new rows: the bootstrap's interval of the headline, against theory."""

import numpy as np
from helpers import TOY, changed

from mlptrain.config import load_config
from mlptrain.training.build import build
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
