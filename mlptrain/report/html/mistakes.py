"""The rows that a model gets most wrong: where its data or its features deserve a look."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mlptrain.inference.explain.explanation import unquoted
from mlptrain.metrics.metric import Floats
from mlptrain.report.console import number
from mlptrain.report.html.elements import Cell, data_uri, paragraph, table, text
from mlptrain.report.plots.canvas import LIGHT, drawing, image
from mlptrain.report.plots.weights import image_shape
from mlptrain.report.results import Results

MOST = 12
MOST_COLUMNS = 12
"""Columns of the file in a table of mistakes; a picture shows all features."""


class Mistake(NamedTuple):
    """A row of the split, what it is, what it was taken for, and how wrong that is: see `measures`."""

    place: int  # in the split
    true: str
    predicted: str
    how_wrong: Sequence[str]


def measures(run: Results) -> Sequence[str]:
    """What says how wrong a mistake is."""
    if run.model.preprocessing.classes is None:
        return ("error",)
    what = "probability" if run.model.network.loss.gives_probabilities else "margin"
    return (what, "of the true class")


def worst(run: Results) -> list[Mistake]:
    """The worst mistakes, the worst first."""
    return worst_classes(run) if run.model.preprocessing.classes is not None else worst_numbers(run)


def worst_classes(run: Results) -> list[Mistake]:
    """Wrong rows by the gap: score of the predicted class minus score of the true class.

    Under softmax the gap is log(p predicted / p true), before class weights and a temperature.
    """
    scores, y = run.evaluation.scores, run.rows.y
    classes, predicted = run.model.preprocessing.classes or (), scores.argmax(axis=1)
    every = np.arange(len(y))
    gap = scores[every, predicted] - scores[every, y]
    order = np.argsort(-gap, kind="stable")
    chosen = order[predicted[order] != y[order]][:MOST]
    certain = run.evaluation.predictions()
    return [
        Mistake(
            int(i), classes[y[i]], classes[predicted[i]],
            [number(float(certain[i, c])) for c in (predicted[i], y[i])],
        )
        for i in chosen
    ]  # fmt: skip


def worst_numbers(run: Results) -> list[Mistake]:
    """Rows by the largest error over all targets, in standard deviations where targets are scaled."""
    loss, truth = run.model.network.loss, run.evaluation.truth()
    predicted = loss.point(run.evaluation.predictions())
    learned = loss.point(loss.response(run.evaluation.scores))
    error = np.abs(learned - run.rows.y).max(axis=1)
    chosen = np.argsort(-error, kind="stable")[:MOST]
    return [
        Mistake(int(i), joined(truth[i]), joined(predicted[i]), [joined(predicted[i] - truth[i])])
        for i in chosen
    ]


def joined(values: Sequence[float]) -> str:
    """One number, or one for each target."""
    return ", ".join(number(float(value)) for value in values)


def mistakes(run: Results, order: Sequence[str] = ()) -> str:
    """Markup: pictures where the rows are pictures, else a table of their own columns.

    order   the names of the inputs, the most important first
    """
    found = worst(run)
    if not found:
        return paragraph(f"None: all {len(run.rows):,} {run.split} rows are right.")
    shape = image_shape(run)
    if shape is None:
        return table_of(run, found, order or run.model.preprocessing.inputs)
    inputs = inputs_of(run, found)
    return paragraph(f"{explanation(run)} {counted(run)}") + tiles(run, found, inputs, shape)


def inputs_of(run: Results, found: Sequence[Mistake]) -> Floats:
    """The rows in the units of their file.   (n, D)"""
    numbers = run.rows_in_own_units.inputs.numbers
    return numbers[np.array([each.place for each in found])].astype(np.float64)


def row_name(run: Results, place: int) -> str:
    """The number of a row in its file, from 1."""
    places = run.places
    return f"row {(int(places[place]) if len(places) else place) + 1:,}"


def counted(run: Results) -> str:
    """What the numbers of rows mean."""
    source = run.source
    where = source if isinstance(source, str) else f"the toy set {source['name']}"
    return f"Rows are counted from 1 in {where}, without a header."


def explanation(run: Results) -> str:
    """By what the rows were chosen."""
    if run.model.preprocessing.classes is None:
        return f"The {run.split} rows with the largest errors."
    return f"The {run.split} rows whose wrong class leads most clearly over the true one."


def tiles(run: Results, found: Sequence[Mistake], inputs: Floats, shape: tuple[int, ...]) -> str:
    """A little picture for each; one scale of grey for all."""
    low, high = inputs.min(), inputs.max()
    pixels = ((inputs - low) / ((high - low) or 1.0)).reshape(len(found), *shape)
    items = []
    for each, tile in zip(found, pixels, strict=True):
        grey = tile.reshape(*shape[:2], -1)
        colours = grey if grey.shape[2] == 3 else np.repeat(grey[:, :, :1], 3, axis=2)
        with drawing(LIGHT):
            source = data_uri("image/png", image(colours))
        words = f"{each.predicted} for {each.true}"
        wrong = ", ".join(map(" ".join, zip(measures(run), each.how_wrong, strict=True)))
        alt = f"{row_name(run, each.place)}: true {each.true}, predicted {each.predicted}"
        items.append(
            f'<li><img src="{source}" width="{shape[1]}" height="{shape[0]}" alt="{text(alt)}">'
            f"<strong>{text(words)}</strong><br>{text(wrong)}<br>"
            f"{text(row_name(run, each.place))}</li>"
        )
    return f'<ul class="tiles">{"".join(items)}</ul>'


def table_of(run: Results, found: Sequence[Mistake], order: Sequence[str]) -> str:
    """A row for each as it stands in the file: first what training does not read, such as an id."""
    source, places = run.own_rows
    made = run.model.preprocessing
    apart = [name for name in source.names if name not in (*made.inputs, *made.targets)]
    names = [*apart[: MOST_COLUMNS // 2], *order][:MOST_COLUMNS]
    caption = f"{explanation(run)} {counted(run)}"
    if len(names) < len(apart) + len(order):
        caption += f" {len(names)} of {len(apart) + len(order):,} columns are shown."
    rows: list[Sequence[Cell]] = [
        (
            row_name(run, each.place), each.true, each.predicted, *each.how_wrong,
            *(unquoted(source.shown(name, int(places[each.place]))) for name in names),
        )
        for each in found
    ]  # fmt: skip
    return table(caption, ("row", "true", "predicted", *measures(run), *names), rows)
