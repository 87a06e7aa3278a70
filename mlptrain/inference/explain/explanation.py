"""All that is said about a model as a whole, and what it takes to say it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mlptrain.config import Config
from mlptrain.errors import ConfigError
from mlptrain.inference.explain.contributions import RowExplanation, contributions
from mlptrain.inference.explain.effects import Effect, effects
from mlptrain.inference.explain.importance import Importance, Measure, dominant, importances
from mlptrain.inference.explain.subject import Part, Subject
from mlptrain.messages import advice
from mlptrain.metrics.metric import Metric
from mlptrain.system.threads import use_threads

MOST_ROWS, FEWEST_ROWS, WORK = 5000, 500, 500_000
"""Rows that are shuffled, at most: WORK divided by the number of columns, between the other two."""
MOST_EFFECTS = 6


@dataclass(frozen=True)
class Explanation:
    """Which columns matter, how, and what is striking about it.

    rows, of_rows  how many rows were looked at, of how many there are
    columns        every column of the file, the most important first
    groups         groups of columns that go closely together, likewise
    effects        how predictions depend on the columns that matter most
    """

    split: str
    rows: int
    of_rows: int
    loss: float | None
    measure: Measure
    value: float | None
    columns: tuple[Importance, ...]
    groups: tuple[Importance, ...]
    effects: tuple[Effect, ...]

    def remarks(self) -> Iterator[str]:
        """What is worth knowing."""
        if self.split == "train":
            yield "these are training rows: what the model has memorised looks important, too"
        found = dominant(self.columns, self.groups)
        if found is not None:
            best, share = found
            yield (
                f"{best.name} gives {share:.0%} of all that columns give: make sure that it is known "
                "before the target is, else it is a leak"
            )
        if not any(each.matters for each in (*self.columns, *self.groups)):
            yield "no column matters by more than chance"

    def document(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "split": self.split,
            "rows": self.rows,
            "of_rows": self.of_rows,
            "loss": self.loss,
            "metric": {"name": self.measure.name, "value": self.value},
            "columns": [{"column": each.columns[0], **each.document()} for each in self.columns],
            "groups": [{"columns": list(each.columns), **each.document()} for each in self.groups],
            "effects": [each.document() for each in self.effects],
            "remarks": list(self.remarks()),
        }


def explained(
    subject: Subject, split: str, measure: Measure, seed: int, rows: int | None = None
) -> Explanation:
    """Everything about the model of a subject; `rows` at most, if given."""
    usual = min(MOST_ROWS, max(FEWEST_ROWS, WORK // max(1, len(subject.columns))))
    some = subject.sample(rows or usual, seed)
    evaluation = some.evaluation(some.scores())
    if not np.isfinite(evaluation.scores).all():
        raise ConfigError(f"the network overflows on the {split} rows: there is nothing to explain")
    with use_threads(some.threads):
        single, together = importances(some, measure, seed)
        matter = [each.columns[0] for each in single if each.matters][:MOST_EFFECTS]
        shapes = tuple(effects(some, matter, seed))
    return Explanation(
        split,
        len(some),
        len(subject),
        evaluation.data_loss(),
        measure,
        measure.of(evaluation),
        tuple(single),
        tuple(together),
        shapes,
    )


def measure_of(config: Config, subject: Subject, name: str | None) -> Measure:
    """The metric of this name; else that of `train.monitor`, else the one that is read first."""
    table: Mapping[str, Metric] = subject.network.loss.metrics
    if name is not None and name not in table:
        raise ConfigError(f"--metric {name}: no such metric of this model; {advice(name, table)}")
    own = config.train.monitor.partition("_")[2]
    if name is None:
        headline = subject.evaluation(subject.scores()).headline()[0]
        name = own if own in table else headline
    return Measure(name, table[name].larger_is_better)


def explained_row(
    subject: Subject, part: Part, place: int, *, positive: int, seed: int
) -> RowExplanation:
    """What each column adds for the row at a place, from 0, of the source of a part.

    The baseline is the mean of the part's rows. Of two classes the positive one is explained, of more
    the one that is predicted.
    """
    one = replace(subject, parts=(replace(part, rows=np.array([place])),))
    around = replace(subject, parts=(part,)).sample(MOST_ROWS, seed)
    scores, made, loss = one.scores(), subject.preprocessing, subject.network.loss
    names, chosen = loss.columns(made.targets), int(scores[0].argmax())
    if made.classes is not None:
        names = [
            f"P({name})" if loss.gives_probabilities else f"margin({name})" for name in made.classes
        ]
        if len(names) == 2:
            chosen = positive
    predicted = one.predictions(scores)[0].tolist()
    return RowExplanation(
        place + 1,
        dict(zip(names, predicted, strict=True)),
        {name: unquoted(part.source.shown(name, place)) for name in made.inputs},
        contributions(one, around, chosen),
    )


def unquoted(text: str) -> str:
    """
    >>> unquoted("'38.7'"), unquoted("7")
    ('38.7', '7')
    """
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text
