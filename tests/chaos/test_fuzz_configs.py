"""Mutated configs, from the shipped ones: a config, or lines of ours, within a second.

MLPTRAIN_CONFIGS says how many; `make chaos` tries a million. MLPTRAIN_SEED chooses others.
"""

import copy
import os
import random
import time

import pytest
import yaml
from runs import ROOT

from mlptrain.config import dump, load_config, resolved
from mlptrain.errors import ConfigError

pytestmark = pytest.mark.chaos
COUNT = int(os.environ.get("MLPTRAIN_CONFIGS", "500"))
SEED = int(os.environ.get("MLPTRAIN_SEED", "0"))
SLOW = 1.0
"""Seconds of this process that no config takes."""

NUMBERS = (0, -1, 1, 2**31, 2**63, 10**17, -(10**17), 0.0, -0.0, 1e-320, 1e308)
BEYOND = (float("inf"), float("nan"), "9" * 19, "1" * 400, "-" + "9" * 30, "1e999", "0x" + "f" * 40)
WORDS = ("", ".", "nan", "true", "~", "a\0", "\x1b[31m", "\u202e", "é" * 300, "name: adam", "[1,2]")
CHOICES = ("adam", "sgd", "cosine", "step", "relu", "gelu", "softmax", "hinge", "mse", "val_accuracy")
LISTS = ([], [[]], [None], ["a"] * 50, ["a", "a"], [1.5], ["9" * 30])
MAPPINGS = (
    {},
    {"name": None},
    {"name": "adam"},
    {"name": "sgd", "momentum": 2},
    {"name": 5},
    {"name": []},
    {"name": "spiral", "points_per_class": "9" * 20},
    {"steps": 5},
    {"steps": 0},
    {"steps": "9" * 25},
    {"number": 1, "of": 2},
    {"number": "9" * 20, "of": 2},
    {"patience": "9" * 22},
    {"columns": "a"},
    {"a": {"b": {"c": 1}}},
)
VALUES = (None, True, False, *NUMBERS, *BEYOND, *WORDS, *CHOICES, *LISTS, *MAPPINGS)
KEYS = ("name", "steps", "epochs", "patience", "momentum", "hidden", "val", "fold", "missing", "x")
STRANGE_KEYS = ("__class__", "\x1b", "9" * 20, "")


def beginnings():
    """The shipped configs, as written and with every default."""
    for path in sorted((ROOT / "configs").glob("*.yaml")):
        yield yaml.safe_load(path.read_text(encoding="utf-8"))
        yield resolved(load_config(path))


def mutated(config, chance):
    """The config with one to four values replaced, or keys added, anywhere."""
    config = copy.deepcopy(config)
    for _ in range(chance.randint(1, 4)):
        node = config
        while True:
            key = chance.choice(list(node)) if node and chance.random() < 0.75 else None
            if key is None:
                node[chance.choice(KEYS + STRANGE_KEYS)] = copy.deepcopy(chance.choice(VALUES))
                break
            if not isinstance(node[key], dict) or chance.random() < 0.3:
                node[key] = copy.deepcopy(chance.choice(VALUES))
                break
            node = node[key]
    return config


def check_lines(error):
    """There are some, and a terminal shows them as they are."""
    assert error.faults
    assert all(fault.isprintable() for fault in error.faults), error.faults


def test_a_mutated_config_is_a_config_or_lines_of_ours():
    chance, seeds, taken = random.Random(SEED), list(beginnings()), 0
    for number in range(COUNT):
        config = mutated(chance.choice(seeds), chance)
        start = time.process_time()
        try:
            loaded = load_config(config)
        except ConfigError as error:
            check_lines(error)
        except Exception as error:
            raise AssertionError(f"config {number} of seed {SEED}: {config!r}") from error
        else:
            taken += 1
            if taken % 20 == 0:  # written out and read again it is the same
                assert load_config(yaml.safe_load(dump(resolved(loaded)))) == loaded, (number, config)
        assert time.process_time() - start < SLOW, (number, config)

    assert 0 < taken < COUNT, "all were taken, or none"
