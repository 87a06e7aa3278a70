"""What every peer's runner does: read the two files, time the work, write the predictions."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd


@dataclass
class Split:
    """Training and test rows; `y` holds class numbers or values. Dates are days, blanks are NaN."""

    x: pd.DataFrame
    y: np.ndarray
    x_test: pd.DataFrame
    classes: list[str]

    @property
    def texts(self) -> list[str]:
        """The columns that are categories."""
        return [name for name in self.x if not pd.api.types.is_numeric_dtype(self.x[name])]

    @property
    def numbers(self) -> list[str]:
        """The others."""
        return [name for name in self.x if name not in self.texts]


def table(path: Path) -> pd.DataFrame:
    """A CSV whose only blank is the empty field, with dates as days."""
    data = pd.read_csv(path, keep_default_na=False, na_values=[""])
    for name in data.select_dtypes(exclude="number"):
        if data[name].dropna().astype(str).str.fullmatch(r"\d{4}-\d\d-\d\d").all():
            data[name] = (pd.to_datetime(data[name]) - pd.Timestamp(0)) / pd.Timedelta(days=1)
    return data


def split(folder: Path) -> Split:
    """The two files of a table."""
    about = json.loads((folder / "table.json").read_text())
    train, test = table(folder / "train.csv"), table(folder / "test.csv")
    answers = train.pop(about["target"])
    del test[about["target"]]
    if about["classes"]:
        y = np.searchsorted(about["classes"], answers.astype(str).to_numpy(str))
    else:
        y = answers.to_numpy(float)
    return Split(train, y, test, about["classes"])


def measured(work: Callable[[], np.ndarray]) -> dict:
    """What `work` predicts, with the CPU seconds that it took."""
    start = time.process_time()
    prediction = work()
    cpu = time.process_time() - start
    return {"prediction": np.asarray(prediction, float).tolist(), "cpu": cpu}


def serve(package: str, predict: Callable[[Split, int], dict[str, dict]]) -> None:
    """Does the jobs of stdin, one a line: FOLDER SEED OUTPUT, parted by tabs.

    `predict` returns contender -> what `measured` returned.
    """
    for line in sys.stdin:
        folder, seed, output = line.rstrip("\n").split("\t")
        document = {"version": version(package), "outputs": predict(split(Path(folder)), int(seed))}
        unfinished = Path(output + ".part")
        unfinished.write_text(json.dumps(document))
        unfinished.rename(output)
