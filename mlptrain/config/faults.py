"""What is wrong with a config, in plain words: where, what was found, what to do.

pydantic finds the faults; here its error types become sentences. Nothing of its jargon, and none of the
paths through its unions, reaches the user.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from mlptrain.config.dump import inline
from mlptrain.config.keys import advice_on_key
from mlptrain.config.kinds import is_tag
from mlptrain.config.scalars import resolve
from mlptrain.config.yaml import Path
from mlptrain.messages import advice, nearest

MOST_FAULTS = 100
LONGEST = 60
"""How many characters of a value a message shows."""

SAID_FOR_NULL = ("none", "null", "nil", "nan", "na", "")
SAID_FOR_TRUTH = {"yes": "true", "on": "true", "no": "false", "off": "false"}


@dataclass(frozen=True)
class Fault:
    """A fault at a key, and the other keys that it is about, if they are several."""

    path: Path
    what: str
    involves: tuple[Path, ...] = ()


def faults_of(error: ValidationError, data: object) -> Iterator[Fault]:
    """The faults that pydantic found in `data`, unknown keys first, at most MOST_FAULTS of them."""
    meant: set[Path] = set()  # required keys that are there, but misspelt
    found = error.errors(include_url=False)[:MOST_FAULTS]
    for one in sorted(found, key=lambda one: one["type"] != "extra_forbidden"):
        path = _path(one["loc"], data, one["type"])
        ctx: Mapping[str, Any] = one.get("ctx", {})
        if one["type"] == "extra_forbidden":
            key = advice_on_key(str(path[-1]), path[:-1], data)
            meant.add((*path[:-1], key.word))
            yield Fault(path, "unknown key; " + key.text)
        elif one["type"] == "missing" and any(path[:depth] in meant for depth in range(len(path) + 1)):
            continue
        elif one["type"] == "no_choice":
            yield _no_choice(path, one["input"], ctx, data)
        else:
            yield Fault(path, _sentence(one["type"], one["input"], ctx) or one["msg"])


def dotted(path: Path) -> str:
    """`path` as it is typed after --set.

    >>> dotted(("model", "hidden", 1))
    'model.hidden[1]'
    """
    steps = (f"[{step}]" if isinstance(step, int) else "." + shortened(step) for step in path)
    return "".join(steps).removeprefix(".")


def shown(value: object) -> str:
    """`value` in a message: as YAML, text in single quotes, shortened, on one line.

    >>> shown("ten"), shown([1, 2]), shown(None), shown("x" * 99)[-8:]
    ("'ten'", '[1, 2]', 'null', "xxxxxx…'")
    """
    if isinstance(value, str):
        return f"'{shortened(value)}'"
    try:
        return shortened(inline(value))
    except TypeError:  # a value from Python that YAML does not know
        return shortened(repr(value))


def shortened(text: str) -> str:
    """`text` on one line that is not too long."""
    line = text[: 2 * LONGEST].replace("\n", " ").replace("\r", " ")
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _path(loc: tuple[str | int, ...], data: Any, kind: str) -> Path:
    """pydantic's location as the user would write it, no deeper than what the user wrote."""
    path: Path = ()
    for step in loc:
        own = isinstance(data, Mapping) and step in data  # a user may choose such words, too
        if (is_tag(step) or step == "[key]") and not own:
            continue
        # Below a text stands the key that the text is short for. Only a key that is missing has a name.
        if not isinstance(data, Mapping | list | tuple) and kind != "missing":
            break
        path += (step,)
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            data = None
    return path


def _no_choice(path: Path, value: Any, ctx: Mapping[str, Any], data: Any) -> Fault:
    names: list[str] = ctx["names"].split(", ")
    if not isinstance(value, Mapping):
        what = f"expected {ctx['what']}, by its name or as {{name: ...}}, got {shown(value)}"
        return Fault(path, f"{what}; choose from {', '.join(names)}")
    if "name" not in value:
        return Fault((*path, "name"), f"missing; choose from {', '.join(names)}")
    name = value["name"]
    for step in path:
        data = data[step]
    where = (*path, "name") if isinstance(data, Mapping) else path
    hint = advice(name, names) if isinstance(name, str) else f"choose from {', '.join(names)}"
    return Fault(where, f"{shown(name)} is not {ctx['what']}; {hint}")


def _sentence(kind: str, value: object, ctx: Mapping[str, Any]) -> str:
    """The sentence for one of pydantic's error types; "" for a type that has none yet."""
    got = f", got {shown(value)}"
    if kind in BOUNDS:
        key, sign = BOUNDS[kind]
        return f"must be {sign} {_number(ctx[key])}{got}"
    if kind in EXPECTED:
        expected, hint = EXPECTED[kind]
        return f"expected {expected}{got}{hint(value)}"
    match kind:
        case "missing":
            return "missing; it has no default"
        case "finite_number":
            return f"must be finite{got}"
        case "literal_error":
            words = re.findall("'([^']*)'", ctx["expected"])
            near = nearest(value, words) if isinstance(value, str) else ""
            expected = " or ".join(words) if len(words) < 3 else "one of " + ", ".join(words)
            return f"expected {expected}{got}" + (f"; did you mean '{near}'?" if near else "")
        case "wrong_kind":
            return f"expected {ctx['expected']}{got}{_null_hint(value, ctx['expected'])}"
        case "string_pattern_mismatch":
            return f"expected small letters, digits and _, 40 at most{got}"
        case "string_too_short":
            return "must not be empty"
        case "too_short":
            least = ctx["min_length"]
            return "must not be empty" if least == 1 else f"needs at least {least} items{got}"
        case "too_long":
            return f"takes at most {ctx['max_length']} items, got {ctx['actual_length']}"
        case "invalid_key":
            return f"a key must be text{got}"
    return ""


def _number_hint(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return f"; write {int(value)}"
    return _quotes_hint(value)


def _quotes_hint(value: object) -> str:
    try:
        is_number = isinstance(value, str) and isinstance(resolve(value), int | float)
    except ValueError:  # a number that is too large without its quotes, too
        return ""
    return "; remove the quotes" if is_number else ""


def _truth_hint(value: object) -> str:
    word = SAID_FOR_TRUTH.get(value.lower()) if isinstance(value, str) else None
    return f"; write {word}" if word else ""


def _text_hint(value: object) -> str:
    is_plain = isinstance(value, int | float)
    return f'; write "{shown(value)}" if it is a name' if is_plain else ""


def _list_hint(value: object) -> str:
    return f"; write [{shortened(str(value))}]" if isinstance(value, int | float | str) else ""


def _mapping_hint(value: object) -> str:
    return "; write keys under it, or delete it" if value is None else ""


def _null_hint(value: object, expected: str) -> str:
    if "null" in expected and isinstance(value, str) and value.lower() in SAID_FOR_NULL:
        return "; write null"
    return _quotes_hint(value) if "number" in expected or "fraction" in expected else ""


def _number(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else str(bound)


BOUNDS = {
    "greater_than": ("gt", ">"),
    "greater_than_equal": ("ge", ">="),
    "less_than": ("lt", "<"),
    "less_than_equal": ("le", "<="),
}
EXPECTED: dict[str, tuple[str, Callable[[object], str]]] = {
    "int_type": ("a whole number", _number_hint),
    "float_type": ("a number", _quotes_hint),
    "bool_type": ("true or false", _truth_hint),
    "string_type": ("text", _text_hint),
    "tuple_type": ("a list", _list_hint),
    "model_type": ("keys with values", _mapping_hint),
    "dict_type": ("keys with values", _mapping_hint),
    "mapping_type": ("keys with values", _mapping_hint),
}
