"""What a sweep tries for a key of the config: one of some values, a range, or 0 beside a range.

In YAML `[a, b]`, `{min, max}` with `log: true` or a `step`, and `{zero_or: {min, max}}`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from mlptrain.config.dump import inline
from mlptrain.config.faults import shown
from mlptrain.messages import advice

FORMS = "[a, b], {min: a, max: b}, with log: true or step: s, or {zero_or: {min: a, max: b}}"
MOST = 1000
"""Values of one key that a sweep can choose from."""
EDGE = 0.01
"""A value in this share of its range from an end lies on it."""


class BadSpace(Exception):
    """What is wrong with the values to try for a key, and what to write instead."""


class Suggestions(Protocol):
    """What the search engine answers: the next value, by the name of a choice."""

    def suggest_categorical(self, name: str, choices: Any, /) -> Any:
        """One of the choices."""

    def suggest_int(self, name: str, low: int, high: int, /, *, step: int, log: bool) -> int:
        """A whole number from low to high."""

    def suggest_float(
        self, name: str, low: float, high: float, /, *, step: float | None, log: bool
    ) -> float:
        """A number from low to high."""


@dataclass(frozen=True)
class Choice:
    """One of some values, in no order."""

    key: str
    values: tuple[Any, ...]

    def suggest(self, ask: Suggestions) -> Any:
        """The value that the engine chooses."""
        return self.chosen({self.key: ask.suggest_categorical(self.key, list(self.labels))})

    @property
    def labels(self) -> tuple[str, ...]:
        """The values as they are named in the journal: as YAML."""
        return tuple(map(inline, self.values))

    def chosen(self, named: Mapping[str, Any]) -> Any:
        """The value that the journal names."""
        return self.values[self.labels.index(named[self.key])]

    @property
    def names(self) -> tuple[str, ...]:
        """What the journal calls the choices that make a value."""
        return (self.key,)

    def listed(self) -> tuple[Any, ...]:
        """Every value there is."""
        return self.values

    def ends(self) -> tuple[Any, ...]:
        """The values that show whether the config takes all of them."""
        return self.values

    def edge(self, value: Any) -> float | None:
        """The end that a number lies on, where all are numbers and there are some between."""
        numbers = [each for each in self.values if type(each) in (int, float)]
        if len(numbers) < max(3, len(self.values)):
            return None
        return next((end for end in (min(numbers), max(numbers)) if value == end), None)


@dataclass(frozen=True)
class Range:
    """The numbers from low to high, evenly or by their logarithm; `whole` ones, or every step-th."""

    key: str
    low: float
    high: float
    log: bool = False
    step: float | None = None
    whole: bool = False

    def suggest(self, ask: Suggestions) -> Any:
        """The value that the engine chooses."""
        if self.whole:
            low, high, step = int(self.low), int(self.high), int(self.step or 1)
            return ask.suggest_int(self.key, low, high, step=step, log=self.log)
        return ask.suggest_float(self.key, self.low, self.high, step=self.step, log=self.log)

    def chosen(self, named: Mapping[str, Any]) -> Any:
        """The value that the journal names."""
        return named[self.key]

    @property
    def names(self) -> tuple[str, ...]:
        """What the journal calls the choices that make a value."""
        return (self.key,)

    def listed(self) -> tuple[Any, ...]:
        """Every value there is; BadSpace where there is no end of them.

        >>> Range("model.dropout", 0.0, 0.3, step=0.1).listed()
        (0.0, 0.1, 0.2, 0.3)
        """
        if self.step is None and (not self.whole or self.log):
            raise BadSpace("a grid needs a list of values, or a step")
        low, step = Decimal(str(self.low)), Decimal(str(self.step or 1))
        steps = int((Decimal(str(self.high)) - low) / step)
        if steps >= MOST:
            raise BadSpace(f"{steps + 1} values: a grid takes at most {MOST} of a key; raise the step")
        kind = int if self.whole else float
        return tuple(kind(low + number * step) for number in range(steps + 1))

    def ends(self) -> tuple[Any, ...]:
        """The values that show whether the config takes all of them."""
        return (self.low, self.high)

    def edge(self, value: float) -> float | None:
        """The end that a value lies on."""
        scale = math.log if self.log else float
        low, high, here = scale(self.low), scale(self.high), scale(value)
        near = EDGE * (high - low)
        if here - low <= near:
            return self.low
        return self.high if high - here <= near else None


@dataclass(frozen=True)
class ZeroOr:
    """0, or a number of a range: what is off or on with some strength."""

    of: Range

    @property
    def key(self) -> str:
        """The key of the config."""
        return self.of.key

    def suggest(self, ask: Suggestions) -> Any:
        """The value that the engine chooses. The strength is drawn in any case: each trial has all."""
        zero = ask.suggest_categorical(self.names[0], [True, False])
        value = self.of.suggest(ask)
        return type(value)(0) if zero else value

    def chosen(self, named: Mapping[str, Any]) -> Any:
        """The value that the journal names."""
        value = self.of.chosen(named)
        return type(value)(0) if named[self.names[0]] else value

    @property
    def names(self) -> tuple[str, ...]:
        """What the journal calls the choices that make a value."""
        return (f"{self.key} is 0", self.key)

    def listed(self) -> tuple[Any, ...]:
        """Every value there is."""
        values = self.of.listed()
        return (type(values[0])(0), *values)

    def ends(self) -> tuple[Any, ...]:
        """The values that show whether the config takes all of them."""
        return (type(self.of.low)(0), *self.of.ends())

    def edge(self, value: float) -> float | None:
        """The end that a value lies on; 0 is none."""
        return self.of.edge(value) if value else None


Dimension = Choice | Range | ZeroOr


def dimension(key: str, given: Any, whole: bool) -> Dimension:
    """The values to try for `key`, from plain data. `whole`: the config takes no other numbers.

    >>> dimension("train.batch_size", {"min": 16, "max": 64, "step": 16}, True).listed()
    (16, 32, 48, 64)
    """
    match given:
        case list():
            return choice(key, given)
        case {"zero_or": inside, **rest}:
            if rest:
                raise BadSpace(f"zero_or stands alone; move {', '.join(map(str, rest))} into it")
            if not isinstance(inside, dict) or "zero_or" in inside:
                raise BadSpace(f"zero_or: expected {{min: a, max: b}}, got {shown(inside)}")
            made = span(key, inside, whole)
            if made.low <= 0 <= made.high:
                raise BadSpace("zero_or: 0 is in the range already; write the range alone")
            return ZeroOr(made)
        case dict():
            return span(key, given, whole)
    raise BadSpace(f"expected {FORMS}, got {shown(given)}")


def choice(key: str, values: list[Any]) -> Choice:
    """A list of values, none of them twice."""
    labels = [inline(each) for each in values]
    if len(values) < 2:
        raise BadSpace(f"{len(values)} of the two values that a choice needs; {FIXED}")
    if len(values) > MOST:
        raise BadSpace(f"{len(values)} values: at most {MOST}; write {{min: a, max: b}}")
    twice = [label for place, label in enumerate(labels) if label in labels[:place]]
    if twice:
        raise BadSpace(f"{twice[0]} stands there twice; delete one")
    return Choice(key, tuple(values))


KEYS = ("min", "max", "log", "step")
FIXED = "what is fixed goes into the config, or behind --set"


def span(key: str, given: dict[str, Any], whole: bool) -> Range:
    """A range from plain data."""
    for name in given:
        if name not in KEYS:
            raise BadSpace(f"unknown key {shown(name)}; {advice(str(name), KEYS)}")
    for name in ("min", "max"):
        if type(given.get(name)) not in (int, float):
            raise BadSpace(f"{name}: expected a number, got {shown(given.get(name))}")
        if whole and given[name] != int(given[name]):
            raise BadSpace(f"{name}: expected a whole number, got {shown(given[name])}")
    low, high, log, step = given["min"], given["max"], given.get("log", False), given.get("step")
    if not isinstance(log, bool):
        raise BadSpace(f"log: expected true or false, got {shown(log)}")
    if not low < high:
        raise BadSpace(f"min {shown(low)} must be below max {shown(high)}")
    if log and low <= 0:
        raise BadSpace(f"log: min must be > 0, got {shown(low)}; for 0 as well write {{zero_or: ...}}")
    if step is not None:
        check_step(low, high, step, log, whole)
    kind = int if whole else float
    return Range(key, kind(low), kind(high), log, None if step is None else kind(step), whole)


def check_step(low: float, high: float, step: Any, log: bool, whole: bool) -> None:
    """BadSpace for a step that does not lead from the one end to the other."""
    if type(step) not in (int, float) or not step > 0 or (whole and step != int(step)):
        raise BadSpace(f"step: expected a {'whole ' if whole else ''}number > 0, got {shown(step)}")
    if log:
        raise BadSpace("log and step exclude each other; delete one")
    if (Decimal(str(high)) - Decimal(str(low))) % Decimal(str(step)):
        raise BadSpace(f"steps of {shown(step)} from {shown(low)} do not reach {shown(high)}")
