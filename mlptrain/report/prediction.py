"""Predictions as a file: CSV, tab-separated text or JSON Lines, written chunk by chunk.

A file appears whole or not at all. On stdout the rows come as they are made.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlptrain.data.preprocessing.repairs import Repair, added_up
from mlptrain.data.source import as_number
from mlptrain.errors import ConfigError, StorageError
from mlptrain.inference.outside import Outside, together
from mlptrain.inference.predict import Predicted
from mlptrain.messages import printable
from mlptrain.report.console import nobody_reads, stdout_is_terminal
from mlptrain.report.console import write as to_stdout
from mlptrain.report.notes import repaired, tell
from mlptrain.storage.files import write_file

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that spreadsheets take for a formula."""
Format = Callable[[Predicted, bool], str]
"""Some rows as text; the flag says whether they are the first ones."""


def write(chunks: Iterator[Predicted], out: str | None, inputs: Iterable[str]) -> None:
    """Write to `out`, or to stdout for None and `-`; then tell what was repaired or not used.

    `inputs` are the files that are read meanwhile, which may not be replaced.
    """
    notes, repairs, outside = list[str](), list[Repair](), list[Outside]()
    form = format_of(out)
    if out is None or out == "-":
        _print(_texts(chunks, form, notes, repairs, outside))
    else:
        _check_place(Path(out), inputs)
        write_file(out, (text.encode() for text in _texts(chunks, form, notes, repairs, outside)))
    far = [str(together(outside))] if any(each.rows for each in outside) else []
    tell([*notes, *[repaired(added_up(repairs))] * bool(repairs), *far])


def escaped(rows: Predicted) -> Predicted:
    """The same rows with a ' before each text that a spreadsheet would take for a formula.

    As OWASP advises (CSV injection). Numbers stay numbers, also where they are kept columns.
    """
    columns: dict[str, Any] = {
        _safe(name): [_safe(value) if isinstance(value, str) else value for value in values]
        for name, values in rows.columns.items()
    }
    return replace(rows, columns=columns)


def _safe(text: str) -> str:
    """
    >>> _safe("=HYPERLINK(1)"), _safe("-2.5"), _safe("a=b")
    ("'=HYPERLINK(1)", '-2.5', 'a=b')
    """
    return f"'{text}" if text.startswith(FORMULA) and as_number(text) is None else text


def format_of(out: str | None) -> Format:
    """The form that the suffix asks for. A CSV is what every other name means."""
    suffix = Path(out or "-").suffix.lower()
    if suffix in (".jsonl", ".ndjson"):
        return json_lines
    if suffix in (".parquet", ".arrow", ".feather", ".ipc", ".xlsx", ".gz", ".npz"):
        raise ConfigError(f"-o {out}: cannot write {suffix}: choose .csv, .tsv or .jsonl")
    return tab_separated if suffix == ".tsv" else comma_separated


def comma_separated(rows: Predicted, first: bool) -> str:
    """RFC 4180, save that lines end in a line feed; numbers with every digit that tells them apart."""
    return _delimited(rows, first, ",")


def tab_separated(rows: Predicted, first: bool) -> str:
    """The same with tabs."""
    return _delimited(rows, first, "\t")


def json_lines(rows: Predicted, first: bool) -> str:
    """One JSON object per line; kept columns and class names are text."""
    names = list(rows.columns)
    values = zip(*rows.columns.values(), strict=True)
    dumps = json.dumps
    return "".join(
        dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n" for row in values
    )


def _delimited(rows: Predicted, first: bool, separator: str) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    if first:
        writer.writerow(rows.columns)
    writer.writerows(zip(*rows.columns.values(), strict=True))
    return text.getvalue()


def _texts(
    chunks: Iterator[Predicted],
    form: Format,
    notes: list[str],
    repairs: list[Repair],
    outside: list[Outside],
) -> Iterator[str]:
    """The chunks as text; what there is to tell is gathered on the way."""
    first = True
    for chunk in chunks:
        notes += chunk.notes
        repairs += chunk.repairs
        outside.append(chunk.outside)
        yield form(chunk, first)
        first = False


def _print(texts: Iterator[str]) -> None:
    """Write as it comes, until nobody reads any more (`| head`)."""
    for text in texts:
        if stdout_is_terminal():
            text = "".join(printable(line) + "\n" for line in text.splitlines())
        to_stdout(text)
        if nobody_reads():
            return


def _check_place(out: Path, inputs: Iterable[str]) -> None:
    """Refuse to replace a device, a directory, or a file that is being read."""
    if out.exists() and not out.is_file():
        raise StorageError(f"{out}: is no ordinary file; name another, or - for stdout")
    for path in inputs:
        if out.exists() and Path(path).is_file() and out.samefile(path):
            raise ConfigError(
                f"-o {out}: is read for this prediction and would be replaced: name another"
            )
