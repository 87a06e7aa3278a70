"""What is asked of the preprocessing: the settings of the `data` section, checked and written out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mlptrain.data.preprocessing.columns import Missing, Policy, Scale
from mlptrain.errors import ConfigError
from mlptrain.messages import hint


@dataclass(frozen=True)
class Recipe:
    """What the user asked for; the defaults are the config's.

    features     the columns to use; None: every one that is not target, weight or ignored
    missing      what becomes of missing numbers; `indicator` adds a column that says where they were
    encode       what becomes of text columns: `error` refuses them
    unseen, blank   what becomes of a category that training did not have, and of a missing one
    categories   number columns to be taken as categories
    dates        refused, left out, or days since 1970-01-01
    """

    features: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    weight: str | None = None
    scale: Scale = "standard"
    scale_target: Literal["standard", "none"] = "standard"
    missing: Missing = "error"
    indicator: bool = False
    encode: Literal["one_hot", "error"] = "one_hot"
    unseen: Policy = "error"
    blank: Policy = "error"
    categories: tuple[str, ...] = ()
    dates: Literal["refuse", "ignore", "number"] = "refuse"
    transform: Literal["polar"] | None = None


def make_recipe(
    features: Sequence[str] | None,
    ignore: Sequence[str],
    weight: str | None,
    scale: str,
    scale_target: str,
    missing: str | Mapping[str, Any],
    categorical: str | Mapping[str, Any],
    dates: str,
    transform: str | None,
) -> Recipe:
    """The settings of the config as a Recipe; short forms written out.

    >>> recipe = make_recipe(None, [], None, "none", "none", "mean", "error", "ignore", None)
    >>> recipe.missing, recipe.indicator, recipe.encode
    ('mean', False, 'error')
    """
    blanks = _long(missing, "missing", "policy", ("policy", "indicator"))
    coded = _long(categorical, "categorical", "encode", ("encode", "unseen", "missing", "columns"))
    return Recipe(
        features=None if features is None else tuple(features),
        ignore=tuple(ignore),
        weight=weight,
        scale=_one_of(scale, "scale", ("standard", "minmax", "robust", "none")),
        scale_target=_one_of(scale_target, "scale_target", ("standard", "none")),
        missing=_one_of(
            blanks.get("policy", "error"), "missing.policy", ("error", "mean", "median", "drop")
        ),
        indicator=bool(blanks.get("indicator", False)),
        encode=_one_of(coded.get("encode", "one_hot"), "categorical.encode", ("one_hot", "error")),
        unseen=_one_of(coded.get("unseen", "error"), "categorical.unseen", ("error", "zeros")),
        blank=_one_of(coded.get("missing", "error"), "categorical.missing", ("error", "zeros")),
        categories=tuple(coded.get("columns", ())),
        dates=_one_of(dates, "dates", ("refuse", "ignore", "number")),
        transform=_one_of(transform, "transform", (None, "polar")),
    )


def _long(
    setting: str | Mapping[str, Any], key: str, short: str, known: tuple[str, ...]
) -> Mapping[str, Any]:
    """A bare string is short for {short: string}."""
    if isinstance(setting, str):
        return {short: setting}
    for option in setting:
        if option not in known:
            raise ConfigError(f"data.{key}.{option}: unknown key{hint(option, known)}")
    return setting


def _one_of(value: Any, key: str, choices: tuple[Any, ...]) -> Any:
    if value not in choices:
        names = ", ".join(str(choice) for choice in choices if choice)
        raise ConfigError(
            f"data.{key}: {value!r} is not one of {names}{hint(str(value), map(str, choices))}"
        )
    return value
