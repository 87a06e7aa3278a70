"""The functions that people call, and the program."""

import base64
import csv
import io
import json
import os
import sys
from functools import cache
from typing import Any

import numpy as np

from mlptrain.export.standalone.network import answers, scores_of
from mlptrain.export.standalone.reading import Refused, columns_of, features

Array = np.ndarray[Any, Any]
MODEL = "{}"
USAGE = "usage: python {} FILE [--proba] [--decide]    (FILE: delimited text with a header; -: stdin)"


def unpacked(item: Any) -> Any:
    """JSON with its arrays as NumPy has them."""
    if isinstance(item, list):
        return [unpacked(each) for each in item]
    if not isinstance(item, dict):
        return item
    if "base64" in item:
        bits = np.frombuffer(base64.b64decode(item["base64"]), np.dtype(item["dtype"]))
        return bits.reshape(item["shape"])
    return {key: unpacked(each) for key, each in item.items()}


@cache
def model() -> dict[str, Any]:
    """The model of this file."""
    found: dict[str, Any] = unpacked(json.loads(MODEL))
    return found


def answers_for(rows: Any, made: dict[str, Any]) -> tuple[Array, Array]:
    """(N, C) what names a class, and probabilities; or (N, K) numbers, twice. Refused if not finite."""
    columns = columns_of(rows, made)
    each = [
        scores_of(member["steps"], features(member, columns, made["dtype"]))
        for member in made["members"]
    ]
    named, found = answers(made, each)
    finite = np.isfinite(named).all(axis=1) & np.isfinite(found).all(axis=1)
    if not finite.all():
        raise Refused(f"row {int((~finite).argmax()) + 1}: its values are too large for the network")
    return named, found


def chosen(named: Array, found: Array, made: dict[str, Any], *, decide: bool) -> Array:
    """(N,) class numbers: of the highest score, or by the threshold."""
    if not decide:
        return named.argmax(axis=1)
    if made["threshold"] is None:
        raise Refused("this model has no threshold: leave out `decide`")
    positive = made["threshold"]["positive"]
    called = found[:, positive] > made["threshold"]["value"]
    return np.where(called, positive, 1 - positive)


def predict(rows: Any, *, decide: bool = False, made: dict[str, Any] | None = None) -> Array:
    """The class of each row; or (N,) or (N, K) numbers; or (N, K) the values of yes-or-no targets.

    rows    a dict of columns, a list of dicts, or an array (N, D) in the order of training
    decide  by the threshold of the model, instead of the highest score
    """
    made = model() if made is None else made
    named, found = answers_for(rows, made)
    if made["classes"] is not None:
        return np.array(made["typed"])[chosen(named, found, made, decide=decide)]
    if made["values"] is not None:
        pairs = [np.array(pair) for pair in made["values"]]
        return np.stack([p[(found[:, k] > 0.5).astype(int)] for k, p in enumerate(pairs)], axis=1)
    return found[:, 0] if found.shape[1] == 1 else found


def predict_proba(rows: Any, *, made: dict[str, Any] | None = None) -> Array:
    """(N, C) the probability of each class, or (N, K) of each yes."""
    made = model() if made is None else made
    if made["response"] not in ("softmax", "sigmoid"):
        raise Refused("this model gives no probabilities")
    return answers_for(rows, made)[1]


def table(rows: Any, *, proba: bool, decide: bool, made: dict[str, Any]) -> dict[str, list[Any]]:
    """The columns of a file of predictions."""
    named, found = answers_for(rows, made)
    out = dict[str, list[Any]]()
    if made["classes"] is not None:
        numbers = chosen(named, found, made, decide=decide)
        out[made["names"][0]] = [made["classes"][c] for c in numbers.tolist()]
    elif made["values"] is not None:
        for name, pair, p in zip(made["names"], made["texts"], found.T, strict=True):
            out[name] = [pair[yes] for yes in (p > 0.5).astype(int).tolist()]
    else:
        out.update(zip(made["names"], found.T.tolist(), strict=True))
    if proba:
        if made["response"] not in ("softmax", "sigmoid"):
            raise Refused("this model gives no probabilities: leave out --proba")
        names = made["classes"] or made["names"]
        out.update(zip((f"proba_{name}" for name in names), found.T.tolist(), strict=True))
    return out


def read(text: str) -> dict[str, list[str]]:
    """The columns of a delimited text with a header, separated by `,`, `;`, a tab or `|`."""
    first, _, rest = text.partition("\n")
    declared = first.strip().strip('"').lower().startswith("sep=")
    separator = first.strip().strip('"')[4:5] if declared else ""
    text = rest if declared else text
    head = next((line for line in text.splitlines() if line.strip()), "")
    separator = separator or max(",;\t|", key=head.count)
    records = [r for r in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if r]
    if not records:
        raise Refused("is empty: a table with a header is needed")
    names = [name.strip() for name in records[0]]
    for number, record in enumerate(records[1:], 1):
        if len(record) != len(names):
            raise Refused(f"row {number}: {len(record)} fields where the header names {len(names)}")
    return {name: [record[j] for record in records[1:]] for j, name in enumerate(names)}


def main(arguments: list[str]) -> int:
    """Predict the rows of a file, one row out for each row in."""
    program, *rest = arguments
    files = [each for each in rest if each == "-" or not each.startswith("-")]
    options = [each for each in rest if each not in files]
    if len(files) != 1 or not {*options} <= {"--proba", "--decide"}:
        sys.stderr.write(USAGE.format(program) + "\n")
        return 2
    try:
        data = sys.stdin.buffer.read() if files[0] == "-" else open(files[0], "rb").read()  # noqa: SIM115
        rows = read(data.decode("utf-8-sig"))
        asked = {"proba": "--proba" in options, "decide": "--decide" in options}
        found = table(rows, **asked, made=model())
    except OSError as error:
        sys.stderr.write(f"error: {files[0]}: {error.strerror}\n")
        return 6
    except (Refused, UnicodeDecodeError, csv.Error) as error:
        sys.stderr.write(f"error: {files[0]}: {error}\n")
        return 3
    return written(found)


def written(found: dict[str, Any]) -> int:
    """Write the columns to stdout; a reader who goes away, as `head` does, is no error."""
    try:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(found)
        writer.writerows(zip(*found.values(), strict=True))
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python says so again when it ends
        if not isinstance(error, BrokenPipeError):
            sys.stderr.write(f"error: stdout: {error.strerror}\n")
            return 6
    return 0
