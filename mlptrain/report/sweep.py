"""What `gradcheck --sweep` prints: the error of each tensor by step size. See docs/gradcheck.md."""

from collections.abc import Iterable, Sequence

from mlptrain.errors import CheckFailed
from mlptrain.report.console import emit_json, say, stdout
from mlptrain.report.gradcheck import (
    counted,
    place,
    print_table,
    short,
)
from mlptrain.tools.gradcheck import STEPS, TOLERANCE, Sweep

LEGEND = "relative error by step size; * marks the best; kink: every entry met one"


def show(sweeps: Iterable[Sweep], *, as_json: bool) -> None:
    """Print the errors at all step sizes; CheckFailed where no step size brings agreement."""
    sweeps = list(sweeps)
    failed = [each for each in sweeps if not each.passed]
    if as_json:
        emit_json(document(sweeps))
    else:
        columns = ("tensor", *(power(step) for step in STEPS), "")
        cells = [(each.tensor, *step_cells(each), "" if each.passed else "FAILED") for each in sweeps]
        print_table(sweeps, columns, cells)
        say(stdout(), "relative error by step size; * marks the best; kink: every entry met one")
        say(stdout(), counted(sweeps, failed))
    if failed:
        raise CheckFailed(*(swept(each) for each in failed))


def power(value: float) -> str:
    """One digit and a short exponent, so that six of them stand side by side.

    >>> power(1.8e-09), power(0.0)
    ('2e-9', '0')
    """
    return f"{value:.0e}".replace("e-0", "e-") if value else "0"


def step_cells(sweep: Sweep) -> list[str]:
    """The error at each step size, the best one marked."""
    return [
        ("kink" if error is None else power(error)) + ("*" if i == sweep.best else " ")
        for i, error in enumerate(sweep.errors)
    ]


def swept(sweep: Sweep) -> str:
    """The line for a tensor that agrees at no step size."""
    error, step = (None, 0.0) if sweep.best is None else (sweep.errors[sweep.best], STEPS[sweep.best])
    return (
        f"{place(sweep)}: the gradients differ by {short(error)} even at the best step, {step:.0e}: "
        "not rounding; look at the backward pass that writes it"
    )


def document(sweeps: Sequence[Sweep]) -> dict[str, object]:
    """What `--sweep --json` prints; an error is null where every step met a kink."""
    return {
        "passed": all(each.passed for each in sweeps),
        "tolerance": TOLERANCE,
        "steps": list(STEPS),
        "rows": [
            {
                "network": each.network,
                "part": each.part,
                "tensor": each.tensor,
                "errors": list(each.errors),
                "best_step": None if each.best is None else STEPS[each.best],
                "entries_checked": each.entries_checked,
                "projections": each.projections,
                "passed": each.passed,
            }
            for each in sweeps
        ],
    }
