"""Models of every kind that an export has to carry: a table of every kind of column, small networks."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from helpers import changed

from mlptrain.inference.model import Model
from mlptrain.program import fit

ROWS = 160
WORDS = ("amber", "blue", "coral", "dun", "ecru", "fawn", "gold", "hazel", "indigo", "jade", "khaki")


def write_table(path: Path, rows: int = ROWS, seed: int = 1) -> Path:
    """A row per house: numbers, notations, dates, true and false, texts of few and many values."""
    draws = np.random.default_rng(seed)
    names = (
        *("area", "price", "income", "built", "pool", "sex", "zone", "colour", "street", "zip"),
        *("share", "debt", "seen", "signed", "level"),
    )
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*names, "kind", "rent", "loud", "green"])
        for _ in range(rows):
            area, income, zone = draws.normal(80, 20), draws.lognormal(10, 1), draws.integers(3)
            values = [
                f"{area:.3f}",
                f"{draws.gamma(2, 40):.2f}",
                f"{int(income) // 1000 + 1}.{int(income) % 1000:03d},50 €",
                f"20{draws.integers(10, 25)}-0{draws.integers(1, 10)}-1{draws.integers(0, 10)}",
                draws.choice(["true", "false"]),
                draws.choice(["f", "m"]),
                f"z{zone}",
                draws.choice(WORDS),
                draws.choice(WORDS).upper(),
                str(draws.choice([7, 11, 13])),
                f"{draws.integers(1000) / 10} %".replace(".", ","),
                draws.choice(["({})", "{}"]).format(draws.integers(5000)),
                str(draws.integers(1_200_000_000, 1_700_000_000)),
                f"{draws.integers(10, 28)}.0{draws.integers(1, 10)}.2024 {draws.integers(10, 24)}:15",
                str(draws.choice([-999, 1, 2, 3, 4])),
            ]
            blank = draws.random(len(values)) < 0.06
            blank[names.index("zone")] = False
            values = ["" if is_blank else v for v, is_blank in zip(values, blank, strict=True)]
            score = (area - 80) / 20 + zone + draws.normal(0, 0.3)
            kind = "low" if score < 0.5 else "mid" if score < 1.8 else "high"
            flags = ["yes" if score > 1 else "no", "1" if zone else "0"]
            writer.writerow([*values, kind, f"{np.exp(score / 2) * 100:.2f}", *flags])
    return path


NOTATIONS: dict[str, Any] = {
    "income": {"thousands": ".", "unit": "€"},
    "share": {"decimal": ",", "unit": "%"},
    "debt": {"negative": "brackets"},
    "seen": {"date": "%s"},
    "signed": {"date": "%d.%m.%Y %H:%M"},
    "level": {"missing": ["-999"]},
}


def config(table: Path) -> dict[str, Any]:
    """A network on that table: its class, from every kind of column."""
    return {
        "seed": 2,
        "data": {
            "train": str(table),
            "target": "kind",
            "ignore": ["rent", "loud", "green"],
            "val": 0.2,
            "test": 0,
            "scale": "smooth_clip",
            "dates": "parts",
            "missing": {"policy": "median", "indicator": True},
            "categorical": {"missing": "zeros", "unseen": "zeros", "binary": "signed"},
            "columns": {
                "area": {"kind": "number", "encode": "piecewise"},
                "price": {"kind": "number", "scale": "log"},
                **NOTATIONS,
                "colour": {"kind": "category", "encode": "embedding"},
                "street": {"kind": "category", "encode": "target"},
                "zip": {"kind": "category"},
            },
        },
        "model": {"hidden": [8, 6], "activation": "relu", "dropout": 0.1},
        "loss": {"name": "softmax"},
        "optimizer": {"name": "adam", "learning_rate": 0.02},
        "train": {"epochs": 3, "batch_size": 16},
    }


REGRESSION = {"data.target": "rent", "data.ignore": ["kind", "loud", "green"], "loss": {"name": "mse"}}
CASES: dict[str, Mapping[str, Any]] = {
    "calibrated, weighted, with a mode": {
        "calibration": "temperature",
        "loss": {"name": "softmax", "class_weights": "balanced"},
        "data.categorical.unseen": "mode",
        "model.norm": "batch",
    },
    "a threshold, one-hot, standard": {
        "data.target": "loud",
        "data.ignore": ["rent", "kind", "green"],
        "decision": {"metric": "f1"},
        "data.categorical.binary": "one_hot",
        "data.scale": "standard",
        "data.dates": "number",
        "data.columns": {**NOTATIONS, "signed": {"date": "%d.%m.%Y %H:%M", "dates": "parts"}},
        "model.norm": "layer",
    },
    "hinge, refused blanks of text": {
        "loss": {"name": "hinge"},
        "data.scale": "minmax",
        "data.missing": "drop",
        "data.ignore": ["rent", "loud", "green", "sex", "colour", "street", "zip"],
        "data.columns": NOTATIONS,
        "data.categorical": {"missing": "error", "unseen": "error", "encode": "target"},
    },
    "an ensemble with input scale and NTK": {
        "model.ensemble": 3,
        "model.input_scale": True,
        "model.parametrization": "ntk",
        "model.norm": "layer",
        "model.activation": "selu",
    },
    "logarithms, clipped": {
        **REGRESSION,
        "data.scale_target": "log",
        "data.clip_target": True,
        "model.activation": {"name": "maxout", "pieces": 3},
        "model.ensemble": 2,
    },
    "quantiles of log1p": {
        **REGRESSION,
        "loss": {"name": "quantile", "levels": [0.1, 0.5, 0.9]},
        "data.scale_target": "log1p",
    },
    "amounts, in double precision": {
        **REGRESSION,
        "loss": {"name": "poisson"},
        "model.ensemble": 2,
        "model.dtype": "float64",
    },
    "flags": {
        "data.target": ["loud", "green"],
        "data.ignore": ["rent", "kind"],
        "loss": {"name": "sigmoid"},
        "data.missing": "mean",
        "model.input_scale": True,
        "model.parametrization": "ntk",
    },
    "two targets": {
        **REGRESSION,
        "data.target": ["rent", "area"],
        "data.columns": NOTATIONS,
        "data.target_missing": "drop",
        "loss": {"name": "huber"},
    },
    "folds of classes": {
        "train.folds": 2,
        "calibration": "temperature",
        "loss": {"name": "softmax", "class_weights": "balanced"},
        "data.categorical.unseen": "error",
    },
    "folds of numbers": {
        **REGRESSION,
        "train.folds": 2,
        "data.scale_target": "log",
        "data.clip_target": True,
    },
    "candidates, each with its weight": {
        "train.folds": 2,
        "candidates": [{"name": "wide"}, {"name": "small", "model": {"hidden": [3]}}],
        "combine": "greedy",
    },
    "errors of every size": {
        **REGRESSION,
        "loss": {"name": "mae"},
        "data.scale_target": "none",
        "data.missing": "mean",
        "data.columns": {**NOTATIONS, "area": {"encode": "none"}, "price": {"scale": "none"}},
    },
    "folds of flags": {
        "data.target": ["loud", "green"],
        "data.ignore": ["rent", "kind"],
        "loss": {"name": "sigmoid"},
        "train.folds": 2,
        "model.hidden": [],
        "model.ensemble": 2,
        "model.input_scale": True,
    },
}
"""Changes to that config: each kind of answer, each layer, each policy, in some combination."""


def trained(directory: Path, **changes: Any) -> Model:
    """A model of that table, trained for a moment."""
    table = directory / "houses.csv"
    if not table.exists():
        write_table(table)
    model = Model.load(fit(changed(config(table), changes), out=directory / "run").best)
    if model.combination is not None:  # as a longer search might have found them
        for number, member in enumerate(model.members, 1):
            member.weight = float(number)
    return model
