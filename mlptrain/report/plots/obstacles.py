"""Why a picture of classes, or of numbers, is not drawn: its target is something else."""

from mlptrain.report.results import Results

ANSWERS = {"classes": "a class", "flags": "yes or no"}
"""What a target is by its kind; all others are numbers."""


def no_classes(results: Results) -> str:
    """What its target is if no class; "" if it is one."""
    return "" if kind(results) == "a class" else f"its target is {kind(results)}, not a class"


def no_numbers(results: Results) -> str:
    """What its target is if no number; "" if it is one."""
    return "" if kind(results) == "a number" else f"its target is {kind(results)}, not a number"


def kind(results: Results) -> str:
    """What its target is, in words."""
    return ANSWERS.get(results.model.preprocessing.target.kind, "a number")
