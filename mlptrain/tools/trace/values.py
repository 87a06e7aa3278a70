"""Values as they are typed on a command line: numbers, vectors, matrices."""

import re
from collections.abc import Iterable

import numpy as np

from mlptrain.arrays import Array
from mlptrain.errors import ConfigError
from mlptrain.tools.trace.tokens import NAME, NUMBER, SHOWN

ENTRY = rf"\s*[-+]?{NUMBER}\s*"
VECTOR = rf"\s*\[{ENTRY}(?:,{ENTRY})*\]\s*"
MATRIX = rf"\s*\[{VECTOR}(?:,{VECTOR})*\]\s*"
FORMS = "a number, a vector [1,-2] or a matrix [[1,2],[3,4]]"
MOST_CHARACTERS = 100_000


def read_value(text: str, at: str) -> Array:
    """The number, vector or matrix in `text`; ConfigError at the place `at` if it is none.

    >>> read_value("[[1, 2], [3, -4e-1]]", "w").tolist()
    [[1.0, 2.0], [3.0, -0.4]]
    """
    if len(text) > MOST_CHARACTERS:
        raise ConfigError(f"{at}: {len(text)} characters; at most {MOST_CHARACTERS} are read")
    if re.fullmatch(ENTRY, text):
        value = np.array(float(text))
    elif re.fullmatch(VECTOR, text):
        value = np.array(_numbers(text))
    elif re.fullmatch(MATRIX, text):
        rows = [_numbers(row) for row in re.findall(VECTOR, text)]
        if len({len(row) for row in rows}) > 1:
            lengths = ", ".join(str(len(row)) for row in rows[:SHOWN])
            raise ConfigError(f"{at}: rows of a matrix must be of one length, got {lengths}")
        value = np.array(rows)
    else:
        raise ConfigError(f"{at}: expected {FORMS}, got {text[:SHOWN]!r}")
    if not np.isfinite(value).all():
        raise ConfigError(f"{at}: {text[:SHOWN]!r} is too large; numbers go up to 1.7e308")
    return value


def read_values(arguments: Iterable[str]) -> dict[str, Array]:
    """The values of all arguments NAME=VALUE, by name; one fault per line where some are wrong.

    >>> read_values(["x=-2", "w=[1,2]"])
    {'x': array(-2.), 'w': array([1., 2.])}
    """
    values: dict[str, Array] = {}
    faults: list[str] = []
    for argument in arguments:
        name, equals, text = argument.partition("=")
        if not equals or not re.fullmatch(NAME, name):
            faults.append(f"{argument[:SHOWN]!r}: expected NAME=VALUE, for example x=-2")
        elif name in values:
            faults.append(f"{name}: given twice; keep one of the two")
        else:
            try:
                values[name] = read_value(text, name)
            except ConfigError as error:
                faults.extend(error.faults)
    if faults:
        raise ConfigError(*faults)
    return values


def _numbers(vector: str) -> list[float]:
    return [float(number) for number in re.findall(rf"[-+]?{NUMBER}", vector)]
