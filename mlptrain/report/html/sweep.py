"""The sections of a page about a sweep: every trial, and what they show together."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from mlptrain.config.dump import dump
from mlptrain.report.console import number
from mlptrain.report.html.compare import pictures, readable
from mlptrain.report.html.elements import Cell, Section, code, listed, paragraph, table
from mlptrain.report.html.page import page
from mlptrain.report.sweep import cell, conclusions, counts, failures
from mlptrain.sweeps.journal import Trial
from mlptrain.sweeps.place import opened, trial_path
from mlptrain.sweeps.ranking import Outcome


def of_sweep(place: Path) -> str:
    """The whole page."""
    outcome = Outcome(place, *opened(place))
    lines = [counts(outcome)]
    if outcome.best is not None:
        best = outcome.best
        lines.append(f"Best: trial {best.number}, {outcome.plan.metric} {number(best.value)}.")
    return page(place.resolve().name, lines, list(sections(outcome)))


def sections(outcome: Outcome) -> Iterator[Section]:
    """All that apply to the sweep."""
    found = [*outcome.ranking, *(each for each in outcome.trials if each not in outcome.ranking)]
    yield Section("trials", "Trials", trials(outcome, found))
    best = [trial_path(outcome.place, each.number) for each in outcome.ranking]
    yield from pictures(*readable([path for path in best if path.is_dir()]))
    if said := [*conclusions(outcome), *failures(outcome.trials)]:
        yield Section("found", "What they show", listed(said))
    if outcome.importances:
        rows: list[list[Cell]] = [
            [key, f"{100 * share:.0f} %"] for key, share in outcome.importances.items()
        ]
        told = paragraph("The share of each setting in the spread of the values (PED-ANOVA).")
        content = told + table("Settings, the most important first", ("setting", "importance"), rows)
        yield Section("importances", "Importance of the settings", content)
    yield Section("config", "Config and space", code(dump(outcome.plan.document())))


def trials(outcome: Outcome, found: Sequence[Trial]) -> str:
    """The ranking first, then the trials without a place in it."""
    keys = [each.key for each in outcome.plan.space]
    rows: list[list[Cell]] = [
        [str(each.number), each.state, each.value, *(cell(each.chosen.get(key)) for key in keys)]
        for each in found
    ]
    marked = [0] if outcome.ranking else []
    return table("The best first", ("trial", "state", outcome.plan.metric, *keys), rows, marked=marked)
