"""`mlptrain watch`: runs while they train, in a browser or in the terminal."""

from pathlib import Path

import click

from mlptrain.report.live.server import serve
from mlptrain.report.live.tail import Watched
from mlptrain.report.live.text import watch_text
from mlptrain.system.priority import yield_to_others
from mlptrain.system.threads import use_threads


@click.command()
@click.argument("place", metavar="RUN|DIR", type=click.Path(path_type=Path))
@click.option("--text", is_flag=True, help="Show the curves in the terminal, without a browser.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port of the page.  [any that is free]"
)
def command(place: Path, text: bool, port: int) -> None:
    """Watch a run, or the newest ones below DIR: curves, update ratios, predictions.

    Prints the address of a page that follows the runs until Ctrl-C; only this machine can open it. It
    only reads their files, so it neither slows nor ends a run. It shows finished runs as well, and
    update ratios and dead units if train.log_histograms is true, and the decision boundary and the map
    of each unit if the network learns from two numbers.

    \b
    Example:
      mlptrain watch runs/digits
      mlptrain watch runs --text
    """
    watched = Watched(place)
    yield_to_others()
    with use_threads(1):
        if text:
            watch_text(watched)
        else:
            serve(watched, port)
