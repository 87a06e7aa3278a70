"""Which columns matter, and how predictions depend on them."""

from collections.abc import Sequence

from mlptrain.errors import MLPTrainError
from mlptrain.inference.explain.explanation import Explanation, explained, measure_of
from mlptrain.inference.explain.importance import Importance, Interval
from mlptrain.report.explanation import signed
from mlptrain.report.html.elements import Cell, drawn_figure, folded, paragraph, table
from mlptrain.report.plots.explanation import columns
from mlptrain.report.plots.titles import Picture
from mlptrain.report.results import Results

MOST_COLUMNS, MOST_ROWS = 70, 1000
"""A page is to be written in seconds; `mlptrain explain` takes more of both."""


def explain(run: Results) -> Explanation | None:
    """What `explain` says of fewer rows; None of pictures, of many columns, or of one row."""
    subject = run.held_out.subject
    if run.config.data.image_shape is not None:
        return None
    if len(subject.columns) > MOST_COLUMNS or len(subject) < 2:
        return None
    try:
        measure = measure_of(run.config, subject, None)
        return explained(subject, run.split, measure, run.config.seed, MOST_ROWS)
    except MLPTrainError:  # a network that overflows
        return None


def explanation(said: Explanation) -> str:
    """A picture, what is striking, and the numbers."""
    of = "" if said.rows == said.of_rows else f" of {said.of_rows:,}"
    told = (
        f"How much worse the loss becomes on {said.rows:,}{of} {said.split} rows where a column is "
        "shuffled. Columns that go closely together are shuffled together, too."
    )
    shown = [each for each in (*said.columns, *said.groups) if each.loss is not None]
    picture = drawn_figure(lambda theme: Picture(columns(said, theme), words(said))) if shown else ""
    remarks = "".join(map(paragraph, said.remarks()))
    numbers = importances("Each column", said.columns, said.measure.name)
    if said.groups:
        numbers += importances("Columns that go together", said.groups, said.measure.name)
    return paragraph(told) + picture + remarks + folded("The numbers", numbers)


def importances(caption: str, found: Sequence[Importance], metric: str) -> str:
    """A row for each, with intervals."""
    rows = [[each.name, *ends(each.loss), *ends(each.metric)] for each in found]
    heads = ("column", "loss", "from", "to", metric, "from", "to")
    return table(
        f"{caption}: by how much loss and {metric} get worse, with 95 % intervals", heads, rows
    )


def ends(interval: Interval | None) -> list[Cell]:
    """The mean and both ends."""
    return [None] * 3 if interval is None else [interval.mean, interval.low, interval.high]


def words(said: Explanation) -> str:
    """The picture in words."""
    most = [f"{each.name} {signed(each.loss.mean, 3)}" for each in said.columns[:5] if each.loss]
    curves = ", ".join(each.column for each in said.effects)
    below = f" Below, how the prediction depends on {curves}." if curves else ""
    return f"Growth of the loss where a column is shuffled: {', '.join(most)}.{below}"
