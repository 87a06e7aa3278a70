"""From a run to a file that others can use, compared with our own predictions before it is written."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlptrain.data.preprocessing.columns.number import Number
from mlptrain.errors import CheckFailed, ConfigError
from mlptrain.export.c_file import c_file
from mlptrain.export.card import CARD, line_of_file, lines_of_others, model_card
from mlptrain.export.description import describe
from mlptrain.export.javascript_file import javascript_file, page_file
from mlptrain.export.onnx_file import onnx_file
from mlptrain.export.probe import TOLERANCE, Agreement
from mlptrain.export.python_file import python_file
from mlptrain.inference.model import Model
from mlptrain.storage.files import write_file

Made = tuple[bytes, Agreement | None]


@dataclass(frozen=True)
class Form:
    """A form of export: the suffixes of its files, and what makes one."""

    suffixes: tuple[str, ...]
    make: Callable[[Model, Path], Made]


FORMS = {
    "onnx": Form((".onnx",), onnx_file),
    "python": Form((".py",), python_file),
    "js": Form((".js", ".mjs"), javascript_file),
    "html": Form((".html",), page_file),
    "c": Form((".h", ".c"), c_file),
}


@dataclass(frozen=True)
class Exported:
    """What has been written, and how well it agrees with our predictions; None: its self-test tells."""

    path: Path
    card: Path
    size: int
    agreement: Agreement | None


def export(run: str | Path, out: Path, to: str | None = None, *, force: bool = False) -> Exported:
    """Write the model of a run in another form, and a line on it into its card beside it."""
    form, card = FORMS[to or form_of(out)], out.with_name(CARD)
    if out.suffix not in form.suffixes:
        raise ConfigError(f"-o {out}: a file for --to {to} ends in {' or '.join(form.suffixes)}")
    if out.exists() and not force:
        raise ConfigError(f"{out}: already exists; name another file, or replace it with --force")
    model = Model.load(run)
    document = describe(model)
    about = model_card(model, document)
    others = lines_of_others(card, about, out)
    if others is None and not force:
        raise ConfigError(
            f"{card}: already exists, and does not begin as the card of this model; "
            "export into another directory, or replace it with --force"
        )
    data, agreement = form.make(model, out)
    if agreement is not None and not agreement.holds:
        raise CheckFailed(
            f"{out}: not written: it would not predict as the model does ({agreement}, {TOLERANCE:g} "
            f"are allowed); {advice_for(model)}"
        )
    write_file(out, [data])
    text = about + line_of_file(out, document, agreement) + (others or "")
    write_file(card, [text.encode()])
    return Exported(out, card, len(data), agreement)


def advice_for(model: Model) -> str:
    """What to do about a difference: large numbers that are not scaled are rounded in float32."""
    made = model.preprocessing
    columns = [each for each in made.columns if isinstance(each, Number)]
    plain = any(each.factor == 1 and each.center == 0 for each in columns)
    if plain and model.network.dtype == np.float32:
        return "unscaled columns may lose digits in float32: scale them, or set model.dtype: float64"
    return "predict with mlptrain itself, and report this"


def form_of(out: Path) -> str:
    """The form that the suffix of a file asks for."""
    for name, form in FORMS.items():
        if out.suffix in form.suffixes:
            return name
    suffixes = ", ".join(suffix for form in FORMS.values() for suffix in form.suffixes)
    raise ConfigError(f"-o {out}: the suffix says no form: choose one of {suffixes}, or write --to")
