"""Fitting a Preprocessing: which columns are features, what each holds, what is learned of it."""

from collections.abc import Sequence

from mlptrain.data.preprocessing.columns import (
    PLURAL,
    Category,
    Column,
    Number,
)
from mlptrain.data.preprocessing.polar import OUTPUTS, polar
from mlptrain.data.preprocessing.preprocess import FILL, Preprocessing
from mlptrain.data.preprocessing.recipe import Recipe
from mlptrain.data.preprocessing.scaling import fit_numbers
from mlptrain.data.preprocessing.targets import FEW, Target
from mlptrain.data.source import RowIndex, Source, require
from mlptrain.errors import ConfigError, DataError
from mlptrain.messages import count, printable, some

MOST_LEVELS = 1000


def choose_features(
    source: Source, targets: Sequence[str], recipe: Recipe
) -> tuple[tuple[str, ...], list[str]]:
    """The feature columns by name, and notes on those left out."""
    apart = {*targets, *recipe.ignore} | ({recipe.weight} if recipe.weight else set())
    require(source, [*targets, *(recipe.features or ()), *recipe.ignore, *recipe.categories])
    require(source, [recipe.weight] if recipe.weight else [])
    both = [name for name in recipe.features or () if name in apart]
    if both:
        raise ConfigError(
            f"data.features: {printable(both[0])!r} is also the target, the weight or ignored"
        )
    chosen = recipe.features or tuple(name for name in source.names if name not in apart)
    if "" in chosen:
        raise DataError(
            f"{source.path}: column {source.names.index('') + 1} has no name: "
            'name it in the header, or leave it out with `ignore: [""]`'
        )
    notes, kept = list[str](), list[str]()
    for name in chosen:
        if source.kind(name) == "date" and recipe.dates == "ignore":
            notes.append(f"{printable(name)} holds dates and is ignored")
        else:
            kept.append(name)
    if not kept:
        raise DataError(f"{source.path}: no column is left to learn from")
    return tuple(kept), notes


def fit(
    source: Source, rows: RowIndex, features: tuple[str, ...], target: Target, recipe: Recipe
) -> tuple[Preprocessing, list[str]]:
    """Learn from the training rows everything that X needs, and say what is worth knowing."""
    base: Source = source
    names: tuple[str, ...] = features
    if recipe.transform == "polar":
        base, names = polar(source, features, rows), OUTPUTS
    categories = [name for name in names if _is_category(base, name, recipe)]
    _refuse(base, names, recipe)
    numbers = [name for name in names if name not in categories]
    fitted: dict[str, Column] = {
        column.name: column
        for column in fit_numbers(
            base,
            numbers,
            rows,
            scale=recipe.scale,
            missing=recipe.missing,
            indicator=recipe.indicator,
            advice=FILL,
        )
    }
    for name in categories:
        fitted[name] = _fit_category(base, name, rows, recipe)
    columns = tuple(fitted[name] for name in names)
    made = Preprocessing(features, recipe.transform, recipe.missing, columns, target, recipe.weight)
    _distinct(source, made.features)
    return made, _notes(columns)


def _is_category(source: Source, name: str, recipe: Recipe) -> bool:
    """Text is, unless most of it is numbers: then `numbers` says which values are not."""
    if name in recipe.categories:
        return True
    return source.kind(name) == "text" and not source.looks_numeric(name)


def _refuse(source: Source, names: Sequence[str], recipe: Recipe) -> None:
    """DataError for every column whose kind asks for a decision that has not been taken."""
    faults = []
    for name in names:
        kind, shown = source.kind(name), printable(name)
        where = f"{source.path}: column {shown!r}"
        if kind == "other":
            faults.append(f"{where} holds {PLURAL[kind]}: write `ignore: [{shown}]`")
        if kind == "date" and recipe.dates == "refuse" and name not in recipe.categories:
            faults.append(
                f"{where} holds dates: write `dates: number` (days since 1970-01-01) "
                f"or `ignore: [{shown}]`"
            )
        if recipe.encode == "error" and _is_category(source, name, recipe):
            faults.append(f"{where} holds text: write `categorical: one_hot` or `ignore: [{shown}]`")
    if faults:
        raise DataError(*faults)


def _fit_category(source: Source, name: str, rows: RowIndex, recipe: Recipe) -> Category:
    levels = source.levels(name, rows)
    found = f"{count(len(levels), 'different value')} in {count(len(rows), 'training row')}"
    if len(levels) > MOST_LEVELS or len(levels) > max(FEW, len(rows) / 2):
        raise DataError(
            f"{source.path}: column {printable(name)!r} has {found}: too many for categories; "
            f"write `ignore: [{printable(name)}]`"
        )
    if not levels:
        raise DataError(
            f"{source.path}: column {printable(name)!r} has no value in any training row: "
            f"write `ignore: [{printable(name)}]`"
        )
    return Category(name, tuple(levels), recipe.unseen, recipe.blank)


def _notes(columns: Sequence[Column]) -> list[str]:
    """On columns with one value in every training row; many are one note."""
    zero = [column for column in columns if isinstance(column, Number) and column.factor == 0]
    notes = [f"{printable(c.name)} is {c.center:g} in every training row: it becomes 0" for c in zero]
    if len(notes) > 3:
        names = some([column.name for column in zero])
        notes = [f"{len(zero)} columns have one value in every training row and become 0: {names}"]
    single = [c for c in columns if isinstance(c, Category) and len(c.levels) == 1]
    return notes + [f"{c.name} is {c.levels[0]!r} in every training row" for c in single]


def _distinct(source: Source, names: tuple[str, ...]) -> None:
    """DataError where a column `a=b` of the file meets the one made for level b of column a."""
    twice = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
    if twice:
        raise DataError(
            f"{source.path}: two features would be called {printable(min(twice))!r}: rename one"
        )
