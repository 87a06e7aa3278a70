"""From a checkpoint to a model, and to its loss and metrics on any rows."""

from pathlib import Path
from typing import Literal

from mlptrain.assessment import Assessment
from mlptrain.build import load as load_data
from mlptrain.data.load import load_rows
from mlptrain.errors import ConfigError
from mlptrain.model import Model
from mlptrain.resume import changed_sources

Split = Literal["train", "val", "test"]


def load(path: str | Path) -> Model:
    """The model of a checkpoint, or of the best checkpoint of a run directory."""
    return Model.load(path)


def evaluate(
    checkpoint: str | Path, *, data: str | None = None, split: Split | None = None
) -> Assessment:
    """Loss and metrics of a checkpoint on a file, or on a split of its own data."""
    model = Model.load(checkpoint)
    if data is not None:
        if split is not None:
            raise ConfigError("--data names the rows: leave out --split")
        rows, notes = load_rows(
            data, model.preprocessing, target_needed=True, dtype=model.network.dtype
        )
        return Assessment.of(model, data, rows, notes)
    dataset = load_data(model.config, model.preprocessing)
    parts = {"train": dataset.train, "val": dataset.val, "test": dataset.test}
    chosen = split or (
        "test" if dataset.test is not None else "val" if dataset.val is not None else "train"
    )
    rows_of = parts[chosen]
    if rows_of is None:
        raise ConfigError(
            f"--split {chosen}: the config has no {chosen} rows; choose another, or name --data"
        )
    changed = changed_sources(model.checkpoint, dataset.fingerprint)
    warnings = [f"{source}: has changed since the model was trained" for source in changed]
    return Assessment.of(model, chosen, rows_of, (*dataset.notes, *warnings))
