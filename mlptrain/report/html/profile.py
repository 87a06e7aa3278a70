"""The columns of the file: what each holds, how it is spread, and whether the parts differ in it."""

from collections.abc import Sequence

from mlptrain.messages import some
from mlptrain.report.console import number
from mlptrain.report.html.elements import Cell, Drawing, paragraph, table, text
from mlptrain.report.results import Results
from mlptrain.tools.data_profile import MOST_COLUMNS, Profile, profiles

HEIGHT, BAR = 24, 6
"""Of a little histogram, in pixels."""
NOT_READ = "not read"


def profile(run: Results) -> str:
    """A row for each column."""
    source, _ = run.prepared.sets["train"]
    if len(source.names) > MOST_COLUMNS:
        return paragraph(f"{len(source.names):,} columns: too many to be described one by one.")
    found = list(profiles(run.prepared))
    parts = list(dict.fromkeys(part for each in found for part in each.drift))
    columns = ["column", "use", "kind", "blank", "different", "lowest", "mean", "highest", "spread"]
    rows = [[*cells(each), *(drift(each, part) for part in parts)] for each in found]
    caption = "The columns of the file, over the training rows"
    return table(caption, [*columns, *(f"{part} differs by" for part in parts)], rows) + remarks(
        found, parts
    )


def cells(each: Profile) -> list[Cell]:
    """All but the drift; of labels the most frequent in the place of the mean."""
    low, mean, high = each.numbers or (None, None, None)
    middle: Cell = mean
    if each.labels:
        middle = each.labels[0]
    dated = each.kind == "date"
    return [
        each.name, each.role or NOT_READ, each.kind, f"{each.blank:.1%}" if each.blank else "-",
        each.different, *([None] * 3 if dated else [low, middle, high]), bars(each),
    ]  # fmt: skip


def drift(each: Profile, part: str) -> Cell:
    """The distance; a star where it is more than chance."""
    found = each.drift.get(part)
    return "-" if found is None else f"{found.value:.3f}{' *' if found.differs else ''}"


def bars(each: Profile) -> Cell:
    """A little histogram with words."""
    most = max(each.bars, default=0)
    if not most:
        return "-"
    marks = "".join(
        f'<rect x="{BAR * i}" y="{HEIGHT - tall}" width="{BAR - 1}" height="{tall}"/>'
        for i, tall in enumerate(max(1, round(HEIGHT * bar / most)) if bar else 0 for bar in each.bars)
    )
    width = BAR * len(each.bars)
    return Drawing(
        f'<svg class="bars" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" '
        f'role="img" aria-label="{text(words(each))}">{marks}</svg>',
        float(len(each.bars)),
    )


def words(each: Profile) -> str:
    """The histogram in words."""
    if each.labels:
        named = [f"{label} {count:,}" for label, count in zip(each.labels, each.bars, strict=True)]
        return f"{each.name}: {some(named, 4)}"
    low, _, high = each.numbers or (None, None, None)
    fullest = each.bars.index(max(each.bars)) + 1
    ends = "" if each.kind == "date" else f" from {number(low)} to {number(high)}"
    return f"{each.name}{ends}: most rows in bin {fullest} of {len(each.bars)}"


def remarks(found: Sequence[Profile], parts: Sequence[str]) -> str:
    """What the stars mean, and where they are."""
    if not parts:
        return ""
    moved = [each.name for each in found if any(one.differs for one in each.drift.values())]
    told = (
        "A part differs from the training rows by the largest distance of the cumulative shares "
        "(Kolmogorov-Smirnov), of labels by half the sum of the differences of their shares. "
    )
    more = (
        f"More than chance (*): {some(moved)}." if moved else "No column differs by more than chance."
    )
    return paragraph(told + more)
