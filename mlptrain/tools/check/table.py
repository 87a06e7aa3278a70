"""The table of checks, and how it is gone through."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlptrain.config import load_config
from mlptrain.config.overrides import Overrides
from mlptrain.tools.check.case import Case
from mlptrain.tools.check.columns import column_scales, constant_columns, target_scale
from mlptrain.tools.check.giveaway import giveaway
from mlptrain.tools.check.groups import nearly_shared_rows, shared_groups
from mlptrain.tools.check.index import index_columns
from mlptrain.tools.check.labels import labels
from mlptrain.tools.check.leaks import shared_rows
from mlptrain.tools.check.parts import parts_differ
from mlptrain.tools.check.start import (
    dead_units,
    different_units,
    finite,
    initial_loss,
    penalty,
    saturated_units,
)
from mlptrain.tools.check.steps import falling_loss, overfit, surviving_units, update_ratio
from mlptrain.tools.check.suspects import suspects
from mlptrain.tools.check.tails import heavy_tails
from mlptrain.tools.check.task import class_balance, loss_for_task
from mlptrain.tools.check.verdict import Finding, Verdict

Check = Callable[[Case], Verdict | None]
"""None: the question does not arise."""

CHECKS: Mapping[str, Check] = {
    "loss for the task": loss_for_task,
    "class balance": class_balance,
    "constant columns": constant_columns,
    "scale of columns": column_scales,
    "scale of target": target_scale,
    "tails of target": heavy_tails,
    "index columns": index_columns,
    "rows in two sets": shared_rows,
    "near copies": nearly_shared_rows,
    "groups in two sets": shared_groups,
    "parts differ": parts_differ,
    "answer in columns": giveaway,
    "finite numbers": finite,
    "initial loss": initial_loss,
    "penalty": penalty,
    "dead units": dead_units,
    "units differ": different_units,
    "saturated units": saturated_units,
    "first steps": falling_loss,
    "update : weight": update_ratio,
    "units after steps": surviving_units,
    "learn by heart": overfit,
    "labels": labels,
}
"""In the order of the report: the data, the network before its first step, a little training."""

WITHOUT_NUMBERS = list(CHECKS).index("finite numbers") + 1
"""Where the first numbers are not finite, the checks that follow would only repeat it."""


@dataclass(frozen=True)
class Report:
    """The findings on a config, and what its data gave occasion to say."""

    config: str
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed; warnings do not count."""
        return all(finding.status != "FAIL" for finding in self.findings)


def check(
    config: str | Path | Mapping[str, object],
    overrides: Overrides = (),
    *,
    labels_by: Path | None = None,
) -> Report:
    """Go through all checks; errors of config and data are raised as `fit` raises them.

    labels_by   a run of folds, whose members say which rows may be labelled wrongly
    """
    case = Case(load_config(config, overrides))
    findings = (*go_through(case), *([] if labels_by is None else [suspects(labels_by)]))
    name = "config" if isinstance(config, Mapping) else str(config)
    return Report(name, findings, case.data.notes)


def go_through(case: Case) -> list[Finding]:
    """The checks that apply, in the order of the table."""
    findings = list[Finding]()
    for position, (name, ask) in enumerate(CHECKS.items(), 1):
        verdict = ask(case)
        if verdict is not None:
            findings.append(Finding(name, *verdict))
        if position == WITHOUT_NUMBERS and findings[-1].status == "FAIL":
            break
    return findings
