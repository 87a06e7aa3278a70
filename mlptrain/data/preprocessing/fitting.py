"""Fitting a Preprocessing: which columns are features, what each holds, what is learned of it."""

from collections.abc import Mapping, Sequence

from mlptrain.data.matrix import Matrix
from mlptrain.data.preprocessing.checks import PLURAL
from mlptrain.data.preprocessing.columns import KINDS, kinds_for
from mlptrain.data.preprocessing.columns.column import Column
from mlptrain.data.preprocessing.columns.number import Number
from mlptrain.data.preprocessing.encodings import encoded
from mlptrain.data.preprocessing.polar import OUTPUTS, polar
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.preprocessing.recoded import recodings
from mlptrain.data.preprocessing.targets import Target
from mlptrain.data.settings import Settings
from mlptrain.data.source import RowIndex, Source, require
from mlptrain.data.written import AS_USUAL
from mlptrain.errors import ConfigError, DataError
from mlptrain.messages import in_yaml, some


def choose_features(
    source: Source, targets: Sequence[str], settings: Settings
) -> tuple[tuple[str, ...], list[str]]:
    """The feature columns by name, and notes on those left out."""
    weight = () if settings.weight is None else (settings.weight,)
    apart: set[str | None] = {*targets, *settings.left_out(), *weight}
    named = [name for kind in KINDS.values() for name in kind.named(settings)]
    named += [*settings.columns, *settings.roles]
    if settings.reading != AS_USUAL and isinstance(source, Matrix):
        key = "columns" if settings.columns else "missing_values"
        raise ConfigError(f"data.{key}: an array holds numbers, not texts; a missing one is NaN")
    wanted = [*targets, *(settings.features or ()), *settings.ignore, *named, *weight]
    require(source, dict.fromkeys(wanted))
    both = [name for name in settings.features or () if name in apart]
    if both:
        raise ConfigError(f"data.features: {both[0]!r} is also the target, the weight or ignored")
    apart |= {settings.group, settings.split_column}  # a feature only where `features` names it
    chosen = settings.features or tuple(name for name in source.candidates if name not in apart)
    if "" in chosen:
        raise DataError(
            f"{source.path}: column {source.names.index('') + 1} has no name: "
            'name it in the header, or leave it out with `ignore: [""]`'
        )
    ignored = [name for name in chosen if settings.dates_of(name) == "ignore"]
    dates = [name for name in ignored if source.kind(name) == "date"]
    kept = tuple(name for name in chosen if name not in dates)
    if not kept:
        raise DataError(f"{source.path}: no column is left to learn from")
    notes = [f"{name} holds dates and is ignored" for name in dates]
    if len(dates) > 1:
        notes = [f"{len(dates)} columns hold dates and are ignored: {some(dates)}"]
    used = {*source.candidates, *kept, *apart}
    labels = [name for name in source.names if name not in used]
    if labels and settings.features is None:
        notes.append(f"{source.path}: labels, left out unless data.features names them: {some(labels)}")
    return kept, notes


def fit(
    source: Source, rows: RowIndex, features: tuple[str, ...], target: Target, settings: Settings
) -> tuple[Preprocessing, list[str]]:
    """Learn from the training rows everything that the inputs need, and say what is worth knowing."""
    base: Source = source
    names: tuple[str, ...] = features
    if settings.transform == "polar":
        base, names = polar(source, features, rows), OUTPUTS
    kinds = kinds_for(base, names, settings)
    _check_scales(kinds, settings)
    refused = {name: _refusal(base, name, kind, settings) for name, kind in kinds.items()}
    if any(refused.values()):
        raise DataError(
            *(f"{source.path}: column {name!r} {why}" for name, why in refused.items() if why)
        )
    fitted, remarks = dict[str, Column](), list[str]()
    for kind in KINDS.values():
        if chosen := [name for name in names if kinds[name] is kind]:
            found = encoded(kind.fit(base, chosen, rows, settings), base, rows, target, settings)
            fitted.update(zip(chosen, found, strict=True))
            remarks += kind.remarks(found)
    numbers = [c.name for c in fitted.values() if isinstance(c, Number) and c.kind == "number"]
    remarks += _codes(base.code(numbers))
    columns = tuple(fitted[name] for name in names)
    _check_distinct(source, columns)
    remarks += recodings(base, rows, columns, target) if base is source else []
    made = Preprocessing(
        inputs=features,
        transform=settings.transform,
        missing=settings.missing.policy,
        columns=columns,
        target=target,
        weight=settings.weight,
        reading=settings.reading,
        target_missing=settings.target_missing,
    )
    return made, remarks


def _codes(found: Mapping[str, str]) -> list[str]:
    """A note on number columns whose spelling says more than the number."""
    if not found:
        return []
    shown = some([f"{name} ({text})" for name, text in found.items()], 3)
    advice = "if they are codes: data.categorical.columns"
    return [f"{shown}: taken as numbers, which do not keep this spelling; {advice}"]


def _refusal(source: Source, name: str, kind: type[Column], settings: Settings) -> str:
    if source.kind(name) == "other":
        return f"holds {PLURAL['other']}: write `ignore: [{in_yaml(name)}]`"
    return kind.refusal(source, name, settings)


def _check_scales(kinds: Mapping[str, type[Column]], settings: Settings) -> None:
    """ConfigError where a scale is asked for of a column that is no number."""
    for name, kind in kinds.items():
        if kind is not Number and settings.role(name).scale is not None:
            raise ConfigError(f"data.columns.{name}.scale: only numbers have a scale, and this is text")


def _check_distinct(source: Source, columns: Sequence[Column]) -> None:
    """DataError where a column `a=b` of the file meets the one made for level b of column a."""
    seen = set[str]()
    for name in (name for column in columns for name in column.outputs):
        if name in seen:
            raise DataError(f"{source.path}: two features would be called {name!r}: rename one")
        seen.add(name)
