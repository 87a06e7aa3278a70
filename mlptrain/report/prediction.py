"""Predictions as a file: CSV, tab-separated text, JSON Lines, each written chunk by chunk, or Parquet.

A file appears whole or not at all. On stdout the rows come as they are made.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
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
from mlptrain.report.parquet import as_parquet
from mlptrain.storage.files import write_file

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that spreadsheets take for a formula."""
Format = Callable[[Iterator[Predicted]], Iterator[bytes]]
"""The chunks as the parts of a file."""
Rows = Callable[[Predicted, bool], str]
"""Some rows as text; the flag says whether they are the first ones."""


@dataclass
class Told:
    """What there is to tell about the chunks that have gone by."""

    notes: list[str] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    outside: list[Outside] = field(default_factory=list)

    def of(self, chunks: Iterator[Predicted]) -> Iterator[Predicted]:
        """The same chunks."""
        for chunk in chunks:
            self.notes += chunk.notes
            self.repairs = [each.short() for each in added_up([*self.repairs, *chunk.repairs])]
            self.outside.append(chunk.outside)
            yield chunk

    def lines(self) -> Iterator[str]:
        """Notes, repaired values, rows outside the range of training."""
        yield from self.notes
        yield from repaired(sorted(self.repairs, key=lambda each: each.column))  # in whatever chunks
        if any(each.rows for each in self.outside):
            yield str(together(self.outside))


def write(chunks: Iterator[Predicted], out: str | None, inputs: Iterable[str]) -> None:
    """Write to `out`, or to stdout for None and `-`; then tell what was repaired or not used.

    `inputs` are the files that are read meanwhile, which may not be replaced.
    """
    told, form = Told(), format_of(out)
    parts = form(told.of(chunks))
    if out is None or out == "-":
        _print(part.decode() for part in parts)
    else:
        _check_place(Path(out), inputs)
        write_file(out, parts)
    tell(list(told.lines()))


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
    if suffix in (".parquet", ".pq"):
        return parquet
    if suffix in (".arrow", ".feather", ".ipc", ".xlsx", ".gz", ".npz"):
        raise ConfigError(f"-o {out}: cannot write {suffix}: choose .csv, .tsv, .jsonl or .parquet")
    rows = {".jsonl": json_lines, ".ndjson": json_lines, ".tsv": tab_separated}
    return partial(_text, rows.get(suffix, comma_separated))


def parquet(chunks: Iterator[Predicted]) -> Iterator[bytes]:
    """All rows at once: a Parquet file stores columns, so the predictions are gathered in memory."""
    yield as_parquet(chunk.columns for chunk in chunks)


def _text(rows: Rows, chunks: Iterator[Predicted]) -> Iterator[bytes]:
    """The chunks as text, each as it comes."""
    for number, chunk in enumerate(chunks):
        yield rows(chunk, number == 0).encode()


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
