"""What `check` prints: a line for each check, with advice below it where all is not well."""

from rich.table import Table
from rich.text import Text

from mlptrain.errors import CheckFailed
from mlptrain.report.console import emit_json, plain, say, stdout, tell
from mlptrain.tools.check import Finding, Report

STYLES = {"PASS": "green", "WARN": "yellow", "FAIL": "bold red"}


def show(report: Report, *, as_json: bool) -> None:
    """Print all findings; CheckFailed, with a line for each that failed, if any did."""
    tell(report.notes)
    if as_json:
        emit_json(document(report))
    else:
        out = stdout()
        say(out, report.config)
        out.print(listed(report.findings), no_wrap=False, overflow="fold")
        say(out, summary(report.findings))
    failed = [finding for finding in report.findings if finding.status == "FAIL"]
    if failed:
        raise CheckFailed(*(f"{report.config}: {complaint(finding)}" for finding in failed))


def listed(findings: tuple[Finding, ...]) -> Table:
    """Three columns: verdict, check, and what was found with what to do."""
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(no_wrap=True)
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for finding in findings:
        status = Text(finding.status, STYLES[finding.status])
        found = plain(finding.found)
        if finding.advice:
            found.append(f"\n-> {plain(finding.advice)}")
        made.add_row(status, plain(finding.check), found)
    return made


def summary(findings: tuple[Finding, ...]) -> str:
    """How many of each kind."""
    counts = {status: sum(1 for each in findings if each.status == status) for status in STYLES}
    return ", ".join(f"{count} {status}" for status, count in counts.items())


def complaint(finding: Finding) -> str:
    """The line for a check that failed."""
    return f"{finding.check}: {finding.found}; {finding.advice}"


def document(report: Report) -> dict[str, object]:
    """What `--json` prints."""
    return {
        "config": report.config,
        "passed": report.passed,
        "checks": [
            {
                "name": finding.check,
                "status": finding.status,
                "found": finding.found,
                "advice": finding.advice or None,
            }
            for finding in report.findings
        ],
    }
