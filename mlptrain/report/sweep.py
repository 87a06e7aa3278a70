"""A sweep as it is watched: a line for each trial; and what it has found, as tables."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import Any, cast

from mlptrain.config.dump import inline
from mlptrain.messages import count
from mlptrain.report.console import emit_json, number, say, stderr, stdout
from mlptrain.report.notes import tell
from mlptrain.report.tables import print_table
from mlptrain.sweeps.journal import COMPLETE, FAILED, PRUNED, RUNNING, Trial
from mlptrain.sweeps.place import BEST, resuming
from mlptrain.sweeps.processes import SweepRun
from mlptrain.sweeps.ranking import Noise, Outcome

SHOWN = 10
"""Trials of the table; --json has all."""


def watch(run: SweepRun, *, quiet: bool) -> None:
    """Work to the end, with a line on stderr for each trial that is finished unless `quiet`."""
    if not quiet:
        tell(run.notes)
        say(stderr(), headline(run))
    done = run.before
    with closing(cast(Generator[Trial], iter(run))) as trials:
        for trial in trials:
            done += 1
            if not quiet:
                say(stderr(), f"{done} of {run.plan.trials}: {line(trial, run.plan.metric)}")


def headline(run: SweepRun) -> str:
    """What is about to be done."""
    settings, better = run.plan.settings, "higher" if run.outcome.larger_is_better else "lower"
    folds = f", {settings.folds} folds each" if settings.folds else ""
    before = f", {run.before} done before" if run.before else ""
    return (
        f"{count(run.plan.trials, 'trial')} ({settings.sampler}, pruner {settings.pruner}{folds}), "
        f"{count(run.jobs, 'job')}, by {run.plan.metric} on the validation rows ({better} is better)"
        f"{before}: {run.place}"
    )


def line(trial: Trial, metric: str) -> str:
    """What came of a trial, and its settings."""
    settings = ", ".join(f"{key} {cell(value)}" for key, value in trial.chosen.items())
    if trial.state == COMPLETE:
        found = f"{metric} {number(trial.value)}"
    else:
        found = trial.reason if trial.state == PRUNED else f"{trial.state}: {trial.reason}"
    return f"trial {trial.number}: {found}; {settings}"


def cell(value: Any) -> str:
    """A setting as it is shown."""
    return number(value) if isinstance(value, float) else inline(value)


def show(outcome: Outcome, *, quiet: bool, as_json: bool) -> None:
    """Everything that a sweep has found so far; `quiet` has its best trial instead of tables."""
    if as_json:
        emit_json(outcome.document())
        return
    out = stdout()
    say(out, counts(outcome))
    if quiet and outcome.best is not None:
        say(out, f"best: {line(outcome.best, outcome.plan.metric)}")
    if outcome.ranking and not quiet:
        keys = [each.key for each in outcome.plan.space]
        rows = [
            (str(each.number), each.value, *(cell(each.chosen.get(key)) for key in keys))
            for each in outcome.ranking[:SHOWN]
        ]
        print_table(out, ("trial", outcome.plan.metric, *keys), rows)
    for text in failures(outcome.trials):
        say(out, text)
    if outcome.importances and not quiet:
        out.print()
        rows = [(key, f"{100 * share:.0f} %") for key, share in outcome.importances.items()]
        print_table(out, ("setting", "importance"), rows)
    for text in conclusions(outcome):
        say(out, text)


def counts(outcome: Outcome) -> str:
    """How many trials there are of each kind."""
    kinds = [
        f"{found} {words}"
        for state, words in (
            (COMPLETE, "to the end"), (PRUNED, "pruned"), (FAILED, "failed"), (RUNNING, "not done")
        )
        if (found := outcome.number_in(state))
    ]  # fmt: skip
    head = f"{len(outcome.trials)} of {count(outcome.plan.trials, 'trial')}"
    return f"{head}: {', '.join(kinds)}" if kinds else head


def failures(trials: Sequence[Trial]) -> Iterator[str]:
    """Each reason of a failure once, with its trials."""
    found: dict[str, list[str]] = {}
    for each in trials:
        if each.state == FAILED:
            found.setdefault(each.reason, []).append(str(each.number))
    for reason, numbers in found.items():
        yield f"failed: {'trial' if len(numbers) == 1 else 'trials'} {', '.join(numbers)}: {reason}"


def conclusions(outcome: Outcome) -> Iterator[str]:
    """Whether it goes on, the bounds, the noise, the test rows, and what to do next."""
    if outcome.at_work:
        yield f"{count(outcome.at_work, 'run')} at work now"
    elif not outcome.is_finished:
        yield f"nobody is at work on it now; resume it with: mlptrain {resuming(outcome.place)}"
    yield from outcome.warnings()
    if outcome.noise is not None:
        yield from noise(outcome.noise, outcome.plan.metric)
    test = outcome.test()
    if test:
        values = ", ".join(f"{name} {number(value)}" for name, value in test.items())
        yield f"test rows, which decided nothing: {values}"
    best = outcome.place / BEST
    if best.is_file():
        yield f"{best}  (go on with: mlptrain fit {best})"


def noise(found: Noise, metric: str) -> Iterator[str]:
    """What the winner gains with other seeds, beside how far these differ."""
    for name, values in (("the best", found.best), ("the config as it was", found.base)):
        listed = ", ".join(number(value) for value in values)
        yield f"{metric} with seeds {', '.join(map(str, found.seeds))}: {name} {listed}"
    gains = found.gains
    if not gains:
        return
    mean = sum(gains) / len(gains)
    words = {
        True: "more than the noise",
        False: "no more than the noise",
        None: "one seed tells nothing of the noise",
    }
    yield (
        f"gain {number(mean)} on average, from {number(min(gains))} to {number(max(gains))}: "
        f"{words[found.is_sure]}"
    )
