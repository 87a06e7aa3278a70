"""Writes the figures of results/ into docs/quality.md, between its marks.

    python benchmarks/quality/page.py [--check]

With --check nothing is written: it fails where the page is not what the results say.
"""

import json
import re
import sys
from pathlib import Path

from compare import Contender, both_kinds, by_seed, pairs, ranks, ratio, wins
from tables import TABLES

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "quality.md"
RIVALS = ("LightGBM", "CatBoost", "RealMLP-TD-S", "scikit-learn MLP")
BEHIND = 1.02
"""From this ratio on, a table counts as one where the rival is ahead."""


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def against(a: Contender, b: Contender) -> str:
    """Wins by error and by log-loss (RMSE on numbers), then the four ratios."""
    if a is b:
        return "-"
    both = {of: both_kinds(a, b, of) for of in ("error", "log_loss")}
    if not both["error"]:
        return "not run"
    won = ", ".join(f"{wins(found.values()):g}" for found in both.values())
    ratios = [ratio(pairs(a, b, of).values()) for of in ("error", "log_loss", "1-auc", "rmse")]
    return f"{won} of {len(both['error'])}; " + " / ".join(f"{value:.2f}" for value in ratios)


def summary(all_of_them: list[Contender]) -> str:
    """Everyone against every rival."""
    rivals = [each for name in RIVALS for each in all_of_them if each.name == name]
    head = ["contender", "tables, seeds", "CPU s", *(f"against {each.name}" for each in rivals)]
    rows = [
        [
            each.name,
            f"{len(each.tables)}, {each.seeds()}",
            f"{each.cpu():.0f}",
            *(against(each, b) for b in rivals),
        ]
        for each in all_of_them
    ]
    return markdown(head, rows)


def ranking(all_of_them: list[Contender]) -> str:
    """Mean ranks by error and by log-loss, RMSE on numbers, of those that did every table."""
    whole = [each for each in all_of_them if each.tables.keys() == TABLES.keys()]
    by_error, count = ranks(whole, "error")
    by_loss, _ = ranks(whole, "log_loss")
    names = sorted(by_error, key=lambda name: by_loss[name])
    rows = [[name, f"{by_error[name]:.1f}", f"{by_loss[name]:.1f}"] for name in names]
    return markdown([f"mean rank on {count} tables", "error or RMSE", "log-loss or RMSE"], rows)


def calibration(all_of_them: list[Contender], base: Contender) -> str:
    """Expected calibration error against that of `base`, and probabilities that are no longer doubt."""
    rows = []
    for each in all_of_them:
        found = pairs(each, base, "ece")
        certain = sum(s.get("certain", 0) for seeds in each.tables.values() for s in seeds.values())
        at_most = sum(a <= b for a, b in found.values())
        rows.append(
            [each.name, f"{at_most} of {len(found)}", f"{ratio(found.values()):.2f}", f"{certain:g}"]
        )
    head = [
        "contender",
        f"error at most that of {base.name}",
        "ratio",
        "rows with a probability of 0 or 1",
    ]
    return markdown(head, rows)


def noise(all_of_them: list[Contender], base: Contender) -> str:
    """The ratios to `base` seed by seed."""
    figures = ("error", "log_loss", "rmse")
    rows = [
        [
            a.name,
            *(", ".join(f"{value:.3f}" for value in by_seed(a, base, each)) or "-" for each in figures),
        ]
        for a in all_of_them
        if a is not base
    ]
    return markdown([f"to {base.name}, by seed", "error", "log-loss", "RMSE"], rows)


def every_table(all_of_them: list[Contender], about: dict[str, dict]) -> str:
    """Error in percent and log-loss, or RMSE: the means over the seeds that there are."""
    rows = []
    for name, table in TABLES.items():
        row = [f"{name}: {table.item}, {table.target}", about[name]["shape"]]
        for each in all_of_them:
            seeds = each.tables.get(name, {})
            if not seeds:
                row.append("-")
            elif "rmse" in next(iter(seeds.values())):
                row.append(f"{each.mean(name, 'rmse', seeds):.4g}")
            else:
                error, loss = (each.mean(name, of, seeds) for of in ("error", "log_loss"))
                row.append(f"{100 * error:.1f} %, {loss:.3f}")
        rows.append(row)
    return markdown(["table, target", "rows x columns", *(each.name for each in all_of_them)], rows)


def ahead(mine: Contender, rivals: list[Contender]) -> str:
    """The tables where a rival is better than `mine` by more than the noise, and by how much."""
    lines = []
    for rival in rivals:
        found = both_kinds(mine, rival, "log_loss")
        behind = {name: a / b for name, (a, b) in found.items() if a / b > BEHIND}
        worst = sorted(behind, key=lambda name: -behind[name])
        listed = ", ".join(f"{name} {behind[name]:.2f}" for name in worst) or "none"
        lines.append(f"- {rival.name}, {len(behind)} of {len(found)}: {listed}.")
    return "\n".join(lines)


def figures_of(all_of_them: list[Contender]) -> str:
    """All that stands between the marks."""
    about = json.loads((HERE / "tables.json").read_text())
    by_name = {each.name: each for each in all_of_them}
    base = by_name["LightGBM"]
    rivals = [by_name[name] for name in RIVALS[:2] if name in by_name]
    mine = [each for each in all_of_them if each.name.startswith("mlptrain")]
    versions = ", ".join(f"{each.name} {each.version}" for each in all_of_them if each.name in RIVALS)
    parts = [f"Peers: {versions}.", "## All against all", summary(all_of_them), ranking(all_of_them)]
    parts += ["## Noise", noise(all_of_them, base), "## Calibration", calibration(all_of_them, base)]
    parts += ["## Where trees stay ahead", "Log-loss or RMSE, as a ratio, from 1.02 on."]
    for each in mine:
        parts += [f"Of {each.name}:", ahead(each, rivals)]
    parts += ["## Table by table", every_table(all_of_them, about)]
    return "\n\n".join(parts)


def main() -> None:
    """Reads the results, replaces what stands between the marks."""
    results = sorted((HERE / "results").glob("*.json"))
    text = figures_of([Contender(path) for path in results])
    page = PAGE.read_text(encoding="utf-8")
    marks = re.compile("(?<=<!-- figures -->\n).*(?=\n<!-- /figures -->)", re.DOTALL)
    current = marks.sub(lambda _: f"\n{text}\n", page)
    if "--check" in sys.argv and current != page:
        sys.exit(f"{PAGE.name} is not what the results say: python benchmarks/quality/page.py")
    PAGE.write_text(current, encoding="utf-8")


if __name__ == "__main__":
    main()
