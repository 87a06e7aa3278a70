"""How well the model decides: curves, thresholds and their costs, how far to trust probabilities."""

from mlptrain.inference.thresholds import Thresholds
from mlptrain.report.html.elements import Cell, figure, paragraph, table
from mlptrain.report.plots.kinds import obstacle
from mlptrain.report.results import Results


def decisions(run: Results) -> str:
    """Of a classifier; a regression has `errors`."""
    found = Thresholds.of(run.model, run.evaluation)
    content = figure("decisions", [run])
    if found is not None:
        content += table(f"Thresholds on the {run.split} rows", *found.table())
        content += "".join(map(paragraph, found.remarks() or [WITHOUT_COSTS]))
    return content


WITHOUT_COSTS = "With costs of false alarms and missed rows: mlptrain eval RUN --cost fp=1,fn=20."


def trust(run: Results) -> str:
    """P(class) of each class against its true share."""
    return figure("reliability", [run])


def errors(run: Results) -> str:
    """Predicted and true values, what is left over, and whether intervals hold what they promise."""
    content = figure("predictions", [run])
    if not obstacle("residuals", run):
        content += figure("residuals", [run])
    return content + coverage(run)


def coverage(run: Results) -> str:
    """Of quantiles: the share of rows below each, which should be its level."""
    levels = run.model.network.loss.per_target
    if levels < 2:
        return ""
    loss, truth = run.model.network.loss, run.evaluation.truth()
    predicted = run.evaluation.predictions()
    names = loss.columns(run.model.preprocessing.targets)
    rows: list[list[Cell]] = [
        [name, float((truth[:, i // levels] <= predicted[:, i]).mean())] for i, name in enumerate(names)
    ]
    return table(f"Share of the {run.split} rows up to each quantile", ("quantile", "share"), rows)
