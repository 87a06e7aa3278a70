"""The outcome of a gradient check: a row for each tensor."""

from collections.abc import Iterable, Sequence

from mlptrain.errors import CheckFailed
from mlptrain.gradcheck import TOLERANCE, Row
from mlptrain.report.console import emit_json, plain, stdout, table


def show(rows: Iterable[Row], *, as_json: bool) -> None:
    """Print all rows; CheckFailed, with a line for each tensor that failed, if any did."""
    rows = list(rows)
    failed = [row for row in rows if not row.passed]
    if as_json:
        emit_json(document(rows))
    else:
        columns = ("network", "tensor", "relative error", "entries", "")
        shown = [
            (row.network, row.tensor, row.max_relative_error, row.entries_checked, mark(row))
            for row in rows
        ]
        stdout().print(table(columns, shown, left=2))
        stdout().print(plain(verdict(rows, failed)))
    if failed:
        raise CheckFailed(*(complaint(row) for row in failed))


def document(rows: Sequence[Row]) -> dict[str, object]:
    """What `--json` prints."""
    return {
        "passed": all(row.passed for row in rows),
        "tolerance": TOLERANCE,
        "rows": [
            {
                "network": row.network,
                "tensor": row.tensor,
                "max_relative_error": row.max_relative_error,
                "entries_checked": row.entries_checked,
                "kinks": list(row.kinks),
                "passed": row.passed,
            }
            for row in rows
        ],
    }


def mark(row: Row) -> str:
    """Whether a row passed, and where a kink kept an entry from being judged."""
    verdict = "ok" if row.passed else "FAILED"
    return verdict + (f", kink at {row.kinks[0]}" if row.kinks else "")


def verdict(rows: Sequence[Row], failed: Sequence[Row]) -> str:
    """One line for all rows."""
    worst = max((row.max_relative_error for row in rows), default=0.0)
    outcome = (
        f"{len(failed)} of {len(rows)} tensors failed" if failed else f"all {len(rows)} tensors agree"
    )
    return f"{outcome}; the largest relative error is {worst:.1e}, tolerance {TOLERANCE:.0e}"


def complaint(row: Row) -> str:
    """The line for a tensor that failed."""
    return (
        f"{row.network}: {row.tensor}: analytic and numerical gradient differ by {row.max_relative_error:.1e} "
        f"(relative), more than {TOLERANCE:.0e}; look at the backward pass that writes it"
    )
