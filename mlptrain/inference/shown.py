"""A model or a run as a notebook shows it: a caption, and names with their values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.messages import some


def short(figures: Mapping[str, float | None]) -> str:
    """Figures on one line, in six digits.

    >>> short({"val_loss": 0.25, "val_accuracy": 2 / 3, "val_auc": None})
    'val_loss 0.25, val_accuracy 0.666667, val_auc null'
    """
    return ", ".join(f"{name} {number(value)}" for name, value in figures.items())


def number(value: float | None) -> str:
    """A figure in six digits; null where it is not defined."""
    return "null" if value is None else f"{value:.6g}"


def as_html(caption: str, rows: Iterable[tuple[str, str]]) -> str:
    """A table of two columns.

    >>> as_html("<Model>", [("classes", "a & b")])
    '<table><caption>&lt;Model&gt;</caption><tr><th>classes</th><td>a &amp; b</td></tr></table>'
    """
    body = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return f"<table><caption>{escape(caption)}</caption>{body}</table>"


def facts(
    made: Preprocessing,
    layers: Sequence[int],
    networks: int,
    when: str,
    figures: Mapping[str, float | None],
) -> Iterator[tuple[str, str]]:
    """What a model reads and predicts, the widths of its layers, and how good it is by which rows."""
    predicted = some(made.targets)
    if made.classes is not None:
        predicted += f" ({len(made.classes)} classes: {some(made.classes)})"
    yield f"{some(made.inputs)} -> {predicted}", ""
    yield "network" if networks == 1 else f"{networks} networks", "-".join(map(str, layers))
    if figures:
        yield f"{when}:", short(figures)
