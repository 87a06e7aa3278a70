"""Rows that a program has handed over, for the runs that learn from them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from mlptrain.config import Config
from mlptrain.data.dataset import Dataset
from mlptrain.data.handed_over import HandedOver, load_handed_over, prepare_handed_over
from mlptrain.data.prepared import Prepared
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.training.build import settings_of

STEP, WEIGHT = 0.25e-3, 1.3e-9
"""Seconds of a step, however small, and of a row for each weight between two layers that it passes."""


@dataclass(frozen=True)
class Handed:
    """Rows in memory: those of training, and all by what stands for them in the settings."""

    train: HandedOver
    rows: Mapping[str, HandedOver]

    def load(self, config: Config, fitted: Preprocessing | None) -> Dataset:
        """The dataset of a config that names them."""
        return load_handed_over(self.rows, settings_of(config), fitted)

    def seconds(self, config: Config) -> float:
        """About how long one network learns from them, on one core."""
        rows, widths = len(self.train.source), [len(self.train.source.names), *config.model.hidden]
        weights = sum(map(math.prod, pairwise(widths))) * (config.model.ensemble or 1)
        steps = rows / config.train.batch_size
        return config.train.epochs * (STEP * steps + WEIGHT * rows * weights)

    def prepared(self, config: Config) -> tuple[Prepared, Mapping[str, str]]:
        """What is known before the inputs are made, and the fingerprints: for another process."""
        return prepare_handed_over(self.rows, settings_of(config), None)
