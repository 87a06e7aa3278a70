"""What a program calls: `mlptrain.fit`, with rows and settings as arguments, or with a config."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, overload

from mlptrain.config.load import Source
from mlptrain.config.overrides import Overrides
from mlptrain.config.yaml import parse
from mlptrain.data.handed_over import PLACE
from mlptrain.errors import ConfigError
from mlptrain.inference.model import Model
from mlptrain.messages import advice
from mlptrain.runs.cross_validation import Folds
from mlptrain.runs.fit import start_from
from mlptrain.runs.from_python import (
    Session,
    Settings,
    config_of_rows,
    fit_config,
    fit_file,
    fit_handed,
    handed,
    together,
)
from mlptrain.runs.run import Run
from mlptrain.tools.first_config import first_config
from mlptrain.tools.first_config.choices import Wish

Preset = Literal["fast", "good", "best", "none"]
"""What `mlptrain init --preset` takes; none: the rows are not looked at."""
PRESETS: tuple[Preset, ...] = get_args(Preset)

NO_Y = "y is missing: give the values of the target, or the name of its column: fit(X, 'price')"
OF_ROWS = "preset: for rows, fit(X, y, preset='good'); a config has its own settings"
COLUMNS = ("ignore", "features")
"""Settings of `data` that are lists of columns, of which the look at the rows has to know; ..."""
KINDS: Mapping[str, type] = {"group": str, "time": str, "test": float}
"""... and others, of which type."""


@overload
def fit(
    X: Source | None = None,
    y: None = None,
    *,
    set: Overrides = (),
    out: str | Path | None = None,
    resume: str | Path | None = None,
    init_from: str | Path | None = None,
    refit_preprocessing: bool = False,
    head: Literal["keep", "new"] = "keep",
    force: bool = False,
    threads: int | None = None,
    jobs: int | None = None,
    **settings: Any,
) -> Run | Folds: ...


@overload
def fit(
    X: object,
    y: object,
    *,
    weight: object = None,
    preset: Preset | None = None,
    set: Overrides = (),
    out: str | Path | None = None,
    resume: str | Path | None = None,
    init_from: str | Path | None = None,
    refit_preprocessing: bool = False,
    head: Literal["keep", "new"] = "keep",
    force: bool = False,
    threads: int | None = None,
    jobs: int | None = None,
    **settings: Any,
) -> Model: ...


def fit(
    X: Any = None,
    y: object = None,
    *,
    weight: object = None,
    preset: Preset | None = None,
    set: Overrides = (),
    out: str | Path | None = None,
    resume: str | Path | None = None,
    init_from: str | Path | None = None,
    refit_preprocessing: bool = False,
    head: Literal["keep", "new"] = "keep",
    force: bool = False,
    threads: int | None = None,
    jobs: int | None = None,
    **settings: Any,
) -> Run | Folds | Model:
    """Train on rows and return the model; or by a config, a YAML file or a dict, and return the run.

    X is a data frame, a dict of columns, a list of dicts, an array (N, D) or a file; y a column of it,
    or values.
    Settings are keys of the config by their own words, or by dotted keys in `set`; the other arguments
    are options of `mlptrain fit`. Without a setting of the network or its training, `fit` looks at the
    rows and trains what `mlptrain init` would write; so it does with a `preset`, which settings change.
    Nothing is left on the disk without `out`, but for the run of a config. See docs/python.md.

    >>> sizes, kinds = [1.0, 2.0, 8.0, 9.0] * 10, ["cat", "cat", "dog", "dog"] * 10
    >>> model = fit({"size": sizes, "kind": kinds}, "kind", preset="fast")
    >>> model.predict({"size": [1.5, 8.5]}).tolist()
    ['cat', 'dog']
    >>> fit({"data": {"train": {"name": "xor"}}}, epochs=2, out="runs/xor").summary["status"]
    'completed'
    """
    start = start_from(init_from, refit_preprocessing=refit_preprocessing, head=head)
    session = Session(out, resume, start, force, threads, jobs)
    if y is not None:
        found = together(set, settings)
        return _on_rows(X, y, weight, found, _chosen(preset, found, start), session)
    _check_config(X, weight, preset)
    return fit_config(X, together(set, settings) if settings else set, session)


def _check_config(X: object, weight: object, preset: object) -> None:
    """ConfigError for what goes with rows only."""
    if (X is not None and not isinstance(X, str | os.PathLike | Mapping)) or weight is not None:
        raise ConfigError(NO_Y)
    if preset is not None:
        raise ConfigError(OF_ROWS)


def _chosen(preset: Preset | None, settings: Settings, start: object) -> Preset | None:
    """The preset that is asked for; none where the settings, or weights to start from, say enough."""
    if preset is not None and preset not in PRESETS:
        raise ConfigError(f"preset: {preset!r} is unknown: {advice(str(preset), PRESETS)}")
    return preset or ("none" if start is not None or names_network(settings) else None)


def names_network(settings: Settings) -> bool:
    """Whether settings say what the network is or how it learns, not only what it learns from.

    >>> names_network({"seed": 1, "data.ignore": ["id"]}), names_network({"train.epochs": 20})
    (False, True)
    """
    return any(key.split(".")[0] not in ("data", "seed") for key in settings)


def _on_rows(
    X: Any, y: object, weight: object, settings: Settings, preset: Preset | None, session: Session
) -> Model:
    """The model of rows that are handed over, or of a file."""
    if isinstance(X, str | os.PathLike):
        return _on_file(os.fspath(X), y, weight, settings, preset, session)
    rows, settings = handed(X, y, weight, settings)
    if preset == "none":
        return fit_handed(rows, config_of_rows(rows.train), settings, session)
    train, place = rows.train, PLACE.format("X")
    wish, settings = wished(settings, preset, train.weight)
    made = first_config(place, train.targets, wish, source=train.source, load=rows.load)
    return told(fit_handed(rows, parse(made.text, place).data, settings, session), made.told())


def _on_file(
    path: str, y: object, weight: object, settings: Settings, preset: Preset | None, session: Session
) -> Model:
    """The model of a file; where y is no name of a column, the config is refused."""
    document, notes = {"data": {"train": path, "target": y, "weight": weight}}, tuple[str, ...]()
    names = names_among((y,) if isinstance(y, str) else y)
    if preset != "none" and names and (weight is None or isinstance(weight, str)):
        wish, settings = wished(settings, preset, weight)
        made = first_config(path, names, wish)
        document, notes = parse(made.text, path).data, made.told()
    return told(fit_file(document, settings, session), notes)


def told(model: Model, notes: tuple[str, ...]) -> Model:
    """The model, with what the look at its rows has found."""
    model.notes = (*notes, *model.notes)
    return model


def names_among(value: object) -> tuple[str, ...]:
    """A list of names as a tuple; empty where it is something else."""
    is_list = isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
    return tuple(value) if is_list and isinstance(value, list | tuple) else ()


def wished(settings: Settings, preset: Preset | None, weight: str | None) -> tuple[Wish, Settings]:
    """What the look at the rows has to know of the settings, and those that change what it decides.

    Validation rows of one's own, or a share of them, mean one network: preset fast.

    >>> wish, rest = wished({"data.ignore": ["id"], "data.missing": "mean"}, None, None)
    >>> wish.ignore, rest
    (('id',), {'data.missing': 'mean'})
    """
    asked: dict[str, Any] = {key: names_among(settings.get(f"data.{key}")) for key in COLUMNS}
    for key, kind in KINDS.items():
        value = settings.get(f"data.{key}")
        asked[key] = value if isinstance(value, kind) else None
    known = {key: value for key, value in asked.items() if value}
    rest = {key: value for key, value in settings.items() if key.removeprefix("data.") not in known}
    chosen = preset or ("fast" if settings.get("data.val") is not None else None)
    return Wish(preset=None if chosen == "none" else chosen, weight=weight, **known), rest
