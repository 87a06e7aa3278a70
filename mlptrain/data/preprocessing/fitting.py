"""Fitting a Preprocessing: which columns are features, what each holds, what is learned of it."""

from collections.abc import Sequence

from mlptrain.data.preprocessing.checks import PLURAL
from mlptrain.data.preprocessing.columns import KINDS, kind_for
from mlptrain.data.preprocessing.columns.column import Column
from mlptrain.data.preprocessing.polar import OUTPUTS, polar
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.preprocessing.targets import Target
from mlptrain.data.settings import Settings
from mlptrain.data.source import RowIndex, Source, require
from mlptrain.errors import ConfigError, DataError
from mlptrain.messages import some


def choose_features(
    source: Source, targets: Sequence[str], settings: Settings
) -> tuple[tuple[str, ...], list[str]]:
    """The feature columns by name, and notes on those left out."""
    weight = () if settings.weight is None else (settings.weight,)
    apart = {*targets, *settings.ignore, *weight}
    named = [name for kind in KINDS.values() for name in kind.named(settings)]
    require(source, [*targets, *(settings.features or ()), *settings.ignore, *named, *weight])
    both = [name for name in settings.features or () if name in apart]
    if both:
        raise ConfigError(f"data.features: {both[0]!r} is also the target, the weight or ignored")
    chosen = settings.features or tuple(name for name in source.names if name not in apart)
    if "" in chosen:
        raise DataError(
            f"{source.path}: column {source.names.index('') + 1} has no name: "
            'name it in the header, or leave it out with `ignore: [""]`'
        )
    dates = [name for name in chosen if settings.dates == "ignore" and source.kind(name) == "date"]
    kept = tuple(name for name in chosen if name not in dates)
    if not kept:
        raise DataError(f"{source.path}: no column is left to learn from")
    if len(dates) > 1:
        return kept, [f"{len(dates)} columns hold dates and are ignored: {some(dates)}"]
    return kept, [f"{name} holds dates and is ignored" for name in dates]


def fit(
    source: Source, rows: RowIndex, features: tuple[str, ...], target: Target, settings: Settings
) -> tuple[Preprocessing, list[str]]:
    """Learn from the training rows everything that the inputs need, and say what is worth knowing."""
    base: Source = source
    names: tuple[str, ...] = features
    if settings.transform == "polar":
        base, names = polar(source, features, rows), OUTPUTS
    kinds = {name: kind_for(base, name, settings) for name in names}
    refused = {name: _refusal(base, name, kind, settings) for name, kind in kinds.items()}
    if any(refused.values()):
        raise DataError(
            *(f"{source.path}: column {name!r} {why}" for name, why in refused.items() if why)
        )
    fitted, remarks = dict[str, Column](), list[str]()
    for kind in KINDS.values():
        if chosen := [name for name in names if kinds[name] is kind]:
            found = kind.fit(base, chosen, rows, settings)
            fitted.update(zip(chosen, found, strict=True))
            remarks += kind.remarks(found)
    columns = tuple(fitted[name] for name in names)
    _check_distinct(source, columns)
    policy = settings.missing.policy
    return Preprocessing(
        features, settings.transform, policy, columns, target, settings.weight
    ), remarks


def _refusal(source: Source, name: str, kind: type[Column], settings: Settings) -> str:
    if source.kind(name) == "other":
        return f"holds {PLURAL['other']}: write `ignore: [{name}]`"
    return kind.refusal(source, name, settings)


def _check_distinct(source: Source, columns: Sequence[Column]) -> None:
    """DataError where a column `a=b` of the file meets the one made for level b of column a."""
    seen = set[str]()
    for name in (name for column in columns for name in column.outputs):
        if name in seen:
            raise DataError(f"{source.path}: two features would be called {name!r}: rename one")
        seen.add(name)
