"""The outcome of an evaluation: loss, metrics, per-class table, confusion matrix."""

from mlptrain.inference.evaluation_report import EvaluationReport
from mlptrain.report.baseline import baseline_words
from mlptrain.report.console import emit_json, number, say, stdout
from mlptrain.report.notes import Notes
from mlptrain.report.tables import print_table

WIDEST_MATRIX = 15
"""Confusion matrices with more classes are left to --json."""


def show(report: EvaluationReport, *, as_json: bool) -> None:
    """Print everything that was measured."""
    Notes(report.details).tell(report.notes)
    if as_json:
        emit_json(report.document())
        return
    out = stdout()
    say(out, f"{report.checkpoint} on {report.rows:,} rows ({report.split})")
    print_table(out, ("metric", "value"), list(report.measured.items()))
    for line in baseline_words(report.baseline, report.linear):
        say(out, line)
    for figure in (one for one in report.expected if one.low < one.high):
        between = f"{number(figure.low)} to {number(figure.high)}"
        say(out, f"{figure.metric} {number(figure.value)}: 95 % interval {between}, for other rows")
    for remark in (*report.remarks, *report.unnamed()):
        say(out, remark)
    tables = [report.decision.table() if report.decision else None, report.class_table()]
    if len(report.classes or ()) <= WIDEST_MATRIX:
        tables.append(report.confusion_table())
    for each in filter(None, tables):
        out.print()
        print_table(out, *each)
    if report.thresholds is not None:
        out.print()
        print_table(out, *report.thresholds.table(), words=("",), spare=("f1", "called"))
        for remark in report.thresholds.remarks():
            say(out, remark)
