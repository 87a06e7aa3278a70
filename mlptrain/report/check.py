"""What `check` prints: a line for each check, with advice below it where all is not well."""

from rich.table import Table
from rich.text import Text

from mlptrain.errors import CheckFailed
from mlptrain.report.console import emit_json, lines_of, plain, say, stdout
from mlptrain.report.notes import tell
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
        out.print(listed(report.findings, out.width))
        say(out, summary(report.findings))
    failed = [finding for finding in report.findings if finding.status == "FAIL"]
    if failed:
        raise CheckFailed(*(f"{report.config}: {complaint(finding)}" for finding in failed))


def listed(findings: tuple[Finding, ...], width: int) -> Table:
    """Three columns: verdict, check, and what was found with what to do."""
    made = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    for _ in range(3):
        made.add_column(no_wrap=True)
    room = width - sum(
        2 + max(map(len, column)) for column in (STYLES, (each.check for each in findings))
    )
    for finding in findings:
        status = Text(finding.status, STYLES[finding.status])
        found = lines_of(finding.found, room)
        if finding.advice:
            found += lines_of(f"-> {finding.advice}", room)
        made.add_row(status, plain(finding.check), Text("\n".join(found)))
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
