"""The tables of the README: figures from the pages that measure them, and the commands.

`make docs` puts them there.
"""

import re
from pathlib import Path

from mlptrain.cli import COMMANDS

DOCS = Path(__file__).resolve().parent
OURS = "mlptrain good"


def cells(page: str, title: str) -> list[dict[str, str]]:
    """The rows of the first table of a page with this title in its first column."""
    lines = (DOCS / page).read_text("utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {title} |"))
    names = [name.strip() for name in lines[start].strip("|").split("|")]
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(dict(zip(names, map(str.strip, line.strip("|").split("|")), strict=True)))
    return rows


def quality() -> list[str]:
    """Wins, ratios and seconds beside boosted trees."""
    all_rows = {row["contender"]: row for row in cells("quality.md", "contender")}
    ours, trees = all_rows[OURS], all_rows["LightGBM"]
    wins, _, of = re.findall(r"[\d.]+", ours["against LightGBM"])[:3]
    against_catboost = ours["against CatBoost"].partition(",")[0]
    error, _, _, rmse = (
        float(ratio) for ratio in ours["against LightGBM"].partition("; ")[2].split(" / ")
    )
    seconds, theirs = (float(row["CPU s"]) / int(of) for row in (ours, trees))
    by = "[docs/quality.md](docs/quality.md), `python benchmarks/quality/run.py mlptrain`"
    return [
        f"| Is it better than boosted trees? | With nothing tuned, on {of} real tables: better than "
        f"LightGBM's defaults on {wins}, than CatBoost's on {against_catboost} | {by} |",
        f"| How much better? | Against LightGBM, errors fall by {100 * (1 - error):.0f} % and the "
        f"RMSE by {100 * (1 - rmse):.0f} % (geometric means) | the same |",
        f"| How long does that take? | {seconds:.0f} CPU seconds a table on average; "
        f"LightGBM takes {theirs:.1f} | the same |",
    ]


def speed() -> list[str]:
    """A step beside PyTorch and scikit-learn."""
    rows = cells("performance.md", "network, batch, optimizer")
    torch = [float(row["PyTorch / mlptrain"]) for row in rows[:10]]
    sklearn = [float(row["scikit-learn"]) / float(row["mlptrain"]) for row in rows[:10]]
    by = "[docs/performance.md](docs/performance.md), `python benchmarks/suite.py`"
    return [
        f"| How fast is a training step? | Against PyTorch on a CPU: {torch[0]:.0f} times as fast "
        f"on a small network, {min(torch[2:]):.1f} to {max(torch[2:]):.1f} times on larger ones "
        f"| {by} |",
        f"| And against scikit-learn? | {min(sklearn):.1f} to {max(sklearn):.1f} times as fast as its "
        "`MLPClassifier` | the same |",
    ]


def figures() -> str:
    """Quality and speed as Markdown."""
    return "\n".join(
        ["", "| question | answer | measured by |", "|---|---|---|", *quality(), *speed(), ""]
    )


def commands() -> str:
    """Every command with its first line of help."""
    rows = [f"| `mlptrain {name}` | {said.rstrip('.')} |" for name, said in COMMANDS.items()]
    return "\n".join(["", "| command | what it does |", "|---|---|", *rows, ""])
