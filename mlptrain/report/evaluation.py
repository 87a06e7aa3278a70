"""The outcome of an evaluation: loss, metrics, per-class table, confusion matrix."""

from mlptrain.inference.evaluation_report import EvaluationReport
from mlptrain.report.console import emit_json, say, stdout, table, tell

WIDEST_MATRIX = 15
"""Confusion matrices with more classes are left to --json."""


def show(assessment: EvaluationReport, *, as_json: bool) -> None:
    """Print everything that was measured."""
    tell(assessment.notes)
    if as_json:
        emit_json(assessment.document())
        return
    out = stdout()
    say(out, f"{assessment.checkpoint} on {assessment.rows:,} rows ({assessment.split})")
    rows = [("loss", assessment.loss), *assessment.metrics.items()]
    out.print(table(("metric", "value"), rows))
    if assessment.per_class is None or assessment.confusion is None:
        return
    columns = ("class", "precision", "recall", "f1", "support")
    classes = list(assessment.per_class)
    out.print()
    out.print(
        table(columns, [(name, *values.values()) for name, values in assessment.per_class.items()])
    )
    if len(classes) <= WIDEST_MATRIX:
        out.print()
        header = ("true \\ predicted", *classes)
        out.print(
            table(
                header, [(name, *row) for name, row in zip(classes, assessment.confusion, strict=True)]
            )
        )
