"""MODEL_CARD.md: what a model is for, what it was trained on, how good it is, what it must not see."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlptrain.config.dump import dump
from mlptrain.data.preprocessing.checks import REFUSES
from mlptrain.data.preprocessing.columns.category import Category
from mlptrain.data.preprocessing.columns.column import Column
from mlptrain.data.preprocessing.columns.number import Number
from mlptrain.data.preprocessing.number_target import NumberTarget
from mlptrain.errors import MLPTrainError
from mlptrain.export.description import Document
from mlptrain.export.held_out import HeldOut, held_out
from mlptrain.export.probe import Agreement
from mlptrain.inference.model import Model
from mlptrain.messages import count, printable, some
from mlptrain.metrics.reliability import Reliability
from mlptrain.storage.documents import read_document
from mlptrain.storage.reading import read_bytes

CARD = "MODEL_CARD.md"
LARGEST = 1 << 26
"""Bytes of a card that is there."""
MOST = 12
"""So many categories of a column are listed."""
BY = ("group", "time", "split_column")
"""The settings of `data` that name a column by which rows are held out."""
NO_FIGURE = ("epoch", "step", "seconds", "learning_rate", "examples_per_second", "grad_norm")
"""What a record holds besides."""


def model_card(model: Model, document: Document) -> str:
    """The card as Markdown, with the front matter of model hubs; lines on files end it."""
    measured = held_out(model)
    sections = {
        "What it predicts": _purpose(model, document),
        "Data": _data(model, measured),
        "Figures": _figures(model, measured),
        "Columns": _columns(model),
        "Values that training did not have": map(_point, document["policies"]),
        "What it must not be fed": _limits(model),
        "How it was trained": _training(model),
    }
    kind = "regression" if model.preprocessing.classes is None else "classification"
    head = f"---\nlibrary_name: mlptrain\ntags: [tabular-{kind}]\n---\n\n"
    title = f"# {_names(model.preprocessing.targets)} from {_columns_count(model)}\n"
    parts = (f"\n## {name}\n\n" + "\n".join(lines) + "\n" for name, lines in sections.items())
    return head + title + "".join(parts) + "\n## Files\n\n"


def _columns_count(model: Model) -> str:
    return count(len(model.preprocessing.inputs), "column")


PLAIN = re.compile(r"[+-]?[^\W_]+([ ._:/-]+[^\W_]+)*")
"""Texts in which Markdown finds nothing to do."""


def _name(text: str) -> str:
    """A text of a file: it is code where Markdown or a browser would obey it.

    >>> _name("body mass"), _name("__a__"), _name("<b>`")
    ('body mass', '`__a__`', '`` <b>` ``')
    """
    return text if PLAIN.fullmatch(text) else _code(text) if text else '""'


def _code(text: str) -> str:
    """A text as code, between more ticks than it has in a row."""
    shown = printable(text)
    ticks = _ticks_around(shown)
    gap = " " if "`" in shown else ""
    return f"{ticks}{gap}{shown}{gap}{ticks}"


def _ticks_around(text: str, least: int = 1) -> str:
    """More ticks than a text has in a row."""
    return "`" * max(least, *(1 + len(each) for each in re.findall("`*", text)))


def _point(sentence: str) -> str:
    """A sentence with names in it, of which none becomes markup."""
    return f"- {printable(sentence).replace('<', '&lt;')}"


def _names(texts: Sequence[str]) -> str:
    return some([_name(each) for each in texts])


def _text(value: object) -> str:
    """Fit for a cell of a table.

    >>> _text("a|b")
    'a\\\\|b'
    """
    return " ".join(str(value).split()).replace("|", "\\|")


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(map(_text, row))} |"


def _purpose(model: Model, document: Document) -> Iterator[str]:
    made = model.preprocessing
    if made.classes is not None:
        classes = _names(made.classes)
        yield f"The class {_code(made.targets[0])}, one of {len(made.classes)}: {classes}."
        sure = model.network.loss.gives_probabilities
        calibrated = any(each["calibration"] for each in document["members"])
        how = "calibrated on validation rows" if calibrated else "not calibrated"
        yield f"Probabilities are {how}." if sure else "It gives no probabilities."
    else:
        yield f"{_names(document['names'])}, learned from the target {_names(made.targets)}."
    if isinstance(made.target, NumberTarget) and made.target.log:
        yield "It learned logarithms: its prediction is nearer to a median than to a mean."
    if model.threshold is not None:
        positive = (made.classes or ())[model.threshold.positive]
        yield (
            f"By its threshold a row is of class {_name(positive)} where the probability of that is "
            f"above {model.threshold.value:.4g}."
        )


def _data(model: Model, measured: HeldOut | None) -> Iterator[str]:
    checkpoint, data = model.checkpoint, model.config.data
    rows = [
        (_name(str(path)), digest, _changed(path)) for path, digest in checkpoint["fingerprint"].items()
    ]
    if rows:
        yield from _table(("file", "SHA-256", "last changed"), rows)
    else:
        yield "A toy set that mlptrain makes."
    yield ""
    held = [f"{name}: {_share(getattr(data, name))}" for name in ("val", "test")]
    folds = f"; {len(model.members)} folds" if len(model.members) > 1 else ""
    by = [f"by {key} {_code(str(getattr(data, key)))}" for key in BY if getattr(data, key) is not None]
    how = "".join(f", {each}" for each in by)
    yield f"Held out{how}, {', '.join(held)}{folds}; seed {model.config.seed}."
    if measured is not None and measured.parts:
        yield f"Rows: {', '.join(f'{name} {rows:,}' for name, rows in measured.parts.items())}."


def _changed(path: str | Path) -> str:
    """The day on which a file was written last, in UTC."""
    try:
        return f"{datetime.fromtimestamp(Path(path).stat().st_mtime, UTC):%Y-%m-%d}"
    except OSError:
        return "not known"


def _share(part: Any) -> str:
    if isinstance(part, int | float) and not isinstance(part, bool):
        return f"{part:g} of the rows" if 0 < part < 1 else "no rows" if not part else f"{part} rows"
    return "no rows" if part is None else str(part)


def _figures(model: Model, measured: HeldOut | None) -> Iterator[str]:
    if measured is not None:
        yield f"On {measured.rows}, with 95 % intervals of the bootstrap:"
        yield ""
        rows = [
            (each.metric, f"{each.value:.4g}", f"{each.low:.4g} to {each.high:.4g}")
            for each in measured.figures
        ]
        yield from _table(("figure", "value", "interval"), rows)
        yield ""
        yield from _calibration(measured.sure)
    kept = _of_the_run(model)
    if kept:
        yield "As the run has them:"
        yield ""
        yield from _table(("figure", "value"), kept)
        yield ""
    yield "Those of val chose the epoch, and flatter; those of test, and out of fold, were kept back."


def _calibration(sure: Reliability | None) -> Iterator[str]:
    """How probable the class that is named was said to be, and how often it was right."""
    if sure is None:
        return
    yield "How sure it was of the class that it named, and how often it was right:"
    yield ""
    rows = [
        (f"{weight:,.6g}", f"{said:.3f}", f"{right:.3f}", f"{low:.3f} to {high:.3f}")
        for weight, said, right, low, high in zip(*(each.tolist() for each in sure), strict=True)
    ]
    yield from _table(("rows", "said", "right", "interval"), rows)
    yield ""


def _of_the_run(model: Model) -> list[tuple[str, str]]:
    if len(model.members) > 1:
        return [(name, _shown(x)) for name, x in model.figures.items()]
    record = model.checkpoint["record"] or {}
    rows = [(name, _shown(x)) for name, x in record.items() if name not in NO_FIGURE]
    return rows + [(f"test_{name}", _shown(x)) for name, x in _kept(model, "test").items()]


def _kept(model: Model, key: str) -> Mapping[str, Any]:
    """What a run says of itself beside its best checkpoint; nothing for any other file."""
    path = model.path.with_name("summary.json")
    if model.path.name != "best.npz":
        return {}
    try:
        found = read_document(path).get(key)
    except MLPTrainError:  # a checkpoint that was carried away
        return {}
    return found if isinstance(found, Mapping) else {}


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else "not defined"


def _columns(model: Model) -> Iterator[str]:
    made = model.preprocessing
    if made.transform == "polar":
        yield f"{_names(made.inputs)}: numbers, which become distance and angle."
        return
    refuses = made.missing in REFUSES
    rows = [(_code(each.name), *_column(each, refuses)) for each in made.columns]
    yield from _table(("column", "holds", "in training", "blank"), rows)


def _column(column: Column, refuses: bool) -> tuple[str, str, str]:
    if isinstance(column, Category):
        more = f" and {len(column.levels) - MOST} more" if len(column.levels) > MOST else ""
        blank = "refused" if column.missing == "error" else f"treated as {column.outcome}"
        return "text", ", ".join(map(_name, column.levels[:MOST])) + more, blank
    assert isinstance(column, Number)
    blank = "refused" if refuses else f"becomes {column.shown(column.fill)}"
    if column.low is None or column.high is None:
        return column.kind, "not kept", blank
    return column.kind, f"{column.shown(column.low)} to {column.shown(column.high)}", blank


def _limits(model: Model) -> Iterator[str]:
    made = model.preprocessing
    yield "- Rows of another kind than those of training: other people, places, times, instruments."
    yield "- Numbers far outside the ranges above, or in other units: its answer is then a guess."
    yield f"- Anything known only after {_code(made.targets[0])} is: it would not be there in use."
    yield "- Decisions about people that nobody looks at: nothing here was tested for fairness."


def _training(model: Model) -> Iterator[str]:
    kept = model.checkpoint["environment"]
    versions = ", ".join(f"{key} {kept[key]}" for key in ("mlptrain", "python", "numpy") if key in kept)
    widths = model.network.architecture.widths()
    parameters = sum(each.value.size for member in model.members for each in member.network.parameters)
    yield f"Written on {_changed(model.members[0].checkpoint.path)}."
    yield f"With {versions} on {kept.get('machine', 'an unknown machine')}."
    yield (
        f"{count(len(model.members), 'network')} with {widths[0]} inputs and {widths[-1]} outputs, "
        f"{parameters:,} parameters in all. The config:"
    )
    yield ""
    config = dump(model.checkpoint["config"]).strip()
    fence = _ticks_around(config, least=3)  # a name may have ticks of its own
    yield f"{fence}yaml"
    yield config
    yield fence


def lines_of_others(card: Path, about: str, out: Path) -> str | None:
    """The lines on other files in the card that is there; None where it is not about this model."""
    said = read_bytes(card, LARGEST).decode(errors="replace") if card.exists() else about
    if not said.startswith(about):
        return None
    below = said.removeprefix(about).splitlines(keepends=True)
    return "".join(line for line in below if not line.startswith(f"- `{out.name}`, "))


def line_of_file(out: Path, document: Document, agreement: Agreement | None) -> str:
    """How well a file agrees with mlptrain, or how that can be seen."""
    written = f"- `{out.name}`, written by mlptrain {document['mlptrain']}."
    if agreement is None:
        return f"{written} Its self-test compares rows in it with what mlptrain predicted for them.\n"
    some = "Some of these rows had blanks and new categories, where the model takes them."
    return f"{written} Against mlptrain itself: {agreement}. {some}\n"
