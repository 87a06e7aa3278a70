"""`mlptrain plot`: a picture of a run, or of several."""

from pathlib import Path

import click

from mlptrain.cli import completion
from mlptrain.report.plots import KINDS, plot


@click.command()
@click.argument(
    "runs",
    metavar="RUN...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    shell_complete=completion.runs,
)
@click.option(
    "--kind", type=click.Choice(list(KINDS)), default="curves", show_default=True, help="What to draw."
)
@click.option(
    "-o", "out", type=click.Path(path_type=Path), metavar="FILE",
    help="File to write: .png, .svg or .pdf.  [RUN/KIND.png]",
)  # fmt: skip
def command(runs: tuple[Path, ...], kind: str, out: Path | None) -> None:
    """Draw a picture of RUN, the directory that `fit` wrote.

    \b
    curves       loss, metric and learning rate over time, the best epoch marked
    weights      the first layer as pictures (data.image_shape) or as a heat map
    boundary     decision boundary of a classifier with two features
    confusion    true classes against predicted ones
    decisions    ROC, precision and recall; of two classes also gain and lift
    reliability  P(class) against the true share of each class, with intervals
    predictions  predicted against true values of a regression
    residuals    errors of a regression over its predictions
    histograms   activations, gradients and updates (train.log_histograms)

    Several RUNs give curves over each other, or boundaries side by side.

    \b
    Example:
      mlptrain plot runs/digits --kind weights -o weights.svg
      mlptrain plot runs/three runs/six runs/twenty --kind boundary -o capacity.png
    """
    plot(kind, runs, out)
